#include "sched/membership.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "sched/member.h"
#include "sched/repair.h"
#include "state/phase.h"

#define BATCH 60.0

static bool
replaces_a_member(const struct rm_member_ring *r, const struct rm_entry *node)
{
	const char *key = rm_entry_text(node, RM_RECORD_NODE, "replaces", NULL);
	char *old = key != NULL ? rm_member_listed(r->members, key) : NULL;
	bool there = old != NULL;
	free(old);
	return there;
}

/* A join that is staged can't be taken back: who is to leave comes in first. */
static bool
is_to_join(const struct rm_entry *node)
{
	enum rm_goal goal = rm_node_goal(node);
	return goal == RM_GOAL_RUN ||
	       (goal == RM_GOAL_LEAVE &&
		   rm_member_answer(node, "join") == RM_MEMBER_DONE);
}

static bool
joins(const struct rm_member_ring *r, const struct rm_entry *node)
{
	return rm_member_of(r, node) && node != r->seed && is_to_join(node) &&
	       rm_member_ready(node) && rm_member_ring_size(node) > 0 &&
	       !rm_member_joined(node) && !rm_member_in_ring(r, node) &&
	       !replaces_a_member(r, node);
}

/* It is to be a member, and on its way up. */
static bool
starts(const struct rm_member_ring *r, const struct rm_entry *node)
{
	return rm_member_of(r, node) && rm_node_goal(node) == RM_GOAL_RUN &&
	       rm_node_life(node) == RM_TASK_ALIVE && !rm_member_ready(node);
}

static bool
leaves(const struct rm_member_ring *r, const struct rm_entry *node)
{
	return rm_member_of(r, node) && rm_node_goal(node) == RM_GOAL_LEAVE &&
	       rm_member_ready(node) && rm_member_joined(node) &&
	       rm_member_in_ring(r, node);
}

static size_t
count(const struct rm_member_ring *r,
    bool (*what)(const struct rm_member_ring *, const struct rm_entry *))
{
	size_t n = 0;
	for (size_t i = 0; i < r->nodes.count; i++)
		n += what(r, r->nodes.items[i]);
	return n;
}

/* It has said no, and its next try is not due: it is not staged. */
static bool
join_is_refused(const struct rm_member_ring *r, const struct rm_entry *node)
{
	return joins(r, node) &&
	       rm_member_answer(node, "join") == RM_MEMBER_REFUSED;
}

/*
 * 4 to 6: all for whom `what` holds are told; when all have answered the seed
 * commits, and its plan must hold exactly those that have done it.
 */
static void
change(struct rm_member_ring *r, const char *verb, const char *list,
    bool (*what)(const struct rm_member_ring *, const struct rm_entry *))
{
	char *seed = rm_member_name(r->seed);
	jv names = jv_array();
	bool all = true;
	for (size_t i = 0; i < r->nodes.count; i++) {
		struct rm_entry *node = r->nodes.items[i];
		if (!what(r, node))
			continue;
		jv arguments = jv_object();
		if (strcmp(verb, "join") == 0)
			arguments = rm_json_set(
			    arguments, "node", jv_string(seed));
		bool done = rm_member_has_done(r, node, verb, arguments);
		if (!done && join_is_refused(r, node))
			continue;
		all &= done;
		char *name = rm_member_name(node);
		names = jv_array_append(names, jv_string(name));
		free(name);
	}
	free(seed);
	int any = jv_array_length(jv_copy(names));
	jv arguments = JV_OBJECT(jv_string(list), names);
	if (!all || any == 0) {
		jv_free(arguments);
		return;
	}
	/* Committed, and the ring has not told of it yet: for a leave that
	 * takes as long as the handoff does. */
	bool stale = rm_member_answer(r->seed, "commit") == RM_MEMBER_DONE &&
		     rm_member_told(r->seed, arguments) &&
		     strcmp(verb, "join") == 0 &&
		     rm_member_due(r, r->seed, RM_MEMBER_SPREAD);
	if (stale)
		rm_member_order(r, r->seed, "commit", arguments);
	else
		rm_member_has_done(r, r->seed, "commit", arguments);
}

static bool
step(struct rm_member_ring *r, double *joining_since)
{
	if (rm_member_answer(r->seed, "commit") == RM_MEMBER_WAITING ||
	    rm_repair_accept(r) || rm_repair_step(r))
		return true;
	size_t joining = count(r, joins);
	if (joining == 0)
		*joining_since = 0;
	else if (*joining_since <= 0)
		*joining_since = r->now;
	bool batched = r->now >= *joining_since + BATCH ||
		       count(r, starts) == 0;
	if (joining > 0 && batched)
		change(r, "join", "joins", joins);
	size_t leaving = count(r, leaves);
	if (joining == count(r, join_is_refused) && leaving > 0)
		change(r, "leave", "leaves", leaves);
	return joining + leaving > 0;
}

bool
rm_membership_step(struct rm_model *model, struct rm_stage *stage,
    const char *cluster, const struct rm_entries *nodes, double now,
    double *joining_since)
{
	struct rm_member_ring ring = { .model = model,
		.stage = stage,
		.cluster = cluster,
		.nodes = *nodes,
		.now = now };
	rm_member_ring_open(&ring);
	bool changes = ring.seed != NULL && step(&ring, joining_since);
	rm_member_ring_close(&ring);
	return changes;
}
