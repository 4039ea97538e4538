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

/* The attributes are the caller's. */
static struct rm_place
place_at(const struct rm_agent *agent)
{
	return (struct rm_place){ agent->hostname, agent->region, agent->zone,
		rm_agent_attributes(agent) };
}

static int64_t
offered(const struct rm_candidate *c, const char *name)
{
	const struct rm_resource *most = rm_need_source(
	    &c->agent->resources, name, INT64_MAX, c->role);
	return most != NULL ? rm_need_amount(most) : 0;
}

static void
measure(struct rm_candidate *c)
{
	c->has[RM_PLACE_CPUS] = offered(c, "cpus");
	c->has[RM_PLACE_MEM] = offered(c, "mem");
	/* Of one disk: the largest; a volume is not put together of several. */
	const struct rm_resource *disk = rm_need_disk(
	    &c->agent->resources, INT64_MAX, c->role);
	c->has[RM_PLACE_DISK] = disk != NULL ? disk->scalar : 0;
	c->has[RM_PLACE_PORTS] = offered(c, "ports");
}

/* A number for each region and zone. */
static int
domain_number(jv *numbers, const struct rm_agent *agent)
{
	if (agent->region[0] == '\0')
		return -1;
	char *name = rm_format("%s\n%s", agent->region, agent->zone);
	int number = (int)rm_json_number(*numbers, name, -1);
	if (number < 0) {
		number = jv_object_length(jv_copy(*numbers));
		*numbers = rm_json_set(*numbers, name, jv_number(number));
	}
	free(name);
	return number;
}

void
rm_place_survey(struct rm_candidate *candidates, size_t count,
    const struct rm_constraints *constraints, int *values)
{
	jv domains = jv_object();
	for (size_t i = 0; i < count; i++) {
		struct rm_candidate *c = &candidates[i];
		if (!c->measured) {
			measure(c);
			c->domain = domain_number(&domains, c->agent);
			c->measured = true;
		}
		c->values = values;
		if (constraints->count == 0)
			continue;
		struct rm_place place = place_at(c->agent);
		rm_constraints_locate(constraints, &place, values);
		jv_free(place.attributes);
		values += constraints->count;
	}
	jv_free(domains);
}

/* By the order of mesos/agents.h. */
static struct rm_candidate *
find(struct rm_candidate *candidates, size_t count, const char *id)
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strverscmp(candidates[middle].agent->id, id);
		if (order == 0)
			return &candidates[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static void
count_at(struct rm_candidate *candidates, size_t count, jv reservation,
    bool same)
{
	struct rm_candidate *c = find(
	    candidates, count, rm_json_text(reservation, "agent_id", ""));
	if (c == NULL)
		return;
	c->site.any++;
	c->site.cluster += same;
}

static void
count_in_domain(
    struct rm_candidate *candidates, size_t count, const struct rm_place *place)
{
	for (size_t i = 0; place->region[0] != '\0' && i < count; i++) {
		struct rm_candidate *c = &candidates[i];
		c->site.domain += c->domain >= 0 &&
				  strcmp(c->agent->region, place->region) ==
				      0 &&
				  strcmp(c->agent->zone, place->zone) == 0;
	}
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
		count_at(candidates, count, reservation, same);
		if (!same)
			continue;
		jv attributes = rm_json_get(reservation, "attributes");
		struct rm_place place = place_of(reservation, attributes);
		count_in_domain(candidates, count, &place);
		rm_constraints_count(constraints, &place);
		jv_free(attributes);
	}
}

void
rm_place_note(struct rm_candidate *candidates, size_t count,
    struct rm_constraints *constraints, size_t index)
{
	struct rm_candidate *chosen = &candidates[index];
	chosen->site.cluster++;
	chosen->site.any++;
	measure(chosen);
	rm_constraints_count_at(constraints, chosen->values);
	for (size_t i = 0; i < count; i++)
		candidates[i].site.domain += chosen->domain >= 0 &&
					     candidates[i].domain ==
						 chosen->domain;
}

