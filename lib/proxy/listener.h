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

/* open gets a connected, non-blocking socket, which it owns, and the peer. */
typedef void rm_listener_open(
    struct rm_proxy *proxy, int fd, const struct sockaddr *peer);

/* Takes the sockets of the protocol's name; accepts nobody until it begins. */
struct rm_listener *rm_listener_new(struct rm_proxy *proxy,
    enum rm_protocol protocol, const struct rm_inherited *sockets,
    rm_listener_open *open);
void rm_listener_begin(struct rm_listener *listener);
int rm_listener_port(const struct rm_listener *listener);
/* A client has gone: there is room for another. */
void rm_listener_room(struct rm_listener *listener);
void rm_listener_free(struct rm_listener *listener);

#endif
