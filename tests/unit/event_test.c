#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "mesos/event.h"
#include "mesos/offers_split.h"
#include "mesos/recordio.h"

#define GOLDEN "tests/golden/mesos-1.12/"

static const struct rm_event_source source = { "127.0.0.1:5050", "id-\"1\"" };

struct output {
	struct rm_str text;
	size_t lines, longest;
};

static void
gather(void *arg, const char *line, size_t len)
{
	struct output *out = arg;
	assert_null(memchr(line, '\n', len));
	rm_str_add(&out->text, line, len);
	rm_str_puts(&out->text, "\n");
	out->lines++;
	if (len > out->longest)
		out->longest = len;
}

static void
write_event(struct output *out, const char *record, size_t len, double at)
{
	struct rm_event event;
	struct rm_error err = { 0 };
	if (rm_event_read(record, len, &event, &err) != 0)
		fail_msg("%s: %.*s", err.text, (int)len, record);
	rm_event_write(&event, at, &source, gather, out);
}

static void
check_line(const char *record, const char *expected)
{
	struct output out = { 0 };
	write_event(&out, record, strlen(record), 1732260000.25);
	assert_string_equal(out.text.text, expected);
	rm_str_free(&out.text);
}

static void
test_lines(void **state)
{
	(void)state;
	check_line("{\"type\":\"HEARTBEAT\"}",
	    "{\"event\":\"HEARTBEAT\",\"at\":1732260000.250,"
	    "\"mesos\":{\"type\":\"HEARTBEAT\"}}\n");
	/* Keys in another order, and newlines, which JSON allows. */
	check_line("{\n \"error\": {\"type\":\"X\",\n\"message\":\"a\\nb\"},"
		   "\"type\":\n\"ERROR\"\n}\n",
	    "{\"event\":\"ERROR\",\"at\":1732260000.250,\"mesos\":"
	    "{  \"error\": {\"type\":\"X\", \"message\":\"a\\nb\"},"
	    "\"type\": \"ERROR\" } }\n");
	check_line("{\"type\":\"SUBSCRIBED\",\"subscribed\":{}}",
	    "{\"event\":\"SUBSCRIBED\",\"at\":1732260000.250,"
	    "\"master\":\"127.0.0.1:5050\",\"stream_id\":\"id-\\\"1\\\"\","
	    "\"mesos\":{\"type\":\"SUBSCRIBED\",\"subscribed\":{}}}\n");
	/* A number that a double can't hold stays as it is. */
	check_line("{\"type\":\"X\",\"n\":12345678901234567890.000}",
	    "{\"event\":\"X\",\"at\":1732260000.250,\"mesos\":"
	    "{\"type\":\"X\",\"n\":12345678901234567890.000}}\n");
	/* No array where one is expected: not ours to judge. */
	check_line("{\"type\":\"OFFERS\",\"offers\":{\"offers\":7}}",
	    "{\"event\":\"OFFERS\",\"at\":1732260000.250,\"mesos\":"
	    "{\"type\":\"OFFERS\",\"offers\":{\"offers\":7}}}\n");
}

static void
test_what_is_no_event(void **state)
{
	(void)state;
	static const char *const table[] = { "", "[]", "{}", "nothing",
		"{\"type\":7}", "{\"type\":\"\"}", "{\"type\":\"a b\"}",
		"{\"type\":\"HEART\\u0042EAT\"}", "{\"type\":\"HEARTBEAT\"",
		"{\"type\":\"HEARTBEAT\"}}", "{\"type\":\"A\",\"a\":\"\n\"}",
		"{\"type\":\"OFFERS\",\"offers\":{\"offers\":[1,}}" };
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct rm_event event;
		struct rm_error err = { 0 };
		if (rm_event_read(table[i], strlen(table[i]), &event, &err) !=
		    -1)
			fail_msg("%s", table[i]);
		assert_int_not_equal(err.text[0], '\0');
	}
}

static void
add_offers(struct rm_str *event, size_t count, const char *filler)
{
	rm_str_puts(event, "{\"type\":\"OFFERS\",\"offers\":{\"offers\":[");
	for (size_t i = 0; i < count; i++)
		rm_str_printf(event, "%s{\"id\":{\"value\":\"O%zu\"}%s}",
		    i > 0 ? ",\n " : "", i, filler);
	rm_str_puts(event, "]}}");
}

static void
test_offers_are_split(void **state)
{
	(void)state;
	static const size_t counts[] = { 0, 1, 99, 100, 101, 200, 201, 1000 };
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		struct rm_str event = { 0 };
		struct output out = { 0 };
		add_offers(&event, counts[i], "");
		write_event(&out, event.text, event.len, 0);
		size_t expected = (counts[i] + 99) / 100;
		assert_int_equal(out.lines, expected > 0 ? expected : 1);

		size_t seen = 0;
		for (char *at = out.text.text; *at != '\0';) {
			size_t n = strcspn(at, "\n");
			jv line;
			assert_int_equal(rm_json_parse(at, n, &line, NULL), 0);
			jv offers = rm_json_path(line, "mesos.offers.offers");
			int here = jv_array_length(jv_copy(offers));
			assert_true(here <= 100);
			for (int k = 0; k < here; k++) {
				char id[32];
				snprintf(id, sizeof(id), "O%zu", seen++);
				jv offer = jv_array_get(jv_copy(offers), k);
				assert_string_equal(
				    rm_json_path_text(offer, "id.value"), id);
				jv_free(offer);
			}
			jv_free(offers);
			jv_free(line);
			at += n + 1;
		}
		assert_int_equal(seen, counts[i]);
		rm_str_free(&event);
		rm_str_free(&out.text);
	}
}

