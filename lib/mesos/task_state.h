/*
 * What each task state of Mesos, and each reason that comes with one, means for
 * a node (v1/mesos.proto, TaskState and TaskStatus.Reason), in one table each:
 * what it says, in words for people, and what follows.
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

/* What an end does to the count of failures in a row, which delays the next
 * run. */
enum rm_task_count {
	RM_TASK_COUNT_STAYS,
	RM_TASK_COUNT_GROWS,
	RM_TASK_COUNT_ENDS, /* the end was asked for: a new row begins */
};

struct rm_task_state {
	const char *name;
	enum rm_task_life life;
	enum rm_task_count count;
	bool ask; /* reconcile at once, to know better */
	const char *words;
};

struct rm_task_reason {
	const char *name;
	/* Not the task's own doing: such an end is no failure of the node. */
	bool blameless;
	bool confirms; /* the master was asked: it has not made the state up */
	const char *words;
};

/* NULL for one that is not in the table; of a reason NULL, too. */
const struct rm_task_state *rm_task_state_find(const char *name);
const struct rm_task_reason *rm_task_reason_find(const char *name);

/* What comes of the count of failures; names as they came, reason NULL when
 * there was none. */
enum rm_task_count rm_task_count_of(const char *state, const char *reason);

/* "TASK_FAILED: it used more memory than it has: Memory limit exceeded: …";
 * the caller's. reason and message may be NULL. */
char *rm_task_words(const char *state, const char *reason, const char *message);

/* "<key>.<ms>": the ms, or -1 when id is not that. key NULL: any key. */
long long rm_task_id_time(const char *id, const char *key);
/* The key of a task id, the caller's; NULL when it is not one of ours. */
char *rm_task_id_key(const char *id);

#endif
