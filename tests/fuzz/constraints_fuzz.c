/*
 * Constraints as a user spells them: what is taken reads the same from our own
 * spelling of it, as JSON and with &quot;, and says the same of places whether
 * they are located once or each time; a regular expression is one by itself.
 */
#include <oniguruma.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "sched/constraint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
	const char *hostname, *region, *zone, *attributes;
} places[] = {
	{ "agent-1.example", "eu", "eu-1",
	    "[{\"name\":\"rack\",\"text\":{\"value\":\"r1\"}},"
	    "{\"name\":\"cores\",\"scalar\":{\"value\":8}}]" },
	{ "agent-2.example", "eu", "eu-2",
	    "[{\"name\":\"rack\",\"text\":{\"value\":\"r2\"}},"
	    "{\"name\":\"cores\",\"scalar\":{\"value\":0.5}},"
	    "{\"name\":\"tags\",\"set\":{\"item\":[\"a\",\"b\"]}}]" },
	{ "127.0.0.3", "", "",
	    "[{\"name\":\"rack\",\"text\":{\"value\":\"r1\"}},"
	    "{\"name\":\"span\",\"ranges\":{\"range\":"
	    "[{\"begin\":1,\"end\":2},{\"begin\":5,\"end\":6}]}}]" },
	{ "agent-1.example", "us", "us-1", "{}" },
};
enum { PLACES = sizeof(places) / sizeof(*places) };

static void
must_be_same(const char *text, jv wanted)
{
	struct rm_constraints again = { 0 };
	if (rm_constraints_parse(text, &again, NULL) != 0)
		abort();
	jv json = rm_constraints_json(&again);
	if (!jv_equal(json, jv_copy(wanted)))
		abort();
	rm_constraints_free(&again);
}

/* Our own spelling, and that with entities. */
static void
check_spellings(const struct rm_constraints *c)
{
	jv json = rm_constraints_json(c);
	struct rm_str text = { 0 }, escaped = { 0 };
	rm_json_write(&text, jv_copy(json));
	must_be_same(text.text, json);
	for (const char *p = text.text; *p != '\0'; p++)
		rm_str_printf(&escaped, *p == '"'   ? "&quot;"
					: *p == '&' ? "&amp;"
						    : "%c",
		    *p);
	must_be_same(escaped.text, json);
	rm_str_free(&text);
	rm_str_free(&escaped);
	jv_free(json);
}

static void
check_expressions(const struct rm_constraints *c)
{
	jv json = rm_constraints_json(c);
	jv_array_foreach (json, i, one) {
		jv name = jv_array_get(jv_copy(one), 1);
		jv value = jv_array_get(one, 2);
		regex_t *regex = NULL;
		OnigErrorInfo info;
		if (strstr(jv_string_value(name), "LIKE") != NULL) {
			const OnigUChar *text = (const OnigUChar *)
			    jv_string_value(value);
			if (onig_new(&regex, text,
				text + strlen((const char *)text),
				ONIG_OPTION_NONE, ONIG_ENCODING_UTF8,
				ONIG_SYNTAX_JAVA, &info) != ONIG_NORMAL)
				abort();
			onig_free(regex);
		}
		jv_free(name);
		jv_free(value);
	}
	jv_free(json);
}

/* A node on each place, one after the other. */
static void
check_places(struct rm_constraints *by_place, struct rm_constraints *by_number)
{
	int *numbers = malloc((by_number->count + 1) * sizeof(*numbers));
	for (size_t i = 0; i < PLACES; i++) {
		size_t index = by_place->count;
		jv attributes = jv_parse(places[i].attributes);
		const struct rm_place place = { places[i].hostname,
			places[i].region, places[i].zone, attributes };
		char *broken = rm_constraints_check(by_place, &place, &index);
		rm_constraints_locate(by_number, &place, numbers);
		if (index != rm_constraints_check_at(by_number, numbers) ||
		    (broken == NULL) != (index == by_place->count))
			abort();
		free(broken);
		rm_constraints_count(by_place, &place);
		rm_constraints_count_at(by_number, numbers);
		jv_free(attributes);
	}
	free(numbers);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = rm_format("%.*s", (int)size, (const char *)data);
	struct rm_constraints c = { 0 }, same = { 0 };
	if (rm_constraints_parse(text, &c, NULL) == 0 &&
	    rm_constraints_parse(text, &same, NULL) == 0) {
		check_spellings(&c);
		check_expressions(&c);
		check_places(&c, &same);
		rm_constraints_free(&c);
		rm_constraints_free(&same);
	}
	free(text);
	return 0;
}
