/*
 * GET /stats of a Riak node: counters, and what the node thinks of its ring.
 */
#ifndef RM_RIAK_ADMIN_STATS_H
#define RM_RIAK_ADMIN_STATS_H

#include <event2/event.h>

#include "riak/admin.h"

/* HOST:PORT of the HTTP listener in etc/riak.conf under Riak's root: the
 * caller's; NULL when there is none. */
char *rm_admin_stats_peer(const char *root, struct rm_error *err);

/* The answer's value is Riak's object as it came; a node that is not up yet
 * or not there is RM_EXIT_NO. on_done is called once, never from inside of
 * this; it may end the loop. */
int rm_admin_stats_get(struct event_base *loop, const char *peer,
    double timeout,
    void (*on_done)(void *arg, const struct rm_admin_answer *answer), void *arg,
    struct rm_error *err);

#endif
