/*
 * Many deadlines of the same length: a queue ordered by when each was set, and
 * one timer for all. Setting one again is cheap, and done for every request.
 */
#ifndef RM_PROXY_EXPIRY_H
#define RM_PROXY_EXPIRY_H

#include <sys/queue.h>

#include "io/loop.h"

struct rm_expiry_queue;

/* All zero is an idle one. */
struct rm_expiry {
	TAILQ_ENTRY(rm_expiry) entry;
	struct rm_expiry_queue *queue; /* NULL: not armed */
	double since;
	void (*fire)(void *arg);
	void *arg;
};

struct rm_expiry_queue {
	TAILQ_HEAD(, rm_expiry) waiting;
	struct rm_timer timer;
	double seconds; /* 0: nothing in it ever expires */
};

void rm_expiry_queue_init(
    struct rm_expiry_queue *queue, struct event_base *loop, double seconds);
/* What waits is forgotten. */
void rm_expiry_queue_free(struct rm_expiry_queue *queue);

/* fire(arg) once, queue->seconds from now, give or take a sixteenth. Set
 * again, in the same queue or another, it starts anew. */
void rm_expiry_set(struct rm_expiry *expiry, struct rm_expiry_queue *queue);
void rm_expiry_stop(struct rm_expiry *expiry);

#endif
