#include "riak/epmd_record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
keys(void **state)
{
	(void)state;
	static const char *const table[][2] = {
		{ "riak-kv-1", "riak-kv-1" },
		{ "a_b.c", "a_b.c" },
		{ ".", "%2E" },
		{ "..", "%2E." },
		{ ".hidden", "%2Ehidden" },
		{ "a/b", "a%2Fb" },
		{ "a b\n", "a%20b%0A" },
		{ "100%", "100%25" },
		{ "a@b", "a@b" },
		{ "\xc3\xa9", "%C3%A9" },
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct rm_str key = { 0 };
		rm_epmd_record_key(&key, table[i][0]);
		assert_string_equal(key.text, table[i][1]);
		char *name = rm_epmd_record_name(key.text);
		assert_string_equal(name, table[i][0]);
		free(name);
		rm_str_free(&key);
	}
	static const char *const bad[] = { "", "%", "%2", "%zz", "%00", "a%0" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_null(rm_epmd_record_name(bad[i]));
}

/* The document that rm-cepmd(8) describes. */
static void
written_and_read(void **state)
{
	(void)state;
	const struct rm_epmd_node node = {
		.name = "riak-kv-1",
		.extra = "x\0y",
		.extra_len = 3,
		.port = 41023,
		.highest = 6,
		.lowest = 5,
		.type = 72,
		.protocol = 1,
	};
	struct rm_str text = { 0 };
	rm_epmd_record_write(
	    &text, &node, 4294967295U, "10.0.0.5", 4370, 1732260000.25);
	assert_string_equal(text.text,
	    "{\"name\":\"riak-kv-1\",\"host\":\"10.0.0.5\",\"port\":41023,"
	    "\"type\":72,\"protocol\":1,\"highest\":6,\"lowest\":5,"
	    "\"extra\":\"eAB5\",\"creation\":4294967295,\"cepmd_port\":4370,"
	    "\"since\":1732260000.25}");
	struct rm_epmd_record *r = rm_epmd_record_parse(
	    "riak%2Dkv-1", text.text, text.len, NULL);
	assert_non_null(r);
	assert_string_equal(r->node.name, "riak-kv-1");
	assert_string_equal(r->link.key, "riak-kv-1");
	assert_string_equal(r->host, "10.0.0.5");
	assert_int_equal(r->node.port, 41023);
	assert_int_equal(r->node.type, 72);
	assert_int_equal(r->node.protocol, 1);
	assert_int_equal(r->node.highest, 6);
	assert_int_equal(r->node.lowest, 5);
	assert_int_equal(r->cepmd_port, 4370);
	assert_true(r->since > 1732260000.2 && r->since < 1732260000.3);
	free(r);
	rm_str_free(&text);
}

static void
not_a_record(void **state)
{
	(void)state;
	static const char *const table[] = {
		"",
		"{",
		"[]",
		"{}",
		"{\"host\":\"h\",\"port\":1,\"type\":77,\"protocol\":0,"
		"\"highest\":6,\"lowest\":5}",
		"{\"host\":7,\"port\":1,\"type\":77,\"protocol\":0,"
		"\"highest\":6,\"lowest\":5,\"cepmd_port\":1}",
		"{\"host\":\"h\",\"port\":65536,\"type\":77,\"protocol\":0,"
		"\"highest\":6,\"lowest\":5,\"cepmd_port\":1}",
		"{\"host\":\"h\",\"port\":-1,\"type\":77,\"protocol\":0,"
		"\"highest\":6,\"lowest\":5,\"cepmd_port\":1}",
		"{\"host\":\"h\",\"port\":1.5,\"type\":77,\"protocol\":0,"
		"\"highest\":6,\"lowest\":5,\"cepmd_port\":1}",
		"{\"host\":\"h\",\"port\":1e300,\"type\":77,\"protocol\":0,"
		"\"highest\":6,\"lowest\":5,\"cepmd_port\":1}",
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct rm_error err = { 0 };
		assert_null(rm_epmd_record_parse(
		    "key", table[i], strlen(table[i]), &err));
		assert_non_null(strstr(err.text, "key"));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys),
		cmocka_unit_test(written_and_read),
		cmocka_unit_test(not_a_record),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
