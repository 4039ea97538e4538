/*
 * How the node stands in its cluster, for the member's record: who is in the
 * ring, what is still to move, whether it is leaving. Riak is asked when its
 * ring has changed or an order was carried out, and then every 30 s until
 * nothing is to move any more.
 */
#ifndef RM_EXECUTOR_STANDING_H
#define RM_EXECUTOR_STANDING_H

#include <event2/event.h>
#include <jv.h>
#include <stdbool.h>

#include "executor/queue.h"
#include "executor/records.h"
#include "executor/task_data.h"

struct rm_standing;

/* Borrows all. refresh: ask for /stats now; what is new comes by
 * rm_standing_ring(). */
struct rm_standing *rm_standing_new(struct event_base *loop,
    struct rm_queue *queue, struct rm_records *records,
    const struct rm_task_data *task, void (*refresh)(void *arg), void *arg);
/* What /stats says now; members is consumed, partitions -1: unknown. */
void rm_standing_ring(struct rm_standing *standing, jv members, int partitions);
/* What was known of transfers is so no more. */
void rm_standing_doubt(struct rm_standing *standing);
/* Before the queue. Accepts NULL. */
void rm_standing_free(struct rm_standing *standing);

/* Riak has said that this node is on its way out. */
bool rm_standing_leaving(const struct rm_standing *standing);

#endif
