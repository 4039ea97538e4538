/*
 * The agents that offers add up to. Pure.
 *
 * Of one ACCEPT all offers come from one agent; after a task ends its agent's
 * resources come back in several offers. So offers are gathered by agent and
 * merged (app-framework-development-guide.md).
 */
#ifndef RM_MESOS_AGENTS_H
#define RM_MESOS_AGENTS_H

#include <jv.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "mesos/offer.h"
#include "mesos/resource.h"

/* An agent with all that it offers. Its texts live as long as it does. */
struct rm_agent {
	const char *id;
	const char *hostname;
	const char *address; /* IP; the hostname where the offer has none */
	const char *region, *zone; /* "" when it has no fault domain */
	const char *attributes, *domain; /* JSON, or NULL; see below */
	const char
	    *text; /* its first offer's JSON, when agents.keep; or NULL */
	bool leaving; /* scheduled for maintenance: `unavailability` */
	double at; /* when its newest offer came */
	char **offers; /* ids */
	size_t offer_count;
	struct rm_resources resources; /* of all its offers */
	void *own; /* the user's; NULL at first, freed by free() */
	char texts[]; /* all of those above */
};

/* By id, in natural order. All zero is a valid empty one. */
struct rm_agents {
	struct rm_agent **items;
	size_t count, room;
	bool keep; /* the offers' JSON too, from now on */
	struct rm_identity_cache cache; /* for rm_offers_read() */
};

/* Adds one offer; takes over its resources. */
void rm_agents_take(
    struct rm_agents *agents, struct rm_offer *offer, double at);
/* Adds one offer of an OFFERS event; borrows it. err names what it lacks;
 * nothing changed then. */
int rm_agents_add(
    struct rm_agents *agents, jv offer, double at, struct rm_error *err);
/*
 * The offer is gone. What it brought can't be told from the rest any more, so
 * the agent goes with it; the ids of its other offers are appended to *others
 * (an array of {"value": id}). False when the offer is not known.
 */
bool rm_agents_rescind(struct rm_agents *agents, const char *id, jv *others);
struct rm_agent *rm_agents_find(const struct rm_agents *agents, const char *id);
/* Built from their texts; the caller's. Mesos's array, empty when there are
 * none; invalid when there is no domain. */
jv rm_agent_attributes(const struct rm_agent *agent);
jv rm_agent_domain(const struct rm_agent *agent);
/* Its offers as one offer of Mesos: the first, with the resources of all. The
 * first was kept. */
jv rm_agent_offer(const struct rm_agent *agent);
/* [{"value": id},…] of its offers. */
jv rm_agent_offer_ids(const struct rm_agent *agent);
void rm_agents_clear(struct rm_agents *agents);
void rm_agents_free(struct rm_agents *agents);

#endif
