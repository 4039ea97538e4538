#include "sched/steps.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "sched/need.h"
#include "sched/placement.h"
#include "sched/plan.h"
#include "state/phase.h"

#define SPREAD_WAIT 60.0

static void
say_why(const struct rm_entry *node, const char *why)
{
	snprintf(rm_round_own(node)->why, sizeof(rm_round_own(node)->why), "%s",
	    why);
}

static long long
new_task_time(const struct rm_round *r, const struct rm_entry *node)
{
	long long now = llround(r->now * 1000);
	long long last = rm_node_task_time(node);
	if (rm_round_own(node)->planned > last)
		last = rm_round_own(node)->planned;
	return now > last ? now : last + 1;
}

static void
launch(struct rm_round *r, const struct rm_entry *node, struct rm_agent *agent,
    const char *persistence_id, long long time, const struct rm_share *share,
    const struct rm_resources *held, const struct rm_ranges *ports)
{
	static const struct rm_resources nothing = { 0 };
	struct rm_need need = rm_need_of(&r->model);
	struct rm_resources task = { 0 }, executor = { 0 };
	rm_need_divide(&need, held, &task, &executor);
	char *id = rm_format("%s.%lld", node->key, time);
	rm_log_info("launch node=%s task=%s agent=%s host=%s volume=%s",
	    node->key, id, agent->id, agent->hostname, persistence_id);
	rm_plan_launch(agent, node->key, id, persistence_id,
	    share != NULL ? &share->reserve : &nothing,
	    share != NULL ? &share->volume : NULL, &task, &executor,
	    rm_need_ports(ports));
	rm_round_own(node)->planned = time;
	rm_round_own(node)->waiting_since = 0;
	say_why(node, "");
	free(id);
	rm_resources_free(&task);
	rm_resources_free(&executor);
}

/* Step 4: on its data, when all of it is offered. */
static void
run_again(
    struct rm_round *r, struct rm_stage *stage, const struct rm_entry *node)
{
	jv record = jv_copy(rm_round_reservation(node));
	const char *id = rm_json_text(record, "persistence_id", "");
	struct rm_group *group = rm_groups_of(
	    &r->groups, node->key, id, rm_json_text(record, "agent_id", ""));
	struct rm_resources held = { 0 };
	struct rm_ranges ports = { 0 };
	char why[sizeof(rm_round_own(node)->why)];
	const char *lacks = group == NULL
				? "its volume"
				: rm_group_take(group, record, &held, &ports);
	if (lacks == NULL) {
		jv named = rm_need_ports(&ports);
		jv before = rm_json_get(record, "ports");
		if (!rm_json_equal(named, before))
			rm_round_store_reservation(r, stage, node,
			    rm_json_set(
				jv_copy(record), "ports", jv_copy(named)));
		jv_free(before);
		jv_free(named);
		launch(r, node, group->agent, id, new_task_time(r, node), NULL,
		    &held, &ports);
		rm_resources_subtract_all(
		    &group->agent->resources, &held, NULL);
	} else {
		snprintf(why, sizeof(why), "%s: not offered by %s yet", lacks,
		    rm_json_text(record, "hostname", "its agent"));
		say_why(node, why);
		if (group != NULL)
			rm_plan_of(group->agent)->soon = true;
	}
	rm_resources_free(&held);
	rm_ranges_free(&ports);
	jv_free(record);
}

static jv
new_reservation(const struct rm_round *r, const struct rm_agent *agent,
    const struct rm_resources *held, const struct rm_ranges *ports,
    const char *persistence_id, const char *task)
{
	jv record = JV_OBJECT(jv_string("state"), jv_string("asked"),
	    jv_string("agent_id"), jv_string(agent->id), jv_string("hostname"),
	    jv_string(agent->hostname), jv_string("address"),
	    jv_string(agent->address), jv_string("attributes"),
	    rm_agent_attributes(agent));
	record = rm_json_set(record, "domain", rm_agent_domain(agent));
	record = rm_json_set(
	    record, "resources", rm_resources_json(held, RM_FORMAT_STACK));
	record = rm_json_set(record, "ports", rm_need_ports(ports));
	record = rm_json_set(
	    record, "persistence_id", jv_string(persistence_id));
	record = rm_json_set(record, "container_path",
	    jv_string(rm_round_setting(r, "container_path", "data")));
	record = rm_json_set(record, "task_id", jv_string(task));
	return rm_json_set(record, "since", jv_number(r->now));
}

