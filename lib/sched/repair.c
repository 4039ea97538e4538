#include "sched/repair.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "state/phase.h"

#define MOST_DOWN 32 /* that are marked down before a commit */

struct rm_entry *
rm_repair_replacement(const struct rm_model *model, const struct rm_entry *node)
{
	for (size_t i = 0; i < model->nodes.count; i++) {
		struct rm_entry *other = model->nodes.items[i];
		if (strcmp(rm_entry_text(other, RM_RECORD_NODE, "replaces", ""),
			node->key) == 0 &&
		    rm_node_goal(other) == RM_GOAL_RUN)
			return other;
	}
	return NULL;
}

/* Its volume was given back: it can't come up again to leave with its handoff,
 * if its ring lists it after all. */
static bool
is_released(const struct rm_member_ring *r, const struct rm_entry *node)
{
	double at = rm_entry_time(
	    node, RM_RECORD_RESERVATION, "released", 0, r->now);
	return at > 0 && r->now >= at + RM_MEMBER_SPREAD;
}

/* One that may run is killed first. One that Mesos can't see is dead for its
 * ring: back on its old data it finds itself removed, and ends. */
static bool
is_dead(const struct rm_member_ring *r, const struct rm_entry *node)
{
	enum rm_goal goal = rm_node_goal(node);
	enum rm_task_life life = rm_node_life(node);
	return rm_member_of(r, node) &&
	       ((goal == RM_GOAL_REMOVE && life != RM_TASK_ALIVE) ||
		   (goal == RM_GOAL_LEAVE &&
		       (life == RM_TASK_LOST_FOR_GOOD ||
			   (life == RM_TASK_ENDED && is_released(r, node)))));
}

bool
rm_repair_is_forgotten(
    const struct rm_model *model, const char *cluster, const char *name)
{
	const struct rm_entry *of = rm_model_cluster(model, cluster);
	char *key = rm_format("%.*s", (int)strcspn(name, "@"), name);
	const struct rm_entry *node = rm_model_node(model, key);
	long number = rm_record_node_number(
	    key, rm_model_setting_text(model, "framework", "riak"), cluster);
	free(key);
	return number > 0 && of != NULL &&
	       (node == NULL || !rm_entry_has(node, RM_RECORD_NODE)) &&
	       (double)number <
		   rm_entry_number(of, RM_RECORD_CLUSTER, "next", 0);
}

static bool
is_forgotten(const struct rm_member_ring *r, const char *name)
{
	return rm_repair_is_forgotten(r->model, r->cluster, name);
}

/* Joins that are staged already come with the same commit. */
static jv
staged_joins(const struct rm_member_ring *r, const struct rm_entry *but)
{
	jv names = jv_array();
	for (size_t i = 0; i < r->nodes.count; i++) {
		const struct rm_entry *node = r->nodes.items[i];
		if (node == but || !rm_member_of(r, node) ||
		    !rm_member_ready(node) || rm_member_in_ring(r, node) ||
		    rm_member_answer(node, "join") != RM_MEMBER_DONE)
			continue;
		char *name = rm_member_name(node);
		names = jv_array_append(names, jv_string(name));
		free(name);
	}
	return names;
}

static jv
commit_of(const struct rm_member_ring *r, const char *old,
    const struct rm_entry *replacement)
{
	jv commit = JV_OBJECT(jv_string("joins"), staged_joins(r, replacement));
	if (replacement == NULL)
		return rm_json_set(commit, "removes", JV_ARRAY(jv_string(old)));
	char *new = rm_member_name(replacement);
	commit = rm_json_set(commit, "replaces",
	    JV_ARRAY(JV_ARRAY(jv_string(old), jv_string(new))));
	free(new);
	return commit;
}

static jv
change_of(const char *old, const struct rm_entry *replacement)
{
	if (replacement == NULL)
		return JV_OBJECT(jv_string("node"), jv_string(old));
	char *new = rm_member_name(replacement);
	jv change = JV_OBJECT(
	    jv_string("old"), jv_string(old), jv_string("new"), jv_string(new));
	free(new);
	return change;
}

/* What the seed is told, one after the other. */
struct recipe {
	struct {
		const char *verb;
		jv arguments; /* owned */
	} steps[MOST_DOWN + 2];
	size_t count;
};

static void
add(struct recipe *recipe, const char *verb, jv arguments)
{
	recipe->steps[recipe->count].verb = verb;
	recipe->steps[recipe->count++].arguments = arguments;
}

