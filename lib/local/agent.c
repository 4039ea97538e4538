#include "local/agent.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "local/executor.h"
#include "local/offer.h"
#include "local/task.h"

struct rm_local_agent *
rm_local_agent_new(struct rm_local *local, const char *spec, jv resources,
    jv attributes, jv domain, struct rm_error *err)
{
	struct rm_local_agent *agent = rm_alloc(sizeof(*agent));
	agent->local = local;
	agent->number = (unsigned)local->agent_count + 1;
	agent->spec = rm_strdup(spec);
	agent->attributes = attributes;
	agent->domain = domain;
	agent->unavailability = agent->drain = jv_invalid();
	agent->completed = jv_array();
	TAILQ_INIT(&agent->executors);
	TAILQ_INIT(&agent->offers);
	SLIST_INIT(&agent->filters);
	int rc = rm_resources_parse(resources, &agent->initial, err);
	jv_free(resources);
	if (rc != 0) {
		rm_error_prefix(err, "agent %u", agent->number);
		rm_local_agent_free(agent);
		return NULL;
	}
	rm_resources_copy(&agent->total, &agent->initial);
	local->agents = rm_realloc(local->agents,
	    (local->agent_count + 1) * sizeof(struct rm_local_agent *));
	local->agents[local->agent_count++] = agent;
	return agent;
}

static void
filter_free(struct rm_local_filter *filter)
{
	rm_resources_free(&filter->resources);
	free(filter->role);
	free(filter);
}

void
rm_local_agent_forget_filters(struct rm_local_agent *agent)
{
	while (!SLIST_EMPTY(&agent->filters)) {
		struct rm_local_filter *filter = SLIST_FIRST(&agent->filters);
		SLIST_REMOVE_HEAD(&agent->filters, entry);
		filter_free(filter);
	}
}

void
rm_local_agent_free(struct rm_local_agent *agent)
{
	while (!TAILQ_EMPTY(&agent->offers))
		rm_local_offer_recover(TAILQ_FIRST(&agent->offers));
	while (!TAILQ_EMPTY(&agent->executors))
		rm_local_executor_free(TAILQ_FIRST(&agent->executors));
	rm_local_agent_forget_filters(agent);
	rm_resources_free(&agent->initial);
	rm_resources_free(&agent->total);
	rm_resources_free(&agent->allocated);
	jv_free(agent->attributes);
	jv_free(agent->domain);
	jv_free(agent->unavailability);
	jv_free(agent->drain);
	jv_free(agent->completed);
	free(agent->spec);
	free(agent->id);
	free(agent->work_dir);
	free(agent);
}

struct rm_local_agent *
rm_local_agent_find(const struct rm_local *local, const char *id)
{
	struct rm_hash_link *link = id != NULL
					? rm_hash_find(&local->agents_by_id, id)
					: NULL;
	return link == NULL
		   ? NULL
		   : RM_HASH_ENTRY(link, struct rm_local_agent, link_by_id);
}

void
rm_local_agent_name(struct rm_local_agent *agent, const char *id)
{
	struct rm_hash *table = &agent->local->agents_by_id;
	if (agent->id != NULL) {
		rm_hash_remove(table, &agent->link_by_id);
		free(agent->id);
	}
	agent->id = rm_strdup(id);
	agent->link_by_id.key = agent->id;
	rm_hash_add(table, &agent->link_by_id);
}

bool
rm_local_agent_talks(const struct rm_local_agent *agent)
{
	return agent->up && !agent->cut && agent->link == RM_LINK_REGISTERED;
}

char *
rm_local_agent_pid(const struct rm_local_agent *agent)
{
	return rm_format("slave(1)@%s:%d", agent->address, agent->port);
}

jv
rm_local_agent_info(const struct rm_local_agent *agent)
{
	jv info = JV_OBJECT(jv_string("hostname"), jv_string(agent->address));
	info = rm_json_set(info, "port", jv_number(agent->port));
	info = rm_json_set(info, "resources",
	    rm_resources_json(&agent->initial, RM_FORMAT_STACK));
	info = rm_json_set(info, "attributes", jv_copy(agent->attributes));
	info = rm_json_set(info, "id", rm_local_id(agent->id));
	return rm_json_set(info, "domain", jv_copy(agent->domain));
}

