#include "sched/steps.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "sched/plan.h"
#include "state/phase.h"

/* No ACCEPT was sent for it: its task's record would have come first. */
static bool
never_sent(const struct rm_entry *node)
{
	long long asked = rm_task_id_time(
	    rm_json_text(rm_round_reservation(node), "task_id", ""), node->key);
	return rm_round_own(node)->planned == 0 &&
	       rm_node_task_time(node) < asked;
}

/* The task is proven not to run, and its agent, under whatever id it has now,
 * offers without the volume. */
static bool
refuted(const struct rm_round *r, const struct rm_entry *node)
{
	jv record = rm_round_reservation(node);
	enum rm_task_life life = rm_node_life(node);
	if (rm_round_own(node)->planned != 0 ||
	    (life != RM_TASK_ENDED && !rm_round_unknown(node)))
		return false;
	const struct rm_agent *agent = rm_round_agent_of(r, record);
	return agent != NULL &&
	       agent->at >
		   rm_entry_time(node, RM_RECORD_STATUS, "since", r->now,
		       r->now) &&
	       rm_groups_of(&r->groups, node->key,
		   rm_json_text(record, "persistence_id", ""),
		   agent->id) == NULL;
}

static void
void_asked(
    struct rm_round *r, struct rm_stage *stage, const struct rm_entry *node)
{
	if (!rm_round_reservation_is(node, "asked") || node->broken ||
	    (!never_sent(node) && !refuted(r, node)))
		return;
	rm_log_info("void node=%s volume=%s", node->key,
	    rm_json_text(rm_round_reservation(node), "persistence_id", ""));
	rm_round_store_reservation(r, stage, node, jv_null());
}

/* All that is reserved for it; where a volume that no record explains is
 * reserved for it too, no more than its own record has: that one stays. */
static void
find_own(const struct rm_group *group, jv record, struct rm_resources *own)
{
	const char *id = rm_json_text(record, "persistence_id", "");
	struct rm_ranges ports = { 0 };
	if (rm_group_without_others(group, id, own) &&
	    rm_group_take(group, record, own, &ports) != NULL)
		rm_resources_add(
		    own, rm_resources_volume(&group->resources, id));
	rm_ranges_free(&ports);
}

static void
release_group(
    const struct rm_entry *node, const struct rm_group *group, jv record)
{
	struct rm_resources own = { 0 }, volumes = { 0 }, reserved = { 0 };
	find_own(group, record, &own);
	for (size_t i = 0; i < own.count; i++) {
		const struct rm_resource *one = &own.items[i];
		struct rm_resource plain = { 0 };
		rm_resource_copy(&plain, one);
		if (one->id->persistence_id != NULL) {
			rm_resources_add(&volumes, one);
			rm_resource_become(&plain, rm_identity_detach(one->id));
		}
		if (rm_group_labelled(&plain))
			rm_resources_add(&reserved, &plain);
		rm_resource_free(&plain);
	}
	rm_log_info("release node=%s agent=%s", node->key, group->agent->id);
	rm_plan_release(group->agent, node->key, &volumes, &reserved);
	rm_resources_subtract_all(
	    &group->agent->resources, &group->resources, NULL);
	rm_resources_free(&own);
	rm_resources_free(&volumes);
	rm_resources_free(&reserved);
}

/* A later offer of its agent without it is the proof (facts: mesos, G). */
static bool
proven_gone(const struct rm_round *r, const struct rm_entry *node)
{
	double asked = rm_round_release_asked(r, node);
	const struct rm_agent *agent = rm_round_agent_of(
	    r, rm_round_reservation(node));
	return agent != NULL && asked > 0 &&
	       agent->at > asked + RM_ROUND_IN_FLIGHT;
}

/*
 * What was only asked for, and does not show, is step 2's to judge. All else
 * is `releasing` until it is proven gone, however long its agent is away.
 */
static void
release(struct rm_round *r, struct rm_stage *stage, const struct rm_entry *node)
{
	jv record = rm_round_reservation(node);
	enum rm_task_life life = rm_node_life(node);
	if (!rm_round_removed(r, node) || node->broken ||
	    !jv_is_valid(record) || rm_round_own(node)->planned != 0)
		return;
	struct rm_group *group = rm_groups_of(&r->groups, node->key,
	    rm_json_text(record, "persistence_id", ""),
	    rm_json_text(record, "agent_id", ""));
	/* Nobody can mark an agent gone that Mesos does not know: that the one
	 * in its place has not the volume is as good. */
	if (group == NULL &&
	    (life == RM_TASK_LOST_FOR_GOOD ||
		(rm_round_unknown(node) && refuted(r, node)))) {
		rm_log_info(
		    "released node=%s: its agent is gone for good", node->key);
		rm_round_store_reservation(r, stage, node, jv_null());
		return;
	}
	double asked = rm_round_release_asked(r, node);
	if (life == RM_TASK_ALIVE ||
	    (group == NULL && asked <= 0 &&
		(life == RM_TASK_UNSURE ||
		    rm_round_reservation_is(node, "asked"))))
		return;
	if (group != NULL && !group->done &&
	    r->now > asked + RM_ROUND_IN_FLIGHT) {
		group->done = true;
		release_group(node, group, record);
		record = rm_json_set(
		    jv_copy(record), "state", jv_string("releasing"));
		rm_round_store_reservation(r, stage, node,
		    rm_json_set(record, "released", jv_number(r->now)));
	} else if (group == NULL && proven_gone(r, node)) {
		rm_log_info("released node=%s", node->key);
		rm_round_store_reservation(r, stage, node, jv_null());
	} else if (!rm_round_reservation_is(node, "releasing")) {
		rm_round_store_reservation(r, stage, node,
		    rm_json_set(
			jv_copy(record), "state", jv_string("releasing")));
	}
}

void
rm_round_release(struct rm_round *r, struct rm_stage *stage)
{
	for (size_t i = 0; i < r->model.nodes.count; i++) {
		void_asked(r, stage, r->model.nodes.items[i]);
		release(r, stage, r->model.nodes.items[i]);
	}
}
