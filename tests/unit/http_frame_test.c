#include "proxy/http_frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
finds_the_end(void **state)
{
	(void)state;
	static const char text[] = "GET / HTTP/1.1\r\nHost: h\r\n\r\nbody";
	size_t end = sizeof(text) - 1 - strlen("body"), scanned = 0;
	/* Byte by byte, with what was looked at remembered. */
	for (size_t n = 0; n < end; n++)
		assert_int_equal(rm_http_head_end(text, n, &scanned), 0);
	assert_int_equal(
	    rm_http_head_end(text, sizeof(text) - 1, &scanned), end);
	scanned = 0;
	assert_int_equal(
	    rm_http_head_end(text, sizeof(text) - 1, &scanned), end);
	static const char *const bad[] = { "\n", "a\n", "a\r\n\n", "a\r\nb\n",
		"a\n\r\n" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		scanned = 0;
		assert_int_equal(
		    rm_http_head_end(bad[i], strlen(bad[i]), &scanned), -1);
	}
}

/* Takes text in pieces; how much it took in all, -1 for a bad one. */
static ssize_t
take(struct rm_http_body *body, const char *text, size_t piece)
{
	size_t at = 0, len = strlen(text);
	while (at < len && !body->done) {
		size_t n = len - at < piece ? len - at : piece;
		ssize_t took = rm_http_body_take(body, text + at, n);
		if (took < 0)
			return -1;
		at += (size_t)took;
	}
	return (ssize_t)at;
}

static void
chunks(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int left; /* behind its end; -1: not whole; -2: bad */
	} table[] = {
		{ "0\r\n\r\n", 0 },
		{ "5\r\nhello\r\n0\r\n\r\nGET", 3 },
		{ "5;a=b;c=\"d\"\r\nhello\r\n0\r\n\r\n", 0 },
		{ "A\r\n0123456789\r\na\r\n0123456789\r\n00\r\n\r\n", 0 },
		{ "0\r\nTrailer: x\r\nMore: y\r\n\r\nx", 1 },
		{ "5\r\nhello\r\n0\r\n", -1 },
		{ "5\r\nhel", -1 },
		{ "\r\n", -2 },
		{ "5\nhello\r\n", -2 },
		{ "5 \r\nhello\r\n", -2 },
		{ " 5\r\nhello\r\n", -2 },
		{ "0x5\r\nhello\r\n", -2 },
		{ "+5\r\nhello\r\n", -2 },
		{ "-5\r\nhello\r\n", -2 },
		{ "5;a\nb\r\nhello\r\n", -2 },
		{ "5;a\rb\r\nhello\r\n", -2 },
		{ "5\r\nhello0\r\n", -2 },
		{ "5\r\nhello\n0\r\n\r\n", -2 },
		{ "11111111111111111\r\n", -2 },
		{ "0\r\n folded\r\n\r\n", -2 },
		{ "0\r\n: x\r\n\r\n", -2 },
		{ "0\r\nX: a\nY: b\r\n\r\n", -2 },
		{ "0\r\n\n", -2 },
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		for (size_t piece = 1; piece < 40; piece++) {
			struct rm_http_body body;
			rm_http_body_start(&body, RM_HTTP_CHUNKED, 0);
			ssize_t n = take(&body, table[i].text, piece);
			size_t len = strlen(table[i].text);
			int left = n < 0        ? -2
				   : !body.done ? -1
						: (int)(len - (size_t)n);
			if (left != table[i].left)
				fail_msg("%d in pieces of %zu: %s", left, piece,
				    table[i].text);
		}
}

static void
long_lines(void **state)
{
	(void)state;
	struct rm_http_body body;
	rm_http_body_start(&body, RM_HTTP_CHUNKED, 0);
	ssize_t n = rm_http_body_take(&body, "1;", 2);
	for (int i = 0; i < 100000 && n > 0; i++)
		n = rm_http_body_take(&body, "x", 1);
	assert_int_equal(n, -1);
	rm_http_body_start(&body, RM_HTTP_CHUNKED, 0);
	n = rm_http_body_take(&body, "0\r\n", 3);
	for (int i = 0; i < 100000 && n > 0; i++)
		n = rm_http_body_take(&body, "X: y\r\n", 6);
	assert_int_equal(n, -1);
}

static void
lengths(void **state)
{
	(void)state;
	struct rm_http_body body;
	rm_http_body_start(&body, RM_HTTP_LENGTH, 5);
	assert_int_equal(take(&body, "hello world", 3), 5);
	assert_true(body.done);
	rm_http_body_start(&body, RM_HTTP_LENGTH, 0);
	assert_true(body.done);
	rm_http_body_start(&body, RM_HTTP_NONE, 0);
	assert_true(body.done);
	rm_http_body_start(&body, RM_HTTP_CLOSE, 0);
	assert_int_equal(take(&body, "hello world", 3), 11);
	assert_false(body.done);
	uint64_t n;
	assert_int_equal(rm_http_length("18446744073709551615", 20, &n), -1);
	assert_int_equal(rm_http_length("007", 3, &n), 0);
	assert_int_equal(n, 7);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_end),
		cmocka_unit_test(chunks),
		cmocka_unit_test(long_lines),
		cmocka_unit_test(lengths),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
