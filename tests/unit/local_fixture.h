/*
 * A small world of rm-local's, schedulers that only listen, and calls as short
 * texts: what the tests of lib/local share.
 */
#ifndef TESTS_LOCAL_FIXTURE_H
#define TESTS_LOCAL_FIXTURE_H

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

__attribute__((unused)) static jv
json(const char *text)
{
	jv value = jv_invalid();
	struct rm_error err = { 0 };
	if (rm_json_parse(text, strlen(text), &value, &err) != 0)
		fail_msg("%s: %s", err.text, text);
	return value;
}

__attribute__((unused)) static void
got(void *arg, jv event)
{
	struct inbox *in = arg;
	in->events = jv_array_append(in->events, event);
}

__attribute__((unused)) static void
ended(void *arg)
{
	struct inbox *in = arg;
	in->ended = true;
}

__attribute__((unused)) static void
leave_running(struct rm_local_executor *executor)
{
	(void)executor;
}

__attribute__((unused)) static void
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

__attribute__((unused)) static void
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
		rm_local_agent_start(local.agents[i], RM_START_AGAIN, NULL);
	}
}

__attribute__((unused)) static int
end(void **state)
{
	(void)state;
	rm_local_free(&local);
	jv_free(box[0].events);
	jv_free(box[1].events);
	return 0;
}

/* Answers with the status; body is compared unless NULL. */
__attribute__((unused)) static int
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
__attribute__((unused)) static struct rm_local_framework *
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

__attribute__((unused)) static struct rm_local_framework *
subscribe(const char *info, struct inbox *in)
{
	return subscribe_as(NULL, info, in);
}

/* Takes the oldest event of that type out of the inbox. */
__attribute__((unused)) static jv
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

__attribute__((unused)) static void
check_none(struct inbox *in, const char *type)
{
	jv event = next(in, type);
	assert_false(jv_is_valid(event));
	jv_free(event);
}

__attribute__((unused)) static void
check_path(jv event, const char *path, const char *text)
{
	const char *has = rm_json_path_text(event, path);
	assert_string_equal(has != NULL ? has : "nothing", text);
}

/* The only offer of the oldest OFFERS: its id, the caller's. */
__attribute__((unused)) static char *
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
__attribute__((unused)) static void
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

__attribute__((unused)) static void
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

#define TASK(id, agent, more)                                                  \
	"{\"name\":\"t\",\"task_id\":{\"value\":\"" id                         \
	"\"},\"agent_id\":{\"value\":\"" agent "\"}" more "}"
#define EXECUTOR(id)                                                           \
	",\"executor\":{\"executor_id\":{\"value\":\"" id                      \
	"\"},\"framework_id\":{\"value\":\"F\"},\"command\":{\"value\":"       \
	"\"x\"},\"resources\":[" CPUS("0.1", "") "]}"
#define USES ",\"resources\":[" CPUS("1", "") "]"

/* F and A stand for the framework's and the agent's id; the caller's. */
__attribute__((unused)) static char *
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

__attribute__((unused)) static void
launch_on(struct rm_local_framework *f, char *offer, const char *task)
{
	char *operation = rm_format(
	    "{\"type\":\"LAUNCH\",\"launch\":{\"task_infos\":[%s]}}", task);
	char *text = with_ids(operation, f->id, local.agents[0]->id);
	accept_offer(f, offer, text);
	free(text);
	free(operation);
}

__attribute__((unused)) static void
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

#endif
