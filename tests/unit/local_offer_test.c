/* What offers can be used for, and who gets them. */
#include "local_fixture.h"

static void
check_feedback(const char *state, const char *message)
{
	jv event = next(&box[0], "UPDATE_OPERATION_STATUS");
	check_path(event, "update_operation_status.status.state", state);
	const char *has = rm_json_path_text(
	    event, "update_operation_status.status.message");
	if (message == NULL)
		assert_null(has);
	else if (has == NULL || strncmp(has, message, strlen(message)) != 0)
		fail_msg("%s, not %s", has != NULL ? has : "none", message);
	jv_free(event);
}

static void
test_operations(void **state)
{
	(void)state;
	static const struct {
		const char *operation, *message; /* NULL: it is done */
	} table[] = {
		{ RESERVE(CPUS("1", RESERVATION("riak"))), NULL },
		{ RESERVE(CPUS("9", RESERVATION("riak"))),
		    "Invalid operation: the offer: does not hold" },
		{ RESERVE(CPUS("1", "")), "No dynamic reservation to push" },
		{ RESERVE(CPUS("1", RESERVATION("other"))),
		    "Reserved for another role than the offer's" },
		{ RESERVE(
		      CPUS("1", "{\"type\":\"DYNAMIC\",\"role\":\"riak\"}")),
		    "Reserved by another principal than ours" },
		{ RESERVE(
		      CPUS("1", RESERVATION("riak") "," RESERVATION("riak"))),
		    "A refinement must be to a sub-role" },
		{ UNRESERVE(CPUS("2", RESERVATION("riak"))),
		    "Invalid operation: the offer: does not hold" },
		{ UNRESERVE(CPUS("1", "")), "Not dynamically reserved" },
		{ UNRESERVE(CPUS("1", RESERVATION("riak"))), NULL },
		{ RESERVE(DISK("10", RESERVATION("riak"), "")), NULL },
		{ CREATE(DISK("10", RESERVATION("riak"), "")),
		    "Not a persistent volume" },
		{ CREATE(DISK("10", RESERVATION("riak"), VOLUME("v", "/d"))),
		    "Not a relative container path" },
		{ CREATE(DISK("10", RESERVATION("riak"), VOLUME("v", ".."))),
		    "Not a relative container path" },
		{ CREATE(DISK("10", RESERVATION("riak"), VOLUME("../v", "d"))),
		    "Not a persistence id" },
		{ CREATE(DISK("5", "", VOLUME("v", "d"))),
		    "A volume can be made of reserved disk only" },
		{ CREATE(DISK("4", RESERVATION("riak"), VOLUME("v", "d"))),
		    NULL },
		{ CREATE(DISK("4", RESERVATION("riak"), VOLUME("v", "d"))),
		    "The persistence id is in use" },
		{ UNRESERVE(DISK("4", RESERVATION("riak"), VOLUME("v", "d"))),
		    "A dynamically reserved persistent volume" },
		{ DESTROY(DISK("3", RESERVATION("riak"), VOLUME("v", "d"))),
		    "Invalid operation: the offer: does not hold" },
		{ DESTROY(DISK("4", RESERVATION("riak"), VOLUME("v", "d"))),
		    NULL },
		{ UNRESERVE(DISK("10", RESERVATION("riak"), "")), NULL },
		{ "{\"type\":\"GROW_VOLUME\",\"id\":{\"value\":\"x\"}}",
		    "Operation GROW_VOLUME is not supported" },
	};
	begin("cpus:4;mem:100;disk:100", 1);
	struct rm_local_framework *f = subscribe(
	    "\"roles\":[\"riak\"],\"principal\":\"p\"," ABLE, &box[0]);
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		accept_offer(f, offer_id(&box[0]), table[i].operation);
		check_feedback(table[i].message == NULL ? "OPERATION_FINISHED"
							: "OPERATION_ERROR",
		    table[i].message);
		rm_local_allocate(&local, NULL);
	}
	struct rm_str text = { 0 };
	rm_resources_text(&text, &local.agents[0]->total);
	assert_string_equal(text.text, "cpus:4; mem:100; disk:100");
	rm_str_free(&text);
}

