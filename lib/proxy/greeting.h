/*
 * What a client says before its first request: where it really comes from (the
 * PROXY protocol), and TLS. On the port of protocol buffers TLS may be asked
 * for, as Riak's clients do (RpbStartTls), or begin at once. A client that says
 * anything else is closed, and so is one that takes longer than a header may.
 */
#ifndef RM_PROXY_GREETING_H
#define RM_PROXY_GREETING_H

#include "proxy/listener.h"

/* Calls open once the client is through. */
void rm_greet(struct rm_proxy *proxy, enum rm_protocol protocol,
    const struct rm_client *client, rm_listener_open *open);
/* Closes all that are not through. */
void rm_greetings_end(void);

#endif
