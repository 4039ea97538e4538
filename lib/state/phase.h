/*
 * What a node is doing: derived, never stored, from its goal, reservation,
 * task, status and membership, by these functions alone. The phases' names
 * are the original's.
 */
#ifndef RM_STATE_PHASE_H
#define RM_STATE_PHASE_H

#include <stdbool.h>

#include "mesos/task_state.h"
#include "state/model.h"

enum rm_goal {
	RM_GOAL_NONE,
	RM_GOAL_RUN,
	RM_GOAL_STOP,
	RM_GOAL_LEAVE,
	RM_GOAL_REMOVE
};
/* RM_GOAL_NONE: no node record, or one without a goal that we know. */
enum rm_goal rm_node_goal(const struct rm_entry *node);

/* The newest task that any record tells of; NULL when none does. Borrowed. */
const char *rm_node_task(const struct rm_entry *node);
/* Its time; -1 when there is none. */
long long rm_node_task_time(const struct rm_entry *node);
/* The agent it was launched on, or NULL. */
const char *rm_node_task_agent(const struct rm_entry *node);

/*
 * How it is with the newest task. A launch without any word yet is alive; so
 * is a terminal state that the master made up by itself and reconciliation
 * has not confirmed.
 */
enum rm_task_life rm_node_life(const struct rm_entry *node);

/*
 * Whether a node whose goal is to leave has done so: it never ran, it ended by
 * itself after its handoff, it was alone and was ended, or nothing is left. One
 * that died in the middle has not.
 */
bool rm_node_left(const struct rm_entry *node);

/* "requested", "reserved", "starting", "started", "restarting", "leaving",
 * "shutting_down", "shutdown". */
const char *rm_node_phase(const struct rm_entry *node);

/* Its newest task was launched, and no record of ours tells of that or of its
 * volume: records were lost, or are older than it. */
bool rm_node_unexplained(const struct rm_entry *node);

/* An update of its newest task has said that it is alive. */
bool rm_node_heard_alive(const struct rm_entry *node);

/* Why the node must not be touched, or NULL; text is the caller's. */
char *rm_node_frozen(const struct rm_entry *node);

/* When the node may run again after its last failures in a row: doubled from
 * one second up to five minutes. 0: at once. */
double rm_node_retry_at(const struct rm_entry *node, double now);

#endif
