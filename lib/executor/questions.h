/*
 * The executor's own HTTP server: what people ask of a node, through rm-api
 * (rm-executor(8), QUESTIONS). Each request carries the task's token
 * (base/token.h). Answers of Riak's are kept for two seconds.
 */
#ifndef RM_EXECUTOR_QUESTIONS_H
#define RM_EXECUTOR_QUESTIONS_H

#include <event2/event.h>

#include "base/error.h"
#include "executor/queue.h"
#include "executor/task.h"

struct rm_questions;

/* Listens at once. Borrows all. root is Riak's. */
struct rm_questions *rm_questions_new(struct event_base *loop,
    const struct rm_task *task, const char *root, const char *sandbox,
    struct rm_error *err);
/* What of riak.conf is ours instead of the user's, a line each; copied. */
void rm_questions_overrides(
    struct rm_questions *questions, const char *overrides);
/* queue: Riak is ready, its commands go there. NULL: it is not, and why. */
void rm_questions_ready(
    struct rm_questions *questions, struct rm_queue *queue, const char *why);
/* The queue is about to be freed: all that wait are told why. */
void rm_questions_stop(struct rm_questions *questions, const char *why);
/* After it was stopped, if it had a queue. Accepts NULL. */
void rm_questions_free(struct rm_questions *questions);

#endif
