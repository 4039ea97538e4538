#include "stream/pipe.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/str.h"
#include "io/loop.h"
#include "stream/lines.h"

#define FULL_AT   ((size_t)1 << 20)
#define READ_SIZE ((size_t)64 << 10)

struct rm_pipe {
	struct event_base *loop;
	struct rm_pipe_options options;
	struct event *in, *out;
	struct event *again; /* hands out what was stuck */
	struct rm_lines lines;
	struct rm_str queue;
	size_t sent; /* of the queue */
	size_t tick; /* 1 + where in the queue a tick at its end begins */
	bool blocks; /* stdout: a write of more than PIPE_BUF may wait */
	bool was_full, held, ended, failed;
	bool stuck; /* whole lines wait in `lines` */
	int depth; /* in a callback */
	bool dying;
};

static void pipe_free(struct rm_pipe *pipe);

static void
leave(struct rm_pipe *pipe)
{
	if (--pipe->depth == 0 && pipe->dying)
		pipe_free(pipe);
}

static void
fail(struct rm_pipe *pipe, const char *what, int number)
{
	struct rm_error err = { .code = RM_EXIT_OUTSIDE };
	if (number != EPIPE)
		rm_error_set(
		    &err, RM_EXIT_OUTSIDE, "%s: %s", what, strerror(number));
	pipe->failed = true;
	event_del(pipe->out);
	if (pipe->in != NULL)
		event_del(pipe->in);
	pipe->options.on_error(pipe->options.arg, &err);
}

size_t
rm_pipe_pending(const struct rm_pipe *pipe)
{
	return pipe->queue.len - pipe->sent;
}

bool
rm_pipe_full(const struct rm_pipe *pipe)
{
	return rm_pipe_pending(pipe) > FULL_AT;
}

/* What one write may take: the descriptor is shared with others, so it stays
 * a blocking one, and poll(2) promises room for PIPE_BUF only. */
static size_t
piece(const struct rm_pipe *pipe)
{
	size_t left = rm_pipe_pending(pipe);
	return pipe->blocks && left > PIPE_BUF ? PIPE_BUF : left;
}

static bool
ready(int fd, short events, int milliseconds)
{
	struct pollfd on = { .fd = fd, .events = events };
	return poll(&on, 1, milliseconds) == 1;
}

