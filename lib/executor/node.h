/*
 * One run of a node, from its task to its terminal update: a table of steps,
 * each waiting for one thing.
 *
 *     volume → ports → templates → configuration → mapper → ping → service
 *       → running → stopping → mapper's end → ended
 *
 * Whatever goes wrong or is asked for leads to "stopping". The terminal
 * update comes last: by then Riak and rm-cepmd have been reaped.
 */
#ifndef RM_EXECUTOR_NODE_H
#define RM_EXECUTOR_NODE_H

#include <event2/event.h>
#include <stdbool.h>

#include "executor/task.h"
#include "executor/update.h"
#include "io/http_client.h"

struct rm_node;

/* Borrowed, but for the struct itself. */
struct rm_node_options {
	struct event_base *loop;
	struct rm_http *http;
	const struct rm_task *task;
	const char *sandbox;
	const char *cepmd; /* path of rm-cepmd */
	const char *ebin; /* folder of rm_epmd.beam */
	const char *zk_auth_file; /* or NULL */
	/* The task's state for the agent. */
	void (*update)(void *arg, const struct rm_status *status);
	/* The terminal update was given, nothing is left running. */
	void (*ended)(void *arg);
	void *arg;
};

/* Begins at the loop's next turn. */
struct rm_node *rm_node_new(const struct rm_node_options *options);
/* Whether it is on its way to its end, for whatever reason. */
bool rm_node_is_ending(const struct rm_node *node);
/*
 * Ends it with TASK_KILLED and this message, within the grace (seconds). When
 * it is ending already, only a shorter grace counts.
 */
void rm_node_stop(struct rm_node *node, const char *message, double grace);
/* After it has ended. Accepts NULL. */
void rm_node_free(struct rm_node *node);

#endif
