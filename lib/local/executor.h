/*
 * An executor's run on an agent: from LAUNCH over its subscription to its
 * end.
 */
#ifndef RM_LOCAL_EXECUTOR_H
#define RM_LOCAL_EXECUTOR_H

#include <sys/types.h>

#include "local/local.h"
#include "mesos/resource.h"

struct rm_local_executor {
	TAILQ_ENTRY(rm_local_executor) entry;
	struct rm_local_agent *agent;
	struct rm_local_framework *framework;
	char *id;
	jv info; /* ExecutorInfo, as the executor gets it */
	struct rm_resources resources;
	char container_id[RM_UUID_SIZE];
	char token[RM_UUID_SIZE]; /* to authenticate with; "": none */
	char *sandbox; /* absolute */
	bool subscribed; /* sink is there */
	bool registered; /* it was subscribed once */
	bool stopping; /* SHUTDOWN was sent or the kill is under way */
	struct rm_local_sink sink;
	TAILQ_HEAD(, rm_local_task) tasks;

	pid_t pid; /* of the process itself; 0: not known */
	struct rm_local_run *run; /* the machine's side of it; see run.h */
	pid_t keeper; /* the process that watches over it; 0: none */
	unsigned long long keeper_start; /* of /proc/PID/stat */

	double kill_at; /* monotonic; 0: never */
	/* What its tasks' updates say when it ends; NULL: the usual. */
	const char *end_reason; /* a constant */
	char *end_message; /* owned */
};

/* A new run of info (consumed) on the agent; resources are taken over. */
struct rm_local_executor *rm_local_executor_new(struct rm_local_agent *agent,
    struct rm_local_framework *framework, jv info,
    struct rm_resources *resources);
struct rm_local_executor *rm_local_executor_find(
    const struct rm_local_agent *agent, const char *framework_id,
    const char *id);
void rm_local_executor_free(struct rm_local_executor *executor);

/* Starts it (hook launch); a failure ends its tasks. */
void rm_local_executor_start(struct rm_local_executor *executor);
/* Its agent is back: it has to be as well, before long. */
void rm_local_executor_await(struct rm_local_executor *executor);
/* Consumes; lost when it is not subscribed. */
void rm_local_executor_send(struct rm_local_executor *executor, jv event);
/* SUBSCRIBE: unacknowledged tasks and updates are the call's, borrowed. Takes
 * over the sink. */
void rm_local_executor_subscribe(struct rm_local_executor *executor,
    const struct rm_local_sink *sink, jv subscribe);
void rm_local_executor_disconnected(struct rm_local_executor *executor);
/* Its connection breaks, if there is one. */
void rm_local_executor_cut(struct rm_local_executor *executor);
/* UPDATE: borrows status. */
void rm_local_executor_update(struct rm_local_executor *executor, jv status);
/* Hands over a task, now or when it subscribes. */
void rm_local_executor_deliver(
    struct rm_local_executor *executor, struct rm_local_task *task);
/* KILL of a task; policy may be invalid, consumed. */
void rm_local_executor_kill(
    struct rm_local_executor *executor, struct rm_local_task *task, jv policy);
/* SHUTDOWN: asked to end, killed after its grace period. */
void rm_local_executor_shutdown(struct rm_local_executor *executor);
/* Killed now; what its tasks' updates say. message is consumed. */
void rm_local_executor_destroy(
    struct rm_local_executor *executor, const char *reason, char *message);
/* It is gone: wait status, -1 when not known; failure: why it could not be
 * started, or NULL. Frees it. */
void rm_local_executor_ended(
    struct rm_local_executor *executor, int status, const char *failure);
/* Seconds between SHUTDOWN and the kill. */
double rm_local_executor_grace(const struct rm_local_executor *executor);
/* What its agent's /state shows of it, without its tasks. */
jv rm_local_executor_page(const struct rm_local_executor *executor);

#endif
