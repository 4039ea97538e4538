#include "executor/agent.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/json.h"
#include "base/log.h"
#include "executor/task.h"
#include "io/loop.h"
#include "mesos/recordio.h"

#define ANSWER_TIMEOUT  10.0 /* to SUBSCRIBE, and for SUBSCRIBED after that */
#define CALL_TIMEOUT    10.0
#define FIRST_PATIENCE  60.0 /* the agent waits that long for SUBSCRIBE */
#define RETRY_MOST      1.0 /* an agent that restarted waits for 2 s */
#define CALL_RETRY_MOST 2.0
#define REFUSAL_MAX     300

struct rm_agent {
	struct rm_http *http;
	const struct rm_environment *env;
	struct rm_agent_events events;
	char *ids; /* "framework_id":…,"executor_id":… */

	struct rm_http_call *stream, *call;
	struct rm_recordio records;
	struct rm_str refusal; /* body of an answer that is no stream */
	bool subscribed, lost, knows_killing;
	unsigned tries; /* since the last SUBSCRIBED */
	unsigned call_tries;
	struct rm_timer retry, silence, patience, call_retry, work;

	struct rm_updates updates;
	char *calling; /* uuid of the update under way, or NULL */
	/* The task's id, and its TaskInfo until an update is acknowledged. */
	char *task_id, *task_info;
};

static void call_next(struct rm_agent *agent);

static void
lose(struct rm_agent *agent, const char *why)
{
	if (agent->lost)
		return;
	agent->lost = true;
	rm_timer_stop(&agent->retry);
	rm_timer_stop(&agent->patience);
	agent->events.lost(agent->events.arg, why);
}

/* The whole of one call; request's callbacks are the caller's. */
static struct rm_http_call *
post(struct rm_agent *agent, struct rm_http_request request,
    const struct rm_str *body)
{
	const char *headers[] = { "Content-Type: application/json",
		"Accept: application/json", agent->env->bearer, NULL };
	struct rm_error err = { 0 };
	request.method = "POST";
	request.url = agent->env->url;
	request.headers = headers;
	request.body = body->text;
	request.body_len = body->len;
	request.ca_file = agent->env->ca_file;
	request.unix_socket = agent->env->unix_socket;
	request.arg = agent;
	struct rm_http_call *call = rm_http_send(agent->http, &request, &err);
	if (call == NULL)
		lose(agent, err.text);
	return call;
}

static void
begin_call(struct rm_agent *agent, struct rm_str *body, const char *type)
{
	rm_str_printf(body, "{%s,\"type\":\"%s\"", agent->ids, type);
}

static void
on_subscribed(struct rm_agent *agent, jv event)
{
	jv list = rm_json_path(event, "subscribed.framework_info.capabilities");
	int n = jv_get_kind(list) == JV_KIND_ARRAY
		    ? jv_array_length(jv_copy(list))
		    : 0;
	for (int i = 0; i < n; i++) {
		jv one = jv_array_get(jv_copy(list), i);
		if (strcmp(rm_json_text(one, "type", ""),
			"TASK_KILLING_STATE") == 0)
			agent->knows_killing = true;
		jv_free(one);
	}
	jv_free(list);
	rm_log_info("subscribed tries=%u", agent->tries);
	agent->subscribed = true;
	agent->tries = agent->call_tries = 0;
	rm_timer_stop(&agent->patience);
	rm_timer_stop(&agent->silence);
	call_next(agent);
}

static void
on_launch(struct rm_agent *agent, jv event)
{
	jv info = rm_json_path(event, "launch.task");
	const char *id = rm_json_path_text(info, "task_id.value");
	if (id != NULL && agent->task_id == NULL) {
		struct rm_str text = { 0 };
		agent->task_id = rm_strdup(id);
		rm_json_write(&text, jv_copy(info));
		agent->task_info = rm_str_take(&text);
	}
	agent->events.launch(agent->events.arg, info);
	jv_free(info);
}