/* While one is dead and not marked down nothing is committed. */
static void
add_downs(struct recipe *recipe, const struct rm_member_ring *r)
{
	jv_array_foreach (r->members, i, name) {
		const char *text = jv_get_kind(name) == JV_KIND_STRING
				       ? jv_string_value(name)
				       : "";
		char *key = rm_format("%.*s", (int)strcspn(text, "@"), text);
		const struct rm_entry *node = rm_model_node(r->model, key);
		bool dead = is_forgotten(r, text) ||
			    (node != NULL && is_dead(r, node));
		if (dead && recipe->count < MOST_DOWN)
			add(recipe, "down",
			    JV_OBJECT(jv_string("node"), jv_string(text)));
		free(key);
		jv_free(name);
	}
}

/* Which comes next the order that stands tells: what was refused, or did not
 * show, begins anew. False when all has been done, just now. */
static bool
follow(struct rm_member_ring *r, const struct recipe *recipe)
{
	size_t next = 0;
	bool wait = false, all = false;
	for (size_t i = 0; i < recipe->count; i++) {
		enum rm_member_answer answer = rm_member_answer(
		    r->seed, recipe->steps[i].verb);
		if (answer == RM_MEMBER_NOT_ORDERED ||
		    !rm_member_told(r->seed, recipe->steps[i].arguments))
			continue;
		/* One that is down already, or up again, holds nobody up. */
		bool passed = answer == RM_MEMBER_DONE ||
			      (answer == RM_MEMBER_REFUSED &&
				  strcmp(recipe->steps[i].verb, "down") == 0 &&
				  rm_member_due(r, r->seed, RM_MEMBER_RETRY));
		all = passed && i + 1 == recipe->count &&
		      !rm_member_due(r, r->seed, RM_MEMBER_RETRY);
		if (passed)
			next = (i + 1) % recipe->count;
		else
			wait = answer == RM_MEMBER_WAITING ||
			       !rm_member_due(r, r->seed, RM_MEMBER_RETRY);
	}
	if (!wait && !all)
		rm_member_order(r, r->seed, recipe->steps[next].verb,
		    jv_copy(recipe->steps[next].arguments));
	return !all;
}

static void
recipe_free(struct recipe *recipe)
{
	for (size_t i = 0; i < recipe->count; i++)
		jv_free(recipe->steps[i].arguments);
}

/* True while the seed is at it. */
static bool
mark_down(struct rm_member_ring *r)
{
	struct recipe recipe = { 0 };
	add_downs(&recipe, r);
	bool busy = follow(r, &recipe);
	recipe_free(&recipe);
	return busy;
}

static void
take_out(struct rm_member_ring *r, const char *old,
    const struct rm_entry *replacement)
{
	struct recipe recipe = { 0 };
	add_downs(&recipe, r);
	add(&recipe, replacement != NULL ? "force-replace" : "force-remove",
	    change_of(old, replacement));
	add(&recipe, "commit", commit_of(r, old, replacement));
	follow(r, &recipe);
	recipe_free(&recipe);
}

static bool
names_it(jv list, const char *old)
{
	bool found = false;
	if (jv_get_kind(list) == JV_KIND_ARRAY)
		jv_array_foreach (list, i, item) {
			/* [old, new], or old alone */
			jv name = jv_get_kind(item) == JV_KIND_ARRAY
				      ? jv_array_get(jv_copy(item), 0)
				      : jv_copy(item);
			found |= jv_get_kind(name) == JV_KIND_STRING &&
				 strcmp(jv_string_value(name), old) == 0;
			jv_free(name);
			jv_free(item);
		}
	jv_free(list);
	return found;
}

/* Committed by any of them, not long ago: a ring may not tell of it yet. */
static bool
is_committed(const struct rm_member_ring *r, const char *old)
{
	for (size_t i = 0; i < r->nodes.count; i++) {
		const struct rm_entry *node = r->nodes.items[i];
		if (!rm_member_of(r, node) ||
		    rm_member_answer(node, "commit") != RM_MEMBER_DONE ||
		    rm_member_due(r, node, RM_MEMBER_SPREAD))
			continue;
		jv order = rm_entry_value(node, RM_RECORD_ORDER);
		if (names_it(rm_json_path(order, "arguments.removes"), old) ||
		    names_it(rm_json_path(order, "arguments.replaces"), old))
			return true;
	}
	return false;
}

/* It has to join first, for that alone. */
static bool
has_joined(struct rm_member_ring *r, struct rm_entry *replacement)
{
	if (!rm_member_ready(replacement))
		return false;
	char *seed = rm_member_name(r->seed);
	jv arguments = JV_OBJECT(jv_string("node"), jv_string(seed));
	free(seed);
	return rm_member_has_done(r, replacement, "join", arguments);
}

/* As by a ring whose claimant is dead, until another has that office. */
static bool
is_refused(const struct rm_entry *replacement)
{
	return rm_member_ready(replacement) &&
	       rm_member_answer(replacement, "join") == RM_MEMBER_REFUSED;
}

