#include "proxy/http_link.h"

#include <stdlib.h>

#include "base/list.h"
#include "base/str.h"

/* Kept for one endpoint. */
#define KEPT_MAX 1024

static void
drop(struct rm_http_link *link, bool busy)
{
	rm_expiry_stop(&link->expiry);
	rm_sock_close(&link->sock);
	rm_lease_give(&link->lease, busy);
	free(link);
}

/* Of one that is kept: whatever comes, nobody asked for it. */
static void
kept_ready(void *arg)
{
	struct rm_http_link *link = arg;
	if (!rm_sock_quiet(&link->sock))
		drop(link, false);
	else
		link->sock.readable = false;
}

static void
kept_leave(void *arg, bool now)
{
	(void)now;
	drop(arg, false);
}

static void
kept_expired(void *arg)
{
	drop(arg, false);
}

static void
use(struct rm_http_link *link, const struct rm_http_user *user)
{
	link->sock.ready = user->ready;
	link->sock.arg = user->arg;
	link->lease.leave = user->leave;
	link->lease.arg = user->arg;
}

static struct rm_http_link *
take_kept(struct rm_endpoint *endpoint, bool probed)
{
	struct rm_lease *lease, *next;
	TAILQ_FOREACH_SAFE (lease, &endpoint->idle, entry, next) {
		struct rm_http_link *link = lease->arg;
		if (probed && !rm_sock_quiet(&link->sock)) {
			drop(link, false);
			continue;
		}
		rm_expiry_stop(&link->expiry);
		rm_lease_move(&link->lease, false, true);
		link->reused = true;
		return link;
	}
	return NULL;
}

struct rm_http_link *
rm_http_link_get(struct rm_endpoint *endpoint, enum rm_http_link_kept kept,
    const struct rm_http_user *user)
{
	struct rm_http_link *link = NULL;
	if (kept != RM_HTTP_LINK_FRESH)
		link = take_kept(endpoint, kept == RM_HTTP_LINK_PROBED);
	if (link == NULL) {
		link = rm_alloc(sizeof(*link));
		if (rm_endpoint_connect(
			endpoint, &link->sock, user->ready, user->arg) != 0) {
			free(link);
			return NULL;
		}
		rm_lease_take(&link->lease, endpoint, true);
	}
	use(link, user);
	return link;
}

void
rm_http_link_keep(struct rm_http_link *link)
{
	static const struct rm_http_user nobody = { kept_ready, kept_leave,
		NULL };
	struct rm_endpoint *endpoint = link->lease.endpoint;
	if (!rm_endpoint_usable(endpoint) || link->sock.ended ||
	    endpoint->idle_count >= KEPT_MAX ||
	    (link->sock.readable && !rm_sock_quiet(&link->sock))) {
		rm_http_link_close(link);
		return;
	}
	link->sock.readable = false;
	use(link, &nobody);
	link->sock.arg = link->lease.arg = link->expiry.arg = link;
	link->expiry.fire = kept_expired;
	rm_lease_move(&link->lease, true, false);
	rm_expiry_set(&link->expiry, &endpoint->node->nodes->proxy->pooled);
}

void
rm_http_link_close(struct rm_http_link *link)
{
	drop(link, true);
}
