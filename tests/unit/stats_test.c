#include "riak/stats.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"

static void
check(const char *text, const char *members, int mine)
{
	jv stats, want;
	assert_int_equal(rm_json_parse(text, strlen(text), &stats, NULL), 0);
	jv got = rm_stats_members(stats);
	if (members == NULL) {
		assert_false(jv_is_valid(got));
	} else {
		assert_int_equal(
		    rm_json_parse(members, strlen(members), &want, NULL), 0);
		assert_true(rm_json_equal(got, want));
		jv_free(want);
	}
	jv_free(got);
	assert_int_equal(rm_stats_partitions(stats, "riak1@127.0.0.1"), mine);
	jv_free(stats);
}

static void
reads(void **state)
{
	(void)state;
	check("{\"ring_members\":[\"riak1@127.0.0.1\",\"riak3@127.0.0.1\"],"
	      "\"ring_ownership\":\"[{'riak3@127.0.0.1',8},"
	      "{'riak1@127.0.0.1',7}]\"}",
	    "[\"riak1@127.0.0.1\",\"riak3@127.0.0.1\"]", 7);
	/* Left the ring. */
	check("{\"ring_members\":[],\"ring_ownership\":\"[]\"}", "[]", 0);
	check("{}", NULL, -1);
	check("{\"ring_members\":7,\"ring_ownership\":\"[{\"}", NULL, -1);
	check("[]", NULL, -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(reads) };
	return cmocka_run_group_tests_name("stats", tests, NULL, NULL);
}
