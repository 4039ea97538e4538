/*
 * A task as the agent's LAUNCH brings it (Mesos: TaskInfo), and the grace
 * that each way of ending it allows. Pure.
 */
#ifndef RM_EXECUTOR_TASK_H
#define RM_EXECUTOR_TASK_H

#include <jv.h>

#include "base/error.h"
#include "executor/task_data.h"

struct rm_task {
	char *id;
	double kill_grace; /* seconds: kill_policy, else the data's KillGrace */
	struct rm_task_data data;
};

/* Borrows info. id is there even when the rest is refused. */
int rm_task_parse(struct rm_task *task, jv info, struct rm_error *err);
void rm_task_free(struct rm_task *task);

/* The seconds of {"grace_period":{"nanoseconds":n}}, borrowed; -1: none. */
double rm_task_kill_policy(jv policy);

#endif
