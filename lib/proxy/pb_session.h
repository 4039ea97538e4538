/*
 * One client of the protocol-buffers port. It gets a node with its first
 * request and keeps it; when that node goes while nothing is under way, the
 * next request goes to another. Requests that only read are kept until they
 * are answered and asked again elsewhere when their node is lost; any other
 * loss ends the client's connection, as that of a Riak node would.
 */
#ifndef RM_PROXY_PB_SESSION_H
#define RM_PROXY_PB_SESSION_H

#include "proxy/proxy.h"

struct rm_pb_session;
struct rm_client;

/* A rm_listener_open. */
void rm_pb_session_open(
    struct rm_proxy *proxy, const struct rm_client *client);
/* No new requests: each client is closed once it is answered, or now. */
void rm_pb_sessions_end(struct rm_proxy *proxy, bool now);

#endif
