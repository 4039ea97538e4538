/*
 * Constraints: a table of places and nodes that are there, one of spellings,
 * and one of what is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/exit.h"
#include "base/json.h"
#include "sched/constraint.h"

/* A place: rack r1, cores 8 (scalar), span [1-2,5-6], tags {a,b}. */
static jv
attributes(const char *rack)
{
	char text[512];
	snprintf(text, sizeof(text),
	    "[{\"name\":\"rack\",\"type\":\"TEXT\",\"text\":{\"value\":\"%s\"}}"
	    ","
	    "{\"name\":\"cores\",\"type\":\"SCALAR\",\"scalar\":{\"value\":8}},"
	    "{\"name\":\"half\",\"type\":\"SCALAR\",\"scalar\":{\"value\":0.5}}"
	    ","
	    "{\"name\":\"span\",\"type\":\"RANGES\",\"ranges\":{\"range\":["
	    "{\"begin\":1,\"end\":2},{\"begin\":5,\"end\":6}]}},"
	    "{\"name\":\"tags\",\"type\":\"SET\",\"set\":{\"item\":[\"a\","
	    "\"b\"]}}]",
	    rack);
	return jv_parse(text);
}

/* Racks of the nodes that are there, and of the place that is asked about. */
static const struct {
	const char *constraint, *there, *rack;
	const char *broken; /* NULL: it holds */
} rows[] = {
	{ "[\"rack\",\"UNIQUE\"]", "", "r1", NULL },
	{ "[\"rack\",\"UNIQUE\"]", "r2,r3", "r1", NULL },
	{ "[\"rack\",\"UNIQUE\"]", "r1", "r1", "rack UNIQUE" },
	{ "[\"hostname\",\"UNIQUE\"]", "r1", "r9", "hostname UNIQUE" },
	{ "[\"missing\",\"UNIQUE\"]", "", "r1", "missing UNIQUE" },
	{ "[\"rack\",\"CLUSTER\",\"r1\"]", "", "r1", NULL },
	{ "[\"rack\",\"CLUSTER\",\"r1\"]", "", "r2", "rack CLUSTER r1" },
	{ "[\"rack\",\"CLUSTER\"]", "", "r2", NULL },
	{ "[\"rack\",\"CLUSTER\"]", "r2", "r2", NULL },
	{ "[\"rack\",\"CLUSTER\"]", "r2", "r1", "rack CLUSTER" },
	{ "[\"rack\",\"GROUP_BY\"]", "", "r1", NULL },
	{ "[\"rack\",\"GROUP_BY\"]", "r1,r2", "r1", NULL },
	{ "[\"rack\",\"GROUP_BY\"]", "r1,r1,r2", "r1", "rack GROUP_BY" },
	{ "[\"rack\",\"GROUP_BY\",\"3\"]", "r1,r2", "r1", "rack GROUP_BY 3" },
	{ "[\"rack\",\"GROUP_BY\",\"3\"]", "r1,r2", "r3", NULL },
	{ "[\"rack\",\"GROUP_BY\",\"3\"]", "r1,r2,r3", "r1", NULL },
	{ "[\"rack\",\"LIKE\",\"r[1-3]\"]", "", "r1", NULL },
	{ "[\"rack\",\"LIKE\",\"r[1-3]\"]", "", "r12", "rack LIKE r[1-3]" },
	{ "[\"rack\",\"LIKE\",\"r|r1\"]", "", "r1", NULL },
	{ "[\"rack\",\"LIKE\",\"r\\\\d+\"]", "", "r12", NULL },
	{ "[\"missing\",\"LIKE\",\".*\"]", "", "r1", "missing LIKE .*" },
	{ "[\"rack\",\"UNLIKE\",\"r[1-3]\"]", "", "r4", NULL },
	{ "[\"rack\",\"UNLIKE\",\"r[1-3]\"]", "", "r2", "rack UNLIKE r[1-3]" },
	{ "[\"missing\",\"UNLIKE\",\".*\"]", "", "r1", NULL },
	{ "[\"rack\",\"MAX_PER\",\"2\"]", "r1", "r1", NULL },
	{ "[\"rack\",\"MAX_PER\",2]", "r1,r1", "r1", "rack MAX_PER 2" },
	{ "[\"rack\",\"IS\",\"r1\"]", "", "r1", NULL },
	{ "[\"rack\",\"IS\",\"r1\"]", "", "r2", "rack IS r1" },
	{ "[\"cores\",\"IS\",\"8\"]", "", "r1", NULL },
	{ "[\"cores\",\"IS\",8]", "", "r1", NULL },
	{ "[\"half\",\"IS\",\"0.5\"]", "", "r1", NULL },
	{ "[\"span\",\"IS\",\"[1-2,5-6]\"]", "", "r1", NULL },
	{ "[\"tags\",\"IS\",\"{a,b}\"]", "", "r1", NULL },
	{ "[\"@region\",\"IS\",\"eu\"]", "", "r1", NULL },
	{ "[\"@zone\",\"IS\",\"z2\"]", "", "r1", "@zone IS z2" },
};

