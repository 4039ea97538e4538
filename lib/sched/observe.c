#include "sched/steps.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "sched/need.h"
#include "sched/store.h"
#include "state/phase.h"

static void
report_orphan(struct rm_round *r, struct rm_stage *stage,
    const struct rm_group *group, const char *id)
{
	bool known = false;
	struct rm_resources own = { 0 };
	rm_group_without_others(group, id, &own);
	for (size_t i = 0; i < r->model.volumes.count; i++)
		known |= strcmp(r->model.volumes.items[i]->key, id) == 0 &&
			 rm_entry_has(
			     r->model.volumes.items[i], RM_RECORD_ORPHAN);
	if (!known) {
		rm_log_warn("no record explains volume %s of node %s on %s; "
			    "it is kept",
		    id, group->node, group->agent->hostname);
		rm_sched_store(&r->model, stage, RM_RECORD_ORPHAN, id,
		    JV_OBJECT(jv_string("agent_id"),
			jv_string(group->agent->id), jv_string("hostname"),
			jv_string(group->agent->hostname), jv_string("node"),
			jv_string(group->node), jv_string("resources"),
			rm_resources_json(&own, RM_FORMAT_STACK),
			jv_string("since"), jv_number(r->now)));
	}
	rm_resources_free(&own);
}

/* The record follows what the offer shows: held, and where. */
static void
show(struct rm_round *r, struct rm_stage *stage, const struct rm_entry *node,
    const struct rm_agent *agent)
{
	jv record = jv_copy(rm_round_reservation(node));
	bool asked = rm_round_reservation_is(node, "asked");
	bool moved = strcmp(rm_json_text(record, "agent_id", ""), agent->id) !=
		     0;
	if (asked)
		record = rm_json_set(record, "state", jv_string("held"));
	if (moved) {
		record = rm_json_set(record, "agent_id", jv_string(agent->id));
		record = rm_json_set(
		    record, "hostname", jv_string(agent->hostname));
		record = rm_json_set(
		    record, "address", jv_string(agent->address));
	}
	if (asked || moved)
		rm_round_store_reservation(r, stage, node, record);
	else
		jv_free(record);
}

/*
 * A node whose record, or its task, says that this volume is its own: what is
 * offered becomes its reservation. One that is to be removed is released after
 * that.
 */
static void
adopt(struct rm_round *r, struct rm_stage *stage, const struct rm_entry *node,
    const struct rm_group *group, const char *id)
{
	const struct rm_agent *agent = group->agent;
	struct rm_ranges ports = { 0 };
	struct rm_resources own = { 0 };
	rm_group_without_others(group, id, &own);
	rm_resources_total_ranges(&own, "ports", &ports);
	rm_log_info(
	    "adopt node=%s volume=%s agent=%s", node->key, id, agent->id);
	jv record = JV_OBJECT(jv_string("state"), jv_string("held"),
	    jv_string("agent_id"), jv_string(agent->id), jv_string("hostname"),
	    jv_string(agent->hostname), jv_string("address"),
	    jv_string(agent->address), jv_string("attributes"),
	    rm_agent_attributes(agent));
	record = rm_json_set(record, "domain", rm_agent_domain(agent));
	record = rm_json_set(
	    record, "resources", rm_resources_json(&own, RM_FORMAT_STACK));
	record = rm_json_set(record, "ports", rm_need_ports(&ports));
	record = rm_json_set(record, "persistence_id", jv_string(id));
	record = rm_json_set(record, "container_path",
	    jv_string(rm_round_setting(r, "container_path", "data")));
	rm_round_store_reservation(
	    r, stage, node, rm_json_set(record, "since", jv_number(r->now)));
	rm_ranges_free(&ports);
	rm_resources_free(&own);
}

/* An orphan that a record explains now is none. */
static void
forget_orphan(struct rm_round *r, struct rm_stage *stage, const char *id)
{
	for (size_t i = 0; i < r->model.volumes.count; i++)
		if (strcmp(r->model.volumes.items[i]->key, id) == 0 &&
		    rm_entry_has(r->model.volumes.items[i], RM_RECORD_ORPHAN))
			rm_sched_store(
			    &r->model, stage, RM_RECORD_ORPHAN, id, jv_null());
}

