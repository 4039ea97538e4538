/*
 * One client of the HTTP port. Each request goes to the node that is least
 * busy; bodies pass through as they come, and no faster than they are taken.
 *
 * A request that no byte of was sent goes to another node when the first does
 * not answer; one that was sent only when it is safe, had no body passed on,
 * and nothing of its answer has come.
 */
#ifndef RM_PROXY_HTTP_SESSION_H
#define RM_PROXY_HTTP_SESSION_H

#include "proxy/proxy.h"

struct rm_client;

/* A rm_listener_open. */
void rm_http_session_open(
    struct rm_proxy *proxy, const struct rm_client *client);
/* No new requests: each client is closed once it is answered, or now. */
void rm_http_sessions_end(struct rm_proxy *proxy, bool now);

#endif
