/*
 * Which master leads: found in the masters' group in ZooKeeper and followed
 * there (high-availability.md), or by asking those of a list in turn and
 * believing their redirects.
 */
#ifndef RM_MESOS_LEADER_H
#define RM_MESOS_LEADER_H

#include <event2/event.h>
#include <stdbool.h>

#include "base/error.h"

struct rm_leader;

struct rm_leader_options {
	const char *masters; /* as rm_masters_parse() takes it */
	bool tls; /* masters found in ZooKeeper speak TLS */
	/* Another one leads, or none does. Not with a list. From the loop. */
	void (*on_change)(void *arg);
	void *arg;
};

/* RM_EXIT_USAGE when masters is no list of them. */
struct rm_leader *rm_leader_new(struct event_base *loop,
    const struct rm_leader_options *options, struct rm_error *err);
void rm_leader_free(struct rm_leader *leader);

/* The address to ask now, as mesos/address.h has it; NULL: nobody leads.
 * Borrowed until the next call of any of these, and the next on_change. */
const char *rm_leader_address(const struct rm_leader *leader);

/*
 * The one asked says that the one at location leads. True: there is another
 * address to ask at once. False: wait, since it named itself (for some 10 s
 * after a failover), or ZooKeeper knows better.
 */
bool rm_leader_redirect(struct rm_leader *leader, const char *location);

/* The one asked can't be reached or knows nothing: the next of the list. */
void rm_leader_skip(struct rm_leader *leader);

#endif
