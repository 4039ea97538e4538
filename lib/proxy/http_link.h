/*
 * A connection to a node for HTTP requests, one after the other. Between two
 * requests it is kept with its endpoint for whoever comes next.
 */
#ifndef RM_PROXY_HTTP_LINK_H
#define RM_PROXY_HTTP_LINK_H

#include "proxy/node.h"

struct rm_http_link {
	struct rm_sock sock;
	struct rm_lease lease;
	struct rm_expiry expiry; /* while it is kept */
	bool reused; /* it has carried a request before this one */
};

struct rm_http_user {
	void (*ready)(void *arg); /* the socket's */
	void (*leave)(void *arg, bool now); /* the lease's */
	void *arg;
};

/* How a kept one may be taken. */
enum rm_http_link_kept {
	RM_HTTP_LINK_KEPT, /* as it is */
	RM_HTTP_LINK_PROBED, /* when nothing has come on it, not even its end */
	RM_HTTP_LINK_FRESH, /* not at all */
};

/* One that is kept, or a new one that connects. NULL: refused at once, errno.
 */
struct rm_http_link *rm_http_link_get(struct rm_endpoint *endpoint,
    enum rm_http_link_kept kept, const struct rm_http_user *user);
/* Its request is over and answered: kept if it can be. */
void rm_http_link_keep(struct rm_http_link *link);
/* In use. */
void rm_http_link_close(struct rm_http_link *link);

#endif
