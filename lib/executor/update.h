/*
 * The status updates of a task, kept until the agent has acknowledged each
 * (Mesos: executor-http-api.md, UPDATE, ACKNOWLEDGED and SUBSCRIBE's
 * unacknowledged_updates). Pure but for the clock and the random uuid.
 */
#ifndef RM_EXECUTOR_UPDATE_H
#define RM_EXECUTOR_UPDATE_H

#include <stdbool.h>
#include <sys/queue.h>

#include "base/str.h"

enum rm_health_told {
	RM_HEALTH_UNTOLD,
	RM_HEALTHY,
	RM_UNHEALTHY,
};

struct rm_status {
	const char *task_id;
	const char *state; /* "TASK_RUNNING", … */
	const char *message; /* or NULL */
	const char *data; /* bytes for TaskStatus.data, or NULL */
	const char *reason; /* "REASON_…", or NULL */
	enum rm_health_told health;
};

struct rm_update {
	TAILQ_ENTRY(rm_update) entry;
	char *uuid; /* base64 */
	char *text; /* JSON of Call.Update: {"status":{…}} */
	bool told; /* the agent has taken it, by a call or with SUBSCRIBE */
};

struct rm_updates {
	TAILQ_HEAD(, rm_update) list; /* the oldest first */
};

void rm_updates_init(struct rm_updates *updates);
void rm_updates_add(struct rm_updates *updates, const struct rm_status *status,
    const char *executor_id);
/* The oldest that the agent was not told, or NULL. */
struct rm_update *rm_updates_next(const struct rm_updates *updates);
/* The agent has taken this one; uuid NULL: all that are kept. One that is
 * acknowledged already is no error. */
void rm_updates_told(struct rm_updates *updates, const char *uuid);
/* False when no such update is kept. */
bool rm_updates_acknowledge(struct rm_updates *updates, const char *uuid);
bool rm_updates_empty(const struct rm_updates *updates);
/* Appends them as a JSON array. */
void rm_updates_write(struct rm_str *to, const struct rm_updates *updates);
void rm_updates_free(struct rm_updates *updates);

#endif
