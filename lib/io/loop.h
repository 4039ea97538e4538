/*
 * The event loop is libevent's; this adds what every program of ours does
 * with it in the same way.
 */
#ifndef RM_IO_LOOP_H
#define RM_IO_LOOP_H

#include <event2/event.h>
#include <stdbool.h>
#include <sys/time.h>

#include "base/error.h"

/*
 * A new loop. SIGPIPE is ignored from here on. files: stdin or stdout may be
 * a regular file, which epoll refuses; poll is used then.
 */
struct event_base *rm_loop_new(bool files, struct rm_error *err);

/* Where 0, 1 or 2 came closed, /dev/null takes its place: for who opens
 * something before there is a loop. */
void rm_loop_keep_standard(void);

/* SIGTERM and SIGINT call stop(arg); the loop owns the events. */
int rm_loop_on_stop(struct event_base *loop, void (*stop)(void *arg),
    void *arg, struct rm_error *err);

/* For libevent: none is negative, or longer than thirty years. */
struct timeval rm_loop_span(double seconds);

/* A timer: call it once after `seconds` (CLOCK_MONOTONIC). All zero is a
 * valid idle one. Setting an armed timer moves it. */
struct rm_timer {
	struct event *event;
	void (*fire)(void *arg);
	void *arg;
};
void rm_timer_init(struct rm_timer *timer, struct event_base *loop,
    void (*fire)(void *arg), void *arg);
void rm_timer_set(struct rm_timer *timer, double seconds);
void rm_timer_stop(struct rm_timer *timer);
bool rm_timer_armed(const struct rm_timer *timer);
void rm_timer_free(struct rm_timer *timer);

/* Seconds of CLOCK_MONOTONIC; of the wall clock. */
double rm_now(void);
double rm_wall(void);
/* Wall-clock time at the process's start plus monotonic time since: what the
 * stream calls `at`; it never goes back. */
double rm_stream_now(void);

/* Exponential backoff with full jitter: the n-th wait (from 0) is between
 * half of and all of min(first * 2^n, most) seconds. */
double rm_backoff(unsigned n, double first, double most);

#endif