jv
rm_local_agent_url(const struct rm_local_agent *agent)
{
	jv address = JV_OBJECT(
	    jv_string("hostname"), jv_string(agent->address));
	address = rm_json_set(address, "ip", jv_string(agent->address));
	address = rm_json_set(address, "port", jv_number(agent->port));
	jv url = JV_OBJECT(jv_string("scheme"), jv_string("http"));
	url = rm_json_set(url, "address", address);
	return rm_json_set(url, "path", jv_string("/slave(1)"));
}

void
rm_local_agent_available(
    const struct rm_local_agent *agent, struct rm_resources *to)
{
	struct rm_error err = { 0 };
	rm_resources_copy(to, &agent->total);
	if (rm_resources_subtract_all(to, &agent->allocated, &err) == 0)
		return;
	rm_log_warn("agent %u: more is used than there is: %s", agent->number,
	    err.text);
	rm_resources_free(to);
}

static void
plain(struct rm_resources *to, const struct rm_resources *what)
{
	rm_resources_copy(to, what);
	rm_resources_allocate(to, NULL);
}

void
rm_local_agent_allocate(
    struct rm_local_agent *agent, const struct rm_resources *what)
{
	struct rm_resources r = { 0 };
	plain(&r, what);
	rm_resources_add_all(&agent->allocated, &r);
	rm_resources_free(&r);
}

static void
take(struct rm_local_agent *agent, struct rm_resources *from,
    const struct rm_resources *what)
{
	struct rm_error err = { 0 };
	struct rm_resources r = { 0 };
	plain(&r, what);
	if (rm_resources_subtract_all(from, &r, &err) != 0)
		rm_log_warn("agent %u: %s", agent->number, err.text);
	rm_resources_free(&r);
}

void
rm_local_agent_recover(
    struct rm_local_agent *agent, const struct rm_resources *what)
{
	take(agent, &agent->allocated, what);
}

void
rm_local_agent_convert(struct rm_local_agent *agent,
    const struct rm_resources *consumed, const struct rm_resources *converted)
{
	struct rm_resources r = { 0 };
	plain(&r, converted);
	take(agent, &agent->total, consumed);
	rm_resources_add_all(&agent->total, &r);
	take(agent, &agent->allocated, consumed);
	rm_resources_add_all(&agent->allocated, &r);
	rm_resources_free(&r);
	agent->local->dirty = true;
}

static bool
names_role(jv roles, const char *role)
{
	if (jv_get_kind(roles) != JV_KIND_ARRAY ||
	    jv_array_length(jv_copy(roles)) == 0)
		return true;
	bool found = false;
	jv_array_foreach (roles, i, one) {
		found = found || (jv_get_kind(one) == JV_KIND_STRING &&
				     strcmp(jv_string_value(one), role) == 0);
		jv_free(one);
	}
	return found;
}

void
rm_local_agent_filter(struct rm_local_agent *agent,
    const struct rm_local_framework *framework, const char *role,
    const struct rm_resources *resources, double seconds)
{
	if (seconds <= 0)
		return;
	struct rm_local_filter *filter = rm_alloc(sizeof(*filter));
	filter->framework = framework;
	filter->role = role != NULL ? rm_strdup(role) : NULL;
	if (resources != NULL)
		rm_resources_copy(&filter->resources, resources);
	filter->until = agent->local->now + seconds;
	SLIST_INSERT_HEAD(&agent->filters, filter, entry);
}

bool
rm_local_agent_filtered(const struct rm_local_agent *agent,
    const struct rm_local_framework *framework, const char *role,
    const struct rm_resources *resources)
{
	const struct rm_local_filter *filter;
	SLIST_FOREACH(filter, &agent->filters, entry)
	{
		if (filter->framework != framework ||
		    (role == NULL) != (filter->role == NULL))
			continue;
		if (role == NULL || (strcmp(filter->role, role) == 0 &&
					rm_resources_contain_all(
					    &filter->resources, resources)))
			return true;
	}
	return false;
}

void
rm_local_agent_unfilter(struct rm_local_agent *agent,
    const struct rm_local_framework *framework, jv roles)
{
	struct rm_local_filter *filter, *next;
	for (filter = SLIST_FIRST(&agent->filters); filter != NULL;
	     filter = next) {
		next = SLIST_NEXT(filter, entry);
		bool goes = framework == NULL
				? filter->until <= agent->local->now
				: filter->framework == framework &&
				      (filter->role == NULL ||
					  names_role(roles, filter->role));
		if (!goes)
			continue;
		SLIST_REMOVE(&agent->filters, filter, rm_local_filter, entry);
		filter_free(filter);
	}
}
