#include "sched/membership.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "sched/store.h"
#include "state/phase.h"

#define BATCH 60.0
#define RETRY 10.0
/* After a commit the ring takes its time to tell of it. */
#define SPREAD 30.0

/* One cluster, while it is looked at. */
struct ring {
	struct rm_model *model;
	struct rm_stage *stage;
	const char *cluster;
	double now;
	struct rm_entry *seed;
	jv members; /* names, as the seed sees them */
};

/* ---- what is known of a node ---- */

static jv
member_of(const struct rm_entry *node)
{
	return rm_entry_value(node, RM_RECORD_MEMBER);
}

bool
rm_membership_ready(const struct rm_entry *node)
{
	const char *task = rm_node_task(node);
	return !node->broken && task != NULL &&
	       strcmp(rm_json_text(member_of(node), "task_id", ""), task) ==
		   0 &&
	       rm_json_bool(member_of(node), "ready", false);
}

static int
ring_size(const struct rm_entry *node)
{
	jv names = rm_json_get(member_of(node), "members");
	int size = jv_get_kind(names) == JV_KIND_ARRAY
		       ? jv_array_length(jv_copy(names))
		       : 0;
	jv_free(names);
	return size;
}

/* Its Erlang name; the caller's. */
static char *
name_of(const struct rm_entry *node)
{
	return rm_format("%s@%s", node->key,
	    rm_entry_text(node, RM_RECORD_TASK, "hostname", ""));
}

static bool
holds(jv names, const char *name)
{
	bool found = false;
	if (jv_get_kind(names) != JV_KIND_ARRAY)
		return false;
	jv_array_foreach (names, i, one) {
		found |= jv_get_kind(one) == JV_KIND_STRING &&
			 strcmp(jv_string_value(one), name) == 0;
		jv_free(one);
	}
	return found;
}

/*
 * A node whose join is staged sees the ring that it is to join, without
 * itself: that ring is not its own yet.
 */
static bool
in_own_ring(const struct rm_entry *node)
{
	char *name = name_of(node);
	jv members = rm_json_get(member_of(node), "members");
	bool in = holds(members, name);
	jv_free(members);
	free(name);
	return in;
}

bool
rm_membership_joined(const struct rm_entry *node)
{
	return ring_size(node) > 1 && in_own_ring(node);
}

static bool
in_ring(const struct ring *r, const struct rm_entry *node)
{
	char *name = name_of(node);
	bool in = holds(r->members, name);
	free(name);
	return in;
}

static bool
of_cluster(const struct ring *r, const struct rm_entry *node)
{
	return !node->broken &&
	       strcmp(rm_entry_text(node, RM_RECORD_NODE, "cluster", ""),
		   r->cluster) == 0;
}

/* ---- orders ---- */

enum answer { NOT_ORDERED, WAITING, DONE, REFUSED };

/* How it is with the node's order of that verb. */
static enum answer
answer_to(const struct rm_entry *node, const char *verb)
{
	jv order = rm_entry_value(node, RM_RECORD_ORDER);
	if (strcmp(rm_json_text(order, "verb", ""), verb) != 0)
		return NOT_ORDERED;
	jv result = rm_json_get(member_of(node), "order");
	bool same = strcmp(rm_json_text(result, "id", ""),
			rm_json_text(order, "id", "-")) == 0;
	jv success = rm_json_get(result, "success");
	enum answer answer = !same                                   ? WAITING
			     : jv_get_kind(success) == JV_KIND_TRUE  ? DONE
			     : jv_get_kind(success) == JV_KIND_FALSE ? REFUSED
								     : WAITING;
	jv_free(success);
	jv_free(result);
	return answer;
}

/* Consumes arguments. */
static void
order(struct ring *r, struct rm_entry *node, const char *verb, jv arguments)
{
	char *id = rm_format("%s.%lld", verb, llround(r->now * 1000));
	rm_log_info("order node=%s verb=%s id=%s", node->key, verb, id);
	jv value = JV_OBJECT(jv_string("id"), jv_string(id), jv_string("verb"),
	    jv_string(verb), jv_string("arguments"), arguments, jv_string("at"),
	    jv_number(r->now));
	rm_sched_store(r->model, r->stage, RM_RECORD_ORDER, node->key, value);
	free(id);
}

static bool
due(const struct ring *r, const struct rm_entry *node, double wait)
{
	return r->now >= rm_entry_number(node, RM_RECORD_ORDER, "at", 0) + wait;
}

/* The order that stands has these arguments; borrows. */
static bool
same_arguments(const struct rm_entry *node, jv arguments)
{
	jv known = rm_json_get(
	    rm_entry_value(node, RM_RECORD_ORDER), "arguments");
	bool same = rm_json_equal(known, arguments);
	jv_free(known);
	return same;
}

/*
 * Tells the node to do it, once, and again when it refused. True when it has
 * been done. Consumes arguments.
 */
