/* rm-local's world, where no recording goes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/str.h"
#include "local/agent.h"
#include "local/allocator.h"
#include "local/call.h"
#include "local/executor.h"
#include "local/framework.h"
#include "local/life.h"
#include "local/spec.h"
#include "local/store.h"
#include "local/task.h"

#define STREAM "11111111-1111-1111-1111-111111111111"
#define ABLE                                                                   \
	"\"capabilities\":[{\"type\":\"PARTITION_AWARE\"},"                    \
	"{\"type\":\"MULTI_ROLE\"},{\"type\":\"RESERVATION_REFINEMENT\"}]"

static struct rm_local local;

/* Events since they were last looked at, for each scheduler. */
struct inbox {
	jv events;
	bool ended;
};

static struct inbox box[2];

static jv
json(const char *text)
{
	jv value = jv_invalid();
	struct rm_error err = { 0 };
	if (rm_json_parse(text, strlen(text), &value, &err) != 0)
		fail_msg("%s: %s", err.text, text);
	return value;
}

static void
got(void *arg, jv event)
{
	struct inbox *in = arg;
	in->events = jv_array_append(in->events, event);
}

static void
ended(void *arg)
{
	struct inbox *in = arg;
	in->ended = true;
}

static void
leave_running(struct rm_local_executor *executor)
{
	(void)executor;
}

static void
add_agent(const char *resources)
{
	jv list = jv_invalid();
	assert_int_equal(rm_spec_resources(resources, &list, NULL), 0);
	struct rm_local_agent *agent = rm_local_agent_new(
	    &local, resources, list, jv_array(), jv_invalid(), NULL);
	snprintf(agent->address, sizeof(agent->address), "127.0.0.%u",
	    agent->number);
	agent->port = 5051;
}

static void
begin(const char *resources, size_t agents)
{
	struct rm_local_settings settings = { .heartbeat = 15,
		.update_retry = 10,
		.agent_timeout = 75,
		.registration_timeout = 60,
		.reregister_timeout = 2,
		.domain = jv_invalid() };
	rm_local_init(&local, &settings);
	local.now = local.wall = 1000;
	local.hooks.destroy = leave_running;
	for (size_t i = 0; i < 2; i++)
		box[i] = (struct inbox){ jv_array(), false };
	for (size_t i = 0; i < agents; i++) {
		add_agent(resources);
		rm_local_agent_start(local.agents[i], false, NULL);
	}
}

static int
end(void **state)
{
	(void)state;
	rm_local_free(&local);
	jv_free(box[0].events);
	jv_free(box[1].events);
	return 0;
}

/* Answers with the status; body is compared unless NULL. */
static int
post(const char *text, const char *body)
{
	struct rm_local_caller caller = { .stream_id = STREAM };
	struct rm_local_answer answer = { 0 };
	jv call = json(text);
	if (rm_local_call_check(&caller, &call, &answer) == 0)
		rm_local_call(&local, &caller, call, &answer);
	if (body != NULL)
		assert_string_equal(
		    answer.text != NULL ? answer.text : "", body);
	free(answer.text);
	jv_free(call);
	return answer.status;
}

/* id: of a framework that was there before, or NULL. */
static struct rm_local_framework *
subscribe_as(const char *id, const char *info, struct inbox *in)
{
	struct rm_local_sink sink = { got, ended, ended, in };
	struct rm_local_caller caller = { 0 };
	struct rm_local_answer answer = { 0 };
	char *text = rm_format("{\"user\":\"root\",\"name\":\"riak\","
			       "\"checkpoint\":true,%s}",
	    info);
	jv whole = json(text);
	free(text);
	jv call = JV_OBJECT(jv_string("type"), jv_string("SUBSCRIBE"));
	if (id != NULL) {
		whole = rm_json_set(whole, "id", rm_local_id(id));
		call = rm_json_set(call, "framework_id", rm_local_id(id));
	}
	call = rm_json_set(
	    call, "subscribe", JV_OBJECT(jv_string("framework_info"), whole));
	if (rm_local_call_check(&caller, &call, &answer) != 0)
		fail_msg("%s", answer.text);
	struct rm_local_framework *f = rm_local_subscribe(
	    &local, call, &sink, STREAM);
	jv_free(call);
	return f;
}

