/*
 * HTTP server on the loop (libevent's evhttp) with a table of routes.
 * Answers JSON; a path no route has is 404, a method none has is 405, a body
 * over the limit is 413. Bad requests end their own connection only.
 */
#ifndef RM_IO_HTTP_SERVER_H
#define RM_IO_HTTP_SERVER_H

#include <event2/event.h>
#include <jv.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "io/tls.h"

struct rm_server;
struct rm_request;

struct rm_route {
	const char *method; /* "GET", …; "*" is any */
	/* "/api/v1/clusters/:cluster"; a last segment of "*" takes the rest. */
	const char *path;
	void (*handle)(struct rm_request *request, void *arg);
};

/* routes end with method NULL; borrowed, as arg is. */
struct rm_server *rm_server_new(struct event_base *loop,
    const struct rm_route *routes, void *arg, struct rm_error *err);
/* Asked before each request is handled, with the server's arg; false: it has
 * answered by itself. */
void rm_server_guard(struct rm_server *server,
    bool (*guard)(struct rm_request *request, void *arg));
/* How long a client may be silent between and in its requests, 60 s at first,
 * and half of how long one may take in all; for connections to come. Answers
 * that come later and streams have no limit. See http_clients.h for how many
 * clients there may be. */
void rm_server_idle(struct rm_server *server, double seconds);
/* Clients have to speak TLS; before listening. Borrowed. */
void rm_server_tls(struct rm_server *server, struct rm_tls *tls);
/* Port 0 takes a free one. May be called again for another address. Returns
 * the port or -1; "address in use" and the like name address and port. */
int rm_server_listen(struct rm_server *server, const char *address, int port,
    struct rm_error *err);
/* Takes over a socket that listens already. */
int rm_server_accept(struct rm_server *server, int fd, struct rm_error *err);
/* Closes listeners and connections. */
void rm_server_free(struct rm_server *server);

/* All borrowed until the request is answered. */
const char *rm_request_method(const struct rm_request *request);
const char *rm_request_path(const struct rm_request *request); /* decoded */
const char *rm_request_param(
    const struct rm_request *request, const char *name); /* of ":name", "*" */
const char *rm_request_query(
    const struct rm_request *request, const char *name); /* NULL: absent */
const char *rm_request_header(
    const struct rm_request *request, const char *name);
const char *rm_request_body(const struct rm_request *request, size_t *len);
/* Path and query as they came, not decoded. */
const char *rm_request_target(const struct rm_request *request);
/* Each header in turn; the names as they were spelled. */
void rm_request_headers(const struct rm_request *request,
    void (*each)(void *arg, const char *name, const char *value), void *arg);
const char *rm_request_peer(const struct rm_request *request); /* address */

/* Headers for the answer; before replying. */
void rm_request_add_header(
    struct rm_request *request, const char *name, const char *value);

/* Calls this when the peer goes away before there is an answer: the request is
 * gone then, and not to be answered. */
void rm_request_on_close(
    struct rm_request *request, void (*on_close)(void *arg), void *arg);

/* Each request is answered exactly once, now or later, by one of these. */
void rm_reply(struct rm_request *request, int status, const char *type,
    const void *body, size_t len);
/* The first len bytes of fd, which is taken over; never held in memory. */
void rm_reply_file(struct rm_request *request, int status, const char *type,
    int fd, size_t len);
void rm_reply_text(struct rm_request *request, int status, const char *text);
void rm_reply_json(struct rm_request *request, int status, jv body);

/*
 * Or as a stream: chunked, open until ended. on_close is called when the peer
 * went away (the request is gone then); not after rm_stream_end().
 */
void rm_stream_begin(struct rm_request *request, int status, const char *type,
    void (*on_close)(void *arg), void *arg);
void rm_stream_send(struct rm_request *request, const void *data, size_t len);
/* Bytes not yet taken by the peer. */
size_t rm_stream_pending(const struct rm_request *request);
void rm_stream_end(struct rm_request *request);
/* Cuts the connection without ending the answer: what a crash looks like. */
void rm_request_abort(struct rm_request *request);

#endif
