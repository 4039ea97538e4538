#include "executor/order.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/exit.h"
#include "base/json.h"
#include "executor/members.h"

#define OURS "a@h"

static jv
parsed(const char *text)
{
	jv value;
	if (rm_json_parse(text, strlen(text), &value, NULL) != 0)
		fail_msg("not JSON: %s", text);
	return value;
}

#define MEMBER(id, status)                                                     \
	"{\"id\":\"" id "\",\"status\":\"" status                              \
	"\",\"ring_percentage\":50,\"pending_percentage\":null}"
#define MEMBERS(rows) "{\"nodes\":[" rows "]}"
#define PLAN(rows)    "{\"changes\":[" rows "],\"transitions\":[]}"
#define JOIN(id)      "{\"action\":\"join\",\"id\":\"" id "\"}"
#define LEAVE(id)     "{\"action\":\"leave\",\"id\":\"" id "\"}"
#define REPLACE(old, new)                                                      \
	"{\"action\":\"force-replace\",\"id\":\"" old "\",\"with\":\"" new "\"}"

/* What a command has to be, and what it answers. */
struct exchange {
	const char *command; /* with its operands */
	int code;
	const char *reason;
	const char *value; /* or, of a refusal, NULL */
};

static const struct {
	const char *verb, *arguments;
	struct exchange exchanges[4];
	const char *reason; /* NULL: success */
	const char *text;
} table[] = {
	{ "join", "{\"node\":\"b@h\"}",
	    { { "cluster join b@h", 0, NULL, "{\"message\":\"staged\"}" } },
	    NULL, "staged" },
	{ "join", "{\"node\":\"b@h\"}",
	    { { "cluster join b@h", 1, "not-reachable", NULL } },
	    "not-reachable", "no" },
	{ "join", "{\"node\":\"b@h\"}",
	    { { "cluster join b@h", 1, "already-member", NULL },
		{ "member-status", 0, NULL,
		    MEMBERS(
			MEMBER(OURS, "valid") "," MEMBER("b@h", "valid")) } },
	    NULL, "no" },
	/* Of another cluster. */
	{ "join", "{\"node\":\"b@h\"}",
	    { { "cluster join b@h", 1, "already-member", NULL },
		{ "member-status", 0, NULL,
		    MEMBERS(
			MEMBER(OURS, "valid") "," MEMBER("c@h", "valid")) } },
	    "already-member", "no" },
	{ "join", "{\"node\":\"b@h\"}",
	    { { "cluster join b@h", 1, "already-member", NULL },
		{ "member-status", 3, NULL, NULL } },
	    "already-member", "no" },
	{ "join", "{\"node\":\"b@h\"}",
	    { { "cluster join b@h", 3, NULL, NULL } }, "timeout", "no" },
	{ "join", "{\"node\":\"b@h\"}",
	    { { "cluster join b@h", 111, NULL, NULL } }, "failed", "no" },
	{ "join", "{}", { { NULL } }, "bad-order",
	    "arguments: a name is missing" },
	{ "leave", "{}",
	    { { "cluster leave a@h", 0, NULL, "{\"message\":\"m\"}" } }, NULL,
	    "m" },
	{ "leave", "{}",
	    { { "cluster leave a@h", 1, "already-leaving", NULL } }, NULL,
	    "no" },
	{ "leave", "{}", { { "cluster leave a@h", 1, "only-member", NULL } },
	    "only-member", "no" },
	{ "commit", "{\"joins\":[\"c@h\",\"b@h\"]}",
	    { { "cluster plan", 0, NULL, PLAN(JOIN("b@h") "," JOIN("c@h")) },
		{ "cluster commit", 0, NULL, "{\"message\":\"done\"}" } },
	    NULL, "done" },
	{ "commit", "{\"joins\":[\"b@h\"]}",
	    { { "cluster plan", 0, NULL, PLAN(JOIN("b@h")) },
		{ "cluster commit", 1, "plan-changed", NULL } },
	    "plan-changed", "no" },
	{ "commit", "{\"joins\":[\"b@h\"]}",
	    { { "cluster plan", 0, NULL, PLAN(JOIN("b@h") "," LEAVE("c@h")) } },
	    "plan-differs", "staged: join b@h, leave c@h" },
	{ "commit", "{\"joins\":[\"b@h\",\"c@h\"]}",
	    { { "cluster plan", 0, NULL, PLAN(JOIN("b@h")) } }, "plan-differs",
	    "staged: join b@h" },
	{ "commit", "{\"leaves\":[\"b@h\"]}",
	    { { "cluster plan", 0, NULL,
		PLAN("{\"action\":\"force-remove\",\"id\":\"b@h\"}") } },
	    "plan-differs", "staged: force-remove b@h" },
	{ "commit", "{\"removes\":[\"b@h\"]}",
	    { { "cluster plan", 0, NULL,
		  PLAN("{\"action\":\"force-remove\",\"id\":\"b@h\"}") },
		{ "cluster commit", 0, NULL, "{\"message\":\"done\"}" } },
	    NULL, "done" },
	{ "commit", "{}",
	    { { "cluster plan", 0, NULL,
		PLAN("{\"action\":\"resize-ring\",\"details\":\"64\"}") } },
	    "plan-differs", "staged: resize-ring 64" },
	/* The join of who replaces need not be named. */
	{ "commit", "{\"replaces\":[[\"b@h\",\"c@h\"]]}",
	    { { "cluster plan", 0, NULL,
		  PLAN(JOIN("c@h") "," REPLACE("b@h", "c@h")) },
		{ "cluster commit", 0, NULL, "{\"message\":\"done\"}" } },
	    NULL, "done" },
	{ "commit", "{\"replaces\":[[\"b@h\",\"c@h\"]],\"joins\":[\"c@h\"]}",
	    { { "cluster plan", 0, NULL, PLAN(REPLACE("b@h", "c@h")) },
		{ "cluster commit", 0, NULL, "{\"message\":\"done\"}" } },
	    NULL, "done" },
	{ "commit", "{\"replaces\":[[\"c@h\",\"b@h\"]]}",
	    { { "cluster plan", 0, NULL, PLAN(REPLACE("b@h", "c@h")) } },
	    "plan-differs", "staged: replace b@h by c@h" },
	/* Nothing is staged. */
	{ "commit", "{\"joins\":[\"b@h\"],\"leaves\":[\"c@h\",\"d@h\"]}",
	    { { "cluster plan", 0, NULL, PLAN("") },
		{ "member-status", 0, NULL,
		    MEMBERS(MEMBER("b@h", "valid") "," MEMBER(
			"d@h", "leaving")) } },
	    NULL, "nothing is staged: it is done already" },
	{ "commit", "{\"joins\":[\"b@h\"]}",
	    { { "cluster plan", 0, NULL, PLAN("") },
		{ "member-status", 0, NULL, MEMBERS(MEMBER(OURS, "valid")) } },
	    "plan-differs", "nothing is staged" },
	{ "commit", "{\"leaves\":[\"a@h\"]}",
	    { { "cluster plan", 0, NULL, PLAN("") },
		{ "member-status", 0, NULL, MEMBERS(MEMBER(OURS, "valid")) } },
	    "plan-differs", "nothing is staged" },
	{ "commit", "{\"replaces\":[[\"b@h\",\"c@h\"]]}",
	    { { "cluster plan", 0, NULL, PLAN("") },
		{ "member-status", 0, NULL, MEMBERS(MEMBER("c@h", "valid")) } },
	    NULL, "nothing is staged: it is done already" },
	{ "commit", "{\"replaces\":[[\"b@h\",\"c@h\"]]}",
	    { { "cluster plan", 0, NULL, PLAN("") },
		{ "member-status", 0, NULL, MEMBERS(MEMBER("d@h", "valid")) } },
	    "plan-differs", "nothing is staged" },
	{ "commit", "{\"joins\":[\"b@h\"]}",
	    { { "cluster plan", 1, "not-converged", NULL } }, "not-converged",
	    "no" },
	{ "commit", "{\"joins\":[1]}", { { NULL } }, "bad-order",
	    "arguments: not a list of names" },
	{ "commit", "{\"replaces\":[[\"b@h\"]]}", { { NULL } }, "bad-order",
	    "arguments: replaces: not a list of pairs" },
	{ "commit", "[]", { { NULL } }, "bad-order",
	    "arguments: not an object" },
	{ "force-replace", "{\"old\":\"b@h\",\"new\":\"c@h\"}",
	    { { "cluster force-replace b@h c@h", 1, "already-staged", NULL },
		{ "cluster plan", 0, NULL, PLAN(REPLACE("b@h", "c@h")) } },
	    NULL, "no" },
	{ "force-replace", "{\"old\":\"b@h\",\"new\":\"c@h\"}",
	    { { "cluster force-replace b@h c@h", 1, "already-staged", NULL },
		{ "cluster plan", 0, NULL, PLAN(REPLACE("d@h", "c@h")) } },
	    "already-staged", "no" },
	{ "force-replace", "{\"old\":\"b@h\",\"new\":\"c@h\"}",
	    { { "cluster force-replace b@h c@h", 1, "not-member", NULL },
		{ "member-status", 0, NULL, MEMBERS(MEMBER("c@h", "valid")) } },
	    NULL, "no" },
	{ "force-replace", "{\"old\":\"b@h\",\"new\":\"c@h\"}",
	    { { "cluster force-replace b@h c@h", 1, "not-joining", NULL },
		{ "cluster plan", 0, NULL, PLAN(REPLACE("b@h", "c@h")) } },
	    NULL, "no" },
	{ "force-replace", "{\"old\":\"b@h\",\"new\":\"c@h\"}",
	    { { "cluster force-replace b@h c@h", 1, "not-joining", NULL },
		{ "cluster plan", 1, "not-converged", NULL },
		{ "member-status", 0, NULL,
		    MEMBERS(
			MEMBER("b@h", "valid") "," MEMBER("c@h", "valid")) } },
	    "not-joining", "no" },
	{ "force-remove", "{\"node\":\"b@h\"}",
	    { { "cluster force-remove b@h", 1, "not-member", NULL } }, NULL,
	    "no" },
	{ "down", "{\"node\":\"b@h\"}", { { "down b@h", 1, "up", NULL } }, "up",
	    "no" },
	{ "clear", "{}",
	    { { "cluster clear", 0, NULL, "{\"message\":\"m\"}" } }, NULL,
	    "m" },
	{ "plan", "{}", { { "cluster plan", 0, NULL, PLAN("") } }, NULL, "" },
	{ "ringready", "{\"step\":\"x\"}",
	    { { "ringready", 0, NULL, "{\"ready\":true}" } }, NULL, "" },
	{ "ringready", "{}",
	    { { "ringready", 1, "not-ready",
		"{\"ready\":false,\"error\":\"FALSE x\"}" } },
	    "not-ready", "FALSE x" },
	{ "ringready", "{}", { { "ringready", 1, "not-responding", NULL } },
	    "not-responding", "no" },
	{ "dance", "{}", { { NULL } }, "bad-order", "no such verb" },
};

