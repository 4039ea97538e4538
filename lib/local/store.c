#include "local/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/json.h"
#include "base/log.h"
#include "local/agent.h"
#include "local/executor.h"
#include "local/framework.h"
#include "local/task.h"

#define VERSION 1

static jv
with_text(jv object, const char *key, const char *text)
{
	return text == NULL ? object
			    : rm_json_set(object, key, jv_string(text));
}

static jv
with_number(jv object, const char *key, double n)
{
	return rm_json_set(object, key, jv_number(n));
}

static jv
with_bool(jv object, const char *key, bool b)
{
	return rm_json_set(object, key, jv_bool(b));
}

static jv
with_resources(jv object, const char *key, const struct rm_resources *r)
{
	return rm_json_set(object, key, rm_resources_json(r, RM_FORMAT_STACK));
}

static jv
task_json(const struct rm_local_task *task)
{
	jv json = with_text(jv_object(), "id", task->id);
	json = with_number(json, "agent", task->agent->number);
	json = with_text(json, "executor", task->executor_id);
	if (task->executor != NULL)
		json = with_text(
		    json, "container", task->executor->container_id);
	json = rm_json_set(json, "info", jv_copy(task->info));
	json = with_resources(json, "resources", &task->resources);
	json = with_text(json, "state", task->state);
	json = rm_json_set(json, "last", jv_copy(task->last));
	json = rm_json_set(json, "statuses", jv_copy(task->statuses));
	json = rm_json_set(json, "updates", jv_copy(task->updates));
	json = with_bool(json, "delivered", task->delivered);
	return with_bool(json, "ended", task->ended);
}

static jv
framework_json(const struct rm_local_framework *f)
{
	jv tasks = jv_array();
	struct rm_hash_link *link = NULL;
	while ((link = rm_hash_next(&f->tasks, link)) != NULL)
		tasks = jv_array_append(tasks,
		    task_json(RM_HASH_ENTRY(link, struct rm_local_task, link)));
	jv json = rm_json_set(jv_object(), "info", jv_copy(f->info));
	json = with_bool(json, "removed", f->removed);
	json = with_number(json, "registered", f->registered);
	json = with_number(json, "reregistered", f->reregistered);
	json = with_number(json, "unregistered", f->unregistered);
	json = rm_json_set(json, "suppressed", jv_copy(f->suppressed));
	json = rm_json_set(json, "operations", jv_copy(f->operations));
	json = rm_json_set(json, "completed", jv_copy(f->completed));
	return rm_json_set(json, "tasks", tasks);
}

static jv
executor_json(const struct rm_local_executor *executor)
{
	jv json = with_text(jv_object(), "framework", executor->framework->id);
	json = rm_json_set(json, "info", jv_copy(executor->info));
	json = with_resources(json, "resources", &executor->resources);
	json = with_text(json, "container", executor->container_id);
	json = with_text(json, "sandbox", executor->sandbox);
	json = with_text(json, "token", executor->token);
	json = with_bool(json, "registered", executor->registered);
	json = with_bool(json, "stopping", executor->stopping);
	json = with_number(json, "pid", executor->pid);
	json = with_number(json, "keeper", executor->keeper);
	return with_number(
	    json, "keeper_start", (double)executor->keeper_start);
}

static jv
agent_json(const struct rm_local_agent *agent)
{
	jv executors = jv_array();
	const struct rm_local_executor *executor;
	TAILQ_FOREACH (executor, &agent->executors, entry)
		executors = jv_array_append(executors, executor_json(executor));
	jv json = with_number(jv_object(), "number", agent->number);
	json = with_text(json, "id", agent->id);
	json = with_number(json, "link", agent->link);
	json = with_bool(json, "up", agent->up);
	json = with_bool(json, "cut", agent->cut);
	json = with_number(json, "registered", agent->registered);
	json = with_number(json, "reregistered", agent->reregistered);
	json = with_number(json, "unreachable", agent->unreachable);
	json = with_text(json, "spec", agent->spec);
	json = with_resources(json, "initial", &agent->initial);
	json = with_resources(json, "total", &agent->total);
	json = rm_json_set(json, "drain", jv_copy(agent->drain));
	json = with_number(json, "drained_at", agent->drained_at);
	json = rm_json_set(
	    json, "unavailability", jv_copy(agent->unavailability));
	json = rm_json_set(json, "completed", jv_copy(agent->completed));
	return rm_json_set(json, "executors", executors);
}