/* Pushed by a role, refined by its sub-role, popped in turn. */
static void
test_refinement(void **state)
{
	(void)state;
	begin("cpus(riak):4;mem:100", 1);
	struct rm_local_framework *f = subscribe(
	    "\"roles\":[\"riak/a\"],\"principal\":\"p\"," ABLE, &box[0]);
	const char *refined = CPUS("1",
	    "{\"type\":\"STATIC\",\"role\":\"riak\"}," RESERVATION("riak/a"));
	char *operation = rm_format("{\"type\":\"RESERVE\",\"id\":{\"value\":"
				    "\"x\"},\"reserve\":{\"resources\":[%s]}}",
	    refined);
	accept_offer(f, offer_id(&box[0]), operation);
	free(operation);
	check_feedback("OPERATION_FINISHED", NULL);
	/* One that can't refine does not see it. */
	simple(f, "SUPPRESS", "");
	subscribe("\"role\":\"riak\",\"principal\":\"p\"", &box[1]);
	jv event = next(&box[1], "OFFERS");
	jv offers = rm_json_path(event, "offers.offers");
	jv offer = jv_array_get(offers, 0);
	jv resources = rm_json_get(offer, "resources");
	struct rm_str text = { 0 };
	rm_json_write(&text, resources);
	assert_string_equal(text.text,
	    "[{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":{\"value\":3},"
	    "\"role\":\"riak\"},{\"name\":\"mem\",\"type\":\"SCALAR\","
	    "\"scalar\":{\"value\":100},\"role\":\"*\"}]");
	rm_str_free(&text);
	jv_free(offer);
	jv_free(event);
}

static void
test_filters(void **state)
{
	(void)state;
	begin("cpus:4;mem:100", 1);
	struct rm_local_framework *f = subscribe(
	    "\"roles\":[\"riak\"]," ABLE, &box[0]);
	char *id = offer_id(&box[0]);
	char *body = rm_format(",\"decline\":{\"offer_ids\":[{\"value\":\"%s\"}"
			       "],\"filters\":{\"refuse_seconds\":7}}",
	    id);
	simple(f, "DECLINE", body);
	rm_local_allocate(&local, NULL);
	check_none(&box[0], "OFFERS");
	rm_local_now(&local, 1006.9, 1006.9);
	rm_local_allocate(&local, NULL);
	check_none(&box[0], "OFFERS");
	simple(f, "REVIVE", ""); /* forgets it, and offers at once */
	free(id);
	free(body);
	id = offer_id(&box[0]);
	body = rm_format(
	    ",\"decline\":{\"offer_ids\":[{\"value\":\"%s\"}]}", id);
	simple(f, "DECLINE", body); /* five seconds by default */
	rm_local_now(&local, 1011.8, 1011.8);
	rm_local_allocate(&local, NULL);
	check_none(&box[0], "OFFERS");
	rm_local_now(&local, 1011.91, 1011.91);
	rm_local_allocate(&local, NULL);
	free(id);
	free(body);
	id = offer_id(&box[0]);
	simple(f, "SUPPRESS", "");
	accept_offer(f, id, "");
	rm_local_allocate(&local, NULL);
	check_none(&box[0], "OFFERS");
	simple(f, "REVIVE", "");
	free(offer_id(&box[0]));
}

/* The one that has less is offered first. */
static void
test_fairness(void **state)
{
	(void)state;
	begin("cpus:4;mem:100", 2);
	subscribe("\"roles\":[\"a\"]," ABLE, &box[0]);
	struct rm_local_framework *b = subscribe(
	    "\"roles\":[\"b\"]," ABLE, &box[1]);
	/* The first took both agents; it gives one back. */
	check_none(&box[1], "OFFERS");
	jv event = next(&box[0], "OFFERS");
	jv offers = rm_json_path(event, "offers.offers");
	assert_int_equal(jv_array_length(offers), 2);
	jv_free(event);
	rm_local_agent_stop(local.agents[1], 75);
	rm_local_agent_start(local.agents[1], RM_START_AGAIN, NULL);
	char *id = offer_id(&box[1]);
	accept_offer(b, id, "");
}

static void
test_launch_errors(void **state)
{
	(void)state;
	static const struct {
		const char *task, *message;
	} table[] = {
		{ TASK("a/b", "A", EXECUTOR("e") USES),
		    "Task ID 'a/b' is invalid" },
		{ TASK("t2", "other", EXECUTOR("e") USES),
		    "Task uses agent other" },
		{ TASK("t2", "A", USES),
		    "Task should have either CommandInfo or ExecutorInfo" },
		{ TASK("t2", "A", ",\"command\":{\"value\":\"x\"}" USES),
		    "rm-local has no command executor" },
		{ TASK("t2", "A", EXECUTOR("..") USES),
		    "Executor ID '..' is invalid" },
		{ TASK("t2", "A", EXECUTOR("e")), "Task uses no resources" },
		{ TASK("t2", "A",
		      EXECUTOR("e") ",\"resources\":[" CPUS("99", "") "]"),
		    "Total resources cpus(allocated: riak):99.1 required" },
		{ TASK("t1", "A", EXECUTOR("e") USES),
		    "Task has duplicate ID: t1" },
		{ TASK("t2", "A",
		      ",\"executor\":{\"executor_id\":{\"value\":\"e1\"},"
		      "\"framework_id\":{\"value\":\"F\"},\"command\":"
		      "{\"value\":\"other\"}}" USES),
		    "ExecutorInfo is not compatible" },
	};
	begin("cpus:40;mem:100", 1);
	struct rm_local_framework *f = subscribe(
	    "\"roles\":[\"riak\"]," ABLE, &box[0]);
	launch_on(f, offer_id(&box[0]), TASK("t1", "A", EXECUTOR("e1") USES));
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		rm_local_allocate(&local, NULL);
		launch_on(f, offer_id(&box[0]), table[i].task);
		check_status(&box[0], "TASK_ERROR", table[i].message);
	}
	rm_local_allocate(&local, NULL);
	char *text = with_ids(
	    "{\"type\":\"LAUNCH_GROUP\",\"launch_group\":{\"executor\":"
	    "{\"executor_id\":{\"value\":\"e\"}},\"task_group\":{\"tasks\":"
	    "[" TASK("t3", "A", USES) "]}}}",
	    f->id, local.agents[0]->id);
	accept_offer(f, offer_id(&box[0]), text);
	free(text);
	check_status(&box[0], "TASK_ERROR", "rm-local runs no task groups");
	/* All was given back. */
	rm_local_allocate(&local, NULL);
	free(offer_id(&box[0]));
	assert_int_equal(
	    rm_resources_total(&local.agents[0]->allocated, "cpus"), 40000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_operations, end),
		cmocka_unit_test_teardown(test_refinement, end),
		cmocka_unit_test_teardown(test_filters, end),
		cmocka_unit_test_teardown(test_fairness, end),
		cmocka_unit_test_teardown(test_launch_errors, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
