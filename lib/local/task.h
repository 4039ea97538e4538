/*
 * A task and the stream of its status updates: the agent keeps an update, and
 * sends it again, until the framework has acknowledged it
 * (scheduler-http-api.md, ACKNOWLEDGE).
 */
#ifndef RM_LOCAL_TASK_H
#define RM_LOCAL_TASK_H

#include "local/local.h"
#include "mesos/resource.h"

struct rm_local_task {
	struct rm_hash_link link; /* of its framework, by id */
	TAILQ_ENTRY(rm_local_task) entry; /* of its executor */
	char *id, *executor_id;
	struct rm_local_framework *framework;
	struct rm_local_agent *agent;
	struct rm_local_executor *executor; /* NULL: ended */
	jv info; /* TaskInfo, as the executor gets it */
	struct rm_resources resources;
	char *state; /* the newest that the agent knows */
	jv last; /* that TaskStatus, or invalid */
	jv statuses; /* array, short, for /state */
	jv updates; /* array: not acknowledged, the oldest first */
	bool delivered; /* its executor got the LAUNCH */
	bool ended; /* state is terminal */
	bool freed; /* its resources are not counted as allocated any more */
	double retry_at, retry_wait;
};

/* info is consumed; resources are taken over and are allocated already. */
struct rm_local_task *rm_local_task_new(struct rm_local_executor *executor,
    jv info, struct rm_resources *resources);
/* One that is stored; executor may be NULL: it has ended. */
struct rm_local_task *rm_local_task_restore(
    struct rm_local_framework *framework, struct rm_local_agent *agent,
    struct rm_local_executor *executor, const char *executor_id, jv info,
    struct rm_resources *resources);
struct rm_local_task *rm_local_task_find(
    const struct rm_local_framework *framework, const char *id);
/* Of its framework's and executor's lists as well. */
void rm_local_task_free(struct rm_local_task *task);

bool rm_local_state_ends(const char *state);
/* Whether the master counts on it: its agent is registered. */
bool rm_local_task_known(const struct rm_local_task *task);

/* A status from the executor, or made by the agent: consumed. It gets what
 * agents add, is kept and sent. False: it had that update already. */
bool rm_local_task_update(struct rm_local_task *task, jv status);
/* The agent itself ends or changes it. message and reason may be NULL. */
void rm_local_task_agent_status(struct rm_local_task *task, const char *state,
    const char *message, const char *reason);
void rm_local_task_acknowledge(struct rm_local_task *task, const char *uuid);
/* Sends the oldest update, if there is one and it can be sent. */
void rm_local_task_forward(struct rm_local_task *task);
/* Its resources are free, once it ended and the master knows. */
void rm_local_task_settle(struct rm_local_task *task);
/* Goes to the framework's completed ones, in this state. */
void rm_local_task_complete(struct rm_local_task *task, const char *state);
/* What /state shows of it. */
jv rm_local_task_page(const struct rm_local_task *task);

/*
 * A status from the master itself, without uuid, sent once. Where the
 * framework is not PARTITION_AWARE, state becomes TASK_LOST if it is one of
 * those that it can't know. agent_id, executor_id, message: or NULL. extra:
 * an object whose members are added, or invalid; consumed.
 */
void rm_local_master_status(struct rm_local_framework *f, const char *task_id,
    const char *state, const char *reason, const char *message,
    const char *agent_id, const char *executor_id, jv extra);

#endif
