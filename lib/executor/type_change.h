/*
 * A bucket type made as somebody wants it: created and activated where there
 * is none or an inactive one, else updated.
 */
#ifndef RM_EXECUTOR_TYPE_CHANGE_H
#define RM_EXECUTOR_TYPE_CHANGE_H

#include <event2/event.h>
#include <jv.h>

#include "executor/queue.h"

struct rm_type_change;

struct rm_type_change_options {
	struct rm_queue *queue;
	const char *type, *props; /* copied; props is {"props":{…}} */
	/* Once, unless cancelled. answer is NULL when it is done; else the
	 * refusal. actions is consumed: {"create":"maps created",…}. */
	void (*done)(
	    void *arg, const struct rm_admin_answer *answer, jv actions);
	void *arg;
};

/* Error: what Riak must not see, RM_EXIT_USAGE; a full queue. */
struct rm_type_change *rm_type_change_start(struct event_base *loop,
    const struct rm_type_change_options *options, struct rm_error *err);
/* done is not called. Before the queue is freed. */
void rm_type_change_cancel(struct rm_type_change *change);

#endif
