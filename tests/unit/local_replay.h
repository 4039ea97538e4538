/*
 * Plays what was recorded with a real master and real agents to rm-local's
 * world, in the recorded time, and compares. One world at a time.
 */
#ifndef TESTS_LOCAL_REPLAY_H
#define TESTS_LOCAL_REPLAY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "local/agent.h"
#include "local/allocator.h"
#include "local/call.h"
#include "local/executor.h"
#include "local/framework.h"
#include "local/life.h"
#include "local/page.h"
#include "local/spec.h"
#include "local/task.h"
#include "local/write.h"

#define GOLDEN "tests/golden/mesos-1.12/"

/* Something recorded. */
struct item {
	double at;
	enum { CALL, EVENT, EXECUTOR, FAULT } kind;
	jv record;
	const char *executor; /* EXECUTOR: its id */
	const char *verb; /* FAULT */
	size_t agent;
	double number;
};

static struct {
	struct rm_local local;
	double allocate_at;
	jv events; /* what the scheduler got and nothing was compared with */
	jv told; /* the same for executors */
	jv names; /* object: recorded text to ours */
	bool open; /* the scheduler's stream */
	const char *principal; /* of the scheduler; NULL: nobody asks */
	struct item items[400];
	size_t count;
} w;

static jv
json(const char *text)
{
	jv value = jv_invalid();
	struct rm_error err = { 0 };
	if (rm_json_parse(text, strlen(text), &value, &err) != 0)
		fail_msg("%s: %s", err.text, text);
	return value;
}

static char *
text_of(jv value)
{
	struct rm_str text = { 0 };
	rm_local_write(&text, value);
	return rm_str_take(&text);
}

static void
got_event(void *arg, jv event)
{
	(void)arg;
	w.events = jv_array_append(w.events, event);
}

static void
got_end(void *arg)
{
	(void)arg;
	w.open = false;
}

static void
got_told(void *arg, jv event)
{
	(void)arg;
	w.told = jv_array_append(w.told, event);
}

static void
nothing(void *arg)
{
	(void)arg;
}

/* An executor ends when the record says so. */
static void
leave_running(struct rm_local_executor *executor)
{
	(void)executor;
}

static void
give_pid(struct rm_local_executor *executor)
{
	executor->pid = 1;
}

/* What differs from one run to the next. */
static const char *const times[] = { "timestamp", "unreachable_time",
	"executor_pid", "start", "registered_time", "reregistered_time",
	"unregistered_time", "estimated_drain_start_time_seconds" };

/* Without times; names that were recorded are replaced by ours. Consumes. */
static jv
plain(jv value, bool recorded)
{
	jv_kind kind = jv_get_kind(value);
	if (kind == JV_KIND_STRING && recorded) {
		jv name = jv_object_get(jv_copy(w.names), jv_copy(value));
		if (!jv_is_valid(name)) {
			jv_free(name);
			return value;
		}
		jv_free(value);
		return name;
	}
	if (kind == JV_KIND_ARRAY) {
		jv list = jv_array();
		jv_array_foreach (value, i, one)
			list = jv_array_append(list, plain(one, recorded));
		jv_free(value);
		return list;
	}
	if (kind != JV_KIND_OBJECT)
		return value;
	jv object = jv_object();
	jv_object_foreach (value, key, member) {
		for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
			if (strcmp(jv_string_value(key), times[i]) != 0)
				continue;
			jv_free(member);
			member = jv_number(0);
		}
		object = jv_object_set(object, key, plain(member, recorded));
	}
	jv_free(value);
	return object;
}

static jv
comparable(jv recorded)
{
	return plain(recorded, true);
}

static void
learn(jv recorded, jv ours)
{
	if (jv_get_kind(recorded) == JV_KIND_STRING &&
	    jv_get_kind(ours) == JV_KIND_STRING)
		w.names = jv_object_set(w.names, recorded, ours);
	else {
		jv_free(recorded);
		jv_free(ours);
	}
}

static void
learn_path(jv recorded, jv ours, const char *path)
{
	learn(rm_json_path(recorded, path), rm_json_path(ours, path));
}

/* Agents come in any order in an event; ours are put into the recorded one,
 * and their offers' ids learnt. */
