/*
 * Asks the port mapper of this host, and waits for the answer. Errors name
 * the port; silence for 5 seconds is one (RM_EXIT_TIMEOUT).
 */
#ifndef RM_RIAK_EPMD_CLIENT_H
#define RM_RIAK_EPMD_CLIENT_H

#include "base/error.h"

/* host is "" where it is not known. All borrowed for the call. */
typedef void rm_epmd_found(
    void *arg, const char *name, const char *host, int port);

/* The names of the cluster, one call each. */
int rm_epmd_ask_names(
    int port, rm_epmd_found *found, void *arg, struct rm_error *err);

/* NAME, or NAME@HOST, in the cluster: 1 when there is none. What can't be a
 * name is an error (RM_EXIT_USAGE). */
int rm_epmd_ask_name(int port, const char *name, rm_epmd_found *found,
    void *arg, struct rm_error *err);

#endif
