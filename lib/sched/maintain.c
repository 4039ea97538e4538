#include "sched/steps.h"

#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "sched/member.h"
#include "state/phase.h"

/* Mesos asks again after this; what is true then is answered. */
#define ASK_AGAIN 60.0

static bool
is_on(const struct rm_entry *node, const char *agent)
{
	const char *on = rm_node_task_agent(node);
	return on != NULL && strcmp(on, agent) == 0 &&
	       rm_node_life(node) == RM_TASK_ALIVE;
}

static bool
same_cluster(const struct rm_entry *a, const struct rm_entry *b)
{
	return strcmp(rm_entry_text(a, RM_RECORD_NODE, "cluster", ""),
		   rm_entry_text(b, RM_RECORD_NODE, "cluster", "")) == 0;
}

/*
 * Why the node can't be missed now; NULL when it can: all others of its
 * cluster that are to run are up somewhere else, members, and see nothing that
 * is to be moved.
 */
static const char *
why_needed(const struct rm_round *r, const struct rm_entry *node,
    const char *agent, const struct rm_entry **whom)
{
	for (size_t i = 0; i < r->model.nodes.count; i++) {
		const struct rm_entry *other = r->model.nodes.items[i];
		*whom = other;
		if (other == node || !same_cluster(node, other) ||
		    rm_node_goal(other) != RM_GOAL_RUN)
			continue;
		if (is_on(other, agent))
			return "is there too";
		if (!rm_member_ready(other) || !rm_member_joined(other))
			return "is not up";
		if (rm_member_transfers(other) > 0)
			return "sees partitions that are to move";
	}
	return NULL;
}

/* Whether the agent may go; tells why not. */
static bool
can_be_missed(const struct rm_round *r, const char *agent)
{
	const struct rm_entry *whom;
	if (rm_model_frozen(&r->model))
		return false;
	for (size_t i = 0; i < r->model.nodes.count; i++) {
		const struct rm_entry *node = r->model.nodes.items[i];
		if (!is_on(node, agent))
			continue;
		const char *why = why_needed(r, node, agent, &whom);
		if (why == NULL)
			continue;
		rm_log_info("maintenance declined agent=%s node=%s: %s %s",
		    agent, node->key, whom->key, why);
		return false;
	}
	return true;
}

static void
answer(struct rm_stage *stage, bool accept, jv ids)
{
	jv body = JV_OBJECT(jv_string("inverse_offer_ids"), ids,
	    jv_string("filters"),
	    JV_OBJECT(jv_string("refuse_seconds"), jv_number(ASK_AGAIN)));
	if (accept)
		rm_stage_call(stage, "ACCEPT_INVERSE_OFFERS",
		    "accept_inverse_offers", body);
	else
		rm_stage_call(stage, "DECLINE_INVERSE_OFFERS",
		    "decline_inverse_offers", body);
}

/* Of several agents that are asked for at a time one is let go: the others
 * are answered when it is back. */
void
rm_round_inverse(struct rm_round *r, struct rm_stage *stage, jv offers)
{
	jv yes = jv_array(), no = jv_array();
	jv_array_foreach (offers, i, offer) {
		const char *agent = rm_json_path_text(offer, "agent_id.value");
		jv id = rm_json_get(offer, "id");
		bool first = jv_array_length(jv_copy(yes)) == 0;
		bool empty = true;
		for (size_t n = 0; agent != NULL && n < r->model.nodes.count;
		     n++)
			empty &= !is_on(r->model.nodes.items[n], agent);
		if (!jv_is_valid(id))
			jv_free(id);
		else if (agent != NULL && (empty || first) &&
			 can_be_missed(r, agent))
			yes = jv_array_append(yes, id);
		else
			no = jv_array_append(no, id);
		jv_free(offer);
	}
	if (jv_array_length(jv_copy(yes)) > 0)
		answer(stage, true, yes);
	else
		jv_free(yes);
	if (jv_array_length(jv_copy(no)) > 0)
		answer(stage, false, no);
	else
		jv_free(no);
}