static void
on_launch_group(struct rm_agent *agent, jv event)
{
	(void)agent;
	(void)event;
	rm_log_warn("a task group was launched: this executor runs one task");
}

static void
on_kill(struct rm_agent *agent, jv event)
{
	const char *id = rm_json_path_text(event, "kill.task_id.value");
	jv policy = rm_json_path(event, "kill.kill_policy");
	if (id != NULL)
		agent->events.kill(
		    agent->events.arg, id, rm_task_kill_policy(policy));
	jv_free(policy);
}

static void
forget_task_info(struct rm_agent *agent)
{
	if (agent->task_info != NULL) /* the cookie is in there */
		explicit_bzero(agent->task_info, strlen(agent->task_info));
	free(agent->task_info);
	agent->task_info = NULL;
}

static void
on_acknowledged(struct rm_agent *agent, jv event)
{
	const char *uuid = rm_json_path_text(event, "acknowledged.uuid");
	if (uuid == NULL || !rm_updates_acknowledge(&agent->updates, uuid))
		return;
	forget_task_info(agent);
	if (rm_updates_empty(&agent->updates))
		agent->events.settled(agent->events.arg);
}

static void
on_shutdown(struct rm_agent *agent, jv event)
{
	(void)event;
	agent->events.shutdown(agent->events.arg);
}

static void
on_error(struct rm_agent *agent, jv event)
{
	(void)agent;
	const char *words = rm_json_path_text(event, "error.message");
	rm_log_error("the agent says: %s", words != NULL ? words : "?");
}

static void
ignore(struct rm_agent *agent, jv event)
{
	(void)agent;
	(void)event;
}

static const struct {
	const char *type;
	void (*handle)(struct rm_agent *agent, jv event);
} handlers[] = {
	{ "SUBSCRIBED", on_subscribed },
	{ "LAUNCH", on_launch },
	{ "LAUNCH_GROUP", on_launch_group },
	{ "KILL", on_kill },
	{ "ACKNOWLEDGED", on_acknowledged },
	{ "MESSAGE", ignore },
	{ "SHUTDOWN", on_shutdown },
	{ "ERROR", on_error },
	{ "HEARTBEAT", ignore },
};

static int
handle_event(
    struct rm_agent *agent, const char *text, size_t len, struct rm_error *err)
{
	jv event;
	if (rm_json_parse(text, len, &event, err) != 0)
		return -1;
	const char *type = rm_json_text(event, "type", "");
	rm_log_debug("event type=%s", type);
	for (size_t i = 0; i < sizeof(handlers) / sizeof(*handlers); i++)
		if (strcmp(handlers[i].type, type) == 0)
			handlers[i].handle(agent, event);
	jv_free(event);
	return 0;
}

static void
disconnected(struct rm_agent *agent, const char *why)
{
	if (agent->subscribed || agent->tries == 0)
		rm_log_warn("no connection to the agent why=\"%s\"", why);
	rm_timer_stop(&agent->work);
	rm_timer_stop(&agent->silence);
	rm_timer_stop(&agent->call_retry);
	if (agent->call != NULL)
		rm_http_cancel(agent->call);
	agent->call = NULL;
	free(agent->calling);
	agent->calling = NULL;
	bool before = agent->subscribed;
	agent->subscribed = false;
	if (agent->lost)
		return;
	if (before && !agent->env->checkpoint) {
		lose(agent, "the agent went away (no checkpointing)");
		return;
	}
	if (before)
		rm_timer_set(&agent->patience, agent->env->recovery_timeout);
	double most = agent->env->backoff_max < RETRY_MOST
			  ? agent->env->backoff_max
			  : RETRY_MOST;
	rm_timer_set(&agent->retry, rm_backoff(agent->tries++, 0.25, most));
}

static int
stream_headers(void *arg, const struct rm_http_response *response)
{
	struct rm_agent *agent = arg;
	(void)response;
	rm_timer_set(&agent->silence, ANSWER_TIMEOUT);
	return 0;
}

