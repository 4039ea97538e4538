#include "executor/tail.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/str.h"
#include "executor/copy.h"
#include "io/loop.h"

#define PAUSE 0.1

struct rm_tail {
	struct event *event;
	struct rm_timer pause;
	struct rm_str kept;
	size_t most;
	int ends[2]; /* of the pipe; -1: closed */
	struct rm_copy copy;
	bool torn; /* it took a part of what came last */
};

static void
keep(struct rm_tail *tail, const char *bytes, size_t len)
{
	rm_str_add(&tail->kept, bytes, len);
	if (tail->kept.len > tail->most)
		rm_str_drop(&tail->kept, tail->kept.len - tail->most);
}

/* On a full disk it is Riak that must go on: what there is no room for is
 * lost, and what comes after it begins a line. */
static void
copy(struct rm_tail *tail, const char *piece, size_t len)
{
	if (tail->torn && rm_copy_write(&tail->copy, "\n", 1) == 0)
		return;
	tail->torn = rm_copy_write(&tail->copy, piece, len) < len;
}

/* Takes a piece; false when there is none for now. */
static bool
take(struct rm_tail *tail)
{
	char piece[RM_COPY_PIECE];
	ssize_t n = read(tail->ends[0], piece, sizeof(piece));
	if (n < 0 && errno == EINTR)
		return true;
	if (n == 0 && tail->event != NULL)
		event_del(tail->event);
	if (n <= 0)
		return false;
	keep(tail, piece, (size_t)n);
	copy(tail, piece, (size_t)n);
	return true;
}

static void
readable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	struct rm_tail *tail = arg;
	if (rm_copy_is_full(&tail->copy)) {
		event_del(tail->event);
		rm_timer_set(&tail->pause, PAUSE);
		return;
	}
	take(tail);
}

static void
resume(void *arg)
{
	struct rm_tail *tail = arg;
	event_add(tail->event, NULL);
}

struct rm_tail *
rm_tail_new(
    struct event_base *loop, size_t most, int copy_to, struct rm_error *err)
{
	struct rm_tail *tail = rm_alloc(sizeof(*tail));
	tail->most = most;
	tail->copy.fd = copy_to;
	if (pipe2(tail->ends, O_CLOEXEC) != 0) {
		rm_error_set(err, RM_EXIT_OUTSIDE, "pipe: %s", strerror(errno));
		free(tail);
		return NULL;
	}
	/* Only our end: the child's writes wait. */
	fcntl(tail->ends[0], F_SETFL, O_NONBLOCK);
	rm_timer_init(&tail->pause, loop, resume, tail);
	tail->event = event_new(
	    loop, tail->ends[0], EV_READ | EV_PERSIST, readable, tail);
	event_add(tail->event, NULL);
	return tail;
}

void
rm_tail_free(struct rm_tail *tail)
{
	if (tail == NULL)
		return;
	event_free(tail->event);
	rm_timer_free(&tail->pause);
	rm_tail_close_descriptor(tail);
	close(tail->ends[0]);
	rm_str_free(&tail->kept);
	free(tail);
}

int
rm_tail_descriptor(const struct rm_tail *tail)
{
	return tail->ends[1];
}

void
rm_tail_close_descriptor(struct rm_tail *tail)
{
	if (tail->ends[1] >= 0)
		close(tail->ends[1]);
	tail->ends[1] = -1;
}

void
rm_tail_drain(struct rm_tail *tail)
{
	for (int i = 0; i < 64 && take(tail); i++)
		if (rm_copy_is_full(&tail->copy))
			tail->copy.fd = -1;
}

const char *
rm_tail_text(struct rm_tail *tail)
{
	return tail->kept.text != NULL ? tail->kept.text : "";
}
