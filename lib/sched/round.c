#include "sched/round.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "sched/member.h"
#include "sched/steps.h"
#include "sched/store.h"
#include "state/phase.h"

/* The rings of the others show after so long, at most, who has left. */
#define LEAVE_SHOWS 120.0

struct rm_round_node *
rm_round_own(const struct rm_entry *node)
{
	return node->own;
}

const char *
rm_round_setting(
    const struct rm_round *r, const char *path, const char *fallback)
{
	return rm_model_setting_text(&r->model, path, fallback);
}

void
rm_round_store_reservation(struct rm_round *r, struct rm_stage *stage,
    const struct rm_entry *node, jv value)
{
	rm_sched_store(
	    &r->model, stage, RM_RECORD_RESERVATION, node->key, value);
}

jv
rm_round_reservation(const struct rm_entry *node)
{
	return rm_entry_value(node, RM_RECORD_RESERVATION);
}

bool
rm_round_reservation_is(const struct rm_entry *node, const char *state)
{
	return strcmp(rm_json_text(rm_round_reservation(node), "state", ""),
		   state) == 0;
}

double
rm_round_release_asked(const struct rm_round *r, const struct rm_entry *node)
{
	return rm_entry_time(
	    node, RM_RECORD_RESERVATION, "released", 0, r->now);
}

const struct rm_agent *
rm_round_agent_of(const struct rm_round *r, jv record)
{
	const struct rm_agent *agent = rm_agents_find(
	    &r->agents, rm_json_text(record, "agent_id", ""));
	const char *host = rm_json_text(record, "hostname", "");
	for (size_t i = 0; agent == NULL && i < r->agents.count; i++)
		if (strcmp(r->agents.items[i]->hostname, host) == 0)
			agent = r->agents.items[i];
	return agent;
}

bool
rm_round_removed(const struct rm_round *r, const struct rm_entry *node)
{
	enum rm_goal goal = rm_node_goal(node);
	return (goal == RM_GOAL_REMOVE ||
		   (goal == RM_GOAL_LEAVE && rm_node_left(node))) &&
	       !rm_member_may_be_listed(&r->model, node, r->now);
}

bool
rm_round_adopts(const struct rm_entry *node)
{
	return rm_node_unexplained(node) ||
	       (rm_entry_text(node, RM_RECORD_NODE, "adopt", NULL) != NULL &&
		   !rm_entry_has(node, RM_RECORD_RESERVATION));
}

bool
rm_round_unknown(const struct rm_entry *node)
{
	return strcmp(rm_entry_text(node, RM_RECORD_STATUS, "state", ""),
		   "TASK_UNKNOWN") == 0;
}

/* It ended as one that has left does, and the others still have it. */
static bool
left_too_soon(const struct rm_round *r, const struct rm_entry *node)
{
	return r->now >= rm_entry_time(
			     node, RM_RECORD_STATUS, "since", 0, r->now) +
			     LEAVE_SHOWS &&
	       rm_member_is_listed(&r->model, node);
}

/* It is to run, and nothing of it runs or is on its way. */
bool
rm_round_idle(const struct rm_round *r, const struct rm_entry *node)
{
	enum rm_goal goal = rm_node_goal(node);
	/* One that died while it left has to go on leaving. */
	bool runs = goal == RM_GOAL_RUN ||
		    (goal == RM_GOAL_LEAVE &&
			(!rm_node_left(node) || left_too_soon(r, node)));
	return runs && rm_round_own(node)->planned == 0 &&
	       rm_node_life(node) != RM_TASK_ALIVE &&
	       r->now >= rm_node_retry_at(node, r->now);
}

/* Why a node that is to run can't even be considered; NULL when it can. The
 * text is the caller's. */
char *
rm_round_not_ready(const struct rm_round *r, const struct rm_entry *node)
{
	char *why = rm_node_frozen(node);
	if (why != NULL)
		return why;
	const char *key = rm_entry_text(node, RM_RECORD_NODE, "cluster", "");
	const struct rm_entry *cluster = rm_model_cluster(&r->model, key);
	if (cluster == NULL || cluster->broken ||
	    !rm_entry_has(cluster, RM_RECORD_CLUSTER))
		return rm_format("cluster %s has no readable record", key);
	const char *version = rm_entry_text(
	    cluster, RM_RECORD_CLUSTER, "riak_version", "");
	jv urls = rm_json_path(
	    rm_entry_value(&r->model.framework, RM_RECORD_SETTINGS),
	    "resources");
	bool known = rm_json_text(urls, version, NULL) != NULL;
	jv_free(urls);
	if (!known)
		return rm_format("no URL for riak version %s", version);
	if (rm_node_life(node) == RM_TASK_LOST_FOR_GOOD)
		return rm_strdup("its agent is gone for good: replace it");
	/* A new volume in its place would be an empty one. */
	if (rm_node_unexplained(node))
		return rm_strdup("no record tells of the volume that it ran "
				 "on, and it is not offered");
	if (rm_round_adopts(node))
		return rm_strdup(
		    "the volume that it is to adopt is not offered");

	return NULL;
}

/* Why nodes wait, one record a cluster, written when it changes. */
static void
write_verdicts(struct rm_round *r, struct rm_stage *stage)
{
	for (size_t c = 0; c < r->model.clusters.count; c++) {
		struct rm_entry *cluster = r->model.clusters.items[c];
		jv whys = jv_object();
		for (size_t i = 0; i < r->model.nodes.count; i++) {
			const struct rm_entry *node = r->model.nodes.items[i];
			if (rm_round_own(node)->why[0] != '\0' &&
			    strcmp(rm_entry_text(
				       node, RM_RECORD_NODE, "cluster", ""),
				cluster->key) == 0)
				whys = rm_json_set(whys, node->key,
				    jv_string(rm_round_own(node)->why));
		}
		jv before = rm_entry_value(cluster, RM_RECORD_VERDICT);
		bool none = jv_object_length(jv_copy(whys)) == 0;
		if (none && jv_is_valid(before))
			rm_sched_store(&r->model, stage, RM_RECORD_VERDICT,
			    cluster->key, jv_null());
		else if (!none && !rm_json_equal(whys, before))
			rm_sched_store(&r->model, stage, RM_RECORD_VERDICT,
			    cluster->key, jv_copy(whys));
		jv_free(whys);
	}
}

void
rm_round_run(struct rm_round *r, struct rm_stage *stage)
{
	if (rm_model_frozen(&r->model) || !r->subscribed) {
		rm_round_settle(r, stage, true);
		return;
	}
	rm_round_observe(r, stage);
	rm_round_release(r, stage);
	rm_round_place(r, stage);
	/* REVIVE first: it would take back this round's filters. */
	rm_round_suppress_or_revive(r, stage);
	rm_round_settle(r, stage, false);
	write_verdicts(r, stage);
}
