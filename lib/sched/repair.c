#include "sched/repair.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "state/phase.h"

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

/* One that may run is killed first. One that Mesos can't see is dead for its
 * ring: back on its old data it finds itself removed, and ends. */
static bool
is_dead(const struct rm_member_ring *r, const struct rm_entry *node)
{
	return rm_member_of(r, node) && rm_node_goal(node) == RM_GOAL_REMOVE &&
	       rm_node_life(node) != RM_TASK_ALIVE;
}

/* Joins that are staged already come with the same commit. */
static jv
staged_joins(const struct rm_member_ring *r, const struct rm_entry *but)
{
	jv names = jv_array();
	for (size_t i = 0; i < r->model->nodes.count; i++) {
		const struct rm_entry *node = r->model->nodes.items[i];
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

/*
 * The seed is told one thing after the other; which comes next the order that
 * stands tells. What was refused, or did not show, begins anew.
 */
static void
take_out(struct rm_member_ring *r, const char *old,
    const struct rm_entry *replacement)
{
	struct {
		const char *verb;
		jv arguments;
	} steps[] = {
		{ "down", JV_OBJECT(jv_string("node"), jv_string(old)) },
		{ replacement != NULL ? "force-replace" : "force-remove",
		    change_of(old, replacement) },
		{ "commit", commit_of(r, old, replacement) },
	};
	size_t count = sizeof(steps) / sizeof(*steps), next = 0;
	bool wait = false;
	for (size_t i = 0; i < count; i++) {
		enum rm_member_answer answer = rm_member_answer(
		    r->seed, steps[i].verb);
		if (answer == RM_MEMBER_NOT_ORDERED ||
		    !rm_member_told(r->seed, steps[i].arguments))
			continue;
		bool last = i == count - 1;
		if (answer == RM_MEMBER_DONE && !last)
			next = i + 1;
		else if (answer != RM_MEMBER_DONE)
			wait = answer == RM_MEMBER_WAITING ||
			       !rm_member_due(r, r->seed, RM_MEMBER_RETRY);
	}
	if (!wait)
		rm_member_order(r, r->seed, steps[next].verb,
		    jv_copy(steps[next].arguments));
	for (size_t i = 0; i < count; i++)
		jv_free(steps[i].arguments);
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
	for (size_t i = 0; i < r->model->nodes.count; i++) {
		const struct rm_entry *node = r->model->nodes.items[i];
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

bool
rm_repair_step(struct rm_member_ring *r)
{
	for (size_t i = 0; i < r->model->nodes.count; i++) {
		const struct rm_entry *node = r->model->nodes.items[i];
		char *old = is_dead(r, node)
				? rm_member_listed(r->members, node->key)
				: NULL;
		if (old == NULL)
			continue;
		struct rm_entry *replacement = rm_repair_replacement(
		    r->model, node);
		/* A member already can't replace another any more. */
		if (replacement != NULL && rm_member_in_ring(r, replacement))
			replacement = NULL;
		bool committed = is_committed(r, old);
		bool can = committed || replacement == NULL ||
			   has_joined(r, replacement);
		if (can && !committed)
			take_out(r, old, replacement);
		free(old);
		if (can)
			return true;
	}
	return false;
}

/* ---- agents that are gone ---- */

/* The next number of the cluster: above all that are there. */
static long
next_number(const struct rm_model *model, const struct rm_entry *cluster)
{
	const char *framework = rm_model_setting_text(
	    model, "framework", "riak");
	long next = (long)rm_entry_number(
	    cluster, RM_RECORD_CLUSTER, "next", 1);
	for (size_t i = 0; i < model->nodes.count; i++) {
		long number = rm_record_node_number(
		    model->nodes.items[i]->key, framework, cluster->key);
		if (number >= next)
			next = number + 1;
	}
	return next;
}

/* The number is counted by the cluster, at the version that was seen, so that
 * it is not used again. */
static void
write_replacement(const struct rm_model *model, struct rm_stage *stage,
    const struct rm_entry *node, const struct rm_entry *cluster)
{
	long number = next_number(model, cluster);
	jv counted = rm_json_set(
	    jv_copy(rm_entry_value(cluster, RM_RECORD_CLUSTER)), "next",
	    jv_number((double)number + 1));
	char *path = rm_format("clusters/%s", cluster->key);
	rm_stage_write(
	    stage, path, counted, cluster->cells[RM_RECORD_CLUSTER].version);
	free(path);
	path = rm_format("nodes/%s-%s-%ld",
	    rm_model_setting_text(model, "framework", "riak"), cluster->key,
	    number);
	rm_log_warn("the agent of %s is gone for good: %s replaces it",
	    node->key, path + strlen("nodes/"));
	rm_stage_write(stage, path,
	    JV_OBJECT(jv_string("cluster"), jv_string(cluster->key),
		jv_string("goal"), jv_string("run"), jv_string("restart"),
		jv_number(0), jv_string("replaces"), jv_string(node->key)),
	    -1);
	free(path);
}

static void
write_removal(struct rm_stage *stage, const struct rm_entry *node)
{
	char *path = rm_format("nodes/%s", node->key);
	rm_stage_write(stage, path,
	    rm_json_set(jv_copy(rm_entry_value(node, RM_RECORD_NODE)), "goal",
		jv_string("remove")),
	    node->cells[RM_RECORD_NODE].version);
	free(path);
}

void
rm_repair_gone(struct rm_model *model, struct rm_stage *stage,
    const struct rm_entry *node, double now, double *written_at)
{
	const struct rm_entry *cluster = rm_model_cluster(
	    model, rm_entry_text(node, RM_RECORD_NODE, "cluster", ""));
	if (rm_node_goal(node) != RM_GOAL_RUN ||
	    rm_node_life(node) != RM_TASK_LOST_FOR_GOOD || cluster == NULL ||
	    cluster->broken || !rm_entry_has(cluster, RM_RECORD_CLUSTER) ||
	    cluster->cells[RM_RECORD_CLUSTER].version < 0 ||
	    node->cells[RM_RECORD_NODE].version < 0 ||
	    (*written_at > 0 && now < *written_at + RM_MEMBER_RETRY))
		return;
	*written_at = now;
	if (rm_repair_replacement(model, node) == NULL)
		write_replacement(model, stage, node, cluster);
	else
		write_removal(stage, node);
}
