/*
 * What a round decides for one agent, gathered until it ends: it becomes one
 * plan line, and so one ACCEPT. Pure.
 */
#ifndef RM_SCHED_PLAN_H
#define RM_SCHED_PLAN_H

#include <jv.h>
#include <stdbool.h>

#include "base/str.h"
#include "mesos/agents.h"

/* Hung on rm_agent.own. What is planned is kept as it will be written, the
 * elements of two arrays with commas between them: as values, a round's plans
 * would be most of rm-offer's memory. */
struct rm_plan {
	struct rm_str launches, releases;
	bool soon; /* some node may want the rest of it before long */
};

/* The agent's; made when it has none yet. */
struct rm_plan *rm_plan_of(struct rm_agent *agent);
bool rm_plan_empty(const struct rm_agent *agent);

/* Borrow all but the jv. ports: an object by name. */
void rm_plan_launch(struct rm_agent *agent, const char *node, const char *task,
    const char *persistence_id, const struct rm_resources *reserve,
    const struct rm_resource *create, const struct rm_resources *held,
    const struct rm_resources *executor, jv ports);
void rm_plan_release(struct rm_agent *agent, const char *node,
    const struct rm_resources *volumes, const struct rm_resources *reserved);

/* Appends the plan line, without a newline; frees the plan. refuse is the
 * filter for what is left. */
void rm_plan_take(
    struct rm_agent *agent, double at, double refuse, struct rm_str *to);
/* Frees the plan of an agent that has none to emit. */
void rm_plan_drop(struct rm_agent *agent);

#endif
