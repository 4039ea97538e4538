/*
 * What each task state of Mesos (mesos.proto, TaskState; task-state-reasons.md)
 * means for a node, in one table.
 */
#ifndef RM_MESOS_TASK_STATE_H
#define RM_MESOS_TASK_STATE_H

#include <stdbool.h>

enum rm_task_life {
	RM_TASK_NONE, /* no task was ever there */
	RM_TASK_ALIVE, /* it runs, or may run */
	RM_TASK_ENDED, /* it runs no more */
	RM_TASK_UNSURE, /* only its volume, when offered, tells that it ended */
	RM_TASK_LOST_FOR_GOOD, /* its agent, and the data there, are gone */
};

struct rm_task_state {
	const char *name;
	enum rm_task_life life;
	bool failure; /* counts as one, and delays the next run */
	bool ask; /* reconcile at once, to know better */
};

/* NULL for a state that is not in the table. */
const struct rm_task_state *rm_task_state_find(const char *name);

/* "<key>.<ms>": the ms, or -1 when id is not that. key NULL: any key. */
long long rm_task_id_time(const char *id, const char *key);
/* The key of a task id, the caller's; NULL when it is not one of ours. */
char *rm_task_id_key(const char *id);

#endif