static jv
in_order(jv recorded, jv ours, const char *path, const char *list)
{
	char *full = rm_format("%s.%s", path, list);
	jv was = rm_json_path(recorded, full), has = rm_json_path(ours, full);
	free(full);
	if (jv_get_kind(was) != JV_KIND_ARRAY ||
	    jv_get_kind(has) != JV_KIND_ARRAY) {
		jv_free(was);
		jv_free(has);
		return ours;
	}
	jv sorted = jv_array();
	jv_array_foreach (was, i, offer) {
		const char *agent = rm_json_path_text(offer, "agent_id.value");
		jv_array_foreach (has, k, one) {
			const char *its = rm_json_path_text(
			    one, "agent_id.value");
			if (strcmp(its, agent) == 0) {
				learn_path(offer, one, "id.value");
				sorted = jv_array_append(sorted, jv_copy(one));
			}
			jv_free(one);
		}
		jv_free(offer);
	}
	bool all = jv_array_length(jv_copy(sorted)) ==
		   jv_array_length(jv_copy(has));
	jv_free(was);
	jv_free(has);
	if (!all) {
		jv_free(sorted);
		return ours;
	}
	return rm_json_set(
	    ours, path, rm_json_set(rm_json_get(ours, path), list, sorted));
}

static const char *const random_paths[] = {
	"update.status.uuid",
	"update.status.container_status.container_id.value",
	"update_operation_status.status.uuid.value",
	"subscribed.container_id.value",
	"subscribed.framework_id.value",
	"subscribed.master_info.id",
	"rescind.offer_id.value",
};

/* Whether ours says the same; what is random is learnt if so. */
static bool
same(jv recorded, jv ours, char **wanted, char **got)
{
	jv names = jv_copy(w.names);
	ours = in_order(recorded, jv_copy(ours), "offers", "offers");
	ours = in_order(recorded, ours, "inverse_offers", "inverse_offers");
	for (size_t i = 0; i < sizeof(random_paths) / sizeof(*random_paths);
	     i++)
		learn_path(recorded, ours, random_paths[i]);
	*wanted = text_of(comparable(jv_copy(recorded)));
	*got = text_of(plain(ours, false));
	bool equal = strcmp(*wanted, *got) == 0;
	if (!equal) {
		jv_free(w.names);
		w.names = names;
	} else {
		jv_free(names);
	}
	return equal;
}

/* Takes what was recorded out of what came; false: it did not come. */
static bool
take(jv *came, jv recorded)
{
	jv left = jv_array();
	bool found = false;
	jv_array_foreach (*came, i, ours) {
		char *wanted = NULL, *got = NULL;
		if (!found && same(recorded, ours, &wanted, &got)) {
			found = true;
			jv_free(ours);
		} else {
			left = jv_array_append(left, ours);
		}
		free(wanted);
		free(got);
	}
	jv_free(*came);
	*came = left;
	return found;
}

static void
advance(double to)
{
	double now = w.local.now;
	while (now < to) {
		double next = now + 0.05 < to ? now + 0.05 : to;
		rm_local_now(&w.local, next, next);
		if (w.allocate_at <= next) {
			w.allocate_at += 1;
			rm_local_allocate(&w.local, NULL);
		}
		now = next;
	}
}

static struct rm_local_executor *
executor_named(const char *id)
{
	for (size_t i = 0; i < w.local.agent_count; i++) {
		struct rm_local_executor *executor;
		TAILQ_FOREACH (executor, &w.local.agents[i]->executors, entry)
			if (strcmp(executor->id, id) == 0)
				return executor;
	}
	fail_msg("no executor %s", id);
	return NULL;
}

static void
play_call(jv record)
{
	jv call = comparable(rm_json_get(record, "call"));
	bool subscribe = strcmp(rm_json_text(call, "type", ""), "SUBSCRIBE") ==
			 0;
	struct rm_local_framework *f = rm_local_framework_find(
	    &w.local, rm_json_path_text(call, "framework_id.value"));
	struct rm_local_caller caller = { .principal = w.principal,
		.authenticated = w.principal != NULL };
	if (!subscribe && f != NULL)
		caller.stream_id = f->stream_id;
	const char *wanted = rm_json_text(record, "body", "");
	/* Some were sent with a wrong stream id, or none. */
	char wrong[RM_UUID_SIZE] = "";
	if (sscanf(wanted, "The stream ID '%36[0-9a-f-]'", wrong) == 1)
		caller.stream_id = wrong;
	else if (strstr(wanted, "'Mesos-Stream-Id'") != NULL)
		caller.stream_id = NULL;
	struct rm_local_answer answer = { 0 };
	if (rm_local_call_check(&caller, &call, &answer) != 0) {
		/* Refused. */
	} else if (subscribe) {
		static const struct rm_local_sink sink = { got_event, got_end,
			nothing, NULL };
		answer.status = 200;
		w.open = true;
		rm_local_subscribe(&w.local, call, &sink,
		    "11111111-1111-1111-1111-111111111111");
	} else {
		rm_local_call(&w.local, &caller, call, &answer);
	}
	jv text = comparable(jv_string(wanted));
	assert_int_equal(answer.status, rm_json_number(record, "status", 0));
	assert_string_equal(
	    answer.text != NULL ? answer.text : "", jv_string_value(text));
	jv_free(text);
	free(answer.text);
	jv_free(call);
}

