#include "local/page.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "local/agent.h"
#include "local/executor.h"
#include "local/framework.h"
#include "local/offer.h"
#include "local/spec.h"
#include "local/task.h"

static jv
text_list(const char *const *texts)
{
	jv list = jv_array();
	for (; *texts != NULL; texts++)
		list = jv_array_append(list, jv_string(*texts));
	return list;
}

static jv
with_text(jv page, const char *key, const char *text)
{
	return rm_json_set(page, key, jv_string(text));
}

static jv
with_number(jv page, const char *key, double n)
{
	return rm_json_set(page, key, jv_number(n));
}

static jv
build(void)
{
	jv page = with_text(jv_object(), "version", "1.12.0");
	page = with_text(page, "git_sha", "rm-local");
	page = with_text(page, "build_date", "1970-01-01 00:00:00 UTC");
	page = with_number(page, "build_time", 0);
	/* The real ones say who built them; this one what it is. */
	return with_text(page, "build_user", "rm-local");
}

static jv
agent_capabilities(void)
{
	static const char *const names[] = { "MULTI_ROLE", "HIERARCHICAL_ROLE",
		"RESERVATION_REFINEMENT", "RESOURCE_PROVIDER", "RESIZE_VOLUME",
		"AGENT_OPERATION_FEEDBACK", "AGENT_DRAINING",
		"TASK_RESOURCE_LIMITS", NULL };
	return text_list(names);
}

/* {"rack":"r1"}: values as text or number. Borrows. */
static jv
attributes_page(jv attributes)
{
	jv page = jv_object();
	jv_array_foreach (attributes, i, one) {
		const char *name = rm_json_text(one, "name", "");
		jv text = rm_json_path(one, "text.value");
		jv scalar = rm_json_path(one, "scalar.value");
		jv value = jv_copy(jv_is_valid(text) ? text : scalar);
		jv ranges = rm_json_get(one, "ranges");
		struct rm_ranges r = { 0 };
		if (jv_is_valid(ranges) &&
		    rm_ranges_parse(ranges, &r, NULL) == 0) {
			struct rm_str list = { 0 };
			rm_ranges_text(&list, &r);
			jv_free(value);
			value = jv_string(list.text);
			rm_str_free(&list);
		}
		rm_ranges_free(&r);
		page = rm_json_set(page, name, value);
		jv_free(ranges);
		jv_free(text);
		jv_free(scalar);
		jv_free(one);
	}
	return page;
}

/* Those reserved for role (NULL: unreserved). */
static void
select_role(
    const struct rm_resources *from, const char *role, struct rm_resources *to)
{
	for (size_t i = 0; i < from->count; i++) {
		const struct rm_identity *id = from->items[i].id;
		const char *its = id->depth > 0
				      ? id->reservations[id->depth - 1].role
				      : NULL;
		if ((its == NULL) == (role == NULL) &&
		    (role == NULL || strcmp(its, role) == 0))
			rm_resources_add(to, &from->items[i]);
	}
}

/* An object by role of what is reserved; full: as resources, not totals. */
static jv
reserved_page(const struct rm_resources *total, bool full)
{
	jv page = jv_object();
	for (size_t i = 0; i < total->count; i++) {
		const struct rm_identity *id = total->items[i].id;
		if (id->depth == 0)
			continue;
		const char *role = id->reservations[id->depth - 1].role;
		if (rm_json_has(page, role))
			continue;
		struct rm_resources mine = { 0 };
		select_role(total, role, &mine);
		page = rm_json_set(page, role,
		    full ? rm_resources_json(&mine, RM_FORMAT_BOTH)
			 : rm_local_resources_page(&mine));
		rm_resources_free(&mine);
	}
	return page;
}

static jv
unreserved_page(const struct rm_resources *total, bool full)
{
	struct rm_resources mine = { 0 };
	select_role(total, NULL, &mine);
	jv page = full ? rm_resources_json(&mine, RM_FORMAT_BOTH)
		       : rm_local_resources_page(&mine);
	rm_resources_free(&mine);
	return page;
}

/* Of tasks and executors; on agent, and of f, where not NULL. */
static void
add_used(const struct rm_local_agent *agent, const struct rm_local_framework *f,
    struct rm_resources *to)
{
	const struct rm_local_executor *executor;
	TAILQ_FOREACH (executor, &agent->executors, entry) {
		if (f != NULL && executor->framework != f)
			continue;
		rm_resources_add_all(to, &executor->resources);
		const struct rm_local_task *task;
		TAILQ_FOREACH (task, &executor->tasks, entry)
			if (!task->ended)
				rm_resources_add_all(to, &task->resources);
	}
}

