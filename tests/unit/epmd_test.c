#include "riak/epmd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A body of its own, with the byte that parsing may use, and no more. */
static int
parse(struct rm_epmd_request *r, const void *body, size_t len)
{
	static unsigned char *copy;
	free(copy);
	copy = malloc(len + 1);
	assert_non_null(copy);
	memcpy(copy, body, len);
	return rm_epmd_request_parse(r, copy, len);
}

#define PARSE(r, text) parse(r, text, sizeof(text) - 1)

static void
sizes(void **state)
{
	(void)state;
	static const struct {
		unsigned char bytes[3];
		size_t len;
		int size;
	} table[] = {
		{ { 0 }, 0, 0 },
		{ { 0 }, 1, 0 },
		{ { 0, 0 }, 2, -1 },
		{ { 0, 1 }, 2, 3 },
		{ { 0, 1, 110 }, 3, 3 },
		{ { 3057 >> 8, 3057 & 0xff }, 2, 3059 },
		{ { 3058 >> 8, 3058 & 0xff }, 2, -1 },
		{ { 0xff, 0xff }, 2, -1 },
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		assert_int_equal(
		    rm_epmd_request_size(table[i].bytes, table[i].len),
		    table[i].size);
}

static void
alive2(void **state)
{
	(void)state;
	struct rm_epmd_request r;
	assert_int_equal(PARSE(&r, "\x78\x12\x67\x48\x01\0\x06\0\x05\0\x03"
				   "abc"
				   "\0\x02x\0"),
	    0);
	assert_int_equal(r.code, RM_EPMD_ALIVE2);
	assert_false(r.refused);
	assert_string_equal(r.node.name, "abc");
	assert_int_equal(r.node.port, 0x1267);
	assert_int_equal(r.node.type, 72);
	assert_int_equal(r.node.protocol, 1);
	assert_int_equal(r.node.highest, 6);
	assert_int_equal(r.node.lowest, 5);
	assert_int_equal(r.node.extra_len, 2);
	assert_memory_equal(r.node.extra, "x", 2);

	/* Nothing in it reaches beyond the body. */
	assert_int_equal(PARSE(&r, "\x78"), -1);
	assert_int_equal(
	    PARSE(&r, "\x78\x12\x67\x48\x01\0\x06\0\x05\0\0\0\0"), -1);
	assert_int_equal(
	    PARSE(&r, "\x78\x12\x67\x48\x01\0\x06\0\x05\xff\xff..."), -1);
	assert_int_equal(
	    PARSE(&r, "\x78\x12\x67\x48\x01\0\x06\0\x05\0\x01.\0\x01"), -1);
	assert_int_equal(
	    PARSE(&r, "\x78\x12\x67\x48\x01\0\x06\0\x05\0\x01\0\0\0"), -1);
	/* What follows is ignored. */
	assert_int_equal(
	    PARSE(&r, "\x78\x12\x67\x48\x01\0\x06\0\x05\0\x01.\0\0zz"), 0);
	assert_string_equal(r.node.name, ".");
}

/* A registration whose name is count times text. */
static bool
refused(const char *text, size_t count, size_t extra)
{
	struct rm_str body = { 0 };
	size_t len = strlen(text) * count;
	rm_str_add(&body, "\x78\x12\x67\x48\0\0\x06\0\x05", 9);
	unsigned char lengths[] = { (unsigned char)(len >> 8),
		(unsigned char)len, (unsigned char)(extra >> 8),
		(unsigned char)extra };
	rm_str_add(&body, lengths, 2);
	for (size_t i = 0; i < count; i++)
		rm_str_puts(&body, text);
	rm_str_add(&body, lengths + 2, 2);
	for (size_t i = 0; i < extra; i++)
		rm_str_puts(&body, "x");
	struct rm_epmd_request r;
	assert_int_equal(parse(&r, body.text, body.len), 0);
	rm_str_free(&body);
	return r.refused;
}

static void
limits(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t count, extra;
		bool refused;
	} table[] = {
		{ "n", 255, 0, false },
		{ "n", 256, 0, true },
		{ "\xe2\x82\xac", 255, 0, false },
		{ "\xf0\x9d\x84\x9e", 255, 0, false },
		{ "\xf0\x9d\x84\x9e", 256, 0, true },
		{ "n", 1, 1020, false },
		{ "n", 1, 1021, true },
		{ "\xc3\xa9", 1, 0, false },
		{ "\xc3", 1, 0, true },
		{ "\xc0\xaf", 1, 0, true },
		{ "\xe0\x80\xaf", 1, 0, true },
		{ "\xed\x9f\xbf", 1, 0, false },
		{ "\xed\xa0\x80", 1, 0, true },
		{ "\xf0\x80\x80\x80", 1, 0, true },
		{ "\xf4\x8f\xbf\xbf", 1, 0, false },
		{ "\xf4\x90\x80\x80", 1, 0, true },
		{ "\xf8\x88\x80\x80\x80", 1, 0, true },
		{ "\x80", 1, 0, true },
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		assert_int_equal(
		    refused(table[i].text, table[i].count, table[i].extra),
		    table[i].refused);
}

static void
lookups(void **state)
{
	(void)state;
	struct rm_epmd_request r;
	assert_int_equal(PARSE(&r, "\x7a"
				   "abc"),
	    0);
	assert_string_equal(r.node.name, "abc");
	assert_int_equal(PARSE(&r, "\x7a"
				   "abc\0"),
	    0);
	assert_string_equal(r.node.name, "abc");
	assert_int_equal(PARSE(&r, "\x7a"
				   "abc\0\0"),
	    -1);
	assert_int_equal(PARSE(&r, "\x7a"), -1);
	assert_int_equal(PARSE(&r, "\x7a\0"), -1);
	assert_int_equal(PARSE(&r, "\x7a\xe9"), -1);

	char body[257] = "\x7a";
	memset(body + 1, 'n', 255);
	assert_int_equal(parse(&r, body, 255), 0);
	assert_int_equal(parse(&r, body, 256), -1);
}

static void
others(void **state)
{
	(void)state;
	struct rm_epmd_request r;
	assert_int_equal(PARSE(&r, "n"), 0);
	assert_false(r.cluster);
	assert_int_equal(PARSE(&r, "n@"), 0);
	assert_true(r.cluster);
	assert_int_equal(PARSE(&r, "n@@"), 0);
	assert_false(r.cluster);
	assert_int_equal(PARSE(&r, "d"), 0);
	assert_int_equal(PARSE(&r, "k"), 0);
	assert_int_equal(PARSE(&r, "s"), -1);
	assert_int_equal(PARSE(&r, "sabc"), 0);
	assert_string_equal(r.node.name, "abc");
	for (int code = 0; code < 256; code++) {
		char byte = (char)code;
		if (code == 0 || strchr("ndksxz", code) == NULL)
			assert_int_equal(parse(&r, &byte, 1), -1);
	}
}

static void
assert_bytes(struct rm_str *s, const char *bytes, size_t len)
{
	assert_int_equal(s->len, len);
	assert_memory_equal(s->text, bytes, len);
	rm_str_free(s);
}

#define ASSERT_BYTES(s, text) assert_bytes(s, text, sizeof(text) - 1)

static void
replies(void **state)
{
	(void)state;
	struct rm_str s = { 0 };
	struct rm_epmd_node node = { .name = "abc",
		.extra = "x\0",
		.extra_len = 2,
		.port = 0x1267,
		.highest = 6,
		.lowest = 5,
		.type = 77 };
	rm_epmd_put_alive2(&s, 6, false, 0x01020304);
	ASSERT_BYTES(&s, "\x76\0\x01\x02\x03\x04");
	rm_epmd_put_alive2(&s, 5, false, 3);
	ASSERT_BYTES(&s, "\x79\0\0\x03");
	rm_epmd_put_alive2(&s, 6, true, 1);
	ASSERT_BYTES(&s, "\x76\x01\0\0\0\x63");
	rm_epmd_put_alive2(&s, 5, true, 1);
	ASSERT_BYTES(&s, "\x79\x01\0\x63");
	rm_epmd_put_port2(&s, &node);
	ASSERT_BYTES(&s, "\x77\0\x12\x67\x4d\0\0\x06\0\x05\0\x03"
			 "abc\0\x02x\0");
	rm_epmd_put_port2_none(&s);
	ASSERT_BYTES(&s, "\x77\x01");
	rm_epmd_put_port(&s, 4369);
	rm_epmd_put_name(&s, &node, NULL);
	rm_epmd_put_name(&s, &node, "host");
	ASSERT_BYTES(&s, "\0\0\x11\x11name abc at port 4711\n"
			 "name abc@host at port 4711\n");
	rm_epmd_put_active(&s, &node, 7);
	rm_epmd_put_old(&s, &node, 8);
	ASSERT_BYTES(&s, "active name     <abc> at port 4711, fd = 7\n\0"
			 "old/unused name <abc>, port = 4711, fd = 8 \n\0");
	rm_epmd_put_request(&s, RM_EPMD_PORT2, "abc");
	ASSERT_BYTES(&s, "\0\x04zabc");
}

static void
reply_parsed(void **state)
{
	(void)state;
	struct rm_str s = { 0 };
	struct rm_epmd_node node = {
		.name = "abc", .extra = "10.0.0.1", .extra_len = 8, .port = 4711
	};
	rm_epmd_put_port2(&s, &node);
	unsigned char *copy = malloc(s.len);
	for (size_t len = 0; len < s.len; len++) {
		struct rm_epmd_node n;
		memcpy(copy, s.text, s.len);
		assert_int_equal(rm_epmd_port2_parse(&n, copy, len), -1);
	}
	struct rm_epmd_node n;
	memcpy(copy, s.text, s.len);
	assert_int_equal(rm_epmd_port2_parse(&n, copy, s.len), 0);
	assert_string_equal(n.name, "abc");
	assert_int_equal(n.port, 4711);
	assert_int_equal(n.extra_len, 8);
	assert_memory_equal(n.extra, "10.0.0.1", 8);
	unsigned char none[] = { 119, 1 };
	assert_int_equal(rm_epmd_port2_parse(&n, none, 2), 1);
	free(copy);
	rm_str_free(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes),
		cmocka_unit_test(alive2),
		cmocka_unit_test(limits),
		cmocka_unit_test(lookups),
		cmocka_unit_test(others),
		cmocka_unit_test(replies),
		cmocka_unit_test(reply_parsed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
