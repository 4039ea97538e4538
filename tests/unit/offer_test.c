#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "offer_same.h"
#include "rounds.h"

#define GOLDEN "tests/golden/mesos-1.12/"

/* Of an offer: around it stands all that a line has. */
#define LINE(offer)                                                            \
	"{\"event\":\"OFFERS\",\"at\":1.5,\"mesos\":{\"type\":\"OFFERS\","     \
	"\"offers\":{\"offers\":[" offer "]}}}"
#define IDS "\"id\":{\"value\":\"O\"},\"agent_id\":{\"value\":\"S\"}"
#define CPUS                                                                   \
	"{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":{\"value\":0.1}}"

static void
test_lines(void **state)
{
	(void)state;
	static const struct {
		const char *line;
		bool plain;
	} table[] = {
		{ LINE("{" IDS "}"), true },
		{ LINE(""), true },
		{ " " LINE("{" IDS "} , {" IDS "}") "\t", true },
		{ LINE("{" IDS ",\"resources\":[" CPUS "," CPUS "]}"), true },
		{ LINE("{" IDS ",\"unavailability\":null}"), true },
		{ LINE("{" IDS ",\"domain\":{},\"attributes\":7}"), true },
		{ LINE("{" IDS ",\"x\":{\"y\":[1,\"\\u00e9\\u0d80\\/\"]}}"),
		    true },
		{ LINE("{" IDS ",\"x\":\"\\ud83d\\ude00\"}"), false },
		{ LINE("{" IDS ",\"x\":\"\\uDC00\"}"), false },
		{ LINE("{" IDS ",\"hostname\":\"\xc3\xa9\"}"), true },
		/* Its identity is libjq's to read. */
		{ LINE("{" IDS ",\"resources\":[{\"name\":\"g\\u0070us\","
		       "\"type\":\"SCALAR\",\"scalar\":{\"value\":1e0}}]}"),
		    true },
		{ LINE("{" IDS
		       ",\"resources\":[{\"name\":\"s\",\"type\":\"SET\","
		       "\"set\":{\"item\":[\"a\"]}}]}"),
		    true },
		{ LINE(
		      "{" IDS ",\"resources\":[{\"scal\\u0061r\":{\"value\":2},"
		      "\"name\":\"n\",\"type\":\"SCALAR\",\"scalar\":"
		      "{\"value\":1}}]}"),
		    true },
		{ LINE("{" IDS ",\"resources\":[{\"name\":\"p\",\"type\":"
		       "\"RANGES\",\"ranges\":{\"range\":[{\"begin\":5,"
		       "\"end\":9},{\"begin\":1,\"end\":5}]}}]}"),
		    true },
		{ LINE("{" IDS ",\"resources\":[{\"name\":\"p\",\"type\":"
		       "\"RANGES\",\"ranges\":{},\"scalar\":{\"value\":1}}]}"),
		    true },
		/* More than once: the last has it, and only libjq says so. */
		{ LINE("{" IDS "," IDS "}"), false },
		{ LINE("{" IDS ",\"hostname\":\"a\",\"hostname\":\"b\"}"),
		    false },
		{ "{\"at\":1,\"at\":2,\"mesos\":{\"offers\":{\"offers\":[]}}}",
		    false },
		{ LINE("{" IDS ",\"host\\u006eame\":\"b\"}"), false },
		{ LINE("{" IDS ",\"hostname\":\"a\\tb\"}"), false },
		{ LINE("{" IDS ",\"hostname\":7}"), false },
		{ LINE("{" IDS ",\"hostname\":\"\xff\"}"), false },
		{ LINE("{" IDS ",\"domain\":null}"), false },
		{ LINE("{" IDS ",\"url\":[]}"), false },
		/* What is refused. */
		{ LINE("{}"), false },
		{ LINE("{" IDS ",\"resources\":[" CPUS "},]"), false },
		{ LINE("{" IDS ",\"resources\":[{}]}"), false },
		{ LINE("{" IDS ",\"resources\":[{\"name\":\"cpus\",\"type\":"
		       "\"SCALAR\",\"scalar\":{\"value\":-1}}]}"),
		    false },
		{ LINE("{" IDS ",\"resources\":[{\"name\":\"p\",\"type\":"
		       "\"RANGES\",\"ranges\":{\"range\":[{\"begin\":9,"
		       "\"end\":5}]}}]}"),
		    false },
		{ LINE("{" IDS "}") "}", false },
		{ LINE("{" IDS "} {"), false },
		{ LINE("{" IDS ",}"), false },
		{ LINE("{" IDS ",\"x\":nan}"), false },
		{ LINE("{" IDS ",\"x\":01}"), false },
		{ LINE("{" IDS ",\"x\":\"\n\"}"), false },
		{ "{\"at\":-1,\"mesos\":{\"offers\":{\"offers\":[]}}}", false },
		{ "{\"mesos\":{\"offers\":{\"offers\":[]}}}", true },
		{ "{\"mesos\":{\"offers\":{}}}", false },
		{ "{\"mesos\":{\"offers\":{\"offers\":{}}}}", false },
		{ "", false },
	};
	struct rm_identity_cache cache = { 0 };
	for (size_t i = 0; i < 2 * sizeof(table) / sizeof(*table); i++) {
		const char *line = table[i / 2].line;
		int same = same_line(line, strlen(line), &cache);
		if (same != (table[i / 2].plain ? 1 : -1))
			fail_msg("%s: %d", line, same);
	}
	rm_identity_cache_clear(&cache);
}

/* Each OFFERS of a captured session, as a line; the caller's. */
static char *
next_line(FILE *file)
{
	char *text = NULL, *line = NULL;
	size_t room = 0;
	ssize_t len;
	while (line == NULL && (len = getline(&text, &room, file)) > 0) {
		jv entry;
		assert_int_equal(
		    rm_json_parse(text, (size_t)len, &entry, NULL), 0);
		const char *raw = rm_json_text(entry, "raw", "");
		if (strstr(raw, "\"OFFERS\"") != NULL)
			line = rm_format(
			    "{\"event\":\"OFFERS\",\"at\":%.6f,\"mesos\":%s}",
			    rm_json_number(entry, "at", 0), raw);
		jv_free(entry);
	}
	free(text);
	return line;
}

static const char *const sessions[] = { "01-lifecycle",
	"02b-after-master-failover",
	"03-offers-domains-attributes-disks-static-roles",
	"03b-offers-without-refinement", "03c-offers-refinement-single-role" };

/* All that a real master offered is plain, and so is read. */
static void
test_captures(void **state)
{
	(void)state;
	int lines = 0;
	for (size_t i = 0; i < sizeof(sessions) / sizeof(*sessions); i++) {
		char *path = rm_format(GOLDEN "%s.events.jsonl", sessions[i]);
		FILE *file = fopen(path, "r");
		struct rm_identity_cache cache = { 0 };
		char *line;
		assert_non_null(file);
		for (; (line = next_line(file)) != NULL; free(line), lines++)
			assert_int_equal(
			    same_line(line, strlen(line), &cache), 1);
		rm_identity_cache_clear(&cache);
		fclose(file);
		free(path);
	}
	assert_true(lines > 15);
}

/* A line that one byte went wrong in: refused, or as libjq has it. */
static void
test_changed(void **state)
{
	(void)state;
	static const char instead[] = "\"\\{}[],:0e.-x \x80\n";
	FILE *file = fopen(GOLDEN
	    "03-offers-domains-attributes-disks-static-roles"
	    ".events.jsonl",
	    "r");
	assert_non_null(file);
	char *line = next_line(file);
	fclose(file);
	assert_non_null(line);
	struct rm_identity_cache cache = { 0 };
	int plain = 0;
	size_t len = strlen(line), part = len / (size_t)rounds((int)len);
	/* An odd step: each of the others has its turn. */
	for (size_t i = 0; i < len; i += part | 1) {
		char *changed = rm_strdup(line);
		changed[i] = instead[i % (sizeof(instead) - 1)];
		int same = same_line(changed, len, &cache);
		if (same == 0)
			fail_msg("%s", changed);
		plain += same > 0;
		free(changed);
	}
	rm_identity_cache_clear(&cache);
	free(line);
	assert_true(plain > 100);
}

static char *
ids(const struct rm_agent *agent)
{
	struct rm_str text = { 0 };
	rm_json_write(&text, rm_agent_offer_ids(agent));
	return rm_str_take(&text);
}

/* Both ways to the same agents. */
static void
test_agents(void **state)
{
	(void)state;
	static const char line[] = LINE(
	    "{" IDS ",\"hostname\":\"h\",\"attributes\":[{\"name\":\"a\"}],"
	    "\"domain\":{\"fault_domain\":{\"zone\":{\"name\":\"z\"}}},"
	    "\"resources\":[" CPUS "]},{\"id\":{\"value\":\"P\"},"
	    "\"agent_id\":{\"value\":\"S\"},\"resources\":[" CPUS "]}");
	struct rm_agents read = { .keep = true }, parsed = { .keep = true };
	struct rm_offers offers = { 0 };
	jv value;
	assert_true(rm_offers_read(line, strlen(line), &read.cache, &offers));
	for (size_t i = 0; i < offers.count; i++)
		rm_agents_take(&read, &offers.items[i], 1);
	rm_offers_free(&offers);
	assert_int_equal(rm_json_parse(line, strlen(line), &value, NULL), 0);
	jv list = rm_json_path(value, "mesos.offers.offers");
	jv_array_foreach (list, i, offer) {
		assert_int_equal(rm_agents_add(&parsed, offer, 1, NULL), 0);
		jv_free(offer);
	}
	jv_free(list);
	jv_free(value);

	struct rm_agents *both[] = { &read, &parsed };
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(both[i]->count, 1);
		const struct rm_agent *agent = both[i]->items[0];
		assert_string_equal(agent->id, "S");
		assert_string_equal(agent->address, "h");
		assert_string_equal(agent->region, "");
		assert_string_equal(agent->zone, "z");
		assert_int_equal(
		    rm_resources_total(&agent->resources, "cpus"), 200);
		char *text = ids(agent);
		assert_string_equal(
		    text, "[{\"value\":\"O\"},{\"value\":\"P\"}]");
		free(text);
		jv offer = rm_agent_offer(agent);
		assert_string_equal(
		    rm_json_path_text(offer, "domain.fault_domain.zone.name"),
		    "z");
		jv_free(offer);
		jv attributes = rm_agent_attributes(agent);
		assert_int_equal(jv_array_length(attributes), 1);
		rm_agents_free(both[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_captures),
		cmocka_unit_test(test_changed),
		cmocka_unit_test(test_agents),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