static void
add_offered(const struct rm_local_offers *offers, bool by_agent,
    struct rm_resources *to)
{
	const struct rm_local_offer *offer = TAILQ_FIRST(offers);
	while (offer != NULL) {
		rm_resources_add_all(to, &offer->resources);
		offer = by_agent ? TAILQ_NEXT(offer, by_agent)
				 : TAILQ_NEXT(offer, by_framework);
	}
}

/* Consumes nothing but the set, which is emptied. */
static jv
page_of(struct rm_resources *set)
{
	jv page = rm_local_resources_page(set);
	rm_resources_free(set);
	return page;
}

static jv
slave_page(const struct rm_local_agent *agent)
{
	struct rm_resources used = { 0 }, offered = { 0 };
	add_used(agent, NULL, &used);
	add_offered(&agent->offers, true, &offered);
	bool drained = jv_is_valid(agent->drain);
	char *pid = rm_local_agent_pid(agent);
	jv page = with_text(jv_object(), "id", agent->id);
	page = with_text(page, "hostname", agent->address);
	page = with_number(page, "port", agent->port);
	page = rm_json_set(
	    page, "attributes", attributes_page(agent->attributes));
	page = with_text(page, "pid", pid);
	page = with_number(page, "registered_time", agent->registered);
	page = with_number(page, "reregistered_time", agent->reregistered);
	page = rm_json_set(
	    page, "resources", rm_local_resources_page(&agent->total));
	page = rm_json_set(page, "used_resources", page_of(&used));
	page = rm_json_set(page, "offered_resources", page_of(&offered));
	page = rm_json_set(
	    page, "reserved_resources", reserved_page(&agent->total, false));
	page = rm_json_set(page, "unreserved_resources",
	    unreserved_page(&agent->total, false));
	page = rm_json_set(page, "active",
	    jv_bool(agent->link == RM_LINK_REGISTERED && !drained));
	page = rm_json_set(page, "deactivated", jv_bool(drained));
	page = with_text(page, "version", "1.12.0");
	page = rm_json_set(page, "capabilities", agent_capabilities());
	page = rm_json_set(page, "domain", jv_copy(agent->domain));
	free(pid);
	if (!drained)
		return page;
	const char *state = TAILQ_EMPTY(&agent->executors) ? "DRAINED"
							   : "DRAINING";
	page = rm_json_set(page, "drain_info",
	    JV_OBJECT(jv_string("state"), jv_string(state), jv_string("config"),
		jv_copy(agent->drain)));
	return with_number(
	    page, "estimated_drain_start_time_seconds", agent->drained_at);
}

static jv
offer_page(const struct rm_local_offer *offer)
{
	jv page = with_text(jv_object(), "id", offer->id);
	page = with_text(page, "framework_id", offer->framework->id);
	page = rm_json_set(page, "allocation_info",
	    JV_OBJECT(jv_string("role"), jv_string(offer->role)));
	page = with_text(page, "slave_id", offer->agent->id);
	return rm_json_set(
	    page, "resources", rm_local_resources_page(&offer->resources));
}

static jv
capability_names(jv info)
{
	jv names = jv_array(), list = rm_json_get(info, "capabilities");
	if (jv_get_kind(list) == JV_KIND_ARRAY) {
		jv_array_foreach (list, i, one) {
			names = jv_array_append(
			    names, jv_string(rm_json_text(one, "type", "")));
			jv_free(one);
		}
	}
	jv_free(list);
	return names;
}

static jv
command_page(jv info)
{
	jv command = rm_json_get(info, "command");
	jv page = rm_json_set(jv_object(), "shell",
	    jv_bool(rm_json_bool(command, "shell", true)));
	page = with_text(page, "value", rm_json_text(command, "value", ""));
	jv arguments = rm_json_get(command, "arguments");
	page = rm_json_set(
	    page, "argv", jv_is_valid(arguments) ? arguments : jv_array());
	page = rm_json_set(
	    page, "environment", rm_json_get(command, "environment"));
	jv uris = jv_array(), list = rm_json_get(command, "uris");
	if (jv_get_kind(list) == JV_KIND_ARRAY) {
		jv_array_foreach (list, i, one) {
			jv uri = with_text(jv_object(), "value",
			    rm_json_text(one, "value", ""));
			uris = jv_array_append(uris,
			    rm_json_set(uri, "executable",
				jv_bool(
				    rm_json_bool(one, "executable", false))));
			jv_free(one);
		}
	}
	jv_free(list);
	jv_free(command);
	return rm_json_set(page, "uris", uris);
}

static jv
executor_page(const struct rm_local_executor *executor)
{
	const struct rm_resources *r = &executor->resources;
	const char *role = r->count > 0 ? r->items[0].id->role : NULL;
	jv page = with_text(jv_object(), "executor_id", executor->id);
	page = with_text(
	    page, "name", rm_json_text(executor->info, "name", ""));
	page = with_text(page, "framework_id", executor->framework->id);
	page = rm_json_set(page, "command", command_page(executor->info));
	page = rm_json_set(page, "resources", rm_local_resources_page(r));
	page = with_text(page, "role", role != NULL ? role : "*");
	page = with_text(page, "type", "CUSTOM");
	return with_text(page, "slave_id", executor->agent->id);
}

