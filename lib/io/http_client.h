/*
 * HTTP client on the loop (libcurl's multi interface). Never follows a
 * redirect by itself: the callers know what a 307 of Mesos means. No proxy is
 * taken from the environment.
 */
#ifndef RM_IO_HTTP_CLIENT_H
#define RM_IO_HTTP_CLIENT_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct rm_http; /* one per process or per set of peers */
struct rm_http_call; /* one request under way */

struct rm_http_response {
	int status; /* 0: none came */
	const char *body; /* "" when on_data took it; NUL-terminated */
	size_t body_len;
	/* With a failure: whether the peer may have seen the request. False
	 * only when no connection was made, so sending again is harmless. */
	bool maybe_seen;
	const struct rm_http_call *call; /* for rm_http_header() */
};

struct rm_http_request {
	const char *method; /* "GET" when NULL */
	const char *url;
	const char *const
	    *headers; /* "Name: value", NULL at the end; or NULL */
	const char *body; /* copied; NULL for none */
	size_t body_len;
	double timeout; /* seconds for all of it; 0: none, for streams */
	double connect_timeout; /* 0: 5 s */
	size_t body_limit; /* of a collected answer; 0: 16 MiB */
	const char *ca_file; /* for https; NULL: the system's */
	const char *cert_file, *key_file; /* ours, for https; or NULL */
	bool insecure; /* https without looking at certificates */
	const char *user, *password; /* HTTP Basic, or NULL */
	const char *unix_socket; /* path, or NULL */
	/* It may arrive twice: then it goes on a connection kept alive, which
	 * curl makes anew, and sends again, when that turns out to be dead.
	 * GET and HEAD always may. */
	bool repeatable;

	/* Neither on_headers nor on_data may send or cancel a call, not even
	 * another one: libcurl refuses that inside of its callbacks. */

	/* The final status and headers are there; return -1 to abort. NULL:
	 * not asked. */
	int (*on_headers)(void *arg, const struct rm_http_response *response);
	/* A piece of the body; return -1 to abort. NULL: it is collected. */
	int (*on_data)(void *arg, const char *data, size_t len);
	/* Exactly once, last, unless cancelled. failure is NULL when a whole
	 * answer came, whatever its status. */
	void (*on_done)(void *arg, const struct rm_http_response *response,
	    const struct rm_error *failure);
	void *arg;
};

struct rm_http *rm_http_new(struct event_base *loop, struct rm_error *err);
/* Cancels what is under way. */
void rm_http_free(struct rm_http *http);

/* Everything in the request is copied. NULL on failure (bad URL). on_done is
 * never called from inside of this. */
struct rm_http_call *rm_http_send(struct rm_http *http,
    const struct rm_http_request *request, struct rm_error *err);
/* on_done will not be called. Not from inside of the call's own callbacks. */
void rm_http_cancel(struct rm_http_call *call);
/* Stop and go on taking the body from the socket. */
void rm_http_pause(struct rm_http_call *call, bool paused);

/* A header of the answer by name, any case; NULL when absent. Borrowed until
 * the callback returns. */
const char *rm_http_header(
    const struct rm_http_response *response, const char *name);
/* Each "Name: value" in turn, from NULL; NULL behind the last. */
const char *rm_http_next_header(
    const struct rm_http_response *response, const char *line);

#endif
