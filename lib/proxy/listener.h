/*
 * Accepts clients on one port. At the limit of connections it leaves them in
 * the kernel's queue until one has gone.
 */
#ifndef RM_PROXY_LISTENER_H
#define RM_PROXY_LISTENER_H

#include "base/error.h"
#include "io/inherit.h"
#include "proxy/proxy.h"
#include "proxy/sock.h"

struct rm_listener;

/* open gets a connected, non-blocking socket, which it owns, and the peer. */
typedef void rm_listener_open(
    struct rm_proxy *proxy, int fd, const struct sockaddr *peer);

/* sockets: those passed on that have the protocol's name are taken, and then no
 * address is listened on.
 * addresses: "127.0.0.1" or "10.0.0.1,::1", names too, resolved now. Port 0
 * takes a free one, the same for all. Errors name address and port. */
struct rm_listener *rm_listener_new(struct rm_proxy *proxy,
    enum rm_protocol protocol, const char *addresses, int port, const struct rm_inherited *sockets,
    rm_listener_open *open, struct rm_error *err);
int rm_listener_port(const struct rm_listener *listener);
/* A client has gone: there is room for another. */
void rm_listener_room(struct rm_listener *listener);
void rm_listener_free(struct rm_listener *listener);

#endif
