#include "local/allocator.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "local/agent.h"
#include "local/executor.h"
#include "local/framework.h"
#include "local/offer.h"
#include "local/task.h"

/* min_allocatable_resources: cpus:0.01|mem:32 */
#define LEAST_CPUS 10
#define LEAST_MEM  32000

/* A framework in one of its roles. */
struct candidate {
	struct rm_local_framework *framework;
	char *role;
	double share;
	size_t order; /* of subscribing; decides between equals */
};

struct candidates {
	struct candidate *items;
	size_t count;
};

static double
larger(double a, double b)
{
	return a > b ? a : b;
}

static double
share_of(
    const struct rm_resources *r, const char *role, double cpus, double mem)
{
	double c = 0, m = 0;
	for (size_t i = 0; i < r->count; i++) {
		const struct rm_resource *one = &r->items[i];
		if (one->id->role == NULL || strcmp(one->id->role, role) != 0)
			continue;
		if (strcmp(one->id->name, "cpus") == 0)
			c += (double)one->scalar;
		else if (strcmp(one->id->name, "mem") == 0)
			m += (double)one->scalar;
	}
	return larger(cpus > 0 ? c / cpus : 0, mem > 0 ? m / mem : 0);
}

/* The share that a role of a framework has of the whole. */
static double
dominant_share(const struct rm_local_framework *f, const char *role)
{
	double cpus = 0, mem = 0, share = 0;
	for (size_t i = 0; i < f->local->agent_count; i++) {
		const struct rm_resources *total = &f->local->agents[i]->total;
		cpus += (double)rm_resources_total(total, "cpus");
		mem += (double)rm_resources_total(total, "mem");
	}
	const struct rm_local_offer *offer;
	TAILQ_FOREACH (offer, &f->offers, by_framework)
		share += share_of(&offer->resources, role, cpus, mem);
	struct rm_hash_link *link = NULL;
	while ((link = rm_hash_next(&f->tasks, link)) != NULL)
		share += share_of(
		    &RM_HASH_ENTRY(link, struct rm_local_task, link)->resources,
		    role, cpus, mem);
	return share;
}

static void
add_roles(struct candidates *c, struct rm_local_framework *f)
{
	jv_array_foreach (f->roles, i, role) {
		if (!jv_object_has(jv_copy(f->suppressed), jv_copy(role))) {
			c->items = rm_realloc(
			    c->items, (c->count + 1) * sizeof(*c->items));
			c->items[c->count] = (struct candidate){ f,
				rm_strdup(jv_string_value(role)), 0, c->count };
			c->count++;
		}
		jv_free(role);
	}
}