static struct rm_local_framework *
subscribe(const char *info, struct inbox *in)
{
	return subscribe_as(NULL, info, in);
}

/* Takes the oldest event of that type out of the inbox. */
static jv
next(struct inbox *in, const char *type)
{
	jv left = jv_array(), found = jv_invalid();
	jv_array_foreach (in->events, i, event) {
		if (!jv_is_valid(found) &&
		    strcmp(rm_json_text(event, "type", ""), type) == 0)
			found = event;
		else
			left = jv_array_append(left, event);
	}
	jv_free(in->events);
	in->events = left;
	return found;
}

static void
check_none(struct inbox *in, const char *type)
{
	jv event = next(in, type);
	assert_false(jv_is_valid(event));
	jv_free(event);
}

static void
check_path(jv event, const char *path, const char *text)
{
	const char *has = rm_json_path_text(event, path);
	assert_string_equal(has != NULL ? has : "nothing", text);
}

/* The only offer of the oldest OFFERS: its id, the caller's. */
static char *
offer_id(struct inbox *in)
{
	jv event = next(in, "OFFERS");
	jv list = rm_json_path(event, "offers.offers");
	assert_int_equal(jv_get_kind(list), JV_KIND_ARRAY);
	assert_int_equal(jv_array_length(jv_copy(list)), 1);
	jv offer = jv_array_get(list, 0);
	char *id = rm_strdup(rm_json_path_text(offer, "id.value"));
	jv_free(offer);
	jv_free(event);
	return id;
}

/* An ACCEPT of one offer with these operations; consumes the id. */
static void
accept_offer(
    const struct rm_local_framework *f, char *offer, const char *operations)
{
	char *text = rm_format(
	    "{\"framework_id\":{\"value\":\"%s\"},\"type\":\"ACCEPT\","
	    "\"accept\":{\"offer_ids\":[{\"value\":\"%s\"}],"
	    "\"operations\":[%s],\"filters\":{\"refuse_seconds\":0}}}",
	    f->id, offer, operations);
	assert_int_equal(post(text, ""), 202);
	free(text);
	free(offer);
}

static void
simple(const struct rm_local_framework *f, const char *type, const char *body)
{
	char *text = rm_format(
	    "{\"framework_id\":{\"value\":\"%s\"},\"type\":\"%s\"%s}", f->id,
	    type, body);
	assert_int_equal(post(text, ""), 202);
	free(text);
}

#define RESERVATION(role)                                                      \
	"{\"type\":\"DYNAMIC\",\"role\":\"" role "\",\"principal\":\"p\"}"
#define CPUS(n, reservations)                                                  \
	"{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":{\"value\":" n      \
	"},\"reservations\":[" reservations "]}"
#define DISK(n, reservations, disk)                                            \
	"{\"name\":\"disk\",\"type\":\"SCALAR\",\"scalar\":{\"value\":" n      \
	"},\"reservations\":[" reservations "]" disk "}"
#define VOLUME(id, path)                                                       \
	",\"disk\":{\"persistence\":{\"id\":\"" id                             \
	"\",\"principal\":\"p\"},\"volume\":{\"mode\":\"RW\","                 \
	"\"container_path\":\"" path "\"}}"
#define OPERATION(type, member, list, what)                                    \
	"{\"type\":\"" type "\",\"id\":{\"value\":\"x\"},\"" member            \
	"\":{\"" list "\":[" what "]}}"
#define RESERVE(what)   OPERATION("RESERVE", "reserve", "resources", what)
#define UNRESERVE(what) OPERATION("UNRESERVE", "unreserve", "resources", what)
#define CREATE(what)    OPERATION("CREATE", "create", "volumes", what)
#define DESTROY(what)   OPERATION("DESTROY", "destroy", "volumes", what)

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
	rm_local_agent_start(local.agents[1], false, NULL);
	char *id = offer_id(&box[1]);
	accept_offer(b, id, "");
}