/* 0, or errno. */
static int
write_some(struct rm_pipe *pipe)
{
	while (rm_pipe_pending(pipe) > 0 && ready(STDOUT_FILENO, POLLOUT, 0)) {
		ssize_t n = write(
		    STDOUT_FILENO, pipe->queue.text + pipe->sent, piece(pipe));
		if (n < 0 && errno == EAGAIN) /* somebody else's O_NONBLOCK */
			return 0;
		if (n < 0 && errno != EINTR)
			return errno;
		pipe->sent += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* Moves what is left to the front, now and then. */
static void
shorten(struct rm_pipe *pipe)
{
	if (pipe->sent < pipe->queue.len && pipe->sent < FULL_AT)
		return;
	/* A tick that has begun to go out is no longer there to replace. */
	pipe->tick = pipe->tick > pipe->sent ? pipe->tick - pipe->sent : 0;
	rm_str_drop(&pipe->queue, pipe->sent);
	pipe->sent = 0;
	if (pipe->queue.len == 0 && pipe->queue.room > FULL_AT)
		rm_str_free(&pipe->queue);
}

static bool
may_read(const struct rm_pipe *pipe)
{
	return pipe->in != NULL && !pipe->ended && !pipe->held &&
	       !pipe->failed && !pipe->dying && !rm_pipe_full(pipe);
}

/* Sets the events to what can be done now. */
static void
arrange(struct rm_pipe *pipe)
{
	if (pipe->failed || pipe->dying)
		return;
	if (rm_pipe_pending(pipe) > 0)
		event_add(pipe->out, NULL);
	else
		event_del(pipe->out);
	if (pipe->in == NULL)
		return;
	if (may_read(pipe)) {
		event_add(pipe->in, NULL);
		if (pipe->stuck)
			event_active(pipe->again, EV_TIMEOUT, 0);
	} else {
		event_del(pipe->in);
	}
}

static void
flush(struct rm_pipe *pipe)
{
	int number = write_some(pipe);
	if (number != 0) {
		fail(pipe, "standard output", number);
		return;
	}
	shorten(pipe);
	if (pipe->was_full && !rm_pipe_full(pipe)) {
		pipe->was_full = false;
		if (pipe->options.on_room != NULL)
			pipe->options.on_room(pipe->options.arg);
	}
}

static void
out_ready(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	struct rm_pipe *pipe = arg;
	pipe->depth++;
	if (!pipe->failed)
		flush(pipe);
	arrange(pipe);
	leave(pipe);
}

/* Hands out lines as long as they are wanted. A line that is too long goes to
 * the caller too: it is none of ours, and is dropped there with its number. */
static void
hand_out(struct rm_pipe *pipe,
    enum rm_lines_result (*next)(struct rm_lines *, const char **, size_t *))
{
	const char *line;
	size_t len;
	while (may_read(pipe)) {
		enum rm_lines_result got = next(&pipe->lines, &line, &len);
		pipe->stuck = got != RM_LINES_NONE;
		if (!pipe->stuck)
			return;
		pipe->options.on_line(pipe->options.arg,
		    got == RM_LINES_LINE ? line : "",
		    got == RM_LINES_LINE ? len : 0, pipe->lines.number);
	}
}

static void
finish_input(struct rm_pipe *pipe)
{
	hand_out(pipe, rm_lines_rest);
	if (!may_read(pipe))
		return;
	pipe->ended = true;
	if (pipe->options.on_end != NULL)
		pipe->options.on_end(pipe->options.arg);
}

static void
in_ready(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	struct rm_pipe *pipe = arg;
	char chunk[READ_SIZE];
	pipe->depth++;
	hand_out(pipe, rm_lines_next); /* from before it was held */
	if (may_read(pipe) && ready(STDIN_FILENO, POLLIN, 0)) {
		ssize_t n = read(STDIN_FILENO, chunk, sizeof(chunk));
		if (n > 0) {
			rm_lines_feed(&pipe->lines, chunk, (size_t)n);
			hand_out(pipe, rm_lines_next);
		} else if (n == 0) {
			finish_input(pipe);
		} else if (errno != EINTR && errno != EAGAIN) {
			fail(pipe, "standard input", errno);
		}
	}
	if (!pipe->failed && !pipe->dying)
		flush(pipe);
	arrange(pipe);
	leave(pipe);
}

static void
again_ready(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	struct rm_pipe *pipe = arg;
	pipe->depth++;
	hand_out(pipe, rm_lines_next);
	if (!pipe->failed && !pipe->dying)
		flush(pipe);
	arrange(pipe);
	leave(pipe);
}

struct rm_pipe *
rm_pipe_new(struct event_base *loop, const struct rm_pipe_options *options)
{
	struct rm_pipe *pipe = rm_alloc(sizeof(*pipe));
	struct stat st;
	pipe->loop = loop;
	pipe->options = *options;
	pipe->blocks = fstat(STDOUT_FILENO, &st) != 0 || !S_ISREG(st.st_mode);
	pipe->out = event_new(loop, STDOUT_FILENO, EV_WRITE, out_ready, pipe);
	if (options->on_line != NULL) {
		pipe->in = event_new(
		    loop, STDIN_FILENO, EV_READ, in_ready, pipe);
		pipe->again = event_new(loop, -1, 0, again_ready, pipe);
	}
	arrange(pipe);
	return pipe;
}

static void
queued(struct rm_pipe *pipe)
{
	pipe->was_full = pipe->was_full || rm_pipe_full(pipe);
	if (pipe->depth == 0)
		arrange(pipe);
}

void
rm_pipe_send(struct rm_pipe *pipe, const char *line, size_t len)
{
	if (pipe->failed)
		return;
	rm_str_add(&pipe->queue, line, len);
	rm_str_add(&pipe->queue, "\n", 1);
	pipe->tick = 0;
	queued(pipe);
}

void
rm_pipe_send_tick(struct rm_pipe *pipe, double at)
{
	if (pipe->failed)
		return;
	if (pipe->tick > pipe->sent) {
		pipe->queue.len = pipe->tick - 1;
		pipe->queue.text[pipe->queue.len] = '\0';
	}
	pipe->tick = pipe->queue.len + 1;
	rm_str_printf(&pipe->queue, "{\"tick\":%.3f}\n", at);
	queued(pipe);
}

void
rm_pipe_hold(struct rm_pipe *pipe, bool held)
{
	pipe->held = held;
	if (pipe->depth == 0)
		arrange(pipe);
}

int
rm_pipe_drain(struct rm_pipe *pipe, double seconds)
{
	double end = rm_now() + seconds;
	pipe->depth++;
	while (!pipe->failed && rm_pipe_pending(pipe) > 0) {
		double left = end - rm_now();
		if (left <= 0 ||
		    !ready(STDOUT_FILENO, POLLOUT, (int)(left * 1000) + 1))
			break;
		int number = write_some(pipe);
		if (number != 0)
			fail(pipe, "standard output", number);
	}
	int rc = pipe->failed || rm_pipe_pending(pipe) > 0 ? -1 : 0;
	leave(pipe);
	return rc;
}

int
rm_pipe_finish(struct rm_pipe *pipe, const bool *stop)
{
	while (!pipe->failed && rm_pipe_pending(pipe) > 0 && !*stop)
		if (event_base_loop(pipe->loop, EVLOOP_ONCE) != 0)
			break;
	return rm_pipe_drain(pipe, 1.0);
}

static void
pipe_free(struct rm_pipe *pipe)
{
	event_free(pipe->out);
	if (pipe->in != NULL)
		event_free(pipe->in);
	if (pipe->again != NULL)
		event_free(pipe->again);
	rm_lines_free(&pipe->lines);
	rm_str_free(&pipe->queue);
	free(pipe);
}

void
rm_pipe_free(struct rm_pipe *pipe)
{
	if (pipe == NULL)
		return;
	pipe->dying = true;
	if (pipe->depth == 0)
		pipe_free(pipe);
}