static void
see_to(struct rm_member_ring *r, const char *old, struct rm_entry *replacement)
{
	/* A member already can't replace another any more. */
	if (replacement != NULL && rm_member_in_ring(r, replacement))
		replacement = NULL;
	if (!is_committed(r, old))
		take_out(r, old, replacement);
}

static bool
take_out_forgotten(struct rm_member_ring *r)
{
	char *old = NULL;
	jv_array_foreach (r->members, i, name) {
		if (old == NULL && jv_get_kind(name) == JV_KIND_STRING &&
		    is_forgotten(r, jv_string_value(name)))
			old = rm_strdup(jv_string_value(name));
		jv_free(name);
	}
	if (old == NULL)
		return false;
	see_to(r, old, NULL);
	free(old);
	return true;
}

bool
rm_repair_step(struct rm_member_ring *r)
{
	for (size_t i = 0; i < r->nodes.count; i++) {
		const struct rm_entry *node = r->nodes.items[i];
		char *old = is_dead(r, node)
				? rm_member_listed(r->members, node->key)
				: NULL;
		if (old == NULL)
			continue;
		struct rm_entry *replacement = rm_repair_replacement(
		    r->model, node);
		bool can = replacement == NULL ||
			   rm_member_in_ring(r, replacement) ||
			   has_joined(r, replacement);
		if (can)
			see_to(r, old, replacement);
		free(old);
		if (can || (is_refused(replacement) && mark_down(r)))
			return true;
	}
	return take_out_forgotten(r);
}

/* ---- what is staged ---- */

/* NULL: it has no record. */
static const struct rm_entry *
named(const struct rm_member_ring *r, const char *name)
{
	char *key = rm_format("%.*s", (int)strcspn(name, "@"), name);
	const struct rm_entry *node = rm_model_node(r->model, key);
	free(key);
	return node != NULL && rm_member_of(r, node) ? node : NULL;
}

static enum rm_goal
goal_of(const struct rm_member_ring *r, const char *name)
{
	const struct rm_entry *node = named(r, name);
	return node != NULL ? rm_node_goal(node) : RM_GOAL_NONE;
}

/* One who is gone meanwhile has to come in before it can be taken out. */
static bool
wants_join(const struct rm_member_ring *r, const char *name)
{
	return goal_of(r, name) != RM_GOAL_NONE || is_forgotten(r, name);
}

static bool
wants_leave(const struct rm_member_ring *r, const char *name)
{
	return goal_of(r, name) == RM_GOAL_LEAVE;
}

static bool
wants_gone(const struct rm_member_ring *r, const char *name)
{
	const struct rm_entry *node = named(r, name);
	return goal_of(r, name) == RM_GOAL_REMOVE || is_forgotten(r, name) ||
	       (node != NULL && is_dead(r, node));
}

static const struct {
	const char *change, *list;
	bool (*wanted)(const struct rm_member_ring *r, const char *name);
} staged[] = { { "join ", "joins", wants_join },
	{ "leave ", "leaves", wants_leave },
	{ "force-remove ", "removes", wants_gone },
	{ "replace ", "replaces", wants_gone } };

/* Adds one to what is to be committed; false: it is not wanted. */
static bool
accept_change(const struct rm_member_ring *r, const char *text, jv *commit)
{
	for (size_t i = 0; i < sizeof(staged) / sizeof(*staged); i++) {
		size_t n = strlen(staged[i].change);
		if (strncmp(text, staged[i].change, n) != 0 ||
		    !staged[i].wanted(r, text + n))
			continue;
		const char *by = strstr(text, " by ");
		jv item = by == NULL ? jv_string(text + n)
				     : JV_ARRAY(jv_string_sized(text + n,
						    (int)(by - text - (long)n)),
					   jv_string(by + 4));
		jv list = rm_json_get(*commit, staged[i].list);
		if (!jv_is_valid(list)) {
			jv_free(list);
			list = jv_array();
		}
		*commit = rm_json_set(
		    *commit, staged[i].list, jv_array_append(list, item));
		return true;
	}
	return false;
}

bool
rm_repair_accept(struct rm_member_ring *r)
{
	jv changes = rm_json_path(
	    rm_entry_value(r->seed, RM_RECORD_MEMBER), "order.answer");
	jv commit = jv_object();
	bool all = rm_member_answer(r->seed, "commit") == RM_MEMBER_REFUSED &&
		   jv_get_kind(changes) == JV_KIND_ARRAY;
	if (all)
		jv_array_foreach (changes, i, change) {
			all &= jv_get_kind(change) == JV_KIND_STRING &&
			       accept_change(
				   r, jv_string_value(change), &commit);
			jv_free(change);
		}
	bool again = all && !rm_member_told(r->seed, commit);
	jv_free(changes);
	if (again)
		rm_member_order(r, r->seed, "commit", commit);
	else
		jv_free(commit);
	return again;
}
