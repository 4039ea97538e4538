#include "mesos/offer.h"

#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/json.h"
#include "base/str.h"

static void
agent_free(struct rm_agent *agent)
{
	for (size_t i = 0; i < agent->offer_count; i++)
		free(agent->offers[i]);
	free(agent->offers);
	free(agent->id);
	free(agent->hostname);
	free(agent->address);
	free(agent->region);
	free(agent->zone);
	free(agent->text);
	jv_free(agent->attributes);
	jv_free(agent->domain);
	rm_resources_free(&agent->resources);
	free(agent->own);
	free(agent);
}

static size_t
position(const struct rm_agents *agents, const char *id, bool *found)
{
	size_t low = 0, high = agents->count;
	*found = false;
	while (low < high && !*found) {
		size_t middle = low + (high - low) / 2;
		int order = strverscmp(agents->items[middle]->id, id);
		*found = order == 0;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return high;
}

struct rm_agent *
rm_agents_find(const struct rm_agents *agents, const char *id)
{
	bool found;
	size_t at = position(agents, id, &found);
	return found ? agents->items[at] : NULL;
}

static char *
text_at(jv offer, const char *path, const char *fallback)
{
	const char *text = rm_json_path_text(offer, path);
	return rm_strdup(text != NULL ? text : fallback);
}

static struct rm_agent *
agent_new(const char *id, jv offer)
{
	struct rm_agent *agent = rm_alloc(sizeof(*agent));
	agent->id = rm_strdup(id);
	agent->hostname = text_at(offer, "hostname", "");
	agent->address = text_at(offer, "url.address.ip", agent->hostname);
	agent->region = text_at(offer, "domain.fault_domain.region.name", "");
	agent->zone = text_at(offer, "domain.fault_domain.zone.name", "");
	agent->attributes = rm_json_get(offer, "attributes");
	if (jv_get_kind(agent->attributes) != JV_KIND_ARRAY) {
		jv_free(agent->attributes);
		agent->attributes = jv_array();
	}
	agent->domain = rm_json_get(offer, "domain");
	return agent;
}

static struct rm_agent *
find_or_add(struct rm_agents *agents, const char *id, jv offer)
{
	bool found;
	size_t at = position(agents, id, &found);
	if (found)
		return agents->items[at];
	if (agents->count == agents->room) {
		agents->room = agents->room > 0 ? agents->room * 2 : 16;
		agents->items = rm_realloc(
		    agents->items, agents->room * sizeof(*agents->items));
	}
	memmove(agents->items + at + 1, agents->items + at,
	    (agents->count - at) * sizeof(*agents->items));
	agents->count++;
	struct rm_agent *agent = agent_new(id, offer);
	if (agents->keep) {
		struct rm_str text = { 0 };
		rm_json_write(&text, jv_copy(offer));
		agent->text = rm_str_take(&text);
	}
	return agents->items[at] = agent;
}

static void
remove_at(struct rm_agents *agents, size_t at)
{
	agent_free(agents->items[at]);
	memmove(agents->items + at, agents->items + at + 1,
	    (agents->count - at - 1) * sizeof(*agents->items));
	agents->count--;
}

static void
add_offer_id(struct rm_agent *agent, const char *id)
{
	agent->offers = rm_realloc(
	    agent->offers, (agent->offer_count + 1) * sizeof(*agent->offers));
	agent->offers[agent->offer_count++] = rm_strdup(id);
}

int
rm_agents_add(
    struct rm_agents *agents, jv offer, double at, struct rm_error *err)
{
	const char *id = rm_json_path_text(offer, "id.value");
	const char *agent_id = rm_json_path_text(offer, "agent_id.value");
	if (id == NULL || agent_id == NULL)
		return rm_error_set(err, RM_EXIT_REJECTED, "offer lacks %s",
		    id == NULL ? "id" : "agent_id");
	struct rm_resources resources = { 0 };
	jv array = rm_json_get(offer, "resources");
	int rc = jv_get_kind(array) != JV_KIND_ARRAY
		     ? 0
		     : rm_resources_parse(array, &resources, err);
	jv_free(array);
	if (rc != 0) {
		rm_resources_free(&resources);
		return rm_error_prefix(err, "offer %s", id);
	}
	struct rm_agent *agent = find_or_add(agents, agent_id, offer);
	add_offer_id(agent, id);
	agent->at = at;
	agent->leaving |= rm_json_has(offer, "unavailability");
	if (agent->resources.count == 0) {
		rm_resources_free(&agent->resources);
		agent->resources = resources;
	} else {
		rm_resources_add_all(&agent->resources, &resources);
		rm_resources_free(&resources);
	}
	return 0;
}

bool
rm_agents_rescind(struct rm_agents *agents, const char *id, jv *others)
{
	for (size_t a = 0; a < agents->count; a++) {
		struct rm_agent *agent = agents->items[a];
		size_t hit = agent->offer_count;
		for (size_t i = 0; i < agent->offer_count; i++)
			if (strcmp(agent->offers[i], id) == 0)
				hit = i;
		if (hit == agent->offer_count)
			continue;
		free(agent->offers[hit]);
		agent->offers[hit] = agent->offers[--agent->offer_count];
		*others = jv_array_concat(*others, rm_agent_offer_ids(agent));
		remove_at(agents, a);
		return true;
	}
	return false;
}

jv
rm_agent_offer(const struct rm_agent *agent)
{
	jv offer;
	rm_json_parse(agent->text, strlen(agent->text), &offer, NULL);
	if (agent->offer_count > 1)
		offer = rm_json_set(offer, "resources",
		    rm_resources_json(&agent->resources, RM_FORMAT_STACK));
	return offer;
}

jv
rm_agent_offer_ids(const struct rm_agent *agent)
{
	jv ids = jv_array();
	for (size_t i = 0; i < agent->offer_count; i++)
		ids = jv_array_append(ids,
		    JV_OBJECT(jv_string("value"), jv_string(agent->offers[i])));
	return ids;
}

void
rm_agents_clear(struct rm_agents *agents)
{
	for (size_t i = 0; i < agents->count; i++)
		agent_free(agents->items[i]);
	agents->count = 0;
}

void
rm_agents_free(struct rm_agents *agents)
{
	rm_agents_clear(agents);
	free(agents->items);
	*agents = (struct rm_agents){ 0 };
}
