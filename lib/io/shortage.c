#include "io/shortage.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/log.h"

#define PAUSE 0.2
#define QUIET 60.0 /* seconds from one message to the next */

void
rm_shortage_init(struct rm_shortage *shortage, struct event_base *loop,
    void (*try_again)(void *arg), void *arg)
{
	shortage->said = 0;
	rm_timer_init(&shortage->again, loop, try_again, arg);
}

bool
rm_shortage_is(int listener, int number)
{
	struct pollfd client = { .fd = listener, .events = POLLIN };
	return number != EAGAIN && number != EINTR && number != ECONNABORTED &&
	       poll(&client, 1, 0) != 0;
}

void
rm_shortage_begin(struct rm_shortage *shortage, int number)
{
	double now = rm_now();
	if (shortage->said == 0 || now - shortage->said > QUIET) {
		shortage->said = now;
		rm_log_warn("can't accept clients: %s", strerror(number));
	}
	rm_timer_set(&shortage->again, PAUSE);
}

bool
rm_shortage_lasts(const struct rm_shortage *shortage)
{
	return rm_timer_armed(&shortage->again);
}

void
rm_shortage_free(struct rm_shortage *shortage)
{
	rm_timer_free(&shortage->again);
}
