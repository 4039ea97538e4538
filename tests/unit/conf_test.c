#include "riak/conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
reads(void **state)
{
	(void)state;
	static const char text[] = "## words\n"
				   "\n"
				   "nodename = riak@127.0.0.1\r\n"
				   "\ta.b-c_1=x # not the value\n"
				   "include conf.d/*.conf\n"
				   "m\\.n.o = two words \n"
				   "nodename = last@127.0.0.1";
	struct rm_conf conf = { 0 };
	assert_int_equal(rm_conf_parse(&conf, text, strlen(text), NULL), 0);
	assert_int_equal(conf.count, 4);
	assert_string_equal(conf.settings[0].key, "nodename");
	assert_string_equal(conf.settings[0].value, "riak@127.0.0.1");
	assert_int_equal(conf.settings[0].line, 3);
	assert_string_equal(rm_conf_find(&conf, "a.b-c_1")->value, "x");
	assert_string_equal(rm_conf_find(&conf, "m\\.n.o")->value, "two words");
	assert_int_equal(rm_conf_find(&conf, "m\\.n.o")->line, 6);
	assert_string_equal(
	    rm_conf_find(&conf, "nodename")->value, "last@127.0.0.1");
	assert_null(rm_conf_find(&conf, "include"));
	assert_true(rm_conf_superseded(&conf, &conf.settings[0]));
	assert_false(rm_conf_superseded(&conf, &conf.settings[3]));
	rm_conf_free(&conf);
	rm_conf_free(&conf);
}

static void
refuses(void **state)
{
	(void)state;
	static const char *const table[][2] = {
		{ "a = 1\nhello\n", "line 2: not a setting: hello" },
		{ "a =", "line 1: not a setting: a =" },
		{ "= 1", "line 1: not a setting: = 1" },
		{ "a..b = 1", "line 1: not a setting: a..b = 1" },
		{ "a. = 1", "line 1: not a setting: a. = 1" },
		{ "a b = 1", "line 1: not a setting: a b = 1" },
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct rm_conf conf = { 0 };
		struct rm_error err = { 0 };
		assert_int_equal(rm_conf_parse(&conf, table[i][0],
				     strlen(table[i][0]), &err),
		    -1);
		assert_string_equal(err.text, table[i][1]);
		rm_conf_free(&conf);
	}
}

static void
keys(void **state)
{
	(void)state;
	static const struct {
		const char *pattern, *key;
		bool same;
	} table[] = {
		{ "a.b", "a.b", true },
		{ "a.b", "a.c", false },
		{ "a.b", "a", false },
		{ "a", "a.b", false },
		{ "a.$n.c", "a.xyz.c", true },
		{ "a.$n.c", "a.x\\.y.c", true },
		{ "a.$n.c", "a.x.y.c", false },
		{ "a.$n", "a.x", true },
		{ "a.b", "a\\.b", false },
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		assert_int_equal(
		    rm_conf_key_matches(table[i].pattern, table[i].key),
		    table[i].same);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads),
		cmocka_unit_test(refuses),
		cmocka_unit_test(keys),
	};
	return cmocka_run_group_tests_name("conf", tests, NULL, NULL);
}
