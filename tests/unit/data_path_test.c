#include "riak/data_path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
inside(void **state)
{
	(void)state;
	static const struct {
		const char *path;
		bool inside;
	} table[] = {
		{ "../data", true },
		{ "../data/", true },
		{ "../data/leveled", true },
		{ "./../data/leveled", true },
		{ "../data/a..b", true },
		{ "../data/..a", true },
		{ "../data/..", false },
		{ "../data/../x", false },
		{ "../data2", false },
		{ "./data", false },
		{ "data", false },
		{ "/sandbox/data", false },
		{ "", false },
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (rm_data_path_inside(table[i].path, "../data") !=
		    table[i].inside)
			fail_msg("%s", table[i].path);
}

/* What error a configuration gives, "" for none. */
static const char *
check(const char *text)
{
	static struct rm_error err;
	err = (struct rm_error){ 0 };
	struct rm_term term;
	if (rm_term_parse(&term, text, strlen(text), &err) == 0)
		rm_data_path_check(&term, "../data", &err);
	rm_term_free(&term);
	return err.text;
}

#define CORE "{riak_core,[{platform_data_dir,\"../data\"}]}"

static void
checks(void **state)
{
	(void)state;
	static const char *const table[][2] = {
		{ "[" CORE "].", "" },
		{ "[].", "riak_core platform_data_dir is not set" },
		{ "[{riak_core,[{platform_data_dir,\"./data\"}]}].",
		    "riak_core platform_data_dir is \"./data\": data must lie "
		    "in ../data" },
		{ "[{riak_core,[{platform_data_dir,\"../data/x\"}]}].",
		    "riak_core platform_data_dir is \"../data/x\": data must "
		    "lie in ../data" },
		{ "[" CORE ",{bitcask,[{data_root,\"../data/b\"}]}].", "" },
		{ "[{bitcask,[{data_root,\"/x\"}]}," CORE "].",
		    "bitcask data_root is \"/x\": data must lie below "
		    "../data" },
		{ "[" CORE ",{riak_kv,[{anti_entropy_data_dir,\"./a\"}]}].",
		    "riak_kv anti_entropy_data_dir is \"./a\": data must lie "
		    "below ../data" },
		/* as Riak 3.2 generates it from its own riak.conf */
		{ "[" CORE ",{riak_kv,[{storage_backend,"
		  "riak_kv_bitcask_backend},{multi_backend,[{<<\"name\">>,m,"
		  "[{data_root,\"./data/b\"}]}]}]}].",
		    "" },
		{ "[" CORE ",{riak_kv,[{storage_backend,"
		  "riak_kv_multi_backend},{multi_backend,[{<<\"a\">>,m,"
		  "[{data_root,\"../data/a\"}]},{<<\"b\">>,m,"
		  "[{data_root,\"./b\"}]}]}]}].",
		    "backend b: riak_kv data_root is \"./b\": data must lie "
		    "below ../data" },
		{ "[" CORE ",{riak_repl,[{data_root,\"./data/r\"}]},"
		  "{setup,[{home,\"./data/setup\"}]}].",
		    "" },
		{ "[" CORE ",{eleveldb,[{tiered_slow_prefix,<<\"/s\">>}]}].",
		    "eleveldb tiered_slow_prefix is \"/s\": data must lie "
		    "below ../data" },
		{ "[" CORE ",{riak_core,[{platform_log_dir,\"./log\"}]}].",
		    "" },
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		assert_string_equal(check(table[i][0]), table[i][1]);
}

/* Of a term, what the reader understood. */
static void
terms(void **state)
{
	(void)state;
	static const char
	    text[] = "%% words\n[{'an atom',-1.5e-3},\n \"a\\\"b\" \"c\",\n"
		     " #{k => <<1,2>>, <<\"x\"/utf8>> => []},[a|b],16#ff,$a,"
		     "{fun m:f/2,b}].\n";
	struct rm_term t;
	assert_int_equal(rm_term_parse(&t, text, strlen(text), NULL), 0);
	assert_int_equal(t.kind, RM_TERM_LIST);
	assert_int_equal(t.count, 7);
	assert_string_equal(t.items[0].items[0].text, "an atom");
	assert_int_equal(t.items[0].items[1].kind, RM_TERM_NUMBER);
	assert_string_equal(t.items[0].items[1].text, "-1.5e-3");
	assert_int_equal(t.items[1].kind, RM_TERM_STRING);
	assert_string_equal(t.items[1].text, "a\"bc");
	assert_int_equal(t.items[2].kind, RM_TERM_MAP);
	assert_int_equal(t.items[2].count, 4);
	assert_string_equal(t.items[2].items[2].text, "x");
	assert_int_equal(t.items[3].count, 2);
	assert_string_equal(t.items[6].items[0].text, "fun m:f/2");
	rm_term_free(&t);
	rm_term_free(&t);
}

static void
bad_terms(void **state)
{
	(void)state;
	static const char *const table[][2] = {
		{ "", "line 1: it ends too early" },
		{ "[a", "line 1: a comma is missing" },
		{ "[a,\n", "line 2: it ends too early" },
		{ "[a]", "line 1: the full stop is missing" },
		{ "[a]. b.", "line 1: more than one term" },
		{ "[\n\"abc\n", "line 3: a string is not closed" },
		{ "<<1", "line 1: a binary is not closed" },
		{ "#{a}.", "line 1: => is missing" },
		{ "{a b}.", "line 1: a comma is missing" },
		{ "Var.", "line 1: not a term" },
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct rm_term t;
		struct rm_error err = { 0 };
		assert_int_equal(
		    rm_term_parse(&t, table[i][0], strlen(table[i][0]), &err),
		    -1);
		assert_string_equal(err.text, table[i][1]);
		assert_int_equal(t.kind, RM_TERM_NONE);
	}
	char deep[200];
	memset(deep, '[', sizeof(deep));
	struct rm_term t;
	assert_int_equal(rm_term_parse(&t, deep, sizeof(deep), NULL), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inside),
		cmocka_unit_test(checks),
		cmocka_unit_test(terms),
		cmocka_unit_test(bad_terms),
	};
	return cmocka_run_group_tests_name("data_path", tests, NULL, NULL);
}
