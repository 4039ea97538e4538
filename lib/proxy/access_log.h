/*
 * A line of JSON for each request that has ended, for who wants to know what
 * clients do. Lines are written once a second or as 64 KiB have gathered, whole
 * lines at a time, so that workers can share a file; what a full pipe or disk
 * does not take is dropped and counted, and never waited for.
 */
#ifndef RM_PROXY_ACCESS_LOG_H
#define RM_PROXY_ACCESS_LOG_H

#include <event2/event.h>
#include <stdint.h>

#include "base/error.h"

struct rm_access_log;

struct rm_access {
	double seconds; /* it took */
	const char *client; /* an address */
	const char *protocol;
	/* HTTP: "GET /path", of line_len bytes. NULL: the code is told. */
	const char *line;
	size_t line_len;
	int code; /* protocol buffers, of the request */
	int status; /* HTTP; 0: none was sent */
	const char *end; /* "answered", "refused", "lost", "cut", … */
	const char *node; /* the last that was asked; NULL: none */
	unsigned tries; /* nodes asked */
	uint64_t bytes; /* that the client was sent */
};

/* Appends to the file, which is made with mode 0640. Errors name it. */
struct rm_access_log *rm_access_log_new(
    struct event_base *loop, const char *path, struct rm_error *err);
void rm_access_log_write(
    struct rm_access_log *log, const struct rm_access *access);
/* Opens the file anew: it was renamed. When that fails all stays. */
int rm_access_log_reopen(struct rm_access_log *log, struct rm_error *err);
/* Writes what waits. Accepts NULL. */
void rm_access_log_free(struct rm_access_log *log);

#endif
