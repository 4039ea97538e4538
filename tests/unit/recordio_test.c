#include "mesos/recordio.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/exit.h"

/* Records joined by '|', however the bytes are cut. */
static void
expect(const char *bytes, size_t chunk, const char *records, int end)
{
	struct rm_recordio r = { 0 };
	struct rm_str got = { 0 };
	struct rm_error err = { 0 };
	const char *record;
	size_t len, total = strlen(bytes);
	int rc = 0;
	rm_str_puts(&got, "");
	for (size_t at = 0; at < total && rc == 0; at += chunk) {
		rm_recordio_feed(
		    &r, bytes + at, total - at < chunk ? total - at : chunk);
		while ((rc = rm_recordio_next(&r, &record, &len, &err)) == 1) {
			rm_str_add(&got, record, len);
			rm_str_puts(&got, "|");
		}
	}
	assert_string_equal(got.text, records);
	assert_int_equal(rc, end);
	if (end < 0)
		assert_int_equal(err.code, RM_EXIT_OUTSIDE);
	rm_str_free(&got);
	rm_recordio_free(&r);
}

static void
records_are_cut_out(void **state)
{
	(void)state;
	static const struct {
		const char *bytes, *records;
		int end;
	} table[] = {
		{ "", "", 0 },
		{ "3\nabc", "abc|", 0 },
		{ "3\nabc0\n1\nx", "abc||x|", 0 },
		{ "03\nabc", "abc|", 0 },
		{ "3\nab", "", 0 },
		{ "12", "", 0 },
		{ "4\na\nb\n2\ncd", "a\nb\n|cd|", 0 },
		{ "\n", "", -1 },
		{ "-1\nx", "", -1 },
		{ "1 \nx", "", -1 },
		{ "3\nabcx", "abc|", -1 },
		{ "268435457\n", "", -1 },
		{ "99999999999999999999\n", "", -1 },
		{ "1234567890", "", -1 },
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		for (size_t chunk = 1; chunk <= 16; chunk++)
			expect(table[i].bytes, chunk, table[i].records,
			    table[i].end);
}

static void
partial_records_are_told(void **state)
{
	(void)state;
	struct rm_recordio r = { 0 };
	const char *record;
	size_t len;
	assert_int_equal(rm_recordio_next(&r, &record, &len, NULL), 0);
	assert_false(rm_recordio_partial(&r));
	rm_recordio_feed(&r, "2\na", 3);
	assert_int_equal(rm_recordio_next(&r, &record, &len, NULL), 0);
	assert_true(rm_recordio_partial(&r));
	rm_recordio_feed(&r, "b", 1);
	assert_int_equal(rm_recordio_next(&r, &record, &len, NULL), 1);
	assert_false(rm_recordio_partial(&r));
	rm_recordio_free(&r);
	rm_recordio_free(&r);
}

static void
what_is_added_comes_back(void **state)
{
	(void)state;
	struct rm_str bytes = { 0 };
	struct rm_recordio r = { 0 };
	const char *record;
	size_t len;
	rm_recordio_add(&bytes, "a\0b", 3);
	rm_recordio_add(&bytes, "", 0);
	rm_recordio_feed(&r, bytes.text, bytes.len);
	assert_int_equal(rm_recordio_next(&r, &record, &len, NULL), 1);
	assert_int_equal(len, 3);
	assert_memory_equal(record, "a\0b", 3);
	assert_int_equal(rm_recordio_next(&r, &record, &len, NULL), 1);
	assert_int_equal(len, 0);
	assert_int_equal(rm_recordio_next(&r, &record, &len, NULL), 0);
	rm_str_free(&bytes);
	rm_recordio_free(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_are_cut_out),
		cmocka_unit_test(partial_records_are_told),
		cmocka_unit_test(what_is_added_comes_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