static bool
has_done(struct ring *r, struct rm_entry *node, const char *verb, jv arguments)
{
	enum answer answer = answer_to(node, verb);
	bool same = same_arguments(node, arguments);
	if (answer == DONE && same) {
		jv_free(arguments);
		return true;
	}
	if (answer == NOT_ORDERED || !same ||
	    (answer == REFUSED && due(r, node, RETRY)))
		order(r, node, verb, arguments);
	else
		jv_free(arguments);
	return false;
}

/* ---- the steps ---- */

/* Whether a node was told to join this one. */
static bool
is_target(const struct ring *r, const struct rm_entry *seed)
{
	char *name = name_of(seed);
	bool found = false;
	for (size_t i = 0; i < r->model->nodes.count; i++) {
		const struct rm_entry *node = r->model->nodes.items[i];
		const char *told = rm_json_path_text(
		    rm_entry_value(node, RM_RECORD_ORDER), "arguments.node");
		found |= of_cluster(r, node) && told != NULL &&
			 strcmp(told, name) == 0;
	}
	free(name);
	return found;
}

/* 1 */
static struct rm_entry *
find_seed(const struct ring *r)
{
	struct rm_entry *best = NULL;
	bool targeted = false;
	for (size_t i = 0; i < r->model->nodes.count; i++) {
		struct rm_entry *node = r->model->nodes.items[i];
		if (!of_cluster(r, node) || !rm_membership_ready(node) ||
		    rm_node_goal(node) != RM_GOAL_RUN || !in_own_ring(node))
			continue;
		int more = best != NULL ? ring_size(node) - ring_size(best) : 1;
		bool target = is_target(r, node);
		if (more > 0 || (more == 0 && target && !targeted)) {
			best = node;
			targeted = target;
		}
	}
	return best;
}

static bool
joins(const struct ring *r, const struct rm_entry *node)
{
	return of_cluster(r, node) && node != r->seed &&
	       rm_node_goal(node) == RM_GOAL_RUN && rm_membership_ready(node) &&
	       ring_size(node) > 0 && !rm_membership_joined(node) &&
	       !in_ring(r, node);
}

/* It is to be a member, and on its way up. */
static bool
starts(const struct ring *r, const struct rm_entry *node)
{
	return of_cluster(r, node) && rm_node_goal(node) == RM_GOAL_RUN &&
	       rm_node_life(node) == RM_TASK_ALIVE &&
	       !rm_membership_ready(node);
}

static bool
leaves(const struct ring *r, const struct rm_entry *node)
{
	return of_cluster(r, node) && rm_node_goal(node) == RM_GOAL_LEAVE &&
	       rm_membership_ready(node) && in_ring(r, node);
}

static size_t
count(const struct ring *r,
    bool (*what)(const struct ring *, const struct rm_entry *))
{
	size_t n = 0;
	for (size_t i = 0; i < r->model->nodes.count; i++)
		n += what(r, r->model->nodes.items[i]);
	return n;
}

/*
 * 3 to 5: all for whom `what` holds are told; when all have done it the seed
 * commits, and its plan must hold exactly them.
 */
static void
change(struct ring *r, const char *verb, const char *list,
    bool (*what)(const struct ring *, const struct rm_entry *))
{
	char *seed = name_of(r->seed);
	jv names = jv_array();
	bool all = true;
	for (size_t i = 0; i < r->model->nodes.count; i++) {
		struct rm_entry *node = r->model->nodes.items[i];
		if (!what(r, node))
			continue;
		jv arguments = jv_object();
		if (strcmp(verb, "join") == 0)
			arguments = rm_json_set(
			    arguments, "node", jv_string(seed));
		all &= has_done(r, node, verb, arguments);
		char *name = name_of(node);
		names = jv_array_append(names, jv_string(name));
		free(name);
	}
	free(seed);
	jv arguments = JV_OBJECT(jv_string(list), names);
	if (!all) {
		jv_free(arguments);
		return;
	}
	/* Committed, and the ring has not told of it yet: for a leave that
	 * takes as long as the handoff does. */
	bool stale = answer_to(r->seed, "commit") == DONE &&
		     same_arguments(r->seed, arguments) &&
		     strcmp(verb, "join") == 0 && due(r, r->seed, SPREAD);
	if (stale)
		order(r, r->seed, "commit", arguments);
	else
		has_done(r, r->seed, "commit", arguments);
}

void
rm_membership_step(struct rm_model *model, struct rm_stage *stage,
    const char *cluster, double now, double *joining_since)
{
	struct ring r = {
		.model = model, .stage = stage, .cluster = cluster, .now = now
	};
	r.seed = find_seed(&r);
	if (r.seed == NULL)
		return;
	r.members = rm_json_get(member_of(r.seed), "members");
	bool committing = answer_to(r.seed, "commit") == WAITING;
	size_t joining = count(&r, joins);
	if (joining == 0)
		*joining_since = 0;
	else if (*joining_since <= 0)
		*joining_since = now;
	bool batched = now >= *joining_since + BATCH || count(&r, starts) == 0;
	if (!committing && joining > 0 && batched)
		change(&r, "join", "joins", joins);
	else if (!committing && joining == 0 && count(&r, leaves) > 0)
		change(&r, "leave", "leaves", leaves);
	jv_free(r.members);
}
