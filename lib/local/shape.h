/*
 * The shapes of the Mesos messages that rm-local reads (mesos.proto,
 * scheduler.proto, executor.proto, v1): which members a message has, in the
 * order in which Mesos writes them, and which it must have. Pure.
 */
#ifndef RM_LOCAL_SHAPE_H
#define RM_LOCAL_SHAPE_H

#include <jv.h>

#include "base/error.h"

struct rm_shape {
	const char *name; /* NULL ends a table */
	enum { RM_SHAPE_OPTIONAL, RM_SHAPE_REQUIRED } need;
	const struct rm_shape *of; /* of a message; NULL: a plain value */
	const char *fallback; /* text that an absent member gets, or NULL */
};

extern const struct rm_shape rm_shape_call[]; /* scheduler::Call */
extern const struct rm_shape rm_shape_executor_call[]; /* executor::Call */
extern const struct rm_shape rm_shape_framework[]; /* FrameworkInfo */
extern const struct rm_shape rm_shape_executor[]; /* ExecutorInfo */
extern const struct rm_shape rm_shape_task[]; /* TaskInfo */
extern const struct rm_shape rm_shape_status[]; /* TaskStatus */

/* -1 when a required member is missing or a message is no object; err lists
 * them: "Missing required fields: subscribe.framework_info.user". Borrows. */
int rm_shape_check(
    const struct rm_shape *shape, jv message, struct rm_error *err);

/* The message with its members in Mesos's order, unknown ones last. */
jv rm_shape_order(const struct rm_shape *shape, jv message);

#endif
