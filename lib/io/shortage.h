/*
 * What a server does when a client can't be accepted, for want of descriptors
 * or memory: it leaves clients waiting for a moment, then tries again. So it
 * does not spin, and it says so once a minute, not at each try.
 */
#ifndef RM_IO_SHORTAGE_H
#define RM_IO_SHORTAGE_H

#include <stdbool.h>

#include "io/loop.h"

struct rm_shortage {
	struct rm_timer again;
	double said; /* rm_now(); 0: never */
};

/* try_again is called when it is time to accept again. */
void rm_shortage_init(struct rm_shortage *shortage, struct event_base *loop,
    void (*try_again)(void *arg), void *arg);
/* Whether a client waits at this socket whom accept(2) could not take for that
 * errno: it says EMFILE also where nobody does. */
bool rm_shortage_is(int listener, int number);
/* Of errno; from now on nothing is to be accepted. */
void rm_shortage_begin(struct rm_shortage *shortage, int number);
bool rm_shortage_lasts(const struct rm_shortage *shortage);
void rm_shortage_free(struct rm_shortage *shortage);

#endif