#define TASK(id, agent, more)                                                  \
	"{\"name\":\"t\",\"task_id\":{\"value\":\"" id                         \
	"\"},\"agent_id\":{\"value\":\"" agent "\"}" more "}"
#define EXECUTOR(id)                                                           \
	",\"executor\":{\"executor_id\":{\"value\":\"" id                      \
	"\"},\"framework_id\":{\"value\":\"F\"},\"command\":{\"value\":"       \
	"\"x\"},\"resources\":[" CPUS("0.1", "") "]}"
#define USES ",\"resources\":[" CPUS("1", "") "]"

/* F and A stand for the framework's and the agent's id; the caller's. */
static char *
with_ids(const char *text, const char *f, const char *a)
{
	struct rm_str out = { 0 };
	for (; *text != '\0'; text++) {
		if (strncmp(text, "\"F\"", 3) == 0)
			rm_str_printf(&out, "\"%s\"", f);
		else if (strncmp(text, "\"A\"", 3) == 0)
			rm_str_printf(&out, "\"%s\"", a);
		else {
			rm_str_add(&out, text, 1);
			continue;
		}
		text += 2;
	}
	return rm_str_take(&out);
}

static void
launch_on(struct rm_local_framework *f, char *offer, const char *task)
{
	char *operation = rm_format(
	    "{\"type\":\"LAUNCH\",\"launch\":{\"task_infos\":[%s]}}", task);
	char *text = with_ids(operation, f->id, local.agents[0]->id);
	accept_offer(f, offer, text);
	free(text);
	free(operation);
}