static void
play_executor(const char *id, jv record)
{
	const char *kind = rm_json_text(record, "kind", "");
	jv call = comparable(rm_json_get(record, "call"));
	static const struct rm_local_sink sink = { got_told, nothing, nothing,
		NULL };
	if (strcmp(kind, "subscribe") == 0) {
		jv body = rm_json_get(call, "subscribe");
		rm_local_executor_subscribe(executor_named(id), &sink, body);
		jv_free(body);
	} else if (strcmp(kind, "call") == 0 &&
		   strcmp(rm_json_text(call, "type", ""), "UPDATE") == 0) {
		jv status = rm_json_path(call, "update.status");
		rm_local_executor_update(executor_named(id), status);
		jv_free(status);
	} else if (strcmp(kind, "call") == 0) {
		struct rm_local_executor *executor = executor_named(id);
		jv message = rm_json_get(call, "message");
		jv body = JV_OBJECT(jv_string("agent_id"),
		    rm_local_id(executor->agent->id), jv_string("executor_id"),
		    rm_local_id(id), jv_string("data"),
		    rm_json_get(message, "data"));
		jv_free(message);
		rm_local_framework_send(executor->framework,
		    rm_local_event("MESSAGE", "message", body));
	} else if (strcmp(kind, "event") == 0) {
		jv event = rm_json_get(record, "event");
		if (!take(&w.told, event))
			fail_msg("executor %s did not get %s, but %s", id,
			    text_of(comparable(jv_copy(event))),
			    text_of(plain(jv_copy(w.told), false)));
		jv_free(event);
	}
	jv_free(call);
}

/* An executor's end is recorded only as the FAILURE that it made. */
static void
play_failure(jv event)
{
	const char *id = rm_json_path_text(event, "failure.executor_id.value");
	jv failure = rm_json_get(event, "failure");
	if (id != NULL)
		rm_local_executor_ended(executor_named(id),
		    (int)rm_json_number(failure, "status", 0), NULL);
	jv_free(failure);
}

static void
play_event(jv record)
{
	jv event = json(rm_json_text(record, "raw", ""));
	if (rm_json_has(event, "failure"))
		play_failure(event);
	for (int i = 0; !take(&w.events, event); i++) {
		if (i == 30)
			fail_msg("the scheduler did not get\n%s\nbut\n%s",
			    text_of(comparable(jv_copy(event))),
			    text_of(plain(jv_copy(w.events), false)));
		advance(w.local.now + 0.05);
	}
	jv_free(event);
}

/* The same members of two pages. Consumes both. */
static void
check_same(jv recorded, jv ours)
{
	char *wanted = text_of(comparable(recorded));
	char *got = text_of(plain(ours, false));
	assert_string_equal(got, wanted);
	free(wanted);
	free(got);
}

static jv
by_id(jv list, const char *id)
{
	jv found = jv_invalid();
	jv_array_foreach (list, i, one) {
		if (strcmp(rm_json_text(one, "id", ""), id) == 0)
			found = one;
		else
			jv_free(one);
	}
	return found;
}

/* The master's /state as it was recorded at this moment. */
static void
check_state(void)
{
	jv recorded = jv_invalid();
	assert_int_equal(
	    rm_json_read(GOLDEN "master-state.json", &recorded, NULL), 0);
	jv ours = rm_local_master_page(&w.local);
	jv slaves = rm_json_get(recorded, "slaves");
	jv mine = rm_json_get(ours, "slaves");
	assert_int_equal(
	    jv_array_length(jv_copy(mine)), jv_array_length(jv_copy(slaves)));
	jv_array_foreach (slaves, i, slave) {
		const char *id = rm_json_text(slave, "id", "");
		check_same(jv_copy(slave), by_id(mine, id));
		jv_free(slave);
	}
	jv_free(slaves);
	jv_free(mine);
	jv was = jv_array_get(rm_json_get(recorded, "frameworks"), 0);
	jv is = jv_array_get(rm_json_get(ours, "frameworks"), 0);
	/* A real master shows a task twice when its agent came back. */
	check_same(jv_object_delete(was, jv_string("completed_tasks")),
	    jv_object_delete(is, jv_string("completed_tasks")));
	jv_free(recorded);
	jv_free(ours);
}