static void
begin(struct rm_order *order, const char *verb, const char *arguments)
{
	struct rm_str text = { 0 };
	rm_str_printf(&text,
	    "{\"id\":\"i\",\"verb\":\"%s\",\"arguments\":%s,\"at\":1}", verb,
	    arguments);
	rm_order_parse(order, text.text, text.len, OURS);
	rm_str_free(&text);
}

static void
reply(struct rm_order *order, const struct exchange *e)
{
	struct rm_admin_answer answer = { .code = e->code,
		.reason = e->reason,
		.value = e->value != NULL ? parsed(e->value) : jv_invalid() };
	if (e->code != RM_EXIT_OK)
		snprintf(answer.text, sizeof(answer.text), "no");
	rm_order_take(order, &answer);
	rm_admin_answer_free(&answer);
}

static void
carries_out(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct rm_order order;
		begin(&order, table[i].verb, table[i].arguments);
		const struct exchange *e = table[i].exchanges;
		for (; e->command != NULL; e++) {
			struct rm_str line = { 0 };
			if (order.command == NULL)
				fail_msg(
				    "row %zu: ends before %s", i, e->command);
			rm_str_puts(&line, order.command);
			for (size_t j = 0; j < order.count; j++)
				rm_str_printf(&line, " %s", order.operands[j]);
			assert_string_equal(line.text, e->command);
			rm_str_free(&line);
			reply(&order, e);
		}
		if (order.command != NULL)
			fail_msg("row %zu: goes on with %s", i, order.command);
		if (order.success != (table[i].reason == NULL))
			fail_msg(
			    "row %zu: %s: %s", i, order.reason, order.text);
		if (table[i].reason != NULL)
			assert_string_equal(order.reason, table[i].reason);
		else
			assert_null(order.reason);
		assert_string_equal(order.text, table[i].text);
		rm_order_free(&order);
	}
}