/* {"persistence":…,"volume":…} of a new volume. */
static jv
new_disk(const struct rm_round *r, const char *id)
{
	const char *principal = rm_round_setting(r, "principal", NULL);
	jv persistence = JV_OBJECT(jv_string("id"), jv_string(id));
	if (principal != NULL)
		persistence = rm_json_set(
		    persistence, "principal", jv_string(principal));
	return JV_OBJECT(jv_string("persistence"), persistence,
	    jv_string("volume"),
	    JV_OBJECT(jv_string("mode"), jv_string("RW"),
		jv_string("container_path"),
		jv_string(rm_round_setting(r, "container_path", "data"))));
}

static void
put_on(struct rm_round *r, struct rm_stage *stage, const struct rm_entry *node,
    struct rm_agent *agent, const struct rm_need *need)
{
	long long time = new_task_time(r, node);
	const char *framework = rm_round_setting(r, "framework", "riak");
	char *task = rm_format("%s.%lld", node->key, time);
	char *id = rm_format("%s.%s", framework, task);
	struct rm_share share = { 0 };
	rm_share_take(&share, &agent->resources, need,
	    rm_group_reservation(rm_round_setting(r, "role", "riak"),
		rm_round_setting(r, "principal", NULL), framework,
		rm_entry_text(
		    &r->model.framework, RM_RECORD_FRAMEWORK, "id", NULL),
		node->key),
	    new_disk(r, id));

	struct rm_resources held = { 0 };
	struct rm_resource plain = { 0 };
	rm_resources_copy(&held, &share.all);
	rm_resource_copy(&plain, &share.volume);
	rm_resource_become(&plain, rm_identity_detach(plain.id));
	rm_resources_subtract(&held, &plain, NULL);
	rm_resources_add(&held, &share.volume);
	rm_round_store_reservation(r, stage, node,
	    new_reservation(r, agent, &held, &share.ports, id, task));
	launch(r, node, agent, id, time, &share, &held, &share.ports);
	rm_resource_free(&plain);
	rm_resources_free(&held);
	rm_share_free(&share);
	free(id);
	free(task);
}

/* How long the node has waited for an agent without one of its cluster. */
static bool
may_double_up(const struct rm_round *r, const struct rm_entry *node)
{
	double wait = rm_model_setting(&r->model, "spread_wait", SPREAD_WAIT);
	return rm_round_own(node)->waiting_since > 0 &&
	       r->now - rm_round_own(node)->waiting_since >= wait;
}

/* The candidates of a round, counted for one cluster at a time. */
struct field {
	struct rm_candidate *candidates; /* owned */
	size_t count;
	struct rm_need need;
	struct rm_constraints constraints; /* the cluster's and the settings' */
	int *values; /* the candidates' places in them; owned */
	const char *cluster; /* borrowed from a node; NULL: none yet */
	char *bad; /* why the constraints can't be read, or NULL */
	bool asked; /* the jq program has been, of every candidate */
};

/* Agents that only lack patience are asked again soon. */
static void
keep_soon(const struct field *field)
{
	const struct rm_place_rules rules = { &field->need, &field->constraints,
		false };
	for (size_t i = 0; i < field->count; i++)
		if (rm_place_check(&field->candidates[i], &rules).step ==
		    RM_PLACE_SPREAD)
			rm_plan_of(field->candidates[i].agent)->soon = true;
}