static int
take_records(struct rm_agent *agent, struct rm_error *err)
{
	const char *record;
	size_t size;
	int rc;
	while (
	    (rc = rm_recordio_next(&agent->records, &record, &size, err)) > 0)
		if (handle_event(agent, record, size, err) != 0)
			return -1;
	/* Events are rare and some are large: keep no memory for the next. */
	if (!rm_recordio_partial(&agent->records)) {
		rm_recordio_free(&agent->records);
		malloc_trim(0);
	}
	return rc;
}

static void
drop_stream(struct rm_agent *agent, const char *why)
{
	if (agent->stream != NULL)
		rm_http_cancel(agent->stream);
	agent->stream = NULL;
	rm_recordio_free(&agent->records);
	disconnected(agent, why);
}

static void
work(void *arg)
{
	struct rm_agent *agent = arg;
	struct rm_error err = { 0 };
	if (take_records(agent, &err) == 0)
		return;
	rm_log_error("the agent's stream is broken: %s", err.text);
	drop_stream(agent, err.text);
}

static int
stream_data(void *arg, const char *data, size_t len)
{
	struct rm_agent *agent = arg;
	if (agent->refusal.text == NULL) {
		/* What events bring about may make and cancel calls, which
		 * libcurl does not allow in here. */
		rm_recordio_feed(&agent->records, data, len);
		rm_timer_set(&agent->work, 0);
		return 0;
	}
	if (agent->refusal.len + len > REFUSAL_MAX)
		len = REFUSAL_MAX - agent->refusal.len;
	rm_str_add(&agent->refusal, data, len);
	return 0;
}

static bool
is_final(int status)
{
	return status == 400 || status == 401 || status == 403;
}

static void
stream_done(void *arg, const struct rm_http_response *response,
    const struct rm_error *failure)
{
	struct rm_agent *agent = arg;
	char *why;
	agent->stream = NULL;
	rm_timer_stop(&agent->work);
	take_records(agent, NULL); /* what it said before it closed */
	rm_recordio_free(&agent->records);
	if (failure != NULL)
		why = rm_strdup(failure->text);
	else if (response->status == 200)
		why = rm_strdup("the agent closed it");
	else
		why = rm_format("status %d: %s", response->status,
		    agent->refusal.text != NULL ? agent->refusal.text : "");
	if (response->status != 0 && is_final(response->status))
		lose(agent, why);
	disconnected(agent, why);
	free(why);
}

static int
stream_answers(void *arg, const struct rm_http_response *response)
{
	struct rm_agent *agent = arg;
	if (response->status != 200)
		rm_str_puts(&agent->refusal, "");
	return stream_headers(arg, response);
}

static void
subscribe(void *arg)
{
	struct rm_agent *agent = arg;
	struct rm_str body = { 0 };
	begin_call(agent, &body, "SUBSCRIBE");
	rm_str_printf(&body,
	    ",\"subscribe\":{\"unacknowledged_tasks\":[%s],"
	    "\"unacknowledged_updates\":",
	    agent->task_info != NULL ? agent->task_info : "");
	rm_updates_write(&body, &agent->updates);
	rm_str_puts(&body, "}}");
	/* Should it not arrive, the next SUBSCRIBE carries them again. */
	rm_updates_told(&agent->updates, NULL);
	rm_str_free(&agent->refusal);
	struct rm_http_request request = { .on_headers = stream_answers,
		.on_data = stream_data,
		.on_done = stream_done };
	agent->stream = post(agent, request, &body);
	rm_timer_set(&agent->silence, ANSWER_TIMEOUT);
	explicit_bzero(body.text, body.len);
	rm_str_free(&body);
}

static void
no_answer(void *arg)
{
	drop_stream(arg, "no answer to SUBSCRIBE");
}

static void
out_of_patience(void *arg)
{
	lose(arg, "the agent stayed away for too long");
}

