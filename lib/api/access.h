/*
 * Who may change things. Whoever may change a cluster's configuration or
 * package can run code on every agent, and so can who reaches Riak's HTTP
 * port: both need the token, or, where there is none, a peer on this machine.
 */
#ifndef RM_API_ACCESS_H
#define RM_API_ACCESS_H

#include <stdbool.h>

#include "base/error.h"
#include "io/http_server.h"

struct rm_access {
	const char *token; /* or NULL */
	bool open;
};

/* Whether a request does more than to read what anybody may. */
bool rm_access_needed(const struct rm_request *request);
/* 0: allowed; else the HTTP status of the refusal, and why, static. */
int rm_access_check(const struct rm_access *access,
    const struct rm_request *request, const char **why);

/* The first line of a file that only its owner and group can read: the
 * caller's. NULL and err (RM_EXIT_USAGE) when it can't be a token. */
char *rm_access_read_token(const char *path, struct rm_error *err);

#endif
