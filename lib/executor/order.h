/*
 * An order of rm-cluster's (rm-records(5), orders/<key>): which of Riak's
 * admin commands carry it out, one after the other, and what came of it. What
 * is done already is a success, so that an order may be met again. Pure.
 */
#ifndef RM_EXECUTOR_ORDER_H
#define RM_EXECUTOR_ORDER_H

#include <jv.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "riak/admin.h"

struct rm_order_verb;

/* All zero is a valid empty one, but for the jv. */
struct rm_order {
	char *id, *name; /* NULL where it has none */
	const struct rm_order_verb *verb;
	jv arguments;
	const char *node; /* ours; borrowed */

	/* What to run next; NULL: it is done, and the rest is set. */
	const char *command;
	size_t count;
	const char *operands[2]; /* borrowed from the order */
	void (*take)(
	    struct rm_order *order, const struct rm_admin_answer *answer);
	size_t check; /* of a refusal: what it may mean */

	bool success;
	const char *reason; /* static; NULL with success */
	char *text; /* Riak's words, or ours */
	jv answer; /* of a question; or invalid */
};

/* Always fills it: an order that is none is one that is done, with the reason
 * "bad-order". node is our Erlang name. */
void rm_order_parse(
    struct rm_order *order, const char *text, size_t len, const char *node);
void rm_order_free(struct rm_order *order);

/* The answer to its command; borrows. */
void rm_order_take(
    struct rm_order *order, const struct rm_admin_answer *answer);
/* Its command can't be run as it is: an operand is bad. */
void rm_order_refuse(struct rm_order *order, const char *why);

/* What members/<key> says of it; the caller's. at in seconds. */
jv rm_order_working(const struct rm_order *order);
jv rm_order_result(const struct rm_order *order, double at);

/* Whether, done, it makes this node leave or takes that back: -1 neither. */
int rm_order_leaves(const struct rm_order *order);

#endif