/* The volume that a task ran on which no record of ours explains: on its
 * agent, the newest that was there when it was launched. */
static bool
ran_on(
    const struct rm_entry *node, const struct rm_group *group, const char *id)
{
	const char *agent = rm_node_task_agent(node);
	long long best = -1, time = rm_task_id_time(id, NULL);
	for (size_t i = 0; i < group->resources.count; i++) {
		const char *one = group->resources.items[i].id->persistence_id;
		long long at = one != NULL ? rm_task_id_time(one, NULL) : -1;
		if (at > best && at <= rm_node_task_time(node))
			best = at;
	}
	return agent != NULL && strcmp(agent, group->agent->id) == 0 &&
	       time >= 0 && time == best;
}

static bool
is_to_adopt(
    const struct rm_entry *node, const struct rm_group *group, const char *id)
{
	const char *named = node != NULL ? rm_entry_text(node, RM_RECORD_NODE,
					       "adopt", NULL)
					 : NULL;
	if (node == NULL || !rm_entry_has(node, RM_RECORD_NODE) ||
	    !rm_round_adopts(node))
		return false;
	return named != NULL ? strcmp(named, id) == 0 : ran_on(node, group, id);
}

static void
look_at_group(
    struct rm_round *r, struct rm_stage *stage, struct rm_group *group)
{
	struct rm_entry *node = rm_model_node(&r->model, group->node);
	const char *expected = node != NULL
				   ? rm_json_text(rm_round_reservation(node),
					 "persistence_id", "")
				   : "";
	if (node != NULL && node->broken)
		return;
	for (size_t i = 0; i < group->resources.count; i++) {
		const char *id = group->resources.items[i].id->persistence_id;
		if (id == NULL)
			continue;
		if (strcmp(id, expected) == 0) {
			show(r, stage, node, group->agent);
			forget_orphan(r, stage, id);
		} else if (is_to_adopt(node, group, id)) {
			adopt(r, stage, node, group, id);
			forget_orphan(r, stage, id);
			break;
		} else
			report_orphan(r, stage, group, id);
	}
}

/* A task that runs shows its reservation as well as an offer does. */
static void
hold_running(
    struct rm_round *r, struct rm_stage *stage, const struct rm_entry *node)
{
	if (!rm_round_reservation_is(node, "asked") || node->broken ||
	    rm_node_task_time(node) <
		rm_task_id_time(
		    rm_json_text(rm_round_reservation(node), "task_id", ""),
		    node->key) ||
	    strcmp(rm_entry_text(node, RM_RECORD_STATUS, "state", ""),
		"TASK_RUNNING") != 0 ||
	    rm_node_life(node) != RM_TASK_ALIVE)
		return;
	jv record = jv_copy(rm_round_reservation(node));
	rm_round_store_reservation(
	    r, stage, node, rm_json_set(record, "state", jv_string("held")));
}

/* Nobody can have it any more: its agent offers without it. */
static void
forget_gone(
    struct rm_round *r, struct rm_stage *stage, const struct rm_entry *orphan)
{
	jv record = rm_entry_value(orphan, RM_RECORD_ORPHAN);
	if (!jv_is_valid(record))
		return;
	const struct rm_agent *agent = rm_round_agent_of(r, record);
	if (agent == NULL ||
	    agent->at <= rm_entry_time(
			     orphan, RM_RECORD_ORPHAN, "since", 0, r->now) +
			     RM_ROUND_IN_FLIGHT ||
	    rm_resources_volume(&agent->resources, orphan->key) != NULL)
		return;
	rm_log_info("gone volume=%s agent=%s", orphan->key, agent->id);
	rm_sched_store(
	    &r->model, stage, RM_RECORD_ORPHAN, orphan->key, jv_null());
}

void
rm_round_observe(struct rm_round *r, struct rm_stage *stage)
{
	rm_groups_find(
	    &r->groups, &r->agents, rm_round_setting(r, "framework", "riak"));
	for (size_t i = 0; i < r->groups.count; i++)
		look_at_group(r, stage, &r->groups.items[i]);
	for (size_t i = 0; i < r->model.volumes.count; i++)
		forget_gone(r, stage, r->model.volumes.items[i]);
	for (size_t i = 0; i < r->model.nodes.count; i++)
		hold_running(r, stage, r->model.nodes.items[i]);
}
