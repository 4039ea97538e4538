#include "local/executor.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "local/agent.h"
#include "local/framework.h"
#include "local/offer.h"
#include "local/spec.h"
#include "local/task.h"

#define COMPLETED_MAX 100

struct rm_local_executor *
rm_local_executor_new(struct rm_local_agent *agent,
    struct rm_local_framework *framework, jv info,
    struct rm_resources *resources)
{
	struct rm_local_executor *executor = rm_alloc(sizeof(*executor));
	executor->agent = agent;
	executor->framework = framework;
	executor->id = rm_strdup(rm_json_path_text(info, "executor_id.value"));
	executor->info = info;
	executor->resources = *resources;
	*resources = (struct rm_resources){ 0 };
	rm_uuid_text(executor->container_id);
	if (agent->local->settings.authenticate_executors)
		rm_uuid_text(executor->token);
	executor->sandbox = rm_format(
	    "%s/slaves/%s/frameworks/%s/executors/%s/runs/%s",
	    agent->work_dir != NULL ? agent->work_dir : "", agent->id,
	    framework->id, executor->id, executor->container_id);
	TAILQ_INIT(&executor->tasks);
	TAILQ_INSERT_TAIL(&agent->executors, executor, entry);
	agent->local->dirty = true;
	return executor;
}

struct rm_local_executor *
rm_local_executor_find(const struct rm_local_agent *agent,
    const char *framework_id, const char *id)
{
	struct rm_local_executor *executor;
	if (framework_id == NULL || id == NULL)
		return NULL;
	TAILQ_FOREACH (executor, &agent->executors, entry)
		if (strcmp(executor->id, id) == 0 &&
		    strcmp(executor->framework->id, framework_id) == 0)
			return executor;
	return NULL;
}

void
rm_local_executor_free(struct rm_local_executor *executor)
{
	const struct rm_local_hooks *hooks = &executor->agent->local->hooks;
	if (hooks->release != NULL)
		hooks->release(executor);
	struct rm_local_task *task;
	while ((task = TAILQ_FIRST(&executor->tasks)) != NULL) {
		TAILQ_REMOVE(&executor->tasks, task, entry);
		task->executor = NULL;
	}
	TAILQ_REMOVE(&executor->agent->executors, executor, entry);
	executor->agent->local->dirty = true;
	rm_resources_free(&executor->resources);
	jv_free(executor->info);
	free(executor->end_message);
	free(executor->sandbox);
	free(executor->id);
	free(executor);
}

/* Killed unless something happens within so many seconds. */
static void
expect(struct rm_local_executor *executor, double seconds, const char *reason,
    const char *what)
{
	struct rm_str text = { 0 };
	rm_str_printf(&text, "Executor did not %s within ", what);
	rm_spec_duration(&text, seconds);
	executor->kill_at = executor->agent->local->now + seconds;
	executor->end_reason = reason;
	free(executor->end_message);
	executor->end_message = rm_str_take(&text);
}

void
rm_local_executor_start(struct rm_local_executor *executor)
{
	struct rm_local *local = executor->agent->local;
	expect(executor, local->settings.registration_timeout,
	    "REASON_EXECUTOR_REGISTRATION_TIMEOUT", "register");
	struct rm_error err = { 0 };
	if (local->hooks.launch != NULL &&
	    local->hooks.launch(executor, &err) != 0)
		rm_local_executor_ended(executor, -1, err.text);
}

void
rm_local_executor_await(struct rm_local_executor *executor)
{
	const struct rm_local *local = executor->agent->local;
	if (executor->registered)
		expect(executor, local->settings.reregister_timeout,
		    "REASON_EXECUTOR_REREGISTRATION_TIMEOUT", "reregister");
	else
		expect(executor, local->settings.registration_timeout,
		    "REASON_EXECUTOR_REGISTRATION_TIMEOUT", "register");
}

void
rm_local_executor_send(struct rm_local_executor *executor, jv event)
{
	if (executor->subscribed && executor->sink.send != NULL)
		executor->sink.send(executor->sink.arg, event);
	else
		jv_free(event);
}

static void
send_launch(struct rm_local_executor *executor, struct rm_local_task *task)
{
	task->delivered = true;
	executor->agent->local->dirty = true;
	rm_local_executor_send(
	    executor, rm_local_event("LAUNCH", "launch",
			  JV_OBJECT(jv_string("task"), jv_copy(task->info))));
}

void
rm_local_executor_deliver(
    struct rm_local_executor *executor, struct rm_local_task *task)
{
	if (executor->subscribed)
		send_launch(executor, task);
}

static bool
lists_task(jv tasks, const char *id)
{
	bool found = false;
	if (jv_get_kind(tasks) != JV_KIND_ARRAY)
		return false;
	jv_array_foreach (tasks, i, one) {
		const char *has = rm_json_path_text(one, "task_id.value");
		found = found || (has != NULL && strcmp(has, id) == 0);
		jv_free(one);
	}
	return found;
}