/* Tasks the master knows (unreachable: those it only remembers). */
static jv
tasks_page(const struct rm_local_framework *f, bool unreachable)
{
	jv list = jv_array();
	struct rm_hash_link *link = NULL;
	while ((link = rm_hash_next(&f->tasks, link)) != NULL) {
		const struct rm_local_task *task = RM_HASH_ENTRY(
		    link, struct rm_local_task, link);
		if (unreachable ? task->agent->link == RM_LINK_UNREACHABLE
				: rm_local_task_known(task))
			list = jv_array_append(list, rm_local_task_page(task));
	}
	return list;
}

static jv
framework_head(const struct rm_local_framework *f)
{
	struct rm_resources used = { 0 }, offered = { 0 }, all = { 0 };
	for (size_t i = 0; i < f->local->agent_count; i++)
		add_used(f->local->agents[i], f, &used);
	add_offered(&f->offers, false, &offered);
	rm_resources_copy(&all, &used);
	rm_resources_add_all(&all, &offered);
	jv page = with_text(jv_object(), "id", f->id);
	page = rm_json_set(page, "name", rm_json_get(f->info, "name"));
	page = rm_json_set(page, "used_resources", page_of(&used));
	page = rm_json_set(page, "offered_resources", page_of(&offered));
	page = rm_json_set(page, "capabilities", capability_names(f->info));
	page = rm_json_set(page, "hostname", rm_json_get(f->info, "hostname"));
	page = rm_json_set(
	    page, "webui_url", rm_json_get(f->info, "webui_url"));
	page = rm_json_set(page, "active", jv_bool(f->connected));
	page = rm_json_set(page, "connected", jv_bool(f->connected));
	page = rm_json_set(
	    page, "recovered", jv_bool(!f->connected && f->fresh));
	page = rm_json_set(page, "user", rm_json_get(f->info, "user"));
	page = with_number(page, "failover_timeout",
	    rm_json_number(f->info, "failover_timeout", 0));
	page = rm_json_set(page, "checkpoint",
	    jv_bool(rm_json_bool(f->info, "checkpoint", false)));
	page = with_number(page, "registered_time", f->registered);
	page = with_number(page, "unregistered_time", f->unregistered);
	page = rm_json_set(
	    page, "principal", rm_json_get(f->info, "principal"));
	page = rm_json_set(page, "resources", page_of(&all));
	page = with_number(page, "reregistered_time", f->reregistered);
	return rm_json_set(page, "roles", jv_copy(f->roles));
}

static jv
framework_page(const struct rm_local_framework *f)
{
	jv offers = jv_array(), executors = jv_array();
	const struct rm_local_offer *offer;
	TAILQ_FOREACH (offer, &f->offers, by_framework)
		if (!offer->inverse)
			offers = jv_array_append(offers, offer_page(offer));
	for (size_t i = 0; i < f->local->agent_count; i++) {
		const struct rm_local_agent *agent = f->local->agents[i];
		const struct rm_local_executor *executor;
		TAILQ_FOREACH (executor, &agent->executors, entry)
			if (executor->framework == f &&
			    agent->link == RM_LINK_REGISTERED)
				executors = jv_array_append(
				    executors, executor_page(executor));
	}
	jv page = framework_head(f);
	page = rm_json_set(page, "tasks", tasks_page(f, false));
	page = rm_json_set(page, "unreachable_tasks", tasks_page(f, true));
	page = rm_json_set(page, "completed_tasks", jv_copy(f->completed));
	page = rm_json_set(page, "offers", offers);
	page = rm_json_set(page, "executors", executors);
	return rm_json_set(page, "offer_constraints", jv_object());
}

static double
count_links(const struct rm_local *local, enum rm_local_link link, bool drained)
{
	double n = 0;
	for (size_t i = 0; i < local->agent_count; i++)
		if (local->agents[i]->link == link &&
		    jv_is_valid(local->agents[i]->drain) == drained)
			n++;
	return n;
}

static jv
master_flags(const struct rm_local *local)
{
	struct rm_str timeout = { 0 };
	char *port = rm_format("%d", local->port);
	rm_spec_duration(&timeout, local->settings.agent_timeout);
	jv flags = with_text(jv_object(), "agent_ping_timeout", timeout.text);
	flags = with_text(flags, "hostname", local->address);
	flags = with_text(flags, "ip", local->address);
	flags = with_text(flags, "max_agent_ping_timeouts", "1");
	flags = with_text(
	    flags, "min_allocatable_resources", "cpus:0.01|mem:32");
	flags = with_text(flags, "port", port);
	rm_str_free(&timeout);
	free(port);
	return flags;
}