static jv
world_json(const struct rm_local *local)
{
	jv frameworks = jv_array(), agents = jv_array();
	const struct rm_local_framework *f;
	TAILQ_FOREACH (f, &local->frameworks, entry)
		frameworks = jv_array_append(frameworks, framework_json(f));
	for (size_t i = 0; i < local->agent_count; i++)
		agents = jv_array_append(agents, agent_json(local->agents[i]));
	jv json = with_number(jv_object(), "version", VERSION);
	json = rm_json_set(json, "gone", jv_copy(local->gone));
	json = rm_json_set(json, "unreachable", jv_copy(local->unreachable));
	json = rm_json_set(json, "agents", agents);
	return rm_json_set(json, "frameworks", frameworks);
}

int
rm_local_store_save(
    struct rm_local *local, const char *path, struct rm_error *err)
{
	if (!local->dirty)
		return 0;
	struct rm_str text = { 0 };
	rm_json_write(&text, world_json(local));
	rm_str_puts(&text, "\n");
	char *part = rm_format("%s.part", path);
	int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int rc = fd < 0 ||
			 write(fd, text.text, text.len) != (ssize_t)text.len ||
			 rename(part, path) != 0
		     ? rm_error_set(err, RM_EXIT_OUTSIDE, "%s: %s", path,
			   strerror(errno))
		     : 0;
	if (fd >= 0)
		close(fd);
	free(part);
	rm_str_free(&text);
	if (rc == 0)
		local->dirty = false;
	return rc;
}

/* Borrows. */
static void
read_resources(jv json, const char *key, struct rm_resources *to)
{
	jv list = rm_json_get(json, key);
	rm_resources_free(to);
	rm_resources_parse(list, to, NULL);
	jv_free(list);
}

static void
replace(jv *member, jv json, const char *key)
{
	jv value = rm_json_get(json, key);
	jv_free(*member);
	*member = value;
}

static struct rm_local_executor *
executor_of(const struct rm_local_agent *agent, const char *container)
{
	struct rm_local_executor *executor;
	TAILQ_FOREACH (executor, &agent->executors, entry)
		if (container != NULL &&
		    strcmp(executor->container_id, container) == 0)
			return executor;
	return NULL;
}

static struct rm_local_agent *
agent_of(const struct rm_local *local, jv json, const char *key)
{
	double number = rm_json_number(json, key, 0);
	return number >= 1 && number <= (double)local->agent_count
		   ? local->agents[(size_t)number - 1]
		   : NULL;
}

static void
read_executor(struct rm_local_agent *agent, jv json)
{
	struct rm_local_framework *f = rm_local_framework_find(
	    agent->local, rm_json_text(json, "framework", NULL));
	const char *container = rm_json_text(json, "container", "");
	jv info = rm_json_get(json, "info");
	if (f == NULL || strlen(container) != RM_UUID_SIZE - 1 ||
	    rm_json_path_text(info, "executor_id.value") == NULL) {
		jv_free(info);
		return;
	}
	struct rm_resources resources = { 0 };
	read_resources(json, "resources", &resources);
	struct rm_local_executor *executor = rm_local_executor_new(
	    agent, f, info, &resources);
	memcpy(executor->container_id, container, RM_UUID_SIZE);
	free(executor->sandbox);
	executor->sandbox = rm_strdup(rm_json_text(json, "sandbox", ""));
	snprintf(executor->token, sizeof(executor->token), "%s",
	    rm_json_text(json, "token", ""));
	executor->registered = rm_json_bool(json, "registered", false);
	executor->stopping = rm_json_bool(json, "stopping", false);
	executor->pid = (pid_t)rm_json_number(json, "pid", 0);
	executor->keeper = (pid_t)rm_json_number(json, "keeper", 0);
	executor->keeper_start = (unsigned long long)rm_json_number(
	    json, "keeper_start", 0);
}

