#include "sched/member.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "sched/store.h"
#include "state/phase.h"

static jv
member_of(const struct rm_entry *node)
{
	return rm_entry_value(node, RM_RECORD_MEMBER);
}

bool
rm_member_ready(const struct rm_entry *node)
{
	const char *task = rm_node_task(node);
	return !node->broken && task != NULL &&
	       strcmp(rm_json_text(member_of(node), "task_id", ""), task) ==
		   0 &&
	       rm_json_bool(member_of(node), "ready", false);
}

int
rm_member_ring_size(const struct rm_entry *node)
{
	jv names = rm_json_get(member_of(node), "members");
	int size = jv_get_kind(names) == JV_KIND_ARRAY
		       ? jv_array_length(jv_copy(names))
		       : 0;
	jv_free(names);
	return size;
}

double
rm_member_transfers(const struct rm_entry *node)
{
	return rm_json_number(member_of(node), "transfers", -1);
}

char *
rm_member_name(const struct rm_entry *node)
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

char *
rm_member_listed(jv names, const char *key)
{
	size_t n = strlen(key);
	char *found = NULL;
	if (jv_get_kind(names) != JV_KIND_ARRAY)
		return NULL;
	jv_array_foreach (names, i, one) {
		const char *name = jv_get_kind(one) == JV_KIND_STRING
				       ? jv_string_value(one)
				       : "";
		if (found == NULL && strncmp(name, key, n) == 0 &&
		    name[n] == '@')
			found = rm_strdup(name);
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
	char *name = rm_member_name(node);
	jv members = rm_json_get(member_of(node), "members");
	bool in = holds(members, name);
	jv_free(members);
	free(name);
	return in;
}

bool
rm_member_joined(const struct rm_entry *node)
{
	return rm_member_ring_size(node) > 1 && in_own_ring(node);
}

bool
rm_member_alone(const struct rm_entry *node)
{
	return rm_member_ring_size(node) == 1 && in_own_ring(node);
}

bool
rm_member_in_ring(const struct rm_member_ring *r, const struct rm_entry *node)
{
	char *name = rm_member_name(node);
	bool in = holds(r->members, name);
	free(name);
	return in;
}

static bool
is_of(const struct rm_entry *node, const char *cluster)
{
	return !node->broken &&
	       strcmp(rm_entry_text(node, RM_RECORD_NODE, "cluster", ""),
		   cluster) == 0;
}

bool
rm_member_of(const struct rm_member_ring *r, const struct rm_entry *node)
{
	return is_of(node, r->cluster);
}

static bool
lists(const struct rm_entry *node, const char *key)
{
	jv names = rm_json_get(member_of(node), "members");
	char *name = rm_member_listed(names, key);
	bool listed = name != NULL;
	jv_free(names);
	free(name);
	return listed;
}

/* Another node of the cluster, whose data count. */
static bool
is_other(const struct rm_entry *other, const struct rm_entry *node)
{
	enum rm_goal goal = rm_node_goal(other);
	return other != node &&
	       is_of(
		   other, rm_entry_text(node, RM_RECORD_NODE, "cluster", "")) &&
	       (goal == RM_GOAL_RUN || goal == RM_GOAL_LEAVE);
}

/* Every member of a ring of several was ordered something once. */
static bool
was_member(const struct rm_entry *node)
{
	return rm_entry_has(node, RM_RECORD_ORDER);
}

/* Others of its cluster, by what they can tell of the node. */
struct others {
	size_t list, do_not, silent;
};

static struct others
ask_others(const struct rm_entries *nodes, const struct rm_entry *node)
{
	struct others others = { 0 };
	for (size_t i = 0; i < nodes->count; i++) {
		const struct rm_entry *other = nodes->items[i];
		if (!is_other(other, node))
			continue;
		if (!rm_member_ready(other))
			others.silent += was_member(other);
		else if (lists(other, node->key))
			others.list++;
		else
			others.do_not += rm_member_joined(other);
	}
	return others;
}

bool
rm_member_is_needed(const struct rm_model *model, const struct rm_entry *node)
{
	char *name = rm_member_name(node);
	bool needed = false;
	for (size_t i = 0; i < model->nodes.count; i++) {
		const struct rm_entry *other = model->nodes.items[i];
		const char *told = rm_json_path_text(
		    rm_entry_value(other, RM_RECORD_ORDER), "arguments.node");
		bool waits = (rm_node_goal(node) == RM_GOAL_LEAVE &&
				 !rm_member_joined(other)) ||
			     (rm_member_ready(other) && !in_own_ring(other) &&
				 told != NULL && strcmp(told, name) == 0);
		needed |= is_other(other, node) && waits &&
			  rm_node_goal(other) == RM_GOAL_RUN;
	}
	free(name);
	return needed;
}

bool
rm_member_is_listed(const struct rm_model *model, const struct rm_entry *node)
{
	return ask_others(&model->nodes, node).list > 0;
}

/* Whether a commit's arguments let a node of that name in. */
static bool
lets_in(jv arguments, const char *name)
{
	jv joins = rm_json_get(arguments, "joins");
	jv replaces = rm_json_get(arguments, "replaces");
	bool in = holds(joins, name);
	if (jv_get_kind(replaces) == JV_KIND_ARRAY)
		jv_array_foreach (replaces, i, pair) {
			in |= holds(pair, name);
			jv_free(pair);
		}
	jv_free(joins);
	jv_free(replaces);
	return in;
}

/* Another was told to let it in, and its ring may not tell of it yet. */
static bool
is_let_in(const struct rm_model *model, const struct rm_entry *node, double now)
{
	char *name = rm_member_name(node);
	bool in = false;
	for (size_t i = 0; i < model->nodes.count && !in; i++) {
		const struct rm_entry *other = model->nodes.items[i];
		enum rm_member_answer answer = rm_member_answer(
		    other, "commit");
		double at = rm_entry_time(
		    other, RM_RECORD_ORDER, "at", 0, now);
		jv order = rm_entry_value(other, RM_RECORD_ORDER);
		bool may = answer == RM_MEMBER_WAITING ||
			   (answer == RM_MEMBER_DONE &&
			       now < at + RM_MEMBER_SPREAD);
		if (!may || !is_other(other, node))
			continue;
		jv arguments = rm_json_get(order, "arguments");
		in = lets_in(arguments, name);
		jv_free(arguments);
	}
	free(name);
	return in;
}

bool
rm_member_may_be_listed(
    const struct rm_model *model, const struct rm_entry *node, double now)
{
	if (rm_node_life(node) == RM_TASK_NONE)
		return false;
	struct others others = ask_others(&model->nodes, node);
	return others.list > 0 ||
	       (others.do_not == 0 && others.silent > 0) ||
	       is_let_in(model, node, now);
}

/* ---- orders ---- */

enum rm_member_answer
rm_member_answer(const struct rm_entry *node, const char *verb)
{
	jv order = rm_entry_value(node, RM_RECORD_ORDER);
	const char *told = rm_json_text(order, "verb", "");
	if (*told == '\0' || (verb != NULL && strcmp(told, verb) != 0))
		return RM_MEMBER_NOT_ORDERED;
	jv result = rm_json_get(member_of(node), "order");
	bool same = strcmp(rm_json_text(result, "id", ""),
			rm_json_text(order, "id", "-")) == 0;
	jv success = rm_json_get(result, "success");
	jv_kind kind = same ? jv_get_kind(success) : JV_KIND_NULL;
	jv_free(success);
	jv_free(result);
	return kind == JV_KIND_TRUE    ? RM_MEMBER_DONE
	       : kind == JV_KIND_FALSE ? RM_MEMBER_REFUSED
				       : RM_MEMBER_WAITING;
}

void
rm_member_order(struct rm_member_ring *r, struct rm_entry *node,
    const char *verb, jv arguments)
{
	char *id = rm_format("%s.%lld", verb, llround(r->now * 1000));
	rm_log_info("order node=%s verb=%s id=%s", node->key, verb, id);
	jv value = JV_OBJECT(jv_string("id"), jv_string(id), jv_string("verb"),
	    jv_string(verb), jv_string("arguments"), arguments, jv_string("at"),
	    jv_number(r->now));
	rm_sched_store(r->model, r->stage, RM_RECORD_ORDER, node->key, value);
	free(id);
}

bool
rm_member_due(
    const struct rm_member_ring *r, const struct rm_entry *node, double wait)
{
	return r->now >=
	       rm_entry_time(node, RM_RECORD_ORDER, "at", 0, r->now) + wait;
}

bool
rm_member_told(const struct rm_entry *node, jv arguments)
{
	jv known = rm_json_get(
	    rm_entry_value(node, RM_RECORD_ORDER), "arguments");
	bool same = rm_json_equal(known, arguments);
	jv_free(known);
	return same;
}

bool
rm_member_has_done(struct rm_member_ring *r, struct rm_entry *node,
    const char *verb, jv arguments)
{
	enum rm_member_answer answer = rm_member_answer(node, verb);
	bool same = rm_member_told(node, arguments);
	bool done = answer == RM_MEMBER_DONE && same;
	if (!done && (answer == RM_MEMBER_NOT_ORDERED || !same ||
			 (answer == RM_MEMBER_REFUSED &&
			     rm_member_due(r, node, RM_MEMBER_RETRY))))
		rm_member_order(r, node, verb, arguments);
	else
		jv_free(arguments);
	return done;
}

/* ---- the seed ---- */

/* Whom the node was told to join, unless it has refused; NULL. */
static const char *
suited(const struct rm_member_ring *r, const struct rm_entry *node)
{
	enum rm_member_answer answer = rm_member_answer(node, "join");
	bool may = answer == RM_MEMBER_DONE || answer == RM_MEMBER_WAITING;
	return may && rm_member_of(r, node)
		   ? rm_json_path_text(rm_entry_value(node, RM_RECORD_ORDER),
			 "arguments.node")
		   : NULL;
}

/* Whether others join this one: 2: they have, 1: they were told to, 0. */
static int
sought(const struct rm_member_ring *r, const struct rm_entry *seed)
{
	char *name = rm_member_name(seed);
	int most = 0;
	for (size_t i = 0; i < r->nodes.count && most < 2; i++) {
		const struct rm_entry *node = r->nodes.items[i];
		const char *whom = suited(r, node);
		if (whom != NULL && strcmp(whom, name) == 0)
			most = rm_member_answer(node, "join") == RM_MEMBER_DONE
				   ? 2
				   : 1;
	}
	free(name);
	return most;
}

/* Whether a node has joined, or may have, one that is not up: it can't be taken
 * back, and is no more once that one has committed it. */
static bool
is_awaited(const struct rm_member_ring *r)
{
	for (size_t i = 0; i < r->nodes.count; i++) {
		const struct rm_entry *node = r->nodes.items[i];
		enum rm_goal goal = rm_node_goal(node);
		const char *whom = suited(r, node);
		if (whom == NULL || !rm_member_ready(node) ||
		    rm_member_joined(node) ||
		    (goal != RM_GOAL_RUN && goal != RM_GOAL_LEAVE))
			continue;
		char *key = rm_format("%.*s", (int)strcspn(whom, "@"), whom);
		const struct rm_entry *other = rm_model_node(r->model, key);
		free(key);
		if (other != NULL && is_other(other, node) &&
		    !rm_member_ready(other))
			return true;
	}
	return false;
}

/* It is no seed while one that was a member, or that others are to join, is not
 * up: there may be a ring that it is to join. */
static bool
may_have_a_ring(const struct rm_member_ring *r, const struct rm_entry *node)
{
	return rm_member_ring_size(node) == 1 &&
	       (r->awaited || ask_others(&r->nodes, node).silent > 0);
}

/* One that is to leave may hold all the data, while new ones stand by: they
 * join it before it goes. One that is to be removed is a seed only for those
 * who were told to join it already. */
static bool
is_seed(const struct rm_member_ring *r, const struct rm_entry *node)
{
	enum rm_goal goal = rm_node_goal(node);
	return rm_member_of(r, node) && rm_member_ready(node) &&
	       in_own_ring(node) && !may_have_a_ring(r, node) &&
	       (goal == RM_GOAL_RUN || goal == RM_GOAL_LEAVE ||
		   (goal == RM_GOAL_REMOVE && sought(r, node) > 0));
}

/* Whether this one is the better seed. */
static bool
is_better(const struct rm_member_ring *r, const struct rm_entry *node,
    const struct rm_entry *best)
{
	if (best == NULL)
		return true;
	int more = rm_member_ring_size(node) - rm_member_ring_size(best);
	if (more != 0)
		return more > 0;
	bool stays = rm_node_goal(node) == RM_GOAL_RUN;
	if (rm_member_ring_size(node) > 1 &&
	    stays != (rm_node_goal(best) == RM_GOAL_RUN))
		return stays;
	return sought(r, node) > sought(r, best);
}

static struct rm_entry *
find_seed(const struct rm_member_ring *r)
{
	struct rm_entry *best = NULL;
	for (size_t i = 0; i < r->nodes.count; i++) {
		struct rm_entry *node = r->nodes.items[i];
		if (is_seed(r, node) && is_better(r, node, best))
			best = node;
	}
	return best;
}

void
rm_member_ring_open(struct rm_member_ring *r)
{
	r->awaited = is_awaited(r);
	r->seed = find_seed(r);
	r->members = r->seed != NULL
			 ? rm_json_get(member_of(r->seed), "members")
			 : jv_array();
}

void
rm_member_ring_close(struct rm_member_ring *r)
{
	jv_free(r->members);
	r->members = jv_invalid();
}