static jv
master_head(const struct rm_local *local)
{
	static const char *const capabilities[] = { "AGENT_UPDATE",
		"AGENT_DRAINING", "QUOTA_V2", NULL };
	char *pid = rm_format("master@%s:%d", local->address, local->port);
	jv page = build();
	page = with_number(page, "start_time", local->started);
	page = with_number(page, "elected_time", local->elected);
	page = with_text(page, "id", local->master_id);
	page = with_text(page, "pid", pid);
	page = with_text(page, "hostname", local->address);
	page = rm_json_set(page, "capabilities", text_list(capabilities));
	page = with_number(page, "activated_slaves",
	    count_links(local, RM_LINK_REGISTERED, false));
	page = with_number(page, "deactivated_slaves",
	    count_links(local, RM_LINK_REGISTERED, true));
	page = with_number(page, "unreachable_slaves",
	    count_links(local, RM_LINK_UNREACHABLE, false) +
		count_links(local, RM_LINK_UNREACHABLE, true));
	if (local->leader == NULL && local->electing_until <= 0) {
		page = with_text(page, "leader", pid);
		jv leader = with_text(jv_object(), "id", local->master_id);
		leader = with_text(leader, "pid", pid);
		leader = with_number(leader, "port", local->port);
		leader = with_text(leader, "hostname", local->address);
		page = rm_json_set(page, "leader_info", leader);
	}
	free(pid);
	page = rm_json_set(page, "domain", jv_copy(local->settings.domain));
	return rm_json_set(page, "flags", master_flags(local));
}

jv
rm_local_master_page(const struct rm_local *local)
{
	jv slaves = jv_array(), recovered = jv_array();
	jv frameworks = jv_array(), completed = jv_array();
	for (size_t i = 0; i < local->agent_count; i++) {
		const struct rm_local_agent *agent = local->agents[i];
		if (agent->link == RM_LINK_REGISTERED ||
		    agent->link == RM_LINK_SILENT)
			slaves = jv_array_append(slaves, slave_page(agent));
		else if (agent->link == RM_LINK_NEW && agent->id != NULL)
			recovered = jv_array_append(
			    recovered, with_text(jv_object(), "id", agent->id));
	}
	const struct rm_local_framework *f;
	TAILQ_FOREACH (f, &local->frameworks, entry) {
		if (f->removed)
			completed = jv_array_append(
			    completed, framework_page(f));
		else
			frameworks = jv_array_append(
			    frameworks, framework_page(f));
	}
	jv page = master_head(local);
	page = rm_json_set(page, "slaves", slaves);
	page = rm_json_set(page, "recovered_slaves", recovered);
	page = rm_json_set(page, "frameworks", frameworks);
	page = rm_json_set(page, "completed_frameworks", completed);
	page = rm_json_set(page, "orphan_tasks", jv_array());
	return rm_json_set(page, "unregistered_frameworks", jv_array());
}

static jv
agent_framework_head(const struct rm_local_framework *f)
{
	static const char *const members[] = { "name", "user",
		"failover_timeout", "checkpoint", "hostname", "principal" };
	jv page = with_text(jv_object(), "id", f->id);
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
	jv page = build();
	page = with_number(page, "start_time", agent->local->started);
	page = with_text(page, "id", agent->id);
	page = with_text(page, "pid", pid);
	page = with_text(page, "hostname", agent->address);
	free(pid);
	page = rm_json_set(page, "capabilities", agent_capabilities());
	page = rm_json_set(
	    page, "resources", rm_local_resources_page(&agent->total));
	page = rm_json_set(
	    page, "reserved_resources", reserved_page(&agent->total, false));
	page = rm_json_set(page, "unreserved_resources",
	    unreserved_page(&agent->total, false));
	page = rm_json_set(page, "reserved_resources_full",
	    reserved_page(&agent->total, true));
	return rm_json_set(page, "unreserved_resources_full",
	    unreserved_page(&agent->total, true));
}

jv
rm_local_agent_page(const struct rm_local_agent *agent)
{
	struct rm_resources used = { 0 };
	add_used(agent, NULL, &used);
	jv page = agent_head(agent);
	page = rm_json_set(
	    page, "reserved_resources_allocated", reserved_page(&used, false));
	page = rm_json_set(page, "unreserved_resources_allocated",
	    unreserved_page(&used, false));
	rm_resources_free(&used);
	page = rm_json_set(page, "resource_providers", jv_array());
	page = rm_json_set(
	    page, "attributes", attributes_page(agent->attributes));
	page = with_text(page, "master_hostname", agent->local->address);
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