/* Updates that it sent before the agent went away, and tasks that it never
 * got. Borrows. */
static void
catch_up(struct rm_local_executor *executor, jv subscribe)
{
	jv updates = rm_json_get(subscribe, "unacknowledged_updates");
	if (jv_get_kind(updates) == JV_KIND_ARRAY) {
		jv_array_foreach (updates, i, one) {
			jv status = rm_json_get(one, "status");
			rm_local_executor_update(executor, status);
			jv_free(status);
			jv_free(one);
		}
	}
	jv_free(updates);
	jv tasks = rm_json_get(subscribe, "unacknowledged_tasks");
	struct rm_local_task *task, *next;
	for (task = TAILQ_FIRST(&executor->tasks); task != NULL; task = next) {
		next = TAILQ_NEXT(task, entry);
		if (task->ended)
			continue;
		if (!task->delivered)
			send_launch(executor, task);
		else if (strcmp(task->state, "TASK_STAGING") == 0 &&
			 !lists_task(tasks, task->id))
			rm_local_task_agent_status(task, "TASK_DROPPED",
			    "Task was lost when its agent restarted",
			    "REASON_AGENT_RESTARTED");
	}
	jv_free(tasks);
}

static jv
subscribed_body(const struct rm_local_executor *executor)
{
	jv body = JV_OBJECT(
	    jv_string("executor_info"), jv_copy(executor->info));
	body = rm_json_set(
	    body, "framework_info", jv_copy(executor->framework->info));
	body = rm_json_set(
	    body, "agent_info", rm_local_agent_info(executor->agent));
	return rm_json_set(
	    body, "container_id", rm_local_id(executor->container_id));
}

void
rm_local_executor_subscribe(struct rm_local_executor *executor,
    const struct rm_local_sink *sink, jv subscribe)
{
	struct rm_local_sink old = executor->sink;
	bool replaced = executor->subscribed;
	executor->sink = *sink;
	executor->subscribed = executor->registered = true;
	executor->agent->local->dirty = true;
	const struct rm_local_hooks *hooks = &executor->agent->local->hooks;
	if (hooks->find_pid != NULL)
		hooks->find_pid(executor);
	if (replaced && old.end != NULL)
		old.end(old.arg);
	if (!executor->stopping) {
		executor->kill_at = 0;
		executor->end_reason = NULL;
		free(executor->end_message);
		executor->end_message = NULL;
	}
	rm_local_executor_send(
	    executor, rm_local_event("SUBSCRIBED", "subscribed",
			  subscribed_body(executor)));
	catch_up(executor, subscribe);
	if (executor->stopping)
		rm_local_executor_send(
		    executor, rm_local_event("SHUTDOWN", NULL, jv_invalid()));
}

void
rm_local_executor_disconnected(struct rm_local_executor *executor)
{
	executor->subscribed = false;
	executor->sink = (struct rm_local_sink){ 0 };
}

void
rm_local_executor_cut(struct rm_local_executor *executor)
{
	struct rm_local_sink sink = executor->sink;
	rm_local_executor_disconnected(executor);
	if (sink.cut != NULL)
		sink.cut(sink.arg);
}

void
rm_local_executor_update(struct rm_local_executor *executor, jv status)
{
	const char *task_id = rm_json_path_text(status, "task_id.value");
	if (executor->framework->removed) {
		/* An agent acknowledges nothing of one that it shuts down. */
		rm_log_info("update of a removed framework ignored task=%s",
		    task_id != NULL ? task_id : "");
		return;
	}
	struct rm_local_task *task = rm_local_task_find(
	    executor->framework, task_id);
	if (task != NULL && task->executor == executor)
		rm_local_task_update(task, jv_copy(status));
	else
		rm_log_info("update for a task that is not there task=%s",
		    task_id != NULL ? task_id : "");
	jv body = JV_OBJECT(
	    jv_string("task_id"), rm_json_get(status, "task_id"));
	body = rm_json_set(body, "uuid", rm_json_get(status, "uuid"));
	rm_local_executor_send(
	    executor, rm_local_event("ACKNOWLEDGED", "acknowledged", body));
}

void
rm_local_executor_kill(
    struct rm_local_executor *executor, struct rm_local_task *task, jv policy)
{
	if (task->delivered) {
		jv body = JV_OBJECT(
		    jv_string("task_id"), rm_local_id(task->id));
		body = rm_json_set(body, "kill_policy", policy);
		rm_local_executor_send(
		    executor, rm_local_event("KILL", "kill", body));
		return;
	}
	jv_free(policy);
	rm_local_task_agent_status(task, "TASK_KILLED",
	    "Killed before delivery to the executor",
	    "REASON_TASK_KILLED_DURING_LAUNCH");
	struct rm_local_task *other;
	TAILQ_FOREACH (other, &executor->tasks, entry)
		if (!other->ended)
			return;
	if (!executor->registered)
		rm_local_executor_destroy(executor, NULL, NULL);
}

