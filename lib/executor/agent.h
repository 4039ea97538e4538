/*
 * The connection to the agent: Mesos's v1 executor API
 * (executor-http-api.md; slave.cpp). It subscribes, subscribes again when the
 * agent went away, sends status updates until each is acknowledged, and tells
 * what the agent wants.
 */
#ifndef RM_EXECUTOR_AGENT_H
#define RM_EXECUTOR_AGENT_H

#include <event2/event.h>
#include <jv.h>
#include <stdbool.h>

#include "base/error.h"
#include "executor/environment.h"
#include "executor/update.h"
#include "io/http_client.h"

struct rm_agent;

/* Called from the loop. The agent must not be freed inside of them. */
struct rm_agent_events {
	/* Borrows info, a TaskInfo. The same task may come again. */
	void (*launch)(void *arg, jv info);
	/* grace in seconds, -1: the task's own. */
	void (*kill)(void *arg, const char *task_id, double grace);
	void (*shutdown)(void *arg);
	/* Every update has been acknowledged. */
	void (*settled)(void *arg);
	/* Once, last: the agent does not know us, or stayed away for longer
	 * than it may. Nothing can be told to it any more. */
	void (*lost)(void *arg, const char *why);
	void *arg;
};

/* Subscribes at once. Borrows env and http; events are copied. */
struct rm_agent *rm_agent_new(struct event_base *loop, struct rm_http *http,
    const struct rm_environment *env, const struct rm_agent_events *events);
void rm_agent_free(struct rm_agent *agent);

/* Sends it, now or when the agent is back. */
void rm_agent_update(struct rm_agent *agent, const struct rm_status *status);
/* Whether the framework knows TASK_KILLING. */
bool rm_agent_knows_killing(const struct rm_agent *agent);

#endif
