/*
 * Carries out what rm-cluster orders: follows orders/<key> in ZooKeeper, has
 * Riak's commands run while Riak is ready, and tells the result in the
 * member's record.
 */
#ifndef RM_EXECUTOR_ORDERS_H
#define RM_EXECUTOR_ORDERS_H

#include <stdbool.h>

#include "executor/queue.h"
#include "executor/records.h"
#include "executor/task_data.h"
#include "io/zk.h"

struct rm_orders;

/* Borrows all. done: an order was carried out, well or not. */
struct rm_orders *rm_orders_new(struct rm_zk *zk, struct rm_queue *queue,
    struct rm_records *records, const struct rm_task_data *task,
    void (*done)(void *arg), void *arg);
void rm_orders_session(struct rm_orders *orders, enum rm_zk_session state);
/* Orders wait while Riak is not ready. */
void rm_orders_ready(struct rm_orders *orders, bool ready);
/* Before the queue. Accepts NULL. */
void rm_orders_free(struct rm_orders *orders);

/* Whether this node was told to leave, and has done as told. */
bool rm_orders_left(const struct rm_orders *orders);

#endif
