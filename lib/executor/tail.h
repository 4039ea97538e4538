/*
 * The output of a child: passed on to a descriptor of ours, and its last
 * bytes kept. Where the descriptor takes no more for now, reading stops, so
 * that it is the child that waits, never we.
 */
#ifndef RM_EXECUTOR_TAIL_H
#define RM_EXECUTOR_TAIL_H

#include <event2/event.h>
#include <stddef.h>

#include "base/error.h"

struct rm_tail;

/* copy_to: descriptor, borrowed; -1: the output is only kept. */
struct rm_tail *rm_tail_new(
    struct event_base *loop, size_t most, int copy_to, struct rm_error *err);
void rm_tail_free(struct rm_tail *tail);

/* For the child; close our copy of it once the child is there. */
int rm_tail_descriptor(const struct rm_tail *tail);
void rm_tail_close_descriptor(struct rm_tail *tail);

/* Takes what is there now: after the child has ended. */
void rm_tail_drain(struct rm_tail *tail);
/* What is kept, "" for nothing; borrowed until the loop runs. */
const char *rm_tail_text(struct rm_tail *tail);

#endif