/* The settings' constraints and the cluster's. */
static void
read_constraints(const struct rm_round *r, struct field *field)
{
	jv all = rm_json_path(
	    rm_entry_value(&r->model.framework, RM_RECORD_SETTINGS),
	    "constraints");
	const struct rm_entry *cluster = rm_model_cluster(
	    &r->model, field->cluster);
	jv own = rm_json_get(
	    rm_entry_value(cluster, RM_RECORD_CLUSTER), "constraints");
	struct rm_error err = { 0 };
	if (jv_get_kind(all) != JV_KIND_ARRAY) {
		jv_free(all);
		all = jv_array();
	}
	if (jv_get_kind(own) == JV_KIND_ARRAY)
		all = jv_array_concat(all, jv_copy(own));
	free(field->bad);
	field->bad = NULL;
	if (rm_constraints_read(all, &field->constraints, &err) != 0)
		field->bad = rm_strdup(err.text);
	jv_free(own);
	jv_free(all);
}

/* Step 7 of placement.h: once a round, and only when a node wants a place. One
 * whose offer came before there was a program is asked again soon. */
static void
ask_where(const struct rm_round *r, struct field *field)
{
	for (size_t i = 0; r->where != NULL && !field->asked && i < field->count;
	     i++) {
		struct rm_candidate *c = &field->candidates[i];
		c->barred = c->agent->text == NULL ||
			    !rm_where_holds(
				r->where, rm_agent_offer(c->agent));
		if (c->agent->text == NULL)
			rm_plan_of(c->agent)->soon = true;
	}
	field->asked = true;
}

static void
turn_to(
    const struct rm_round *r, struct field *field, const struct rm_entry *node)
{
	const char *cluster = rm_entry_text(
	    node, RM_RECORD_NODE, "cluster", "");
	if (field->cluster != NULL && strcmp(field->cluster, cluster) == 0)
		return;
	field->cluster = cluster;
	ask_where(r, field);
	read_constraints(r, field);
	size_t each = field->constraints.count * sizeof(*field->values);
	field->values = rm_realloc(field->values, field->count * each + 1);
	rm_place_survey(field->candidates, field->count, &field->constraints,
	    field->values);
	rm_place_count(field->candidates, field->count, &field->constraints,
	    &r->model, cluster);
}

static void
explain(struct rm_stage *stage, const struct rm_round *r,
    const struct rm_entry *node, const struct field *field,
    const struct rm_place_rules *rules)
{
	for (size_t i = 0; i < field->count; i++) {
		struct rm_verdict v = rm_place_check(
		    &field->candidates[i], rules);
		rm_stage_tell(
		    stage, rm_verdict_json(&v, rules->constraints, node->key,
			       r->now, field->candidates[i].agent));
	}
}

/* Step 5. */
static void
place(struct rm_round *r, struct rm_stage *stage, const struct rm_entry *node,
    struct field *field)
{
	struct rm_verdict nearest;
	turn_to(r, field, node);
	if (field->bad != NULL || r->where_bad != NULL) {
		say_why(node, field->bad != NULL ? field->bad : r->where_bad);
		return;
	}
	const struct rm_place_rules rules = { &field->need, &field->constraints,
		may_double_up(r, node) };
	if (rm_stage_reports(stage))
		explain(stage, r, node, field, &rules);
	long best = rm_place_choose(
	    field->candidates, field->count, &rules, NULL, &nearest);
	if (best >= 0) {
		put_on(r, stage, node, field->candidates[best].agent,
		    &field->need);
		rm_place_note(field->candidates, field->count,
		    &field->constraints, (size_t)best);
		return;
	}
	if (rm_round_own(node)->waiting_since <= 0)
		rm_round_own(node)->waiting_since = r->now;
	keep_soon(field);
	/* A round without offers tells nothing new. */
	if (field->count > 0 || rm_round_own(node)->why[0] == '\0') {
		char *why = rm_verdict_text(&nearest, &field->constraints);
		say_why(node, why);
		free(why);
	}
}

/* Where a reservation is: its agent may have a new id. */
static struct rm_agent *
agent_of(const struct rm_round *r, jv reservation)
{
	const char *host = rm_json_text(reservation, "hostname", "");
	struct rm_agent *agent = rm_agents_find(
	    &r->agents, rm_json_text(reservation, "agent_id", ""));
	for (size_t i = 0; agent == NULL && i < r->agents.count; i++)
		if (strcmp(r->agents.items[i]->hostname, host) == 0)
			agent = r->agents.items[i];
	return agent;
}

