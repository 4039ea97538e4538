#include "stream/lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Takes all that can be taken: "[1:abc]" a line with its number, "[2!]" one
 * that is too long. */
static void
take(struct rm_lines *lines, struct rm_str *got,
    enum rm_lines_result (*next)(struct rm_lines *, const char **, size_t *))
{
	const char *line;
	size_t len;
	enum rm_lines_result result;
	while ((result = next(lines, &line, &len)) != RM_LINES_NONE)
		if (result == RM_LINES_LINE)
			rm_str_printf(
			    got, "[%lu:%.*s]", lines->number, (int)len, line);
		else
			rm_str_printf(got, "[%lu!]", lines->number);
}

static void
lines_are_cut_out(void **state)
{
	(void)state;
	static const struct {
		const char *bytes, *lines;
	} table[] = {
		{ "", "" },
		{ "a\n", "[1:a]" },
		{ "a", "[1:a]" },
		{ "\n\n", "[1:][2:]" },
		{ "one\ntwo\nthree", "[1:one][2:two][3:three]" },
		{ "a\r\nb\n", "[1:a\r][2:b]" },
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		for (size_t chunk = 1; chunk < 12; chunk++) {
			struct rm_lines lines = { 0 };
			struct rm_str got = { 0 };
			size_t total = strlen(table[i].bytes);
			rm_str_puts(&got, "");
			for (size_t at = 0; at < total; at += chunk) {
				rm_lines_feed(&lines, table[i].bytes + at,
				    total - at < chunk ? total - at : chunk);
				take(&lines, &got, rm_lines_next);
			}
			take(&lines, &got, rm_lines_rest);
			assert_string_equal(got.text, table[i].lines);
			rm_lines_free(&lines);
			rm_str_free(&got);
		}
}

/* A line over the limit is told once, keeps no memory, and the next is whole;
 * one of just the limit passes. */
static void
long_lines_are_shed(void **state)
{
	(void)state;
	static char chunk[1 << 20];
	memset(chunk, 'x', sizeof(chunk));
	for (size_t more = 0; more < 2; more++) {
		struct rm_lines lines = { 0 };
		struct rm_str got = { 0 };
		const char *line;
		size_t len;
		for (size_t n = 0; n < RM_LINE_MAX; n += sizeof(chunk)) {
			rm_lines_feed(&lines, chunk, sizeof(chunk));
			assert_int_equal(
			    rm_lines_next(&lines, &line, &len), RM_LINES_NONE);
		}
		rm_lines_feed(&lines, chunk, more);
		assert_int_equal(
		    rm_lines_next(&lines, &line, &len), RM_LINES_NONE);
		rm_lines_feed(&lines, "\nnext\n", 6);
		assert_int_equal(rm_lines_next(&lines, &line, &len),
		    more ? RM_LINES_TOO_LONG : RM_LINES_LINE);
		take(&lines, &got, rm_lines_next);
		assert_string_equal(got.text, "[2:next]");
		rm_lines_free(&lines);
		rm_str_free(&got);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_cut_out),
		cmocka_unit_test(long_lines_are_shed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