/* 10,000 offers in 9 MB: well under a second; what is not linear takes
 * minutes. */
static void
test_many_offers_in_linear_time(void **state)
{
	(void)state;
	struct rm_str event = { 0 }, filler = { 0 };
	struct output out = { 0 };
	rm_str_puts(&filler, ",\"x\":\"");
	for (int i = 0; i < 870; i++)
		rm_str_puts(&filler, "y");
	rm_str_puts(&filler, "\"");
	add_offers(&event, 10000, filler.text);
	clock_t from = clock();
	write_event(&out, event.text, event.len, 0);
	assert_true((double)(clock() - from) / CLOCKS_PER_SEC < 5);
	assert_int_equal(out.lines, 100);
	assert_true(out.longest < 120000);
	rm_str_free(&event);
	rm_str_free(&filler);
	rm_str_free(&out.text);
}

static void
read_file(struct rm_str *to, const char *name, const char *suffix)
{
	char path[256], chunk[4096];
	snprintf(path, sizeof(path), GOLDEN "%s%s", name, suffix);
	FILE *file = fopen(path, "r");
	if (file == NULL)
		fail_msg("%s can't be read", path);
	size_t n;
	while ((n = fread(chunk, 1, sizeof(chunk), file)) > 0)
		rm_str_add(to, chunk, n);
	fclose(file);
}

/* What the recorder saw: a record a line, as {"at","raw"}. */
static void
expect(struct rm_str *to, const struct rm_str *seen)
{
	for (size_t at = 0; at < seen->len;) {
		size_t n = strcspn(seen->text + at, "\n");
		jv line, type;
		assert_int_equal(
		    rm_json_parse(seen->text + at, n, &line, NULL), 0);
		jv raw = rm_json_get(line, "raw");
		const char *text = jv_string_value(raw);
		assert_int_equal(
		    rm_json_parse(text, strlen(text), &type, NULL), 0);
		rm_str_printf(to, "{\"event\":\"%s\",\"at\":5.000,%s\"mesos\":",
		    rm_json_text(type, "type", "?"),
		    strcmp(rm_json_text(type, "type", "?"), "SUBSCRIBED") == 0
			? "\"master\":\"127.0.0.1:5050\","
			  "\"stream_id\":\"id-\\\"1\\\"\","
			: "");
		rm_str_puts(to, text);
		rm_str_puts(to, "}\n");
		jv_free(type);
		jv_free(raw);
		jv_free(line);
		at += n + 1;
	}
}

static void
replay(struct output *out, const struct rm_str *stream, size_t step)
{
	struct rm_recordio in = { 0 };
	struct rm_error err = { 0 };
	const char *record;
	size_t len;
	for (size_t at = 0; at < stream->len; at += step) {
		size_t left = stream->len - at;
		rm_recordio_feed(
		    &in, stream->text + at, left < step ? left : step);
		int more;
		while ((more = rm_recordio_next(&in, &record, &len, &err)) > 0)
			write_event(out, record, len, 5);
		assert_int_equal(more, 0);
	}
	assert_false(rm_recordio_partial(&in));
	rm_recordio_free(&in);
}

static void
test_recorded_streams_in_any_cut(void **state)
{
	(void)state;
	static const char *const names[] = { "01-lifecycle",
		"01b-second-instance", "01c-removed-framework",
		"02-agent-and-master-failures", "02b-after-master-failover",
		"03-offers-domains-attributes-disks-static-roles",
		"03e-subscribe-bad-role", "05c-auth-right" };
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct rm_str stream = { 0 }, seen = { 0 }, expected = { 0 };
		read_file(&stream, names[i], ".recordio");
		read_file(&seen, names[i], ".events.jsonl");
		expect(&expected, &seen);
		const size_t steps[] = { 1, 2, 7, 1000, stream.len };
		for (size_t s = 0; s < sizeof(steps) / sizeof(*steps); s++) {
			struct output out = { 0 };
			replay(&out, &stream, steps[s]);
			assert_string_equal(out.text.text, expected.text);
			rm_str_free(&out.text);
		}
		rm_str_free(&stream);
		rm_str_free(&seen);
		rm_str_free(&expected);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_what_is_no_event),
		cmocka_unit_test(test_offers_are_split),
		cmocka_unit_test(test_many_offers_in_linear_time),
		cmocka_unit_test(test_recorded_streams_in_any_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
