#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_slice.h"
#include "base/str.h"

/* Walks all of it; -1, or how many members or elements it has. */
static int
count(const char *text, size_t len)
{
	struct rm_json_walk walk;
	struct rm_slice key, value;
	if (rm_json_walk_begin(&walk, (struct rm_slice){ text, len }) != 0)
		return -1;
	int n = 0, more;
	while ((more = rm_json_walk_next(&walk, &key, &value)) > 0)
		n++;
	return more == 0 ? n : -1;
}

static void
test_what_is_json(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int count;
	} table[] = {
		{ "{}", 0 },
		{ " [ ] \r\n\t", 0 },
		{ "[1]", 1 },
		{ "[-0.5e+10,0,10,1E9,-0]", 5 },
		{ "[\"\\u00e9\\\"\\\\\",true,false,null]", 4 },
		{ "{\"a\":{\"b\":[{},[],{\"c\":1}]},\"d\":[]}", 2 },
		{ "{ \"a\" :\n1 , \"b\" : [ 1 , 2 ] }", 2 },
		{ "[{},{\"a\":[]},[[]]]", 3 },
		{ "[\"}\",\"]\",\"\\\"]\"]", 3 },
		{ "", -1 },
		{ "1", -1 },
		{ "\"a\"", -1 },
		{ "[", -1 },
		{ "[1", -1 },
		{ "[1,", -1 },
		{ "[1,]", -1 },
		{ "[,1]", -1 },
		{ "[1 2]", -1 },
		{ "[1}", -1 },
		{ "{1:2}", -1 },
		{ "{\"a\"}", -1 },
		{ "{\"a\":}", -1 },
		{ "{\"a\":1,}", -1 },
		{ "{\"a\":1 \"b\":2}", -1 },
		{ "{\"a\":[{]}}", -1 },
		{ "{\"a\":{\"b\"}}", -1 },
		{ "[01]", -1 },
		{ "[1.]", -1 },
		{ "[.5]", -1 },
		{ "[+1]", -1 },
		{ "[1e]", -1 },
		{ "[-]", -1 },
		{ "[nan]", -1 },
		{ "[tru]", -1 },
		{ "[\"a]", -1 },
		{ "[\"\\x\"]", -1 },
		{ "[\"\\u12g4\"]", -1 },
		{ "[\"\\u12", -1 },
		{ "[\"a\nb\"]", -1 },
		{ "[1] 2", -1 },
		{ "{}{}", -1 },
		{ "{} x", -1 },
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		/* Without the NUL behind it, so that reading on is seen. */
		size_t len = strlen(table[i].text);
		char *copy = malloc(len + 1);
		memcpy(copy, table[i].text, len);
		char *exact = realloc(copy, len > 0 ? len : 1);
		if (count(exact, len) != table[i].count)
			fail_msg("%s: %d", table[i].text, count(exact, len));
		free(exact);
	}
}

static void
test_slices(void **state)
{
	(void)state;
	const char *text = "{ \"a\\n\" : [1, 2] ,\"\":\"x\"}";
	struct rm_json_walk walk;
	struct rm_slice key, value;
	assert_int_equal(
	    rm_json_walk_begin(&walk, (struct rm_slice){ text, strlen(text) }),
	    0);
	assert_int_equal(rm_json_walk_next(&walk, &key, &value), 1);
	assert_true(rm_slice_is(key, "a\\n"));
	assert_true(rm_slice_is(value, "[1, 2]"));
	assert_null(rm_slice_string(value).at);
	assert_int_equal(rm_json_walk_next(&walk, &key, &value), 1);
	assert_true(rm_slice_is(key, ""));
	assert_true(rm_slice_is(rm_slice_string(value), "x"));
	assert_int_equal(rm_json_walk_next(&walk, &key, &value), 0);
	assert_false(rm_slice_is((struct rm_slice){ 0 }, ""));
	assert_null(rm_slice_string((struct rm_slice){ "\"\\n\"", 4 }).at);
}

static void
test_depth(void **state)
{
	(void)state;
	struct rm_str text = { 0 };
	for (int depth = 2; depth < 400; depth++) {
		rm_str_clear(&text);
		for (int i = 0; i < depth; i++)
			rm_str_puts(&text, "[");
		for (int i = 0; i < depth; i++)
			rm_str_puts(&text, "]");
		/* The walk itself has taken the outermost bracket. */
		assert_int_equal(count(text.text, text.len),
		    depth <= RM_JSON_DEPTH_MAX + 1 ? 1 : -1);
	}
	rm_str_free(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_json),
		cmocka_unit_test(test_slices),
		cmocka_unit_test(test_depth),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
