#include "local/page.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "local/executor.h"
#include "local/offer.h"
#include "local/page_part.h"
#include "local/task.h"

static jv
agent_framework_head(const struct rm_local_framework *f)
{
	static const char *const members[] = { "name", "user",
		"failover_timeout", "checkpoint", "hostname", "principal" };
	jv page = rm_page_text(jv_object(), "id", f->id);
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
		page = rm_json_set(
		    page, members[i], rm_json_get(f->info, members[i]));
	return rm_json_set(page, "roles", jv_copy(f->roles));
}

static jv
agent_executor_page(const struct rm_local_executor *executor)
{
	jv running = jv_array(), queued = jv_array(), done = jv_array();
	const struct rm_local_task *task;
	TAILQ_FOREACH (task, &executor->tasks, entry) {
		jv one = rm_local_task_page(task);
		if (task->ended)
			done = jv_array_append(done, one);
		else if (task->delivered)
			running = jv_array_append(running, one);
		else
			queued = jv_array_append(queued, one);
	}
	jv page = rm_local_executor_page(executor);
	page = rm_json_set(page, "tasks", running);
	page = rm_json_set(page, "queued_tasks", queued);
	return rm_json_set(page, "completed_tasks", done);
}

/* The framework as this agent knows it; invalid: it does not. */
static jv
agent_framework_page(
    const struct rm_local_agent *agent, const struct rm_local_framework *f)
{
	jv executors = jv_array(), completed = jv_array();
	const struct rm_local_executor *executor;
	TAILQ_FOREACH (executor, &agent->executors, entry)
		if (executor->framework == f)
			executors = jv_array_append(
			    executors, agent_executor_page(executor));
	jv_array_foreach (agent->completed, i, one) {
		if (strcmp(rm_json_text(one, "framework_id", ""), f->id) == 0)
			completed = jv_array_append(completed, jv_copy(one));
		jv_free(one);
	}
	if (jv_array_length(jv_copy(executors)) == 0 &&
	    jv_array_length(jv_copy(completed)) == 0) {
		jv_free(executors);
		jv_free(completed);
		return jv_invalid();
	}
	jv page = agent_framework_head(f);
	page = rm_json_set(page, "executors", executors);
	return rm_json_set(page, "completed_executors", completed);
}

static jv
agent_head(const struct rm_local_agent *agent)
{
	char *pid = rm_local_agent_pid(agent);
	jv page = rm_page_build();
	page = rm_page_number(page, "start_time", agent->local->started);
	page = rm_page_text(page, "id", agent->id);
	page = rm_page_text(page, "pid", pid);
	page = rm_page_text(page, "hostname", agent->address);
	free(pid);
	page = rm_json_set(page, "capabilities", rm_page_agent_capabilities());
	page = rm_json_set(
	    page, "resources", rm_local_resources_page(&agent->total));
	page = rm_json_set(
	    page, "reserved_resources", rm_page_reserved(&agent->total, false));
	page = rm_json_set(page, "unreserved_resources",
	    rm_page_unreserved(&agent->total, false));
	page = rm_json_set(page, "reserved_resources_full",
	    rm_page_reserved(&agent->total, true));
	return rm_json_set(page, "unreserved_resources_full",
	    rm_page_unreserved(&agent->total, true));
}

jv
rm_local_agent_page(const struct rm_local_agent *agent)
{
	struct rm_resources used = { 0 };
	rm_page_add_used(agent, NULL, &used);
	jv page = agent_head(agent);
	page = rm_json_set(page, "reserved_resources_allocated",
	    rm_page_reserved(&used, false));
	page = rm_json_set(page, "unreserved_resources_allocated",
	    rm_page_unreserved(&used, false));
	rm_resources_free(&used);
	page = rm_json_set(page, "resource_providers", jv_array());
	page = rm_json_set(
	    page, "attributes", rm_page_attributes(agent->attributes));
	page = rm_page_text(page, "master_hostname", agent->local->address);
	page = rm_json_set(page, "flags",
	    rm_json_set(jv_object(), "work_dir",
		jv_string(agent->work_dir != NULL ? agent->work_dir : "")));
	jv active = jv_array(), completed = jv_array();
	const struct rm_local_framework *f;
	TAILQ_FOREACH (f, &agent->local->frameworks, entry) {
		jv one = agent_framework_page(agent, f);
		if (!jv_is_valid(one))
			jv_free(one);
		else if (f->removed)
			completed = jv_array_append(completed, one);
		else
			active = jv_array_append(active, one);
	}
	page = rm_json_set(page, "frameworks", active);
	return rm_json_set(page, "completed_frameworks", completed);
}
