#include "local/offer.h"

#include <stdlib.h>

#include "base/json.h"
#include "local/agent.h"
#include "local/executor.h"
#include "local/framework.h"

static struct rm_local_offer *
make(struct rm_local_framework *framework, struct rm_local_agent *agent)
{
	struct rm_local *local = framework->local;
	struct rm_local_offer *offer = rm_alloc(sizeof(*offer));
	offer->id = rm_format(
	    "%s-O%ld", local->master_id, local->offers_made++);
	offer->framework = framework;
	offer->agent = agent;
	offer->link.key = offer->id;
	rm_hash_add(&local->offers_by_id, &offer->link);
	TAILQ_INSERT_TAIL(&framework->offers, offer, by_framework);
	TAILQ_INSERT_TAIL(&agent->offers, offer, by_agent);
	return offer;
}

struct rm_local_offer *
rm_local_offer_new(struct rm_local_framework *framework,
    struct rm_local_agent *agent, const char *role,
    struct rm_resources *resources)
{
	struct rm_local_offer *offer = make(framework, agent);
	offer->role = rm_strdup(role);
	offer->resources = *resources;
	*resources = (struct rm_resources){ 0 };
	rm_local_agent_allocate(agent, &offer->resources);
	return offer;
}

struct rm_local_offer *
rm_local_inverse_offer_new(
    struct rm_local_framework *framework, struct rm_local_agent *agent)
{
	struct rm_local_offer *offer = make(framework, agent);
	offer->inverse = true;
	return offer;
}

static struct rm_local_offer *
find(const struct rm_local_framework *framework, const char *id, bool inverse)
{
	struct rm_hash_link *link = id != NULL
					? rm_hash_find(
					      &framework->local->offers_by_id,
					      id)
					: NULL;
	if (link == NULL)
		return NULL;
	struct rm_local_offer *offer = RM_HASH_ENTRY(
	    link, struct rm_local_offer, link);
	return offer->framework == framework && offer->inverse == inverse
		   ? offer
		   : NULL;
}

struct rm_local_offer *
rm_local_offer_find(const struct rm_local_framework *framework, const char *id)
{
	return find(framework, id, false);
}

struct rm_local_offer *
rm_local_inverse_offer_find(
    const struct rm_local_framework *framework, const char *id)
{
	return find(framework, id, true);
}

jv
rm_local_resources_for(const struct rm_local_framework *framework,
    const struct rm_resources *resources)
{
	struct rm_resources copy = { 0 };
	rm_resources_copy(&copy, resources);
	if (!(framework->can & RM_CAN_ROLES))
		rm_resources_allocate(&copy, NULL);
	jv json = rm_resources_json(&copy,
	    framework->can & RM_CAN_REFINE ? RM_FORMAT_STACK : RM_FORMAT_ROLE);
	rm_resources_free(&copy);
	return json;
}

jv
rm_local_resources_page(const struct rm_resources *resources)
{
	static const char *const names[] = { "disk", "mem", "gpus", "cpus" };
	jv page = jv_object();
	for (size_t i = 0; i < 4; i++)
		page = rm_json_set(page, names[i],
		    jv_number((double)rm_resources_total(resources, names[i]) /
			      1000));
	struct rm_ranges ports = { 0 };
	rm_resources_total_ranges(resources, "ports", &ports);
	if (ports.count > 0) {
		struct rm_str text = { 0 };
		rm_ranges_text(&text, &ports);
		page = rm_json_set(page, "ports", jv_string(text.text));
		rm_str_free(&text);
	}
	rm_ranges_free(&ports);
	return page;
}

static jv
executor_ids(const struct rm_local_offer *offer)
{
	jv ids = jv_array();
	const struct rm_local_executor *executor;
	TAILQ_FOREACH (executor, &offer->agent->executors, entry)
		if (executor->framework == offer->framework)
			ids = jv_array_append(ids, rm_local_id(executor->id));
	if (jv_array_length(jv_copy(ids)) > 0)
		return ids;
	jv_free(ids);
	return jv_invalid();
}

jv
rm_local_offer_json(const struct rm_local_offer *offer)
{
	const struct rm_local_agent *agent = offer->agent;
	jv json = JV_OBJECT(jv_string("id"), rm_local_id(offer->id));
	if (offer->inverse)
		json = rm_json_set(json, "url", rm_local_agent_url(agent));
	json = rm_json_set(
	    json, "framework_id", rm_local_id(offer->framework->id));
	json = rm_json_set(json, "agent_id", rm_local_id(agent->id));
	if (offer->inverse)
		return rm_json_set(
		    json, "unavailability", jv_copy(agent->unavailability));
	json = rm_json_set(json, "hostname", jv_string(agent->address));
	json = rm_json_set(json, "url", rm_local_agent_url(agent));
	json = rm_json_set(json, "domain", jv_copy(agent->domain));
	json = rm_json_set(json, "resources",
	    rm_local_resources_for(offer->framework, &offer->resources));
	if (jv_array_length(jv_copy(agent->attributes)) > 0)
		json = rm_json_set(
		    json, "attributes", jv_copy(agent->attributes));
	json = rm_json_set(json, "executor_ids", executor_ids(offer));
	json = rm_json_set(
	    json, "unavailability", jv_copy(agent->unavailability));
	if (offer->framework->can & RM_CAN_ROLES)
		json = rm_json_set(json, "allocation_info",
		    JV_OBJECT(jv_string("role"), jv_string(offer->role)));
	return json;
}

void
rm_local_offer_use(struct rm_local_offer *offer)
{
	rm_hash_remove(&offer->framework->local->offers_by_id, &offer->link);
	TAILQ_REMOVE(&offer->framework->offers, offer, by_framework);
	TAILQ_REMOVE(&offer->agent->offers, offer, by_agent);
	rm_resources_free(&offer->resources);
	free(offer->role);
	free(offer->id);
	free(offer);
}

void
rm_local_offer_recover(struct rm_local_offer *offer)
{
	rm_local_agent_recover(offer->agent, &offer->resources);
	rm_local_offer_use(offer);
}

void
rm_local_offer_rescind(struct rm_local_offer *offer)
{
	bool inverse = offer->inverse;
	struct rm_local_framework *framework = offer->framework;
	jv id = rm_local_id(offer->id);
	rm_local_offer_recover(offer);
	jv body = jv_object_set(jv_object(),
	    jv_string(inverse ? "inverse_offer_id" : "offer_id"), id);
	rm_local_framework_send(
	    framework, inverse ? rm_local_event("RESCIND_INVERSE_OFFER",
				     "rescind_inverse_offer", body)
			       : rm_local_event("RESCIND", "rescind", body));
}
