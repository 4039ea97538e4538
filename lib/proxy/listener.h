/*
 * Accepts clients on one port. At the limit of connections it leaves them in
 * the kernel's queue until one has gone.
 */
#ifndef RM_PROXY_LISTENER_H
#define RM_PROXY_LISTENER_H

#include "io/inherit.h"
#include "proxy/proxy.h"
#include "proxy/sock.h"

struct rm_listener;

/* A connected, non-blocking socket, and the TLS on it; both become open's. */
struct rm_client {
	int fd;
	SSL *tls; /* NULL: none */
	union rm_sock_address peer;
};
typedef void rm_listener_open(
    struct rm_proxy *proxy, const struct rm_client *client);

/* Takes the sockets of the protocol's name; accepts nobody until it begins. */
struct rm_listener *rm_listener_new(struct rm_proxy *proxy,
    enum rm_protocol protocol, const struct rm_inherited *sockets,
    rm_listener_open *open);
void rm_listener_begin(struct rm_listener *listener);
int rm_listener_port(const struct rm_listener *listener);
/* What is needed of its fd and tls for a session. */
int rm_client_adopt(const struct rm_client *client, struct rm_sock *sock,
    struct event_base *loop, void (*ready)(void *arg), void *arg);
/* Its address as text; "unknown" when it has none. */
void rm_client_name(const struct rm_client *client, char to[INET6_ADDRSTRLEN]);
/* A client has gone: there is room for another. */
void rm_listener_room(struct rm_listener *listener);
void rm_listener_free(struct rm_listener *listener);

#endif
