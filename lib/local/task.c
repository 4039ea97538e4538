#include "local/task.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "local/agent.h"
#include "local/executor.h"
#include "local/framework.h"
#include "local/offer.h"
#include "local/shape.h"

#define RETRY_MAX     600.0
#define COMPLETED_MAX 100

static const struct {
	const char *name;
	bool ends;
	bool partition; /* unknown to who is not PARTITION_AWARE */
} states[] = {
	{ "TASK_STAGING", false, false },
	{ "TASK_STARTING", false, false },
	{ "TASK_RUNNING", false, false },
	{ "TASK_KILLING", false, false },
	{ "TASK_FINISHED", true, false },
	{ "TASK_FAILED", true, false },
	{ "TASK_KILLED", true, false },
	{ "TASK_ERROR", true, false },
	{ "TASK_LOST", true, false },
	{ "TASK_DROPPED", true, true },
	{ "TASK_GONE", true, true },
	{ "TASK_GONE_BY_OPERATOR", true, true },
	{ "TASK_UNREACHABLE", false, true },
	{ "TASK_UNKNOWN", false, true },
};

static size_t
state_index(const char *state)
{
	size_t i = 0, n = sizeof(states) / sizeof(*states);
	while (i < n && strcmp(states[i].name, state) != 0)
		i++;
	return i;
}

bool
rm_local_state_ends(const char *state)
{
	size_t i = state_index(state);
	return i < sizeof(states) / sizeof(*states) && states[i].ends;
}

static const char *
state_for(const struct rm_local_framework *f, const char *state)
{
	size_t i = state_index(state);
	bool lost = !(f->can & RM_CAN_PARTITIONS) &&
		    i < sizeof(states) / sizeof(*states) && states[i].partition;
	return lost ? "TASK_LOST" : state;
}

struct rm_local_task *
rm_local_task_restore(struct rm_local_framework *framework,
    struct rm_local_agent *agent, struct rm_local_executor *executor,
    const char *executor_id, jv info, struct rm_resources *resources)
{
	struct rm_local_task *task = rm_alloc(sizeof(*task));
	task->id = rm_strdup(rm_json_path_text(info, "task_id.value"));
	task->executor_id = rm_strdup(executor_id);
	task->framework = framework;
	task->agent = agent;
	task->executor = executor;
	task->info = info;
	task->resources = *resources;
	*resources = (struct rm_resources){ 0 };
	task->state = rm_strdup("TASK_STAGING");
	task->last = jv_invalid();
	task->statuses = jv_array();
	task->updates = jv_array();
	task->link.key = task->id;
	rm_hash_add(&framework->tasks, &task->link);
	if (executor != NULL)
		TAILQ_INSERT_TAIL(&executor->tasks, task, entry);
	framework->local->dirty = true;
	return task;
}

struct rm_local_task *
rm_local_task_new(
    struct rm_local_executor *executor, jv info, struct rm_resources *resources)
{
	return rm_local_task_restore(executor->framework, executor->agent,
	    executor, executor->id, info, resources);
}

struct rm_local_task *
rm_local_task_find(const struct rm_local_framework *framework, const char *id)
{
	struct rm_hash_link *link = id != NULL
					? rm_hash_find(&framework->tasks, id)
					: NULL;
	return link == NULL ? NULL
			    : RM_HASH_ENTRY(link, struct rm_local_task, link);
}

void
rm_local_task_free(struct rm_local_task *task)
{
	rm_hash_remove(&task->framework->tasks, &task->link);
	if (task->executor != NULL)
		TAILQ_REMOVE(&task->executor->tasks, task, entry);
	task->framework->local->dirty = true;
	rm_resources_free(&task->resources);
	jv_free(task->info);
	jv_free(task->last);
	jv_free(task->statuses);
	jv_free(task->updates);
	free(task->state);
	free(task->executor_id);
	free(task->id);
	free(task);
}

bool
rm_local_task_known(const struct rm_local_task *task)
{
	return task->agent->link == RM_LINK_REGISTERED ||
	       task->agent->link == RM_LINK_SILENT;
}

