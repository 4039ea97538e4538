#include "sched/placement.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"

/* A reservation's fault domain; "" where it has none. */
static const char *
domain_part(jv reservation, const char *part)
{
	char path[48];
	snprintf(path, sizeof(path), "domain.fault_domain.%s.name", part);
	const char *text = rm_json_path_text(reservation, path);
	return text != NULL ? text : "";
}

static void
count_one(struct rm_candidate *c, jv reservation, bool same_cluster)
{
	const char *agent = rm_json_text(reservation, "agent_id", "");
	bool here = strcmp(c->agent->id, agent) == 0;
	c->site.any += here;
	if (!same_cluster)
		return;
	c->site.cluster += here;
	c->site.domain += c->agent->region[0] != '\0' &&
			  strcmp(c->agent->region,
			      domain_part(reservation, "region")) == 0 &&
			  strcmp(c->agent->zone,
			      domain_part(reservation, "zone")) == 0;
}

/* Where a reservation's node is. */
static struct rm_place
place_of(jv reservation, jv attributes)
{
	return (struct rm_place){
		.hostname = rm_json_text(reservation, "hostname", ""),
		.region = domain_part(reservation, "region"),
		.zone = domain_part(reservation, "zone"),
		.attributes = attributes,
	};
}

static struct rm_place
place_at(const struct rm_agent *agent)
{
	return (struct rm_place){ agent->hostname, agent->region, agent->zone,
		agent->attributes };
}

void
rm_place_count(struct rm_candidate *candidates, size_t count,
    struct rm_constraints *constraints, const struct rm_model *model,
    const char *cluster)
{
	for (size_t i = 0; i < count; i++)
		candidates[i].site = (struct rm_site){ 0 };
	rm_constraints_reset(constraints);
	for (size_t n = 0; n < model->nodes.count; n++) {
		const struct rm_entry *node = model->nodes.items[n];
		jv reservation = rm_entry_value(node, RM_RECORD_RESERVATION);
		if (!jv_is_valid(reservation))
			continue;
		bool same = strcmp(rm_entry_text(
				       node, RM_RECORD_NODE, "cluster", ""),
				cluster) == 0;
		for (size_t i = 0; i < count; i++)
			count_one(&candidates[i], reservation, same);
		if (!same)
			continue;
		jv attributes = rm_json_get(reservation, "attributes");
		struct rm_place place = place_of(reservation, attributes);
		rm_constraints_count(constraints, &place);
		jv_free(attributes);
	}
}

void
rm_place_note(struct rm_candidate *candidates, size_t count,
    struct rm_constraints *constraints, size_t index)
{
	const struct rm_agent *chosen = candidates[index].agent;
	candidates[index].site.cluster++;
	candidates[index].site.any++;
	struct rm_place place = place_at(chosen);
	rm_constraints_count(constraints, &place);
	for (size_t i = 0; i < count; i++)
		candidates[i].site.domain += chosen->region[0] != '\0' &&
					     strcmp(candidates[i].agent->region,
						 chosen->region) == 0 &&
					     strcmp(candidates[i].agent->zone,
						 chosen->zone) == 0;
}

static int64_t
offered(const struct rm_agent *agent, const char *name)
{
	const struct rm_resource *plain = rm_need_plain(
	    &agent->resources, name);
	if (plain == NULL)
		return 0;
	return plain->id->type == RM_VALUE_RANGES
		   ? (int64_t)rm_ranges_size(&plain->ranges)
		   : plain->scalar;
}

static bool
lacks(struct rm_verdict *v, enum rm_place_step step,
    const struct rm_agent *agent, const char *name, int64_t wants)
{
	*v = (struct rm_verdict){
		.step = step, .wants = wants, .has = offered(agent, name)
	};
	return v->has < wants;
}

static bool
breaks(struct rm_verdict *v, const struct rm_constraints *constraints,
    const struct rm_agent *agent)
{
	struct rm_place place = place_at(agent);
	size_t index = 0;
	char *broken = rm_constraints_check(constraints, &place, &index);
	if (broken == NULL)
		return false;
	*v = (struct rm_verdict){ .step = RM_PLACE_CONSTRAINT,
		.has = (int64_t)index };
	snprintf(v->constraint, sizeof(v->constraint), "%s", broken);
	free(broken);
	return true;
}