/* An agent that was up starts again; one that was down stays so. */
static void
read_agent(struct rm_local *local, jv json)
{
	struct rm_local_agent *agent = agent_of(local, json, "number");
	const char *id = rm_json_text(json, "id", NULL);
	if (agent == NULL || id == NULL)
		return;
	rm_local_agent_name(agent, id);
	agent->link = (enum rm_local_link)rm_json_number(
	    json, "link", RM_LINK_NEW);
	if (agent->link == RM_LINK_REGISTERED || agent->link == RM_LINK_SILENT)
		agent->link = RM_LINK_NEW;
	agent->up = rm_json_bool(json, "up", false);
	agent->cut = rm_json_bool(json, "cut", false);
	agent->registered = rm_json_number(json, "registered", 0);
	agent->reregistered = rm_json_number(json, "reregistered", 0);
	agent->unreachable = rm_json_number(json, "unreachable", 0);
	agent->drained_at = rm_json_number(json, "drained_at", 0);
	const char *spec = rm_json_text(json, "spec", "");
	if (strcmp(agent->spec, spec) != 0)
		rm_log_warn(
		    "agent %u keeps its resources, %s", agent->number, spec);
	free(agent->spec);
	agent->spec = rm_strdup(spec);
	read_resources(json, "initial", &agent->initial);
	read_resources(json, "total", &agent->total);
	replace(&agent->drain, json, "drain");
	replace(&agent->unavailability, json, "unavailability");
	replace(&agent->completed, json, "completed");
	jv executors = rm_json_get(json, "executors");
	jv_array_foreach (executors, i, one) {
		read_executor(agent, one);
		jv_free(one);
	}
	jv_free(executors);
}

static void
read_task(struct rm_local *local, jv json)
{
	struct rm_local_agent *agent = agent_of(local, json, "agent");
	jv info = rm_json_get(json, "info");
	const char *owner = rm_json_path_text(
	    info, "executor.framework_id.value");
	struct rm_local_framework *f = rm_local_framework_find(local, owner);
	if (agent == NULL || f == NULL || agent->id == NULL) {
		jv_free(info);
		return;
	}
	struct rm_resources resources = { 0 };
	read_resources(json, "resources", &resources);
	struct rm_local_task *task = rm_local_task_restore(f, agent,
	    executor_of(agent, rm_json_text(json, "container", NULL)),
	    rm_json_text(json, "executor", ""), info, &resources);
	free(task->state);
	task->state = rm_strdup(rm_json_text(json, "state", ""));
	replace(&task->last, json, "last");
	replace(&task->statuses, json, "statuses");
	replace(&task->updates, json, "updates");
	task->delivered = rm_json_bool(json, "delivered", false);
	task->ended = task->freed = rm_json_bool(json, "ended", false);
}

static void
read_framework(struct rm_local *local, jv json)
{
	jv info = rm_json_get(json, "info");
	if (rm_json_path_text(info, "id.value") == NULL) {
		jv_free(info);
		return;
	}
	struct rm_local_framework *f = rm_local_framework_new(local, info);
	f->removed = rm_json_bool(json, "removed", false);
	f->registered = rm_json_number(json, "registered", 0);
	f->reregistered = rm_json_number(json, "reregistered", 0);
	f->unregistered = rm_json_number(json, "unregistered", 0);
	replace(&f->suppressed, json, "suppressed");
	replace(&f->operations, json, "operations");
	replace(&f->completed, json, "completed");
	if (!f->removed)
		f->remove_at = local->now +
			       rm_json_number(f->info, "failover_timeout", 0);
}

static void
each(struct rm_local *local, jv list, void (*read)(struct rm_local *, jv))
{
	if (jv_get_kind(list) == JV_KIND_ARRAY) {
		jv_array_foreach (list, i, one) {
			read(local, one);
			jv_free(one);
		}
	}
	jv_free(list);
}

static void
read_tasks(struct rm_local *local, jv framework)
{
	each(local, rm_json_get(framework, "tasks"), read_task);
}

int
rm_local_store_load(
    struct rm_local *local, const char *path, struct rm_error *err)
{
	if (access(path, F_OK) != 0 && errno == ENOENT)
		return 0;
	jv json = jv_invalid();
	if (rm_json_read(path, &json, err) != 0)
		return -1;
	if ((int)rm_json_number(json, "version", 0) != VERSION) {
		jv_free(json);
		return rm_error_set(err, RM_EXIT_CONFLICT,
		    "%s: of another version of rm-local", path);
	}
	jv agents = rm_json_get(json, "agents");
	int n = jv_get_kind(agents) == JV_KIND_ARRAY
		    ? jv_array_length(jv_copy(agents))
		    : 0;
	jv_free(agents);
	if (n > (int)local->agent_count) {
		jv_free(json);
		return rm_error_set(err, RM_EXIT_USAGE,
		    "%s: has %d agents, not %zu", path, n, local->agent_count);
	}
	replace(&local->gone, json, "gone");
	if (rm_json_has(json, "unreachable"))
		replace(&local->unreachable, json, "unreachable");
	each(local, rm_json_get(json, "frameworks"), read_framework);
	each(local, rm_json_get(json, "agents"), read_agent);
	each(local, rm_json_get(json, "frameworks"), read_tasks);
	jv_free(json);
	return 0;
}