double
rm_local_executor_grace(const struct rm_local_executor *executor)
{
	jv period = rm_json_get(executor->info, "shutdown_grace_period");
	double grace = rm_json_number(period, "nanoseconds", 5e9) / 1e9;
	jv_free(period);
	return grace;
}

void
rm_local_executor_shutdown(struct rm_local_executor *executor)
{
	if (executor->stopping)
		return;
	executor->stopping = true;
	executor->kill_at = executor->agent->local->now +
			    rm_local_executor_grace(executor);
	executor->end_reason = NULL;
	free(executor->end_message);
	executor->end_message = NULL;
	executor->agent->local->dirty = true;
	rm_local_executor_send(
	    executor, rm_local_event("SHUTDOWN", NULL, jv_invalid()));
}

void
rm_local_executor_destroy(
    struct rm_local_executor *executor, const char *reason, char *message)
{
	struct rm_local *local = executor->agent->local;
	executor->stopping = true;
	executor->kill_at = 0;
	if (message != NULL) {
		free(executor->end_message);
		executor->end_message = message;
		executor->end_reason = reason;
	}
	if (local->hooks.destroy != NULL)
		local->hooks.destroy(executor);
	else
		rm_local_executor_ended(executor, 9, NULL);
}

/* What the agent's /state shows of it, without its tasks. */
jv
rm_local_executor_page(const struct rm_local_executor *executor)
{
	const struct rm_resources *r = &executor->resources;
	const char *role = r->count > 0 ? r->items[0].id->role : NULL;
	jv page = JV_OBJECT(jv_string("id"), jv_string(executor->id));
	jv name = rm_json_get(executor->info, "name");
	page = rm_json_set(
	    page, "name", jv_is_valid(name) ? name : jv_string(""));
	jv source = rm_json_get(executor->info, "source");
	page = rm_json_set(
	    page, "source", jv_is_valid(source) ? source : jv_string(""));
	page = rm_json_set(
	    page, "container", jv_string(executor->container_id));
	page = rm_json_set(page, "directory", jv_string(executor->sandbox));
	page = rm_json_set(page, "resources", rm_local_resources_page(r));
	page = rm_json_set(page, "role", jv_string(role != NULL ? role : "*"));
	return rm_json_set(page, "type", jv_string("CUSTOM"));
}

static void
end_tasks(struct rm_local_executor *executor, const char *failure)
{
	char *message = failure != NULL
			    ? rm_format(
				  "Failed to launch container: %s", failure)
			    : rm_strdup(executor->end_message != NULL
					    ? executor->end_message
					    : "Executor terminated");
	const char *reason = failure != NULL ? "REASON_CONTAINER_LAUNCH_FAILED"
			     : executor->end_reason != NULL
				 ? executor->end_reason
				 : "REASON_EXECUTOR_TERMINATED";
	struct rm_local_task *task, *next;
	for (task = TAILQ_FIRST(&executor->tasks); task != NULL; task = next) {
		next = TAILQ_NEXT(task, entry);
		if (!task->ended)
			rm_local_task_agent_status(
			    task, "TASK_FAILED", message, reason);
	}
	free(message);
}

/* The agent's /state keeps it. */
static void
keep_page(struct rm_local_executor *executor)
{
	struct rm_local_agent *agent = executor->agent;
	jv page = rm_local_executor_page(executor);
	page = rm_json_set(
	    page, "framework_id", jv_string(executor->framework->id));
	agent->completed = jv_array_append(agent->completed, page);
	int n = jv_array_length(jv_copy(agent->completed));
	if (n > COMPLETED_MAX)
		agent->completed = jv_array_slice(agent->completed, 1, n);
}

void
rm_local_executor_ended(
    struct rm_local_executor *executor, int status, const char *failure)
{
	struct rm_local_agent *agent = executor->agent;
	rm_log_info("executor ended executor=%s agent=%u status=%d%s%s",
	    executor->id, agent->number, status,
	    failure != NULL ? " failure=" : "", failure != NULL ? failure : "");
	if (rm_local_agent_talks(agent)) {
		jv body = JV_OBJECT(
		    jv_string("agent_id"), rm_local_id(agent->id));
		body = rm_json_set(
		    body, "executor_id", rm_local_id(executor->id));
		body = rm_json_set(body, "status", jv_number(status));
		rm_local_framework_send(executor->framework,
		    rm_local_event("FAILURE", "failure", body));
	}
	end_tasks(executor, failure);
	if (agent->link == RM_LINK_REGISTERED || agent->link == RM_LINK_SILENT)
		rm_local_agent_recover(agent, &executor->resources);
	keep_page(executor);
	if (executor->subscribed && executor->sink.end != NULL)
		executor->sink.end(executor->sink.arg);
	rm_local_executor_free(executor);
}