static void
check_status(struct inbox *in, const char *status, const char *message)
{
	jv event = next(in, "UPDATE");
	check_path(event, "update.status.state", status);
	const char *has = rm_json_path_text(event, "update.status.message");
	if (message != NULL &&
	    (has == NULL || strncmp(has, message, strlen(message)) != 0))
		fail_msg("%s, not %s", has != NULL ? has : "none", message);
	jv_free(event);
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

static void
say(struct rm_local_executor *executor, const char *state_name,
    const char *uuid)
{
	char *text = rm_format(
	    "{\"task_id\":{\"value\":\"t1\"},\"state\":\"%s\",\"uuid\":\"%s\"}",
	    state_name, uuid);
	jv status = json(text);
	rm_local_executor_update(executor, status);
	jv_free(status);
	free(text);
}

/* A framework with one task that its executor knows of. */
static struct rm_local_framework *
with_task(const char *info)
{
	static const struct rm_local_sink nobody = { 0 };
	begin("cpus:4;mem:100", 1);
	struct rm_local_framework *f = subscribe(info, &box[0]);
	launch_on(f, offer_id(&box[0]), TASK("t1", "A", EXECUTOR("e1") USES));
	jv nothing = jv_object();
	rm_local_executor_subscribe(
	    TAILQ_FIRST(&local.agents[0]->executors), &nobody, nothing);
	jv_free(nothing);
	return f;
}

/* Without PARTITION_AWARE all that can't be known is TASK_LOST. */
static void
test_partitions(void **state)
{
	(void)state;
	struct rm_local_framework *f = with_task("\"role\":\"riak\"");
	struct rm_local_agent *agent = local.agents[0];
	rm_local_agent_cut(agent, 3);
	say(TAILQ_FIRST(&agent->executors), "TASK_RUNNING", "u1");
	check_none(&box[0], "UPDATE"); /* nobody hears it */
	rm_local_now(&local, 1003, 1003);
	check_status(&box[0], "TASK_LOST", "health check timed out");
	simple(f, "RECONCILE", ",\"reconcile\":{\"tasks\":[]}");
	check_none(&box[0], "UPDATE");
	rm_local_agent_heal(agent);
	check_status(&box[0], "TASK_RUNNING", "Unreachable agent");
	check_status(&box[0], "TASK_RUNNING", NULL);
}

static void
test_retries(void **state)
{
	(void)state;
	struct rm_local_framework *f = with_task(
	    "\"roles\":[\"riak\"],\"failover_timeout\":100," ABLE);
	struct rm_local_executor *executor = TAILQ_FIRST(
	    &local.agents[0]->executors);
	say(executor, "TASK_STARTING", "u1");
	say(executor, "TASK_STARTING", "u1"); /* it did not hear our answer */
	say(executor, "TASK_RUNNING", "u2");
	check_status(&box[0], "TASK_STARTING", NULL);
	check_none(&box[0], "UPDATE");
	rm_local_now(&local, 1010, 1010);
	check_status(&box[0], "TASK_STARTING", NULL);
	rm_local_now(&local, 1029, 1029);
	check_none(&box[0], "UPDATE"); /* twenty seconds now */
	rm_local_framework_disconnect(f);
	rm_local_now(&local, 1030, 1030);
	check_none(&box[0], "UPDATE");
	assert_ptr_equal(
	    subscribe_as(f->id,
		"\"roles\":[\"riak\"],\"failover_timeout\":100," ABLE, &box[0]),
	    f);
	rm_local_now(&local, 1070, 1070);
	check_status(&box[0], "TASK_STARTING", NULL);
	char *text = rm_format(
	    ",\"acknowledge\":{\"agent_id\":{\"value\":\"%s\"},\"task_id\":"
	    "{\"value\":\"t1\"},\"uuid\":\"u1\"}",
	    local.agents[0]->id);
	simple(f, "ACKNOWLEDGE", text);
	free(text);
	check_status(&box[0], "TASK_RUNNING", NULL);
}

static void
test_failover_timeout(void **state)
{
	(void)state;
	struct rm_local_framework *f = with_task(
	    "\"roles\":[\"riak\"],\"failover_timeout\":30," ABLE);
	rm_local_framework_disconnect(f);
	rm_local_now(&local, 1029.9, 1029.9);
	assert_false(f->removed);
	assert_non_null(rm_local_task_find(f, "t1"));
	rm_local_now(&local, 1030, 1030);
	assert_true(f->removed);
	assert_null(rm_local_task_find(f, "t1"));
	assert_true(TAILQ_FIRST(&local.agents[0]->executors)->stopping);
}

static void
test_heartbeats(void **state)
{
	(void)state;
	begin("cpus:4;mem:100", 1);
	subscribe("\"roles\":[\"riak\"]," ABLE, &box[0]);
	jv_free(next(&box[0], "HEARTBEAT"));
	rm_local_now(&local, 1014, 1014);
	check_none(&box[0], "HEARTBEAT");
	rm_local_now(&local, 1015, 1015);
	jv event = next(&box[0], "HEARTBEAT");
	assert_true(jv_is_valid(event));
	jv_free(event);
	local.mute = true;
	rm_local_now(&local, 1031, 1031);
	check_none(&box[0], "HEARTBEAT");
}

static void
test_update_framework(void **state)
{
	(void)state;
	begin("cpus:4;mem:100", 1);
	struct rm_local_framework *f = subscribe(
	    "\"roles\":[\"riak\"]," ABLE, &box[0]);
	char *text = rm_format(
	    "{\"framework_id\":{\"value\":\"%s\"},\"type\":"
	    "\"UPDATE_FRAMEWORK\",\"update_framework\":{\"framework_info\":"
	    "{\"user\":\"%s\",\"name\":\"riak\",\"checkpoint\":true,"
	    "\"roles\":[\"riak\",\"b\"]," ABLE "}}}",
	    f->id, "root");
	assert_int_equal(post(text, ""), 200);
	free(text);
	assert_int_equal(jv_array_length(jv_copy(f->roles)), 2);
	text = rm_format(
	    "{\"framework_id\":{\"value\":\"%s\"},\"type\":"
	    "\"UPDATE_FRAMEWORK\",\"update_framework\":{\"framework_info\":"
	    "{\"user\":\"%s\",\"name\":\"riak\",\"checkpoint\":true,"
	    "\"roles\":[\"riak\"]," ABLE "}}}",
	    f->id, "nobody");
	assert_int_equal(
	    post(text, "Updating 'FrameworkInfo.user' is unsupported"), 400);
	free(text);
}

static char *
stored(const char *path)
{
	struct rm_error err = { 0 };
	local.dirty = true;
	if (rm_local_store_save(&local, path, &err) != 0)
		fail_msg("%s", err.text);
	jv value = jv_invalid();
	assert_int_equal(rm_json_read(path, &value, NULL), 0);
	jv agents = rm_json_get(value, "agents");
	jv agent = rm_json_set(
	    jv_array_get(agents, 0), "link", jv_string("whatever"));
	value = rm_json_set(value, "agents", JV_ARRAY(agent));
	struct rm_str text = { 0 };
	rm_json_write(&text, value);
	return rm_str_take(&text);
}

/* What was stored and read is stored as it was. */
static void
test_store(void **state)
{
	(void)state;
	char path[] = "/tmp/local_world_test.XXXXXX";
	close(mkstemp(path));
	struct rm_local_framework *f = with_task(
	    "\"roles\":[\"riak\"],\"principal\":\"p\",\"failover_timeout\":"
	    "100," ABLE);
	struct rm_local_executor *executor = TAILQ_FIRST(
	    &local.agents[0]->executors);
	executor->keeper = 12;
	executor->keeper_start = 345;
	say(executor, "TASK_RUNNING", "u1");
	rm_local_allocate(&local, NULL);
	accept_offer(
	    f, offer_id(&box[0]), RESERVE(CPUS("1", RESERVATION("riak"))));
	char *before = stored(path);
	end(NULL);

	begin("cpus:4;mem:100", 0);
	add_agent("cpus:4;mem:100");
	struct rm_error err = { 0 };
	if (rm_local_store_load(&local, path, &err) != 0)
		fail_msg("%s", err.text);
	char *after = stored(path);
	assert_string_equal(after, before);
	executor = TAILQ_FIRST(&local.agents[0]->executors);
	assert_non_null(executor);
	assert_ptr_equal(TAILQ_FIRST(&executor->tasks)->executor, executor);
	assert_int_equal(local.agents[0]->link, RM_LINK_NEW);
	free(before);
	free(after);
	unlink(path);
}

static void
test_spec(void **state)
{
	(void)state;
	static const struct {
		double seconds;
		const char *text;
	} durations[] = { { 120, "2mins" }, { 5, "5secs" }, { 90, "1.5mins" },
		{ 0.25, "250ms" }, { 604800, "1weeks" }, { 0, "0ns" } };
	for (size_t i = 0; i < sizeof(durations) / sizeof(*durations); i++) {
		struct rm_str text = { 0 };
		rm_spec_duration(&text, durations[i].seconds);
		assert_string_equal(text.text, durations[i].text);
		rm_str_free(&text);
	}
	static const char *const bad[] = { "cpus", "cpus:", ":4", "cpus(a:4",
		"cpus:x", "ports:[1-", "ports:[5-1]", "[{]" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		jv list = jv_invalid();
		struct rm_error err = { 0 };
		assert_int_equal(rm_spec_resources(bad[i], &list, &err), -1);
		assert_true(strlen(err.text) > 0);
	}
	char *text = rm_spec_numbered("a{n}b{n}", 12);
	assert_string_equal(text, "a12b12");
	free(text);
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
		cmocka_unit_test_teardown(test_partitions, end),
		cmocka_unit_test_teardown(test_retries, end),
		cmocka_unit_test_teardown(test_failover_timeout, end),
		cmocka_unit_test_teardown(test_heartbeats, end),
		cmocka_unit_test_teardown(test_update_framework, end),
		cmocka_unit_test_teardown(test_store, end),
		cmocka_unit_test(test_spec),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