static void
assert_json(jv got, const char *wanted)
{
	struct rm_str text = { 0 };
	jv value = parsed(wanted);
	bool same = rm_json_equal(got, value);
	jv_free(value);
	rm_json_write(&text, got);
	if (!same)
		fail_msg("%s is not %s", text.text, wanted);
	rm_str_free(&text);
}

static void
tells(void **state)
{
	(void)state;
	struct rm_order order;
	begin(&order, "plan", "{}");
	assert_json(rm_order_working(&order),
	    "{\"id\":\"i\",\"verb\":\"plan\",\"success\":null}");
	reply(&order, &(struct exchange){ "", 0, NULL, PLAN(JOIN("b@h")) });
	assert_json(rm_order_result(&order, 12.5),
	    "{\"id\":\"i\",\"verb\":\"plan\",\"success\":true,\"reason\":null,"
	    "\"text\":\"\",\"at\":12.5,\"answer\":" PLAN(JOIN("b@h")) "}");
	rm_order_free(&order);
	rm_order_free(&order);
	rm_order_parse(&order, "no", 2, OURS);
	assert_null(order.command);
	assert_string_equal(order.reason, "bad-order");
	rm_order_free(&order);
	rm_order_parse(&order, "[1]", 3, OURS);
	jv result = rm_order_result(&order, 1);
	assert_int_equal(rm_json_has(result, "answer"), 0);
	jv_free(result);
	assert_string_equal(order.text, "an order without id");
	rm_order_free(&order);
}