static void
call_done(void *arg, const struct rm_http_response *response,
    const struct rm_error *failure)
{
	struct rm_agent *agent = arg;
	agent->call = NULL;
	if (failure == NULL && response->status == 202) {
		rm_updates_told(&agent->updates, agent->calling);
		agent->call_tries = 0;
	} else {
		rm_log_warn("an update was not taken status=%d why=\"%s\"",
		    response->status,
		    failure != NULL ? failure->text : response->body);
		rm_timer_set(&agent->call_retry,
		    rm_backoff(agent->call_tries++, 0.25, CALL_RETRY_MOST));
	}
	free(agent->calling);
	agent->calling = NULL;
	if (!rm_timer_armed(&agent->call_retry))
		call_next(agent);
}

/* One at a time: on several connections they might overtake one another. */
static void
call_next(struct rm_agent *agent)
{
	struct rm_update *update = rm_updates_next(&agent->updates);
	if (update == NULL || agent->call != NULL || !agent->subscribed)
		return;
	struct rm_str body = { 0 };
	begin_call(agent, &body, "UPDATE");
	rm_str_printf(&body, ",\"update\":%s}", update->text);
	agent->calling = rm_strdup(update->uuid);
	struct rm_http_request request = { .on_done = call_done,
		.timeout = CALL_TIMEOUT };
	agent->call = post(agent, request, &body);
	rm_str_free(&body);
}

static void
call_again(void *arg)
{
	call_next(arg);
}

void
rm_agent_update(struct rm_agent *agent, const struct rm_status *status)
{
	rm_log_info("update state=%s%s%s%s", status->state,
	    status->message != NULL ? " message=\"" : "",
	    status->message != NULL ? status->message : "",
	    status->message != NULL ? "\"" : "");
	rm_updates_add(&agent->updates, status, agent->env->executor_id);
	if (!rm_timer_armed(&agent->call_retry))
		call_next(agent);
}

bool
rm_agent_knows_killing(const struct rm_agent *agent)
{
	return agent->knows_killing;
}

static char *
ids_json(const struct rm_environment *env)
{
	struct rm_str text = { 0 };
	rm_str_puts(&text, "\"framework_id\":{\"value\":");
	rm_json_write(&text, jv_string(env->framework_id));
	rm_str_puts(&text, "},\"executor_id\":{\"value\":");
	rm_json_write(&text, jv_string(env->executor_id));
	rm_str_puts(&text, "}");
	return rm_str_take(&text);
}

struct rm_agent *
rm_agent_new(struct event_base *loop, struct rm_http *http,
    const struct rm_environment *env, const struct rm_agent_events *events)
{
	struct rm_agent *agent = rm_alloc(sizeof(*agent));
	agent->http = http;
	agent->env = env;
	agent->events = *events;
	agent->ids = ids_json(env);
	rm_updates_init(&agent->updates);
	rm_timer_init(&agent->retry, loop, subscribe, agent);
	rm_timer_init(&agent->silence, loop, no_answer, agent);
	rm_timer_init(&agent->patience, loop, out_of_patience, agent);
	rm_timer_init(&agent->call_retry, loop, call_again, agent);
	rm_timer_init(&agent->work, loop, work, agent);
	rm_timer_set(&agent->patience,
	    env->checkpoint ? env->recovery_timeout : FIRST_PATIENCE);
	rm_timer_set(&agent->retry, 0);
	return agent;
}

void
rm_agent_free(struct rm_agent *agent)
{
	if (agent == NULL)
		return;
	if (agent->stream != NULL)
		rm_http_cancel(agent->stream);
	if (agent->call != NULL)
		rm_http_cancel(agent->call);
	rm_timer_free(&agent->retry);
	rm_timer_free(&agent->silence);
	rm_timer_free(&agent->patience);
	rm_timer_free(&agent->call_retry);
	rm_timer_free(&agent->work);
	rm_recordio_free(&agent->records);
	rm_str_free(&agent->refusal);
	rm_updates_free(&agent->updates);
	forget_task_info(agent);
	free(agent->calling);
	free(agent->task_id);
	free(agent->ids);
	free(agent);
}
