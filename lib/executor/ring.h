/*
 * What Riak says about its ring, over HTTP: /stats, every now and then while
 * it is ready.
 */
#ifndef RM_EXECUTOR_RING_H
#define RM_EXECUTOR_RING_H

#include <event2/event.h>
#include <jv.h>

#include "executor/task_data.h"
#include "io/http_client.h"

struct rm_ring;

/* Borrows all. changed: members is an array of names, consumed; partitions
 * is how many this node owns, -1 for unknown. */
struct rm_ring *rm_ring_new(struct event_base *loop, struct rm_http *http,
    const struct rm_task_data *task,
    void (*changed)(void *arg, jv members, int partitions), void *arg);
/* Looks now. */
void rm_ring_look(struct rm_ring *ring);
/* Accepts NULL; not from inside of changed. */
void rm_ring_free(struct rm_ring *ring);

#endif
