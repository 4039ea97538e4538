/*
 * Who is connected to an HTTP server (libevent's evhttp): bounds for those of
 * whom no whole request has come. evhttp limits only a client's silence, and
 * neither how long a request may trickle in nor how many clients there are; out
 * of descriptors it would ask for the next one without end.
 *
 * A client has a time for each request, from when it could begin until all of
 * it is there. When there are as many as are allowed, or no descriptors, who has
 * been waited for longest makes room; clients that are being answered never do.
 */
#ifndef RM_IO_HTTP_CLIENTS_H
#define RM_IO_HTTP_CLIENTS_H

#include <event2/event.h>
#include <event2/http.h>

#include "io/tls.h"

struct rm_http_clients; /* of one server */
struct rm_http_client; /* one connection */

/* Sees every client of this evhttp, which is freed after it. As many as three
 * quarters of the descriptors that the process may have. */
struct rm_http_clients *rm_http_clients_new(
    struct event_base *loop, struct evhttp *http);
void rm_http_clients_free(struct rm_http_clients *clients);
/* Seconds for a request; for clients to come. */
void rm_http_clients_patience(struct rm_http_clients *clients, double seconds);
/* They speak TLS; borrowed. */
void rm_http_clients_tls(struct rm_http_clients *clients, struct rm_tls *tls);
/* Takes clients from a socket that listens, which it owns from then on; -1
 * when it can't. */
int rm_http_clients_accept(struct rm_http_clients *clients, int fd);

/* A request of his is whole: he is being answered until the answer has gone out.
 * Borrowed; gone when the connection is. */
struct rm_http_client *rm_http_clients_busy(
    struct rm_http_clients *clients, struct evhttp_request *request);
/* Called once when the connection ends; NULL: nobody is. */
void rm_http_client_on_close(
    struct rm_http_client *client, void (*on_close)(void *arg), void *arg);

#endif