static void
count_there(struct rm_constraints *c, const char *there)
{
	while (*there != '\0') {
		char rack[16];
		size_t n = strcspn(there, ",");
		snprintf(rack, sizeof(rack), "%.*s", (int)n, there);
		jv attrs = attributes(rack);
		struct rm_place place = { "h", "eu", "z1", attrs };
		rm_constraints_count(c, &place);
		jv_free(attrs);
		there += n + (there[n] == ',');
	}
}

static void
operators(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct rm_constraints c = { 0 };
		struct rm_error err = { 0 };
		char text[128];
		snprintf(text, sizeof(text), "[%s]", rows[i].constraint);
		assert_int_equal(rm_constraints_parse(text, &c, &err), 0);
		count_there(&c, rows[i].there);
		jv attrs = attributes(rows[i].rack);
		struct rm_place place = { "h", "eu", "z1", attrs };
		char *broken = rm_constraints_check(&c, &place, NULL);
		if (rows[i].broken == NULL)
			assert_null(broken);
		else
			assert_string_equal(broken, rows[i].broken);
		free(broken);
		rm_constraints_reset(&c);
		rm_constraints_free(&c);
		rm_constraints_free(&c);
		jv_free(attrs);
	}
}

static void
spellings(void **state)
{
	(void)state;
	static const char *const same[] = {
		"[[\"hostname\",\"UNIQUE\"],[\"rack\",\"LIKE\",\"a&b\"]]",
		"[[&quot;hostname&quot;,&quot;UNIQUE&quot;],"
		"[&quot;rack&quot;,&quot;LIKE&quot;,&quot;a&amp;b&quot;]]",
		"\"[[\\\"hostname\\\",\\\"UNIQUE\\\"],"
		"[\\\"rack\\\",\\\"LIKE\\\",\\\"a&b\\\"]]\"",
		"\"[[&quot;hostname&quot;,&quot;UNIQUE&quot;],"
		"[&quot;rack&quot;,&quot;LIKE&quot;,&quot;a&amp;b&quot;]]\"",
	};
	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++) {
		struct rm_constraints c = { 0 };
		assert_int_equal(rm_constraints_parse(same[i], &c, NULL), 0);
		assert_int_equal(c.count, 2);
		jv attrs = attributes("a&b");
		struct rm_place place = { "h", "", "", attrs };
		assert_null(rm_constraints_check(&c, &place, NULL));
		rm_constraints_count(&c, &place);
		char *broken = rm_constraints_check(&c, &place, NULL);
		assert_string_equal(broken, "hostname UNIQUE");
		free(broken);
		jv_free(attrs);
		rm_constraints_free(&c);
	}
}

static void
refused(void **state)
{
	(void)state;
	static const struct {
		const char *text, *why;
	} bad[] = {
		{ "[[\"a\",\"UNIQ\"]]", "constraint 1: unknown operator UNIQ" },
		{ "[[\"a\",\"UNIQUE\"],[\"a\",\"unique\"]]",
		    "constraint 2: unknown operator unique" },
		{ "[[\"a\",\"UNIQUE\",\"x\"]]",
		    "constraint 1: UNIQUE takes no value" },
		{ "[[\"a\",\"LIKE\"]]", "constraint 1: LIKE wants a value" },
		{ "[[\"a\",\"MAX_PER\",\"0\"]]",
		    "constraint 1: not a positive number: 0" },
		{ "[[\"a\",\"GROUP_BY\",\"x\"]]",
		    "constraint 1: not a positive number: x" },
		{ "[[\"a\",\"IS\",[]]]", "constraint 1: the value is no text" },
		{ "[[3,\"UNIQUE\",1,2]]", NULL },
		{ "[[[],\"UNIQUE\"]]", "constraint 1: the field is no text" },
		{ "[\"a\",\"UNIQUE\"]", NULL },
		{ "{}", "constraints: not an array" },
		{ "[[", NULL },
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct rm_constraints c = { 0 };
		struct rm_error err = { 0 };
		assert_int_equal(
		    rm_constraints_parse(bad[i].text, &c, &err), -1);
		assert_int_equal(err.code, RM_EXIT_USAGE);
		if (bad[i].why != NULL)
			assert_string_equal(err.text, bad[i].why);
		assert_null(c.items);
	}
	struct rm_constraints c = { 0 };
	struct rm_error err = { 0 };
	assert_int_equal(
	    rm_constraints_parse("[[\"a\",\"LIKE\",\"x(\"]]", &c, &err), -1);
	assert_non_null(
	    strstr(err.text, "constraint 1: bad regular expression"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(operators),
		cmocka_unit_test(spellings),
		cmocka_unit_test(refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
