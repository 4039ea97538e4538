#include "local/launch.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "local/agent.h"
#include "local/executor.h"
#include "local/framework.h"
#include "local/offer.h"
#include "local/shape.h"
#include "local/task.h"
#include "mesos/same.h"

/* A task on its way, and what was found out about it. */
struct launch {
	struct rm_local_offered *offered;
	jv task; /* borrowed, in Mesos's order */
	jv executor; /* ExecutorInfo as it will be kept; or invalid */
	struct rm_local_executor *running; /* NULL: a new one is needed */
	struct rm_resources task_resources, executor_resources;
	struct rm_str why; /* it can't be; of any length */
};

__attribute__((format(printf, 2, 3))) static int
refuse(struct launch *l, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;
	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) >= 0)
		rm_str_puts(&l->why, text);
	va_end(ap);
	free(text);
	return -1;
}

/* Ids become names of directories. */
static bool
good_id(const char *id)
{
	return id != NULL && *id != '\0' && strlen(id) < 256 &&
	       strchr(id, '/') == NULL && strcmp(id, ".") != 0 &&
	       strcmp(id, "..") != 0;
}

static int
check_ids(struct launch *l)
{
	const char *id = rm_json_path_text(l->task, "task_id.value");
	if (!good_id(id))
		return refuse(
		    l, "Task ID '%s' is invalid", id != NULL ? id : "");
	if (rm_local_task_find(l->offered->framework, id) != NULL)
		return refuse(l, "Task has duplicate ID: %s", id);
	return 0;
}

static int
check_agent(struct launch *l)
{
	const char *id = rm_json_path_text(l->task, "agent_id.value");
	if (id != NULL && strcmp(id, l->offered->agent->id) == 0)
		return 0;
	return refuse(l, "Task uses agent %s, the offers are of agent %s",
	    id != NULL ? id : "", l->offered->agent->id);
}

static int
check_kind(struct launch *l)
{
	bool executor = rm_json_has(l->task, "executor");
	if (executor == rm_json_has(l->task, "command"))
		return refuse(
		    l, "Task should have either CommandInfo or ExecutorInfo");
	if (!executor)
		return refuse(l,
		    "rm-local has no command executor: give an ExecutorInfo");
	return 0;
}

static int
check_executor(struct launch *l)
{
	const struct rm_local_framework *f = l->offered->framework;
	const char *id = rm_json_path_text(l->executor, "executor_id.value");
	const char *owner = rm_json_path_text(
	    l->executor, "framework_id.value");
	const char *type = rm_json_text(l->executor, "type", "");
	if (!good_id(id))
		return refuse(
		    l, "Executor ID '%s' is invalid", id != NULL ? id : "");
	if (owner == NULL || strcmp(owner, f->id) != 0)
		return refuse(l,
		    "ExecutorInfo has an invalid FrameworkID (Actual: %s vs "
		    "Expected: %s)",
		    owner != NULL ? owner : "", f->id);
	if (strcmp(type, "CUSTOM") != 0)
		return refuse(l, "rm-local runs executors of type CUSTOM only");
	if (!rm_json_has(l->executor, "command"))
		return refuse(l, "ExecutorInfo has no CommandInfo");
	return 0;
}

static int
parse_resources(struct launch *l, jv of, struct rm_resources *to)
{
	jv list = rm_json_get(of, "resources");
	struct rm_error err = { 0 };
	int rc = jv_is_valid(list) ? rm_resources_parse(list, to, &err) : 0;
	jv_free(list);
	if (rc != 0)
		return refuse(l, "Invalid resources: %s", err.text);
	for (size_t i = 0; i < to->count && rc == 0; i++) {
		struct rm_resource *r = &to->items[i];
		if (r->id->role == NULL)
			rm_resource_become(
			    r, rm_identity_allocate(r->id, l->offered->role));
		else if (strcmp(r->id->role, l->offered->role) != 0)
			rc = refuse(l,
			    "%s is allocated to another role than the offer",
			    r->id->name);
	}
	return rc;
}

static int
check_resources(struct launch *l)
{
	if (parse_resources(l, l->task, &l->task_resources) != 0 ||
	    parse_resources(l, l->executor, &l->executor_resources) != 0)
		return -1;
	if (l->task_resources.count == 0)
		return refuse(l, "Task uses no resources");
	return 0;
}

static int
check_running(struct launch *l)
{
	const char *id = rm_json_path_text(l->executor, "executor_id.value");
	l->executor = rm_json_set(l->executor, "resources",
	    rm_local_resources_for(
		l->offered->framework, &l->executor_resources));
	l->running = rm_local_executor_find(
	    l->offered->agent, l->offered->framework->id, id);
	if (l->running == NULL)
		return 0;
	if (l->running->stopping)
		return refuse(l, "Executor '%s' is ending", id);
	if (!rm_same_equal(l->running->info, l->executor))
		return refuse(l,
		    "ExecutorInfo is not compatible with the one that runs "
		    "as '%s'",
		    id);
	return 0;
}