static jv
container_status(const struct rm_local_task *task)
{
	const struct rm_local_executor *executor = task->executor;
	jv address = JV_OBJECT(jv_string("protocol"), jv_string("IPv4"));
	address = rm_json_set(
	    address, "ip_address", jv_string(task->agent->address));
	jv status = JV_OBJECT(
	    jv_string("container_id"), rm_local_id(executor->container_id));
	status = rm_json_set(status, "network_infos",
	    JV_ARRAY(JV_OBJECT(jv_string("ip_addresses"), JV_ARRAY(address))));
	if (executor->pid > 0)
		status = rm_json_set(
		    status, "executor_pid", jv_number(executor->pid));
	return status;
}

/* What an agent adds to its executor's words. */
static jv
complete_status(struct rm_local_task *task, jv status)
{
	if (!rm_json_has(status, "source"))
		status = rm_json_set(
		    status, "source", jv_string("SOURCE_EXECUTOR"));
	const char *source = rm_json_text(status, "source", "");
	bool spoken = strcmp(source, "SOURCE_EXECUTOR") == 0;
	if (spoken && jv_is_valid(task->agent->drain) &&
	    !rm_json_has(status, "reason"))
		status = rm_json_set(
		    status, "reason", jv_string("REASON_AGENT_DRAINING"));
	status = rm_json_set(status, "agent_id", rm_local_id(task->agent->id));
	status = rm_json_set(
	    status, "executor_id", rm_local_id(task->executor_id));
	if (!rm_json_has(status, "timestamp"))
		status = rm_json_set(status, "timestamp",
		    rm_local_timestamp(task->framework->local));
	if (spoken && task->executor != NULL &&
	    !rm_json_has(status, "container_status"))
		status = rm_json_set(
		    status, "container_status", container_status(task));
	return rm_shape_order(rm_shape_status, status);
}

/* The short form of /state; borrows. */
static jv
short_status(jv status)
{
	jv page = jv_object();
	page = rm_json_set(page, "state", rm_json_get(status, "state"));
	page = rm_json_set(page, "timestamp", rm_json_get(status, "timestamp"));
	jv container = rm_json_get(status, "container_status");
	if (jv_get_kind(container) == JV_KIND_OBJECT)
		container = jv_object_delete(
		    container, jv_string("executor_pid"));
	page = rm_json_set(page, "container_status", container);
	return rm_json_set(page, "healthy", rm_json_get(status, "healthy"));
}

static bool
has_update(const struct rm_local_task *task, const char *uuid)
{
	bool found = strcmp(rm_json_text(task->last, "uuid", ""), uuid) == 0;
	jv_array_foreach (task->updates, i, one) {
		found = found ||
			strcmp(rm_json_text(one, "uuid", ""), uuid) == 0;
		jv_free(one);
	}
	return found;
}

bool
rm_local_task_update(struct rm_local_task *task, jv status)
{
	if (task->ended || has_update(task, rm_json_text(status, "uuid", ""))) {
		jv_free(status);
		return false;
	}
	status = complete_status(task, status);
	free(task->state);
	task->state = rm_strdup(rm_json_text(status, "state", ""));
	task->ended = rm_local_state_ends(task->state);
	task->statuses = jv_array_append(task->statuses, short_status(status));
	jv_free(task->last);
	task->last = jv_copy(status);
	task->updates = jv_array_append(task->updates, status);
	task->framework->local->dirty = true;
	rm_local_task_settle(task);
	if (jv_array_length(jv_copy(task->updates)) == 1)
		rm_local_task_forward(task);
	return true;
}

void
rm_local_task_agent_status(struct rm_local_task *task, const char *state,
    const char *message, const char *reason)
{
	char *uuid = rm_uuid_bytes();
	jv status = JV_OBJECT(jv_string("task_id"), rm_local_id(task->id));
	status = rm_json_set(
	    status, "state", jv_string(state_for(task->framework, state)));
	if (message != NULL)
		status = rm_json_set(status, "message", jv_string(message));
	status = rm_json_set(status, "source", jv_string("SOURCE_AGENT"));
	if (reason != NULL)
		status = rm_json_set(status, "reason", jv_string(reason));
	status = rm_json_set(status, "uuid", jv_string(uuid));
	free(uuid);
	rm_local_task_update(task, status);
}