/* As much of it as is there. */
static void
withhold(struct rm_resource *offered, const struct rm_resource *held)
{
	if (offered->id != held->id || held->id->persistence_id != NULL)
		return;
	rm_ranges_subtract(&offered->ranges, &held->ranges);
	offered->scalar -= offered->scalar < held->scalar ? offered->scalar
							  : held->scalar;
}

/*
 * What a node that comes back will need is not given to another, though it may
 * be offered as nobody's: its ports, and its part of a static reservation.
 */
static void
keep(const struct rm_round *r, const struct rm_entry *node)
{
	jv record = rm_round_reservation(node);
	struct rm_agent *agent = jv_is_valid(record) ? agent_of(r, record)
						     : NULL;
	if (agent == NULL)
		return;
	struct rm_resources held = { 0 };
	struct rm_ranges ports = { 0 };
	jv array = rm_json_get(record, "resources");
	bool away = rm_round_own(node)->planned == 0 &&
		    rm_node_life(node) != RM_TASK_ALIVE;
	if (jv_get_kind(array) == JV_KIND_ARRAY)
		rm_resources_parse(array, &held, NULL);
	rm_resources_total_ranges(&held, "ports", &ports);
	for (size_t i = 0; i < agent->resources.count; i++) {
		struct rm_resource *offered = &agent->resources.items[i];
		if (offered->id->type == RM_VALUE_RANGES)
			rm_ranges_subtract(&offered->ranges, &ports);
		for (size_t k = 0; away && k < held.count; k++)
			if (rm_need_static(held.items[k].id,
				rm_round_setting(r, "role", "riak")))
				withhold(offered, &held.items[k]);
	}
	rm_ranges_free(&ports);
	rm_resources_free(&held);
	jv_free(array);
}

/* Step 4 for one node, or step 5 when it has no reservation. */
static void
run_node(struct rm_round *r, struct rm_stage *stage,
    const struct rm_entry *node, struct field *field)
{
	char *why = rm_round_not_ready(r, node);
	if (why != NULL)
		say_why(node, why);
	else if (jv_is_valid(rm_round_reservation(node)))
		run_again(r, stage, node);
	else
		place(r, stage, node, field);
	/* What all of that comes to, or what no agent has a part in. */
	if (rm_stage_reports(stage) && rm_round_own(node)->why[0] != '\0')
		rm_stage_tell(stage,
		    JV_OBJECT(jv_string("explain"), jv_string(node->key),
			jv_string("at"), jv_number(r->now), jv_string("why"),
			jv_string(rm_round_own(node)->why)));
	free(why);
}

void
rm_round_place(struct rm_round *r, struct rm_stage *stage)
{
	struct field field = { .count = r->agents.count,
		.need = rm_need_of(&r->model) };
	field.candidates = rm_alloc(
	    (field.count + 1) * sizeof(*field.candidates));
	for (size_t i = 0; i < field.count; i++)
		field.candidates[i] = (struct rm_candidate){
			.agent = r->agents.items[i], .role = field.need.role
		};
	/* Those that come back first, then what they need is kept. */
	for (size_t i = 0; i < r->model.nodes.count; i++) {
		const struct rm_entry *node = r->model.nodes.items[i];
		if (!rm_round_idle(r, node))
			say_why(node, "");
		else if (jv_is_valid(rm_round_reservation(node)))
			run_node(r, stage, node, &field);
	}
	for (size_t i = 0; field.count > 0 && i < r->model.nodes.count; i++)
		keep(r, r->model.nodes.items[i]);
	for (size_t i = 0; i < r->model.nodes.count; i++) {
		const struct rm_entry *node = r->model.nodes.items[i];
		if (!jv_is_valid(rm_round_reservation(node)) &&
		    rm_round_idle(r, node))
			run_node(r, stage, node, &field);
	}
	rm_constraints_free(&field.constraints);
	free(field.bad);
	free(field.values);
	free(field.candidates);
}
