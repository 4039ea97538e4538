#include "executor/orders.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "executor/order.h"
#include "io/loop.h"
#include "io/zk_tree.h"

struct rm_orders {
	struct rm_queue *queue;
	struct rm_records *records;
	const struct rm_task_data *task;
	struct rm_zk_tree *tree;
	struct rm_zk_tree_part parts[2];
	char *path;
	bool ready, busy, left;
	char *waiting; /* the newest that was not begun, or NULL */
	struct rm_order now; /* while busy */
	char *last; /* id of the last one done */
	void (*done)(void *arg);
	void *arg;
};

static void begin(struct rm_orders *orders);

static void
finish(struct rm_orders *orders)
{
	struct rm_order *order = &orders->now;
	int leaves = rm_order_leaves(order);
	if (leaves >= 0)
		orders->left = leaves;
	rm_log_info("order id=%s verb=%s success=%s reason=%s text=\"%s\"",
	    order->id != NULL ? order->id : "", order->name ? order->name : "",
	    order->success ? "true" : "false",
	    order->reason != NULL ? order->reason : "",
	    order->text != NULL ? order->text : "");
	free(orders->last);
	orders->last = order->id != NULL ? rm_strdup(order->id) : NULL;
	rm_records_order(
	    orders->records, rm_order_result(order, rm_wall()), true);
	rm_order_free(order);
	orders->busy = false;
	orders->done(orders->arg);
	begin(orders);
}

static void step(struct rm_orders *orders);

static void
answered(void *arg, const struct rm_admin_answer *answer)
{
	struct rm_orders *orders = arg;
	rm_order_take(&orders->now, answer);
	step(orders);
}

static void
step(struct rm_orders *orders)
{
	struct rm_order *order = &orders->now;
	struct rm_error err = { 0 };
	const struct rm_queue_entry entry = { .command = order->command,
		.count = order->count,
		.operands = { order->operands[0], order->operands[1] },
		.urgent = true,
		.done = answered,
		.arg = orders };
	if (order->command != NULL &&
	    rm_queue_add(orders->queue, &entry, &err) == 0)
		return;
	if (order->command != NULL)
		rm_order_refuse(order, err.text);
	finish(orders);
}

static void
begin(struct rm_orders *orders)
{
	struct rm_order *order = &orders->now;
	if (!orders->ready || orders->busy || orders->waiting == NULL)
		return;
	rm_order_parse(order, orders->waiting, strlen(orders->waiting),
	    orders->task->node);
	free(orders->waiting);
	orders->waiting = NULL;
	if (order->id != NULL && orders->last != NULL &&
	    strcmp(order->id, orders->last) == 0) {
		rm_order_free(order);
		return;
	}
	orders->busy = true;
	rm_records_order(orders->records, rm_order_working(order), false);
	step(orders);
}

static void
changed(void *arg, const char *path, const char *value, size_t len,
    const struct rm_zk_stat *stat)
{
	struct rm_orders *orders = arg;
	(void)path;
	(void)stat;
	free(orders->waiting);
	orders->waiting = value != NULL ? rm_format("%.*s", (int)len, value)
					: NULL;
	begin(orders);
}

static void
unreadable(void *arg, const char *path, enum rm_zk_result why)
{
	(void)arg;
	rm_log_warn("%s can't be read: %s", path, rm_zk_words(why));
}

struct rm_orders *
rm_orders_new(struct rm_zk *zk, struct rm_queue *queue,
    struct rm_records *records, const struct rm_task_data *task,
    void (*done)(void *arg), void *arg)
{
	struct rm_orders *orders = rm_alloc(sizeof(*orders));
	orders->queue = queue;
	orders->records = records;
	orders->task = task;
	orders->done = done;
	orders->arg = arg;
	orders->now.arguments = orders->now.answer = jv_invalid();
	orders->path = rm_format("orders/%s", task->key);
	char *root = rm_format("/riak/frameworks/%s", task->framework);
	orders->parts[0] = (struct rm_zk_tree_part){ orders->path, true,
		RM_ZK_TREE_VALUES };
	const struct rm_zk_tree_events events = {
		.change = changed, .unreadable = unreadable, .arg = orders
	};
	orders->tree = rm_zk_tree_new(zk, root, orders->parts, &events);
	free(root);
	return orders;
}

void
rm_orders_session(struct rm_orders *orders, enum rm_zk_session state)
{
	rm_zk_tree_session(orders->tree, state);
}

void
rm_orders_ready(struct rm_orders *orders, bool ready)
{
	orders->ready = ready;
	begin(orders);
}

void
rm_orders_free(struct rm_orders *orders)
{
	if (orders == NULL)
		return;
	rm_queue_drop(orders->queue, orders);
	rm_zk_tree_free(orders->tree);
	rm_order_free(&orders->now);
	free(orders->waiting);
	free(orders->last);
	free(orders->path);
	free(orders);
}

bool
rm_orders_left(const struct rm_orders *orders)
{
	return orders != NULL && orders->left;
}
