/*
 * stdin and stdout of a program that also holds a session or a subscription:
 * lines come in through a callback, lines go out through a queue, and nothing
 * ever blocks. While the queue is full stdin is not read; a tick that waits in
 * the queue is replaced by the next one. Needs a loop made for files: stdin
 * may be /dev/null, stdout a file.
 */
#ifndef RM_STREAM_PIPE_H
#define RM_STREAM_PIPE_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct rm_pipe;

struct rm_pipe_options {
	/* NULL: stdin is not read. The line has no newline; borrowed. One that
	 * is longer than RM_LINE_MAX comes as an empty one. */
	void (*on_line)(
	    void *arg, const char *line, size_t len, unsigned long number);
	void (*on_end)(void *arg); /* end of input; after the last line */
	/* stdin or stdout failed. EPIPE has an empty text: end quietly. */
	void (*on_error)(void *arg, const struct rm_error *err);
	void (*on_room)(void *arg); /* not full any more; may be NULL */
	void *arg;
};

struct rm_pipe *rm_pipe_new(
    struct event_base *loop, const struct rm_pipe_options *options);
/* Queues a line; len without a newline, which is added. */
void rm_pipe_send(struct rm_pipe *pipe, const char *line, size_t len);
/* Queues a tick, or replaces the one that waits at the queue's end. */
void rm_pipe_send_tick(struct rm_pipe *pipe, double at);
/* More than 1 MiB waits: a source should stop reading what it reads. */
bool rm_pipe_full(const struct rm_pipe *pipe);
size_t rm_pipe_pending(const struct rm_pipe *pipe);
/* Keeps stdin unread, for a stage that waits for something else. */
void rm_pipe_hold(struct rm_pipe *pipe, bool held);
/* Writes what waits, for at most `seconds`. 0 when all went out. */
int rm_pipe_drain(struct rm_pipe *pipe, double seconds);
/* Runs the loop until all went out or *stop, then gives it a second more; for
 * the end of input, where a slow reader may take its time. 0 when all went
 * out. */
int rm_pipe_finish(struct rm_pipe *pipe, const bool *stop);
void rm_pipe_free(struct rm_pipe *pipe);

#endif