static int
check_amount(struct launch *l)
{
	struct rm_resources needs = { 0 };
	rm_resources_copy(&needs, &l->task_resources);
	if (l->running == NULL)
		rm_resources_add_all(&needs, &l->executor_resources);
	bool fits = rm_resources_contain_all(&l->offered->resources, &needs);
	if (!fits) {
		rm_str_puts(&l->why, "Total resources ");
		rm_resources_text(&l->why, &needs);
		rm_str_puts(&l->why, " required by task and its executor is "
				     "more than available ");
		rm_resources_text(&l->why, &l->offered->resources);
	}
	rm_resources_free(&needs);
	return fits ? 0 : -1;
}

static int (*const checks[])(struct launch *l) = {
	check_ids,
	check_agent,
	check_kind,
	check_executor,
	check_resources,
	check_running,
	check_amount,
};

static void
run(struct launch *l)
{
	struct rm_local_offered *offered = l->offered;
	struct rm_local_executor *executor = l->running;
	bool fresh = executor == NULL;
	jv task = rm_json_set(jv_copy(l->task), "resources",
	    rm_local_resources_for(offered->framework, &l->task_resources));
	task = rm_json_set(task, "executor", jv_copy(l->executor));
	rm_resources_subtract_all(
	    &offered->resources, &l->task_resources, NULL);
	if (fresh) {
		rm_resources_subtract_all(
		    &offered->resources, &l->executor_resources, NULL);
		executor = rm_local_executor_new(offered->agent,
		    offered->framework, jv_copy(l->executor),
		    &l->executor_resources);
	}
	struct rm_local_task *made = rm_local_task_new(
	    executor, task, &l->task_resources);
	if (fresh)
		rm_local_executor_start(executor);
	else
		rm_local_executor_deliver(executor, made);
}

static void
launch_one(struct rm_local_offered *offered, jv task)
{
	struct launch l = { .offered = offered };
	l.task = rm_shape_order(rm_shape_task, task);
	l.executor = rm_json_get(l.task, "executor");
	if (jv_is_valid(l.executor) && !rm_json_has(l.executor, "type"))
		l.executor = rm_shape_order(rm_shape_executor,
		    rm_json_set(l.executor, "type", jv_string("CUSTOM")));
	int rc = 0;
	for (size_t i = 0; i < sizeof(checks) / sizeof(*checks) && rc == 0; i++)
		rc = checks[i](&l);
	if (rc == 0)
		run(&l);
	else
		rm_local_master_status(offered->framework,
		    rm_json_path_text(l.task, "task_id.value"), "TASK_ERROR",
		    "REASON_TASK_INVALID", l.why.text,
		    rm_json_path_text(l.task, "agent_id.value"), NULL,
		    jv_invalid());
	rm_str_free(&l.why);
	rm_resources_free(&l.task_resources);
	rm_resources_free(&l.executor_resources);
	jv_free(l.executor);
	jv_free(l.task);
}

static jv
tasks_of(jv operation)
{
	jv tasks = rm_json_path(operation, "launch.task_infos");
	if (!jv_is_valid(tasks)) {
		jv_free(tasks);
		tasks = rm_json_path(
		    operation, "launch_group.task_group.tasks");
	}
	if (jv_get_kind(tasks) == JV_KIND_ARRAY)
		return tasks;
	jv_free(tasks);
	return jv_array();
}

void
rm_local_launch_refuse(struct rm_local_framework *framework, jv operation,
    const char *state, const char *reason, const char *message)
{
	jv tasks = tasks_of(operation);
	jv_array_foreach (tasks, i, task) {
		rm_local_master_status(framework,
		    rm_json_path_text(task, "task_id.value"), state, reason,
		    message, rm_json_path_text(task, "agent_id.value"), NULL,
		    jv_invalid());
		jv_free(task);
	}
	jv_free(tasks);
}

void
rm_local_launch(struct rm_local_offered *offered, jv operation)
{
	if (rm_json_has(operation, "id")) {
		rm_local_launch_refuse(offered->framework, operation,
		    "TASK_ERROR", "REASON_TASK_INVALID",
		    "The `id` field cannot be set on LAUNCH operations");
		return;
	}
	jv tasks = tasks_of(operation);
	jv_array_foreach (tasks, i, task)
		launch_one(offered, task);
	jv_free(tasks);
}

void
rm_local_launch_group(struct rm_local_offered *offered, jv operation)
{
	rm_local_launch_refuse(offered->framework, operation, "TASK_ERROR",
	    "REASON_TASK_GROUP_INVALID",
	    rm_json_has(operation, "id")
		? "The `id` field cannot be set on LAUNCH_GROUP operations"
		: "rm-local runs no task groups");
}
