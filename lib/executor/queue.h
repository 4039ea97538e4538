/*
 * Riak's admin commands of one task, one at a time: each costs the node half
 * a second of CPU, and all share one node name (riak/admin_run.h).
 */
#ifndef RM_EXECUTOR_QUEUE_H
#define RM_EXECUTOR_QUEUE_H

#include <event2/event.h>
#include <stdbool.h>

#include "base/error.h"
#include "riak/admin.h"

struct rm_queue;

/* root is Riak's, envp what its commands need; both borrowed. */
struct rm_queue *rm_queue_new(
    struct event_base *loop, const char *root, char *const *envp);
/* Ends what runs; nothing is called any more. Accepts NULL. */
void rm_queue_free(struct rm_queue *queue);

struct rm_queue_entry {
	const char *command; /* as rm_admin_find() names it */
	size_t count; /* operands: copied */
	const char *operands[2];
	bool urgent; /* before all that wait */
	/* Once; never from inside of rm_queue_add(). */
	void (*done)(void *arg, const struct rm_admin_answer *answer);
	void *arg;
};

/* Error: an operand that Riak must not see, RM_EXIT_USAGE; too many that
 * wait, RM_EXIT_OUTSIDE. */
int rm_queue_add(struct rm_queue *queue, const struct rm_queue_entry *entry,
    struct rm_error *err);
/* Nothing with this arg is called any more; what runs, runs on. */
void rm_queue_drop(struct rm_queue *queue, const void *arg);

#endif
