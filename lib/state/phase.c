#include "state/phase.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"

#define FIRST_DELAY   1.0
#define LONGEST_DELAY 300.0

enum rm_goal
rm_node_goal(const struct rm_entry *node)
{
	static const char *const names[] = {
		[RM_GOAL_RUN] = "run",
		[RM_GOAL_STOP] = "stop",
		[RM_GOAL_LEAVE] = "leave",
		[RM_GOAL_REMOVE] = "remove",
	};
	const char *goal = rm_entry_text(node, RM_RECORD_NODE, "goal", "");
	for (int g = RM_GOAL_RUN; g <= RM_GOAL_REMOVE; g++)
		if (strcmp(goal, names[g]) == 0)
			return (enum rm_goal)g;
	return RM_GOAL_NONE;
}

static long long
task_time(const struct rm_entry *node, enum rm_record_kind kind)
{
	return node->cells[kind].task_time;
}

/* Which record tells of the newest task. */
static enum rm_record_kind
newest(const struct rm_entry *node)
{
	return task_time(node, RM_RECORD_TASK) >
		       task_time(node, RM_RECORD_STATUS)
		   ? RM_RECORD_TASK
		   : RM_RECORD_STATUS;
}

const char *
rm_node_task(const struct rm_entry *node)
{
	return rm_entry_text(node, newest(node), "task_id", NULL);
}

long long
rm_node_task_time(const struct rm_entry *node)
{
	return task_time(node, newest(node));
}

const char *
rm_node_task_agent(const struct rm_entry *node)
{
	return rm_entry_text(node, newest(node), "agent_id", NULL);
}

enum rm_task_life
rm_node_life(const struct rm_entry *node)
{
	if (rm_node_task_time(node) < 0)
		return RM_TASK_NONE;
	if (newest(node) == RM_RECORD_TASK)
		return RM_TASK_ALIVE;
	jv status = rm_entry_value(node, RM_RECORD_STATUS);
	if (rm_json_bool(status, "unconfirmed", false))
		return RM_TASK_ALIVE;
	const struct rm_task_state *state = rm_task_state_find(
	    rm_json_text(status, "state", ""));
	/* A state that we do not know may mean anything. */
	return state != NULL ? state->life : RM_TASK_UNSURE;
}

bool
rm_node_unexplained(const struct rm_entry *node)
{
	return !rm_entry_has(node, RM_RECORD_RESERVATION) &&
	       task_time(node, RM_RECORD_STATUS) >
		   task_time(node, RM_RECORD_TASK);
}

bool
rm_node_heard_alive(const struct rm_entry *node)
{
	const struct rm_task_state *state = rm_task_state_find(
	    rm_entry_text(node, RM_RECORD_STATUS, "state", ""));
	return newest(node) == RM_RECORD_STATUS && state != NULL &&
	       state->life == RM_TASK_ALIVE;
}

bool
rm_node_left(const struct rm_entry *node)
{
	jv status = rm_entry_value(node, RM_RECORD_STATUS);
	const char *state = rm_json_text(status, "state", "");
	if (rm_node_life(node) == RM_TASK_NONE ||
	    rm_node_life(node) == RM_TASK_LOST_FOR_GOOD)
		return true;
	if (rm_node_life(node) != RM_TASK_ENDED)
		return false;
	return strcmp(state, "TASK_FINISHED") == 0 ||
	       (strcmp(state, "TASK_KILLED") == 0 &&
		   rm_json_text(status, "reason", NULL) == NULL);
}

static bool
running(const struct rm_entry *node)
{
	return newest(node) == RM_RECORD_STATUS &&
	       strcmp(rm_entry_text(node, RM_RECORD_STATUS, "state", ""),
		   "TASK_RUNNING") == 0;
}

const char *
rm_node_phase(const struct rm_entry *node)
{
	enum rm_goal goal = rm_node_goal(node);
	enum rm_task_life life = rm_node_life(node);
	bool alive = life == RM_TASK_ALIVE || life == RM_TASK_UNSURE;
	if (goal == RM_GOAL_LEAVE && alive)
		return "leaving";
	if (goal != RM_GOAL_RUN)
		return alive ? "shutting_down" : "shutdown";
	if (running(node))
		return "started";
	if (life == RM_TASK_ALIVE)
		return "starting";
	if (life != RM_TASK_NONE)
		return "restarting";
	return rm_entry_has(node, RM_RECORD_RESERVATION) ? "reserved"
							 : "requested";
}

char *
rm_node_frozen(const struct rm_entry *node)
{
	for (int k = 0; k < RM_RECORD_KINDS; k++)
		if (node->cells[k].error != NULL)
			return rm_format("record %s%s%s can't be read: %s",
			    rm_record_table[k].dir,
			    node->key[0] != '\0' ? "/" : "", node->key,
			    node->cells[k].error);
	jv frozen = rm_json_get(
	    rm_entry_value(node, RM_RECORD_STATUS), "frozen");
	char *why = NULL;
	if (jv_get_kind(frozen) == JV_KIND_OBJECT &&
	    rm_json_number(frozen, "restart", 0) >=
		rm_entry_number(node, RM_RECORD_NODE, "restart", 0))
		why = rm_strdup(rm_json_text(frozen, "why", "unknown"));
	jv_free(frozen);
	return why;
}

/* Somebody has asked for a restart since its newest task was launched. */
static bool
is_asked_for(const struct rm_entry *node)
{
	double met = rm_entry_number(node, RM_RECORD_TASK, "restart", -1);
	return met >= 0 &&
	       task_time(node, RM_RECORD_TASK) ==
		   task_time(node, RM_RECORD_STATUS) &&
	       rm_entry_number(node, RM_RECORD_NODE, "restart", 0) > met;
}

double
rm_node_retry_at(const struct rm_entry *node, double now)
{
	double failures = rm_entry_number(
	    node, RM_RECORD_STATUS, "failures", 0);
	if (failures < 1 || is_asked_for(node))
		return 0;
	double delay = FIRST_DELAY * pow(2, fmin(failures - 1, 20));
	return rm_entry_time(node, RM_RECORD_STATUS, "since", 0, now) +
	       fmin(delay, LONGEST_DELAY);
}
