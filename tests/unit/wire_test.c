#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "mesos/wire.h"

static char *
json_of(const char *record, size_t len)
{
	struct rm_wire *wire = rm_wire_new();
	struct rm_str json = { 0 };
	struct rm_error err = { 0 };
	int rc = rm_wire_json(wire, record, len, &json, &err);
	rm_wire_free(wire);
	if (rc != 0)
		rm_str_puts(&json, err.text);
	return rm_str_take(&json);
}

static void
test_records(void **state)
{
	(void)state;
	/* Written by hand from the field numbers. */
	static const struct {
		const char *record;
		size_t len;
		const char *json;
	} table[] = {
		{ "", 0, "{}" },
		{ "\x08\x08", 2, "{\"type\":\"HEARTBEAT\"}" },
		/* A type that is newer than we: as if there were none. */
		{ "\x08\x63", 2, "{}" },
		{ "\x08\x03\x22\x05\x0a\x03\x0a\x01O", 9,
		    "{\"type\":\"RESCIND\",\"rescind\":{\"offer_id\":"
		    "{\"value\":\"O\"}}}" },
		{ "\x08\x07\x42\x0a\x0a\x08\"\\\n\x01\x7f/\xc3\xa9", 14,
		    "{\"type\":\"ERROR\",\"error\":{\"message\":"
		    "\"\\\"\\\\\\n\\u0001\x7f/\xc3\xa9\"}}" },
		/* Members that scheduler.proto does not have. */
		{ "\x08\x08\xa2\x06\x01x", 6, "{\"type\":\"HEARTBEAT\"}" },
		/* FAILURE: a negative number. */
		{ "\x08\x06\x3a\x0b\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff"
		  "\x01",
		    15, "{\"type\":\"FAILURE\",\"failure\":{\"status\":-1}}" },
		/* MESSAGE: bytes. */
		{ "\x08\x05\x32\x05\x1a\x03\0\1\2", 9,
		    "{\"type\":\"MESSAGE\",\"message\":{\"data\":\"AAEC\"}}" },
		/* A default that masters' JSON shows. */
		{ "\x08\x01\x12\x04\x1a\x02\x10\x07", 8,
		    "{\"type\":\"SUBSCRIBED\",\"subscribed\":{\"master_info\":"
		    "{\"ip\":7,\"port\":5050}}}" },
		{ "\x08", 1, "not an event in protocol buffers" },
		{ "\x08\x02\x1a\x03\x0a\x01\xff", 7,
		    "not an event in protocol buffers" },
		{ "\x22\x7f", 2, "not an event in protocol buffers" },
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		char *json = json_of(table[i].record, table[i].len);
		assert_string_equal(json, table[i].json);
		free(json);
	}
}

static void
test_doubles(void **state)
{
	(void)state;
	static const struct {
		double n;
		const char *text;
	} table[] = { { 15, "15.0" }, { 0, "0.0" }, { 0.1, "0.1" },
		{ 1.1, "1.1" }, { -2.5, "-2.5" },
		{ 1795332833.25, "1795332833.25" }, { 1.0 / 3, NULL },
		{ 1e300, "1e+300" } };
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		char record[13] = "\x08\x01\x12\x09\x11";
		memcpy(record + 5, &table[i].n, 8);
		char *json = json_of(record, 13);
		const char *at = strstr(json, "_seconds\":");
		assert_non_null(at);
		at += strlen("_seconds\":");
		char *end;
		assert_true(strtod(at, &end) == table[i].n);
		if (table[i].text != NULL) {
			*end = '\0';
			assert_string_equal(at, table[i].text);
		}
		free(json);
	}
}

/* From JSON and back. */
static void
test_both_ways(void **state)
{
	(void)state;
	static const char text[] =
	    "{\"type\":\"OFFERS\",\"offers\":{\"offers\":[{\"id\":{\"value\":"
	    "\"O\"},\"resources\":[{\"name\":\"cpus\",\"type\":\"SCALAR\","
	    "\"scalar\":{\"value\":0.5},\"shared\":{}},{\"name\":\"ports\","
	    "\"type\":\"RANGES\",\"ranges\":{\"range\":[{\"begin\":0,\"end\":"
	    "9}]}}],\"attributes\":[{\"name\":\"a\",\"type\":\"SET\",\"set\":"
	    "{\"item\":[\"x\",\"\"]}}]},{}]}}";
	struct rm_wire *wire = rm_wire_new();
	struct rm_str packed = { 0 }, json = { 0 };
	jv event;
	assert_int_equal(rm_json_parse(text, strlen(text), &event, NULL), 0);
	assert_int_equal(rm_wire_protobuf(wire, event, &packed, NULL), 0);
	assert_int_equal(
	    rm_wire_json(wire, packed.text, packed.len, &json, NULL), 0);
	assert_string_equal(json.text, text);
	jv_free(event);
	rm_str_free(&packed);
	rm_str_free(&json);
	rm_wire_free(wire);
}

static void
test_wrong_json(void **state)
{
	(void)state;
	static const char *const table[][2] = {
		{ "[]", "no object" },
		{ "{\"type\":\"NONE\"}", "type: wrong value" },
		{ "{\"error\":{\"message\":7}}", "message: wrong value" },
		{ "{\"message\":{\"data\":\"%\"}}", "data: wrong value" },
		{ "{\"failure\":{\"status\":1e10}}", "status: wrong value" },
		{ "{\"offers\":{\"offers\":{}}}", "offers: wrong value" },
		{ "{\"offers\":{\"offers\":[{},{\"hostname\":1}]}}",
		    "hostname: wrong value" },
	};
	struct rm_wire *wire = rm_wire_new();
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct rm_error err = { 0 };
		struct rm_str packed = { 0 };
		jv event = jv_parse(table[i][0]);
		assert_int_equal(
		    rm_wire_protobuf(wire, event, &packed, &err), -1);
		assert_string_equal(err.text, table[i][1]);
		assert_int_equal(packed.len, 0);
		jv_free(event);
	}
	rm_wire_free(wire);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_doubles),
		cmocka_unit_test(test_both_ways),
		cmocka_unit_test(test_wrong_json),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