void
rm_local_task_forward(struct rm_local_task *task)
{
	struct rm_local *local = task->framework->local;
	jv first = jv_array_get(jv_copy(task->updates), 0);
	task->retry_at = 0;
	if (!jv_is_valid(first) || !rm_local_agent_talks(task->agent)) {
		jv_free(first);
		return;
	}
	if (task->retry_wait <= 0)
		task->retry_wait = local->settings.update_retry;
	else if (task->retry_wait < RETRY_MAX)
		task->retry_wait *= 2;
	task->retry_at = local->now + task->retry_wait;
	rm_local_framework_send(
	    task->framework, rm_local_event("UPDATE", "update",
				 JV_OBJECT(jv_string("status"), first)));
}

void
rm_local_task_acknowledge(struct rm_local_task *task, const char *uuid)
{
	jv first = jv_array_get(jv_copy(task->updates), 0);
	bool fits = jv_is_valid(first) &&
		    strcmp(rm_json_text(first, "uuid", ""), uuid) == 0;
	bool last = fits &&
		    rm_local_state_ends(rm_json_text(first, "state", ""));
	jv_free(first);
	if (!fits)
		return;
	task->updates = jv_array_slice(
	    task->updates, 1, jv_array_length(jv_copy(task->updates)));
	task->retry_wait = 0;
	task->framework->local->dirty = true;
	if (last)
		rm_local_task_complete(task, task->state);
	else
		rm_local_task_forward(task);
}

void
rm_local_task_settle(struct rm_local_task *task)
{
	if (!task->ended || task->freed || !rm_local_task_known(task))
		return;
	task->freed = true;
	rm_local_agent_recover(task->agent, &task->resources);
}

jv
rm_local_task_page(const struct rm_local_task *task)
{
	const struct rm_resources *r = &task->resources;
	const char *role = r->count > 0 ? r->items[0].id->role : NULL;
	jv page = JV_OBJECT(jv_string("id"), jv_string(task->id));
	page = rm_json_set(page, "name", rm_json_get(task->info, "name"));
	page = rm_json_set(
	    page, "framework_id", jv_string(task->framework->id));
	page = rm_json_set(page, "executor_id", jv_string(task->executor_id));
	page = rm_json_set(page, "slave_id", jv_string(task->agent->id));
	page = rm_json_set(page, "state", jv_string(task->state));
	page = rm_json_set(page, "resources", rm_local_resources_page(r));
	page = rm_json_set(page, "role", jv_string(role != NULL ? role : "*"));
	page = rm_json_set(page, "statuses", jv_copy(task->statuses));
	return rm_json_set(
	    page, "labels", rm_json_path(task->info, "labels.labels"));
}

void
rm_local_task_complete(struct rm_local_task *task, const char *state)
{
	struct rm_local_framework *f = task->framework;
	jv page = rm_local_task_page(task);
	if (strcmp(state, task->state) != 0) {
		jv last = JV_OBJECT(jv_string("state"), jv_string(state));
		last = rm_json_set(
		    last, "timestamp", rm_local_timestamp(f->local));
		page = rm_json_set(page, "state", jv_string(state));
		page = rm_json_set(page, "statuses",
		    jv_array_append(rm_json_get(page, "statuses"), last));
	}
	f->completed = jv_array_append(f->completed, page);
	int n = jv_array_length(jv_copy(f->completed));
	if (n > COMPLETED_MAX)
		f->completed = jv_array_slice(f->completed, 1, n);
	rm_local_task_free(task);
}

void
rm_local_master_status(struct rm_local_framework *f, const char *task_id,
    const char *state, const char *reason, const char *message,
    const char *agent_id, const char *executor_id, jv extra)
{
	jv status = JV_OBJECT(jv_string("task_id"), rm_local_id(task_id));
	status = rm_json_set(status, "state", jv_string(state_for(f, state)));
	if (message != NULL)
		status = rm_json_set(status, "message", jv_string(message));
	status = rm_json_set(status, "source", jv_string("SOURCE_MASTER"));
	status = rm_json_set(status, "reason", jv_string(reason));
	if (agent_id != NULL)
		status = rm_json_set(status, "agent_id", rm_local_id(agent_id));
	if (executor_id != NULL)
		status = rm_json_set(
		    status, "executor_id", rm_local_id(executor_id));
	status = rm_json_set(status, "timestamp", rm_local_timestamp(f->local));
	if (jv_is_valid(extra))
		status = jv_object_merge(status, extra);
	rm_local_framework_send(
	    f, rm_local_event("UPDATE", "update",
		   JV_OBJECT(jv_string("status"),
		       rm_shape_order(rm_shape_status, status))));
}
