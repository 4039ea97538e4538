#include "sched/lost.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "sched/repair.h"
#include "state/phase.h"

/* So long must a node be stranded: a ring that tells late has told by then. */
#define STRANDED (2 * RM_MEMBER_SPREAD)

/* The next number of the cluster: above all that are there. */
static long
next_number(const struct rm_model *model, const struct rm_entry *cluster)
{
	const char *framework = rm_model_setting_text(
	    model, "framework", "riak");
	long next = rm_json_whole(
	    rm_entry_number(cluster, RM_RECORD_CLUSTER, "next", 1), 1);
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
    const struct rm_entry *node, const struct rm_entry *cluster,
    const char *why)
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
	rm_log_warn(
	    "%s: %s: %s replaces it", node->key, why, path + strlen("nodes/"));
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

/* No member of that name will ever be up again. */
static bool
is_gone(const struct rm_model *model, const char *cluster, const char *name)
{
	char *key = rm_format("%.*s", (int)strcspn(name, "@"), name);
	const struct rm_entry *node = rm_model_node(model, key);
	free(key);
	if (node == NULL || !rm_entry_has(node, RM_RECORD_NODE))
		return rm_repair_is_forgotten(model, cluster, name);
	enum rm_task_life life = rm_node_life(node);
	/* One to be removed that Mesos can't see is ended when it is back. */
	return life == RM_TASK_LOST_FOR_GOOD ||
	       (rm_node_goal(node) == RM_GOAL_REMOVE && life != RM_TASK_ALIVE);
}

/*
 * Its join is staged in a ring of which nobody is left to commit it, or to take
 * it back. It never was a member, and nothing was given to it to keep.
 */
static bool
is_stranded(const struct rm_model *model, const struct rm_entry *node)
{
	jv names = rm_json_get(
	    rm_entry_value(node, RM_RECORD_MEMBER), "members");
	bool gone = rm_member_ready(node) && rm_member_ring_size(node) > 0 &&
		    rm_member_answer(node, "join") != RM_MEMBER_NOT_ORDERED;
	if (gone)
		jv_array_foreach (names, i, name) {
			gone &= jv_get_kind(name) == JV_KIND_STRING &&
				is_gone(model,
				    rm_entry_text(
					node, RM_RECORD_NODE, "cluster", ""),
				    jv_string_value(name));
			jv_free(name);
		}
	jv_free(names);
	return gone;
}

/* NULL while it is not, or not for long enough: news may be late. */
static const char *
why_lost(const struct rm_model *model, const struct rm_entry *node, double now,
    struct rm_lost_memory *memory)
{
	if (rm_node_life(node) == RM_TASK_LOST_FOR_GOOD)
		return rm_node_goal(node) == RM_GOAL_RUN
			   ? "its agent is gone for good"
			   : NULL;
	if (!is_stranded(model, node))
		memory->stranded_since = 0;
	else if (memory->stranded_since <= 0)
		memory->stranded_since = now;
	else if (now >= memory->stranded_since + STRANDED)
		return "all members of the ring that it was to join are gone";
	return NULL;
}

void
rm_lost_step(struct rm_model *model, struct rm_stage *stage,
    const struct rm_entry *node, double now, struct rm_lost_memory *memory)
{
	const struct rm_entry *cluster = rm_model_cluster(
	    model, rm_entry_text(node, RM_RECORD_NODE, "cluster", ""));
	enum rm_goal goal = rm_node_goal(node);
	if ((goal != RM_GOAL_RUN && goal != RM_GOAL_LEAVE) || cluster == NULL ||
	    cluster->broken || !rm_entry_has(cluster, RM_RECORD_CLUSTER) ||
	    cluster->cells[RM_RECORD_CLUSTER].version < 0 ||
	    node->cells[RM_RECORD_NODE].version < 0)
		return;
	const char *why = why_lost(model, node, now, memory);
	if (why == NULL || (memory->written_at > 0 &&
			       now < memory->written_at + RM_MEMBER_RETRY))
		return;
	memory->written_at = now;
	if (goal == RM_GOAL_RUN && rm_repair_replacement(model, node) == NULL)
		write_replacement(model, stage, node, cluster, why);
	else
		write_removal(stage, node);
}