struct rm_verdict
rm_place_check(const struct rm_candidate *c, const struct rm_place_rules *rules)
{
	const struct rm_need *need = rules->need;
	const int64_t wants[RM_PLACE_STEPS] = {
		[RM_PLACE_CPUS] = need->cpus,
		[RM_PLACE_MEM] = need->mem,
		[RM_PLACE_DISK] = need->disk,
		[RM_PLACE_PORTS] = (int64_t)need->ports,
	};
	/* 1 */
	if (c->agent->leaving)
		return (struct rm_verdict){ .step = RM_PLACE_MAINTENANCE };
	/* 2 to 5 */
	for (int i = RM_PLACE_CPUS; i <= RM_PLACE_PORTS; i++)
		if (c->has[i] < wants[i])
			return (struct rm_verdict){ .step = i,
				.wants = wants[i],
				.has = c->has[i] };
	/* 6 */
	size_t broken = rm_constraints_check_at(rules->constraints, c->values);
	if (broken < rules->constraints->count)
		return (struct rm_verdict){ .step = RM_PLACE_CONSTRAINT,
			.has = (int64_t)broken,
			.constraint = broken };
	/* 7 */
	if (c->barred)
		return (struct rm_verdict){ .step = RM_PLACE_WHERE };
	/* 8 */
	if (c->site.cluster > 0 && !rules->double_up)
		return (struct rm_verdict){ .step = RM_PLACE_SPREAD,
			.has = c->site.cluster };
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
	for (int i = RM_PLACE_CPUS; i <= RM_PLACE_MEM; i++)
		if (a->has[i] != b->has[i])
			return a->has[i] < b->has[i];
	return false; /* they are in the order of their ids */
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

const char *
rm_place_step_name(enum rm_place_step step)
{
	static const char *const names[RM_PLACE_STEPS] = {
		[RM_PLACE_FITS] = "fits",
		[RM_PLACE_MAINTENANCE] = "maintenance",
		[RM_PLACE_CPUS] = "cpus",
		[RM_PLACE_MEM] = "mem",
		[RM_PLACE_DISK] = "disk",
		[RM_PLACE_PORTS] = "ports",
		[RM_PLACE_CONSTRAINT] = "constraint",
		[RM_PLACE_WHERE] = "where",
		[RM_PLACE_SPREAD] = "spread",
	};
	return names[step];
}

jv
rm_verdict_json(const struct rm_verdict *v,
    const struct rm_constraints *constraints, const char *node, double at,
    const struct rm_agent *agent)
{
	double unit = v->step == RM_PLACE_PORTS ? 1 : 1000;
	jv line = JV_OBJECT(jv_string("explain"), jv_string(node),
	    jv_string("at"), jv_number(at), jv_string("agent"),
	    jv_string(agent->id), jv_string("hostname"),
	    jv_string(agent->hostname));
	jv ids = jv_array();
	for (size_t i = 0; i < agent->offer_count; i++)
		ids = jv_array_append(ids, jv_string(agent->offers[i]));
	line = rm_json_set(line, "offers", ids);
	line = rm_json_set(
	    line, "step", jv_string(rm_place_step_name(v->step)));
	if (v->step == RM_PLACE_CONSTRAINT) {
		char *broken = rm_constraint_text(constraints, v->constraint);
		line = rm_json_set(line, "constraint", jv_string(broken));
		free(broken);
	}
	if (v->step == RM_PLACE_SPREAD)
		line = rm_json_set(line, "nodes", jv_number((double)v->has));
	if (v->step < RM_PLACE_CPUS || v->step > RM_PLACE_PORTS)
		return line;
	line = rm_json_set(line, "wants", jv_number((double)v->wants / unit));
	line = rm_json_set(line, "offered", jv_number((double)v->has / unit));
	return rm_json_set(
	    line, "lacks", jv_number((double)(v->wants - v->has) / unit));
}

char *
rm_verdict_text(
    const struct rm_verdict *v, const struct rm_constraints *constraints)
{
	char *text, *broken;
	switch (v->step) {
	case RM_PLACE_MAINTENANCE:
		return rm_strdup("agents are scheduled for maintenance");
	case RM_PLACE_CONSTRAINT:
		broken = rm_constraint_text(constraints, v->constraint);
		text = rm_format("constraint: %s", broken);
		free(broken);
		return text;
	case RM_PLACE_WHERE:
		return rm_strdup("where: it holds for no agent that fits");
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
		    rm_place_step_name(v->step), (double)v->wants / 1000,
		    (double)v->has / 1000);
	case RM_PLACE_FITS:
	case RM_PLACE_STEPS:
		break;
	}
	return rm_strdup("no agent offers anything");
}
