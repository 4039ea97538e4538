#include "sched/steps.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/str.h"
#include "sched/plan.h"
#include "state/phase.h"

#define REFUSE 3600.0
/* REVIVE makes the master offer all again, at a cost to it and to us that grows
 * with the offers: so many seconds for each that came since the last one. */
#define REVIVE_REST 0.001

static void
decline(struct rm_stage *stage, jv ids, double refuse)
{
	if (jv_array_length(jv_copy(ids)) == 0) {
		jv_free(ids);
		return;
	}
	rm_stage_call(stage, "DECLINE", "decline",
	    JV_OBJECT(jv_string("offer_ids"), ids, jv_string("filters"),
		JV_OBJECT(jv_string("refuse_seconds"), jv_number(refuse))));
}

static void
emit_plan(
    struct rm_stage *stage, struct rm_agent *agent, double at, double refuse)
{
	struct rm_str line = { 0 };
	rm_plan_take(agent, at, refuse, &line);
	rm_stage_emit_text(stage, line.text, line.len);
	rm_str_free(&line);
}

void
rm_round_settle(struct rm_round *r, struct rm_stage *stage, bool all_soon)
{
	double refuse = rm_model_setting(&r->model, "refuse_seconds", REFUSE);
	jv soon = jv_array(), late = jv_array();
	for (size_t i = 0; i < r->agents.count; i++) {
		struct rm_agent *agent = r->agents.items[i];
		const struct rm_plan *plan = agent->own;
		bool wanted = all_soon || (plan != NULL && plan->soon);
		if (!rm_plan_empty(agent)) {
			r->filtered |= !wanted;
			emit_plan(stage, agent, r->now,
			    wanted ? RM_ROUND_SOON : refuse);
			continue;
		}
		rm_plan_drop(agent);
		jv *ids = wanted ? &soon : &late;
		r->filtered |= !wanted;
		*ids = jv_array_concat(*ids, rm_agent_offer_ids(agent));
	}
	decline(stage, soon, RM_ROUND_SOON);
	decline(stage, late, refuse);
	rm_agents_clear(&r->agents);
}

/* What the removed node's volume needs an offer for. */
static enum rm_wish
wish_of_removed(const struct rm_round *r, const struct rm_entry *node)
{
	bool there = jv_is_valid(rm_round_reservation(node)) &&
		     rm_node_life(node) != RM_TASK_ALIVE;
	if (!there ||
	    r->now <= rm_round_release_asked(r, node) + RM_ROUND_IN_FLIGHT)
		return RM_WISH_NOTHING;
	return rm_round_unknown(node) ? RM_WISH_PROOF : RM_WISH_RELEASE;
}

/* What the node can do with an offer now. */
static enum rm_wish
wish_of(const struct rm_round *r, const struct rm_entry *node)
{
	if (node->broken || rm_round_own(node)->planned != 0)
		return RM_WISH_NOTHING;
	if (rm_round_adopts(node))
		return rm_node_life(node) != RM_TASK_ALIVE ? RM_WISH_PLACE
							   : RM_WISH_NOTHING;
	if (rm_round_removed(r, node))
		return wish_of_removed(r, node);
	if (!rm_round_idle(r, node))
		return RM_WISH_NOTHING;
	char *why = rm_round_not_ready(r, node);
	bool ready = why == NULL;
	free(why);
	if (!ready)
		return RM_WISH_NOTHING;
	return rm_round_unknown(node) && rm_round_reservation_is(node, "asked")
		   ? RM_WISH_PROOF
		   : RM_WISH_PLACE;
}

void
rm_round_suppress_or_revive(struct rm_round *r, struct rm_stage *stage)
{
	bool any = false;
	for (size_t i = 0; i < r->model.nodes.count; i++) {
		const struct rm_entry *node = r->model.nodes.items[i];
		enum rm_wish wish = wish_of(r, node);
		any |= wish != RM_WISH_NOTHING;
		/* An offer that was no use to another wish was declined. */
		r->fresh |= wish != RM_WISH_NOTHING &&
			    wish != rm_round_own(node)->wish;
		rm_round_own(node)->wish = wish;
	}
	r->fresh &= any && (r->suppressed || r->filtered);
	if (r->fresh &&
	    r->now >= r->revived + REVIVE_REST * (double)r->since_revived) {
		rm_stage_call(stage, "REVIVE", NULL, jv_invalid());
		r->suppressed = r->filtered = r->fresh = false;
		r->revived = r->now;
		r->since_revived = 0;
	} else if (!any && !r->suppressed) {
		rm_stage_call(stage, "SUPPRESS", NULL, jv_invalid());
		r->suppressed = true;
	}
}