static void
remembers_leaves(void **state)
{
	(void)state;
	static const struct {
		const char *verb;
		int code, leaves;
	} rows[] = { { "leave", 0, 1 }, { "leave", 1, -1 }, { "clear", 0, 0 },
		{ "plan", 0, -1 } };
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct rm_order order;
		begin(&order, rows[i].verb, "{}");
		reply(&order,
		    &(struct exchange){ "", rows[i].code, NULL,
			rows[i].code == 0 ? "{\"message\":\"m\"}" : NULL });
		assert_int_equal(rm_order_leaves(&order), rows[i].leaves);
		rm_order_free(&order);
	}
}

#define ROW(id, status, ring, pending)                                         \
	"{\"id\":\"" id "\",\"status\":\"" status                              \
	"\",\"ring_percentage\":" #ring ",\"pending_percentage\":" #pending    \
	"}"

static void
knows_when_it_is_over(void **state)
{
	(void)state;
	static const struct {
		const char *status;
		bool settled, leaving;
	} rows[] = {
		{ MEMBERS(ROW(OURS, "valid", 100, null)), true, false },
		{ MEMBERS(ROW(OURS, "valid", 100, 50)), false, false },
		{ MEMBERS(ROW(OURS, "valid", 100, null) "," ROW(
		      "b@h", "joining", 0, null)),
		    false, false },
		{ MEMBERS(ROW(OURS, "leaving", 50, null)), false, true },
		{ MEMBERS(ROW(OURS, "leaving", 0, null)), true, true },
		{ MEMBERS(ROW(OURS, "exiting", 0, null)), true, true },
		{ MEMBERS(ROW("b@h", "leaving", 0, null)), true, false },
		{ "{}", false, false },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		jv status = parsed(rows[i].status);
		if (rm_members_settled(status) != rows[i].settled ||
		    rm_members_leaving(status, OURS) != rows[i].leaving)
			fail_msg("row %zu", i);
		jv_free(status);
	}
}

static void
counts(void **state)
{
	(void)state;
	jv status = parsed(MEMBERS(
	    ROW(OURS, "valid", 100, null) "," ROW("b@h", "joining", 0, null)));
	jv names = parsed("[\"a@h\",\"b@h\",\"c@h\",1]");
	assert_json(rm_members_joined(names, status), "[\"a@h\",\"c@h\",1]");
	jv_free(names);
	jv_free(status);
	jv transfers = parsed("{\"waiting_to_handoff\":[{\"id\":\"a@h\","
			      "\"partitions\":16},{\"id\":\"b@h\","
			      "\"partitions\":2}],\"active\":[{},{}]}");
	assert_int_equal(rm_members_transfers(transfers), 20);
	jv_free(transfers);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(carries_out),
		cmocka_unit_test(tells),
		cmocka_unit_test(remembers_leaves),
		cmocka_unit_test(knows_when_it_is_over),
		cmocka_unit_test(counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