static void
play_fault(const struct item *item)
{
	struct rm_local_agent *agent = w.local.agents[item->agent];
	if (strcmp(item->verb, "stop") == 0)
		rm_local_agent_stop(agent, item->number);
	else if (strcmp(item->verb, "start") == 0)
		rm_local_agent_start(agent, RM_START_AGAIN, NULL);
	else if (strcmp(item->verb, "unregister") == 0)
		rm_local_agent_unregister(agent);
	else if (strcmp(item->verb, "gone") == 0)
		rm_local_agent_mark_gone(agent);
	else if (strcmp(item->verb, "drain") == 0)
		rm_local_agent_drain(agent, 30e9, false);
	else if (strcmp(item->verb, "maintain") == 0)
		rm_local_agent_maintain(
		    agent, json("{\"start\":{\"nanoseconds\":1},\"duration\":"
				"{\"nanoseconds\":3600000000000}}"));
	else if (strcmp(item->verb, "failover") == 0)
		rm_local_fail_over(&w.local, 0, 0);
	else if (strcmp(item->verb, "state") == 0)
		check_state();
	else if (strcmp(item->verb, "end") == 0)
		rm_local_executor_ended(
		    TAILQ_FIRST(&agent->executors), 0, NULL);
	else
		fail_msg("fault %s", item->verb);
}

static void
record_file(const char *name, int kind, const char *executor)
{
	char *path = rm_format(GOLDEN "%s", name);
	FILE *in = fopen(path, "r");
	assert_non_null(in);
	char *line = NULL;
	size_t room = 0;
	while (getline(&line, &room, in) > 0) {
		jv record = json(line);
		if (!rm_json_has(record, "at")) {
			/* The body of a refused subscription follows it. */
			struct item *last = &w.items[w.count - 1];
			last->record = jv_object_merge(last->record, record);
			continue;
		}
		/* A call was written down once it was answered. */
		double lag = kind == CALL ? 0.0015 : 0.0025;
		if (rm_json_has(record, "call"))
			record = rm_json_set(record, "at",
			    jv_number(rm_json_number(record, "at", 0) - lag));
		struct item *item = &w.items[w.count++];
		*item = (struct item){ rm_json_number(record, "at", 0), kind,
			record, executor, NULL, 0, 0 };
	}
	free(line);
	fclose(in);
	free(path);
}

static void
fault(double at, const char *verb, size_t agent, double number)
{
	w.items[w.count++] = (struct item){ at, FAULT, jv_invalid(), NULL, verb,
		agent, number };
}

static int
by_time(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	return (x->at > y->at) - (x->at < y->at);
}

static void
play(void)
{
	qsort(w.items, w.count, sizeof(*w.items), by_time);
	for (size_t i = 0; i < w.count; i++) {
		struct item *item = &w.items[i];
		advance(item->at);
		if (item->kind == CALL)
			play_call(item->record);
		else if (item->kind == EVENT)
			play_event(item->record);
		else if (item->kind == EXECUTOR)
			play_executor(item->executor, item->record);
		else
			play_fault(item);
		jv_free(item->record);
		item->record = jv_invalid();
	}
	w.count = 0;
}

/* Whatever we sent was recorded as well. */
static void
nothing_left(void)
{
	jv_array_foreach (w.events, i, event) {
		const char *type = rm_json_text(event, "type", "");
		/* The record ends before its time. */
		if (strcmp(type, "HEARTBEAT") != 0)
			fail_msg("not recorded: %s", text_of(jv_copy(event)));
		jv_free(event);
	}
}

static void
add_agent(const char *address, const char *resources, const char *attributes,
    const char *domain, const char *id)
{
	jv list = jv_invalid(), words = jv_invalid(), where = jv_invalid();
	assert_int_equal(rm_spec_resources(resources, &list, NULL), 0);
	assert_int_equal(rm_spec_attributes(attributes, &words, NULL), 0);
	if (domain != NULL)
		assert_int_equal(rm_spec_domain(domain, &where, NULL), 0);
	struct rm_local_agent *agent = rm_local_agent_new(
	    &w.local, resources, list, words, where, NULL);
	assert_non_null(agent);
	snprintf(agent->address, sizeof(agent->address), "%s", address);
	agent->port = 5051;
	rm_local_agent_name(agent, id);
	rm_local_agent_start(agent, RM_START_AGAIN, NULL);
}

static void
begin(double at, const char *master_id, jv domain)
{
	struct rm_local_settings settings = { .heartbeat = 15,
		.update_retry = 10,
		.agent_timeout = 75,
		.registration_timeout = 60,
		.reregister_timeout = 2,
		.domain = domain };
	rm_local_init(&w.local, &settings);
	w.local.hooks.destroy = leave_running;
	w.local.hooks.find_pid = give_pid;
	memcpy(w.local.master_id, master_id, RM_UUID_SIZE);
	snprintf(w.local.address, sizeof(w.local.address), "127.0.0.1");
	w.local.port = 5050;
	w.local.now = w.local.wall = at;
	w.events = jv_array();
	w.told = jv_array();
	w.names = jv_object();
}

static int
end(void **state)
{
	(void)state;
	for (size_t i = 0; i < w.count; i++)
		jv_free(w.items[i].record);
	rm_local_free(&w.local);
	jv_free(w.events);
	jv_free(w.told);
	jv_free(w.names);
	memset(&w, 0, sizeof(w));
	return 0;
}

#endif
