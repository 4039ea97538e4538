#include "mesos/agents.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"

static void
agent_free(struct rm_agent *agent)
{
	for (size_t i = 0; i < agent->offer_count; i++)
		free(agent->offers[i]);
	free(agent->offers);
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

/* Copies a text behind those that are there. */
static const char *
put(char **to, struct rm_slice text)
{
	char *copy = *to;
	if (text.len > 0)
		memcpy(copy, text.at, text.len);
	copy[text.len] = '\0';
	*to += text.len + 1;
	return copy;
}

static const char *
put_or_null(char **to, struct rm_slice text)
{
	return text.at != NULL ? put(to, text) : NULL;
}

static struct rm_agent *
agent_new(const struct rm_offer *offer, bool keep)
{
	struct rm_slice address = offer->address.at != NULL ? offer->address
							    : offer->hostname;
	struct rm_slice text = keep ? offer->text : (struct rm_slice){ 0 };
	size_t size = offer->agent_id.len + offer->hostname.len + address.len +
		      offer->region.len + offer->zone.len +
		      offer->attributes.len + offer->domain.len + text.len + 8;
	struct rm_agent *agent = rm_alloc(sizeof(*agent) + size);
	char *to = agent->texts;
	agent->id = put(&to, offer->agent_id);
	agent->hostname = put(&to, offer->hostname);
	agent->address = put(&to, address);
	agent->region = put(&to, offer->region);
	agent->zone = put(&to, offer->zone);
	agent->attributes = put_or_null(&to, offer->attributes);
	agent->domain = put_or_null(&to, offer->domain);
	agent->text = put_or_null(&to, text);
	return agent;
}

static struct rm_agent *
find_or_add(struct rm_agents *agents, const struct rm_offer *offer)
{
	struct rm_agent *agent = agent_new(offer, agents->keep);
	bool found;
	size_t at = position(agents, agent->id, &found);
	if (found) {
		agent_free(agent);
		return agents->items[at];
	}
	if (agents->count == agents->room) {
		agents->room = agents->room > 0 ? agents->room * 2 : 16;
		agents->items = rm_realloc(
		    agents->items, agents->room * sizeof(*agents->items));
	}
	memmove(agents->items + at + 1, agents->items + at,
	    (agents->count - at) * sizeof(*agents->items));
	agents->count++;
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
add_offer_id(struct rm_agent *agent, struct rm_slice id)
{
	agent->offers = rm_realloc(
	    agent->offers, (agent->offer_count + 1) * sizeof(*agent->offers));
	char *to = rm_alloc(id.len + 1);
	agent->offers[agent->offer_count++] = to;
	put(&to, id);
}

void
rm_agents_take(struct rm_agents *agents, struct rm_offer *offer, double at)
{
	struct rm_agent *agent = find_or_add(agents, offer);
	add_offer_id(agent, offer->id);
	agent->at = at;
	agent->leaving |= offer->leaving;
	if (agent->resources.count == 0) {
		rm_resources_free(&agent->resources);
		agent->resources = offer->resources;
		offer->resources = (struct rm_resources){ 0 };
	} else {
		rm_resources_add_all(&agent->resources, &offer->resources);
	}
}

int
rm_agents_add(
    struct rm_agents *agents, jv json, double at, struct rm_error *err)
{
	struct rm_offer offer = { 0 };
	if (rm_offer_parse(json, &offer, err) != 0)
		return -1;
	rm_agents_take(agents, &offer, at);
	rm_offer_clear(&offer);
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
		rm_identity_cache_clear(&agents->cache);
		return true;
	}
	return false;
}

static jv
parse(const char *text)
{
	jv value = jv_invalid();
	if (text != NULL)
		rm_json_parse(text, strlen(text), &value, NULL);
	return value;
}

jv
rm_agent_attributes(const struct rm_agent *agent)
{
	jv attributes = parse(agent->attributes);
	if (jv_get_kind(attributes) == JV_KIND_ARRAY)
		return attributes;
	jv_free(attributes);
	return jv_array();
}

jv
rm_agent_domain(const struct rm_agent *agent)
{
	return parse(agent->domain);
}

jv
rm_agent_offer(const struct rm_agent *agent)
{
	jv offer = parse(agent->text);
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
	rm_identity_cache_clear(&agents->cache);
}

void
rm_agents_free(struct rm_agents *agents)
{
	rm_agents_clear(agents);
	free(agents->items);
	*agents = (struct rm_agents){ 0 };
}
