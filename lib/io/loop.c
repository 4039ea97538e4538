#include "io/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/exit.h"
#include "base/log.h"
#include "base/memory.h"

/* Thirty years: an option may say 1e300. */
#define SPAN_MOST 1e9

/* Where 0, 1 or 2 came closed, the next socket would get its number, and our
 * lines. Something takes the place that fails when it is read or written. */
void
rm_loop_keep_standard(void)
{
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
}

/* libevent's own words, as lines of ours. Where the kernel has no memory to
 * watch a descriptor, nobody but this is told: it would be silent for ever. */
static void
libevent_says(int severity, const char *words)
{
	int why = errno;
	static const char watching[] = "Epoll ADD";
	static const enum rm_log_level levels[] = {
		[EVENT_LOG_DEBUG] = RM_LOG_DEBUG,
		[EVENT_LOG_MSG] = RM_LOG_INFO,
		[EVENT_LOG_WARN] = RM_LOG_WARN,
		[EVENT_LOG_ERR] = RM_LOG_ERROR,
	};
	rm_log(levels[severity & 3], "libevent: %s", words);
	if ((why == ENOSPC || why == ENOMEM) &&
	    strncmp(words, watching, sizeof(watching) - 1) == 0)
		rm_memory_exhausted();
}

/* It has said why. */
static void
libevent_ends(int code)
{
	(void)code;
	_Exit(RM_EXIT_OUTSIDE);
}

struct event_base *
rm_loop_new(bool files, struct rm_error *err)
{
	signal(SIGPIPE, SIG_IGN);
	event_set_log_callback(libevent_says);
	event_set_fatal_callback(libevent_ends);
	rm_loop_keep_standard();
	rm_stream_now(); /* its start is ours */
	struct event_config *config = event_config_new();
	struct event_base *loop = NULL;
	if (config != NULL) {
		if (files)
			event_config_avoid_method(config, "epoll");
		loop = event_base_new_with_config(config);
		event_config_free(config);
	}
	if (loop == NULL)
		rm_error_set(err, RM_EXIT_OUTSIDE, "can't make an event loop");
	return loop;
}

/* Signals belong to the process, so there is one set of them. */
static struct {
	struct event *events[2];
	void (*stop)(void *arg);
	void *arg;
} on_stop;

static void
stop_signal(evutil_socket_t signal, short what, void *arg)
{
	(void)signal;
	(void)what;
	(void)arg;
	on_stop.stop(on_stop.arg);
}

int
rm_loop_on_stop(struct event_base *loop, void (*stop)(void *arg), void *arg,
    struct rm_error *err)
{
	static const int signals[] = { SIGTERM, SIGINT };
	on_stop.stop = stop;
	on_stop.arg = arg;
	for (size_t i = 0; i < 2; i++) {
		on_stop.events[i] = evsignal_new(
		    loop, signals[i], stop_signal, NULL);
		if (on_stop.events[i] == NULL ||
		    event_add(on_stop.events[i], NULL) != 0)
			return rm_error_set(
			    err, RM_EXIT_OUTSIDE, "can't watch for signals");
	}
	return 0;
}

static void
timer_fires(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	struct rm_timer *timer = arg;
	timer->fire(timer->arg);
}

void
rm_timer_init(struct rm_timer *timer, struct event_base *loop,
    void (*fire)(void *arg), void *arg)
{
	timer->fire = fire;
	timer->arg = arg;
	timer->event = evtimer_new(loop, timer_fires, timer);
}

struct timeval
rm_loop_span(double seconds)
{
	seconds = fmin(fmax(seconds, 0), SPAN_MOST);
	double whole = floor(seconds);
	return (struct timeval){ (time_t)whole,
		(suseconds_t)((seconds - whole) * 1e6) };
}

void
rm_timer_set(struct rm_timer *timer, double seconds)
{
	struct timeval after = rm_loop_span(seconds);
	evtimer_add(timer->event, &after);
}

void
rm_timer_stop(struct rm_timer *timer)
{
	if (timer->event != NULL)
		evtimer_del(timer->event);
}

bool
rm_timer_armed(const struct rm_timer *timer)
{
	return timer->event != NULL && evtimer_pending(timer->event, NULL);
}

void
rm_timer_free(struct rm_timer *timer)
{
	if (timer->event != NULL)
		event_free(timer->event);
	timer->event = NULL;
}

static double
seconds_of(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

double
rm_now(void)
{
	return seconds_of(CLOCK_MONOTONIC);
}

double
rm_wall(void)
{
	return seconds_of(CLOCK_REALTIME);
}

double
rm_stream_now(void)
{
	static double offset;
	if (offset == 0)
		offset = rm_wall() - rm_now();
	return offset + rm_now();
}

double
rm_backoff(unsigned n, double first, double most)
{
	double wait = ldexp(first, n < 64 ? (int)n : 64);
	if (wait > most)
		wait = most;
	unsigned dice = 0;
	if (getrandom(&dice, sizeof(dice), GRND_NONBLOCK) != sizeof(dice))
		dice = (unsigned)clock();
	return wait * (0.5 + 0.5 * dice / 4294967295.0);
}
