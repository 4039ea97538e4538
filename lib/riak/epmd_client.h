/*
 * Asks the port mapper of this host; waits for the answer.
 */
#ifndef RM_RIAK_EPMD_CLIENT_H
#define RM_RIAK_EPMD_CLIENT_H

#include "base/error.h"
#include "base/str.h"

/* Connects to 127.0.0.1, sends, and appends all that comes until the other
 * end closes. Errors name the port; silence for 5 seconds is one
 * (RM_EXIT_TIMEOUT). */
int rm_epmd_ask(int port, const struct rm_str *request, struct rm_str *reply,
    struct rm_error *err);

#endif
