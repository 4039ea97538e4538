#include "local/page.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "local/executor.h"
#include "local/offer.h"
#include "local/page_part.h"
#include "local/spec.h"
#include "local/task.h"

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
	rm_page_add_used(agent, NULL, &used);
	add_offered(&agent->offers, true, &offered);
	bool drained = jv_is_valid(agent->drain);
	char *pid = rm_local_agent_pid(agent);
	jv page = rm_page_text(jv_object(), "id", agent->id);
	page = rm_page_text(page, "hostname", agent->address);
	page = rm_page_number(page, "port", agent->port);
	page = rm_json_set(
	    page, "attributes", rm_page_attributes(agent->attributes));
	page = rm_page_text(page, "pid", pid);
	page = rm_page_number(page, "registered_time", agent->registered);
	page = rm_page_number(page, "reregistered_time", agent->reregistered);
	page = rm_json_set(
	    page, "resources", rm_local_resources_page(&agent->total));
	page = rm_json_set(page, "used_resources", page_of(&used));
	page = rm_json_set(page, "offered_resources", page_of(&offered));
	page = rm_json_set(
	    page, "reserved_resources", rm_page_reserved(&agent->total, false));
	page = rm_json_set(page, "unreserved_resources",
	    rm_page_unreserved(&agent->total, false));
	page = rm_json_set(page, "active",
	    jv_bool(agent->link == RM_LINK_REGISTERED && !drained));
	page = rm_json_set(page, "deactivated", jv_bool(drained));
	page = rm_page_text(page, "version", "1.12.0");
	page = rm_json_set(page, "capabilities", rm_page_agent_capabilities());
	page = rm_json_set(page, "domain", jv_copy(agent->domain));
	free(pid);
	if (!drained)
		return page;
	const char *state = TAILQ_EMPTY(&agent->executors) ? "DRAINED"
							   : "DRAINING";
	page = rm_json_set(page, "drain_info",
	    JV_OBJECT(jv_string("state"), jv_string(state), jv_string("config"),
		jv_copy(agent->drain)));
	return rm_page_number(
	    page, "estimated_drain_start_time_seconds", agent->drained_at);
}

static jv
offer_page(const struct rm_local_offer *offer)
{
	jv page = rm_page_text(jv_object(), "id", offer->id);
	page = rm_page_text(page, "framework_id", offer->framework->id);
	page = rm_json_set(page, "allocation_info",
	    JV_OBJECT(jv_string("role"), jv_string(offer->role)));
	page = rm_page_text(page, "slave_id", offer->agent->id);
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
	page = rm_page_text(page, "value", rm_json_text(command, "value", ""));
	jv arguments = rm_json_get(command, "arguments");
	page = rm_json_set(
	    page, "argv", jv_is_valid(arguments) ? arguments : jv_array());
	page = rm_json_set(
	    page, "environment", rm_json_get(command, "environment"));
	jv uris = jv_array(), list = rm_json_get(command, "uris");
	if (jv_get_kind(list) == JV_KIND_ARRAY) {
		jv_array_foreach (list, i, one) {
			jv uri = rm_page_text(jv_object(), "value",
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
	jv page = rm_page_text(jv_object(), "executor_id", executor->id);
	page = rm_page_text(
	    page, "name", rm_json_text(executor->info, "name", ""));
	page = rm_page_text(page, "framework_id", executor->framework->id);
	page = rm_json_set(page, "command", command_page(executor->info));
	page = rm_json_set(page, "resources", rm_local_resources_page(r));
	page = rm_page_text(page, "role", role != NULL ? role : "*");
	page = rm_page_text(page, "type", "CUSTOM");
	return rm_page_text(page, "slave_id", executor->agent->id);
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
	for (size_t i = 0; i < f->local->agent_count; i++) {
		const struct rm_local_agent *agent = f->local->agents[i];
		if (agent->link == RM_LINK_REGISTERED ||
		    agent->link == RM_LINK_SILENT)
			rm_page_add_used(agent, f, &used);
	}
	add_offered(&f->offers, false, &offered);
	rm_resources_copy(&all, &used);
	rm_resources_add_all(&all, &offered);
	jv page = rm_page_text(jv_object(), "id", f->id);
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
	page = rm_page_number(page, "failover_timeout",
	    rm_json_number(f->info, "failover_timeout", 0));
	page = rm_json_set(page, "checkpoint",
	    jv_bool(rm_json_bool(f->info, "checkpoint", false)));
	page = rm_page_number(page, "registered_time", f->registered);
	page = rm_page_number(page, "unregistered_time", f->unregistered);
	page = rm_json_set(
	    page, "principal", rm_json_get(f->info, "principal"));
	page = rm_json_set(page, "resources", page_of(&all));
	page = rm_page_number(page, "reregistered_time", f->reregistered);
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
	jv flags = rm_page_text(
	    jv_object(), "agent_ping_timeout", timeout.text);
	flags = rm_page_text(flags, "hostname", local->address);
	flags = rm_page_text(flags, "ip", local->address);
	flags = rm_page_text(flags, "max_agent_ping_timeouts", "1");
	flags = rm_page_text(
	    flags, "min_allocatable_resources", "cpus:0.01|mem:32");
	flags = rm_page_text(flags, "port", port);
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
	jv page = rm_page_build();
	page = rm_page_number(page, "start_time", local->started);
	page = rm_page_number(page, "elected_time", local->elected);
	page = rm_page_text(page, "id", local->master_id);
	page = rm_page_text(page, "pid", pid);
	page = rm_page_text(page, "hostname", local->address);
	page = rm_json_set(page, "capabilities", rm_page_texts(capabilities));
	page = rm_page_number(page, "activated_slaves",
	    count_links(local, RM_LINK_REGISTERED, false));
	page = rm_page_number(page, "deactivated_slaves",
	    count_links(local, RM_LINK_REGISTERED, true));
	page = rm_page_number(page, "unreachable_slaves",
	    count_links(local, RM_LINK_UNREACHABLE, false) +
		count_links(local, RM_LINK_UNREACHABLE, true));
	if (local->leader == NULL && local->electing_until <= 0) {
		page = rm_page_text(page, "leader", pid);
		jv leader = rm_page_text(jv_object(), "id", local->master_id);
		leader = rm_page_text(leader, "pid", pid);
		leader = rm_page_number(leader, "port", local->port);
		leader = rm_page_text(leader, "hostname", local->address);
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
			recovered = jv_array_append(recovered,
			    rm_page_text(jv_object(), "id", agent->id));
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