struct rm_verdict
rm_place_check(
    const struct rm_candidate *candidate, const struct rm_place_rules *rules)
{
	const struct rm_agent *agent = candidate->agent;
	const struct rm_need *need = rules->need;
	struct rm_verdict v;
	/* 1 */
	if (agent->leaving)
		return (struct rm_verdict){ .step = RM_PLACE_MAINTENANCE };
	/* 2 to 5 */
	if (lacks(&v, RM_PLACE_CPUS, agent, "cpus", need->cpus) ||
	    lacks(&v, RM_PLACE_MEM, agent, "mem", need->mem) ||
	    lacks(&v, RM_PLACE_DISK, agent, "disk", need->disk) ||
	    lacks(&v, RM_PLACE_PORTS, agent, "ports", (int64_t)need->ports))
		return v;
	/* 6 */
	if (breaks(&v, rules->constraints, agent))
		return v;
	/* 7 */
	if (candidate->site.cluster > 0 && !rules->double_up)
		return (struct rm_verdict){ .step = RM_PLACE_SPREAD,
			.has = candidate->site.cluster };
	return (struct rm_verdict){ .step = RM_PLACE_FITS };
}

/* Whether a comes before b in the ranking; both fit. */
static bool
better(const struct rm_candidate *a, const struct rm_candidate *b)
{
	if (a->site.cluster != b->site.cluster)
		return a->site.cluster < b->site.cluster;
	if (a->site.domain != b->site.domain)
		return a->site.domain < b->site.domain;
	if (a->site.any != b->site.any)
		return a->site.any < b->site.any;
	int64_t cpus = offered(a->agent, "cpus") - offered(b->agent, "cpus");
	if (cpus != 0)
		return cpus < 0;
	int64_t mem = offered(a->agent, "mem") - offered(b->agent, "mem");
	if (mem != 0)
		return mem < 0;
	return strverscmp(a->agent->id, b->agent->id) < 0;
}

long
rm_place_choose(const struct rm_candidate *candidates, size_t count,
    const struct rm_place_rules *rules, unsigned *counts,
    struct rm_verdict *nearest)
{
	long best = -1;
	if (counts != NULL)
		memset(counts, 0, RM_PLACE_STEPS * sizeof(*counts));
	if (nearest != NULL)
		*nearest = (struct rm_verdict){ 0 };
	for (size_t i = 0; i < count; i++) {
		struct rm_verdict v = rm_place_check(&candidates[i], rules);
		if (counts != NULL)
			counts[v.step]++;
		if (v.step == RM_PLACE_FITS) {
			if (best < 0 ||
			    better(&candidates[i], &candidates[best]))
				best = (long)i;
		} else if (nearest != NULL && (v.step > nearest->step ||
						  (v.step == nearest->step &&
						      v.has > nearest->has))) {
			*nearest = v;
		}
	}
	return best;
}

char *
rm_verdict_text(const struct rm_verdict *v)
{
	static const char *const scalars[] = {
		[RM_PLACE_CPUS] = "cpus",
		[RM_PLACE_MEM] = "mem",
		[RM_PLACE_DISK] = "disk",
		[RM_PLACE_PORTS] = "ports",
	};
	switch (v->step) {
	case RM_PLACE_MAINTENANCE:
		return rm_strdup("agents are scheduled for maintenance");
	case RM_PLACE_CONSTRAINT:
		return rm_format("constraint: %s", v->constraint);
	case RM_PLACE_SPREAD:
		return rm_strdup("every agent that fits has a node of this "
				 "cluster; waiting for another");
	case RM_PLACE_PORTS:
		return rm_format("ports: wants %lld, at most %lld offered",
		    (long long)v->wants, (long long)v->has);
	case RM_PLACE_CPUS:
	case RM_PLACE_MEM:
	case RM_PLACE_DISK:
		return rm_format("%s: wants %g, at most %g offered",
		    scalars[v->step], (double)v->wants / 1000,
		    (double)v->has / 1000);
	case RM_PLACE_FITS:
	case RM_PLACE_STEPS:
		break;
	}
	return rm_strdup("no agent offers anything");
}