static int
by_share(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	if (x->share < y->share || x->share > y->share)
		return x->share < y->share ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

static struct candidates
candidates_of(struct rm_local *local)
{
	struct candidates c = { 0 };
	struct rm_local_framework *f;
	TAILQ_FOREACH (f, &local->frameworks, entry) {
		if (!f->connected || f->removed)
			continue;
		f->fresh = false;
		add_roles(&c, f);
	}
	for (size_t i = 0; c.count > 1 && i < c.count; i++)
		c.items[i].share = dominant_share(
		    c.items[i].framework, c.items[i].role);
	if (c.count > 1)
		qsort(c.items, c.count, sizeof(*c.items), by_share);
	return c;
}

/* Reservations can be used by their role and by its sub-roles. */
static bool
role_within(const char *role, const char *of)
{
	size_t n = strlen(of);
	return strncmp(role, of, n) == 0 && (role[n] == '\0' || role[n] == '/');
}

static bool
usable(const struct rm_identity *id, const struct candidate *c)
{
	if (id->depth == 0)
		return true;
	if (id->depth > 1 && !(c->framework->can & RM_CAN_REFINE))
		return false;
	return role_within(c->role, id->reservations[id->depth - 1].role);
}

/* Mesos's order: what is reserved or is no scalar comes first. */
static void
pick(const struct rm_resources *available, const struct candidate *c,
    struct rm_resources *to)
{
	for (int scalars = 0; scalars < 2; scalars++) {
		for (size_t i = 0; i < available->count; i++) {
			const struct rm_resource *r = &available->items[i];
			bool late = r->id->depth == 0 &&
				    r->id->type == RM_VALUE_SCALAR;
			if (late == (scalars == 1) && usable(r->id, c))
				rm_resources_add(to, r);
		}
	}
	rm_resources_allocate(to, c->role);
}

static bool
worth_it(const struct rm_resources *r)
{
	return rm_resources_total(r, "cpus") >= LEAST_CPUS ||
	       rm_resources_total(r, "mem") >= LEAST_MEM;
}

/* Agents of another region are only for those that know of regions. */
static bool
too_far(const struct rm_local_agent *agent, const struct candidate *c)
{
	static const char path[] = "fault_domain.region.name";
	const char *here = rm_json_path_text(
	    agent->local->settings.domain, path);
	const char *there = rm_json_path_text(agent->domain, path);
	return !(c->framework->can & RM_CAN_REGIONS) && here != NULL &&
	       there != NULL && strcmp(here, there) != 0;
}

static struct rm_local_offer *
offer_to(struct rm_local_agent *agent, const struct candidate *c)
{
	struct rm_resources available = { 0 }, chosen = { 0 };
	rm_local_agent_available(agent, &available);
	pick(&available, c, &chosen);
	struct rm_local_offer *offer = NULL;
	if (worth_it(&chosen) && !too_far(agent, c) &&
	    !rm_local_agent_filtered(agent, c->framework, c->role, &chosen))
		offer = rm_local_offer_new(
		    c->framework, agent, c->role, &chosen);
	rm_resources_free(&available);
	rm_resources_free(&chosen);
	return offer;
}

static bool
offers_anything(const struct rm_local_agent *agent)
{
	return rm_local_agent_talks(agent) && !jv_is_valid(agent->drain);
}

/* The offers of one framework in one event. */
static void
send_offers(struct rm_local_framework *f, jv offers)
{
	if (jv_is_valid(offers) && jv_array_length(jv_copy(offers)) > 0)
		rm_local_framework_send(
		    f, rm_local_event("OFFERS", "offers",
			   JV_OBJECT(jv_string("offers"), offers)));
	else
		jv_free(offers);
}

void
rm_local_allocate(struct rm_local *local, struct rm_local_agent *only)
{
	struct candidates c = candidates_of(local);
	jv *offers = rm_alloc((c.count + 1) * sizeof(*offers));
	for (size_t k = 0; k < c.count; k++)
		offers[k] = jv_array();
	size_t from = only != NULL ? only->number - 1 : 0;
	size_t to = only != NULL ? only->number : local->agent_count;
	for (size_t i = from; i < to; i++) {
		struct rm_local_agent *agent = local->agents[i];
		if (!offers_anything(agent))
			continue;
		rm_local_agent_unfilter(agent, NULL, jv_invalid());
		for (size_t k = 0; k < c.count; k++) {
			struct rm_local_offer *offer = offer_to(
			    agent, &c.items[k]);
			if (offer != NULL)
				offers[k] = jv_array_append(
				    offers[k], rm_local_offer_json(offer));
		}
	}
	for (size_t k = 0; k < c.count; k++) {
		/* The roles of a framework share its event. */
		for (size_t j = k + 1; j < c.count; j++)
			if (c.items[j].framework == c.items[k].framework) {
				offers[k] = jv_array_concat(
				    offers[k], offers[j]);
				offers[j] = jv_invalid();
			}
		send_offers(c.items[k].framework, offers[k]);
		free(c.items[k].role);
	}
	free(offers);
	free(c.items);
}

/* Whether it has anything there that the maintenance would take. */
static bool
uses(const struct rm_local_framework *f, const struct rm_local_agent *agent)
{
	const struct rm_local_executor *executor;
	TAILQ_FOREACH (executor, &agent->executors, entry)
		if (executor->framework == f)
			return true;
	return false;
}

static bool
has_inverse_offer(
    const struct rm_local_framework *f, const struct rm_local_agent *agent)
{
	const struct rm_local_offer *offer;
	TAILQ_FOREACH (offer, &agent->offers, by_agent)
		if (offer->inverse && offer->framework == f)
			return true;
	return false;
}

void
rm_local_allocate_inverse(struct rm_local *local)
{
	struct rm_local_framework *f;
	TAILQ_FOREACH (f, &local->frameworks, entry) {
		jv offers = jv_array();
		for (size_t i = 0; f->connected && i < local->agent_count;
		     i++) {
			struct rm_local_agent *agent = local->agents[i];
			if (jv_is_valid(agent->unavailability) &&
			    rm_local_agent_talks(agent) && uses(f, agent) &&
			    !has_inverse_offer(f, agent) &&
			    !rm_local_agent_filtered(agent, f, NULL, NULL))
				offers = jv_array_append(offers,
				    rm_local_offer_json(
					rm_local_inverse_offer_new(f, agent)));
		}
		if (jv_array_length(jv_copy(offers)) > 0)
			rm_local_framework_send(f,
			    rm_local_event("INVERSE_OFFERS", "inverse_offers",
				JV_OBJECT(
				    jv_string("inverse_offers"), offers)));
		else
			jv_free(offers);
	}
}
