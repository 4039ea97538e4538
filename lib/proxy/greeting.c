#include "proxy/greeting.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/log.h"
#include "proxy/proxy_header.h"

struct greeting {
	LIST_ENTRY(greeting) entry;
	struct rm_proxy *proxy;
	enum rm_protocol protocol;
	rm_listener_open *open;
	struct rm_client client;
	struct rm_sock sock; /* of client.fd */
	struct rm_expiry expiry;
	int (*step)(struct greeting *g); /* what is awaited; NULL: through */
};

static LIST_HEAD(, greeting) greetings = LIST_HEAD_INITIALIZER(greetings);

/* RpbStartTls, and the same is its answer. */
static const char start_tls[5] = { 0, 0, 0, 1, (char)255 };

static void
forget(struct greeting *g)
{
	LIST_REMOVE(g, entry);
	rm_expiry_stop(&g->expiry);
	free(g);
}

static void
drop(struct greeting *g)
{
	struct rm_proxy *proxy = g->proxy;
	enum rm_protocol protocol = g->protocol;
	proxy->counters[protocol].refused++;
	proxy->counters[protocol].open--;
	g->sock.tls = g->client.tls;
	g->sock.failed = true;
	rm_sock_close(&g->sock);
	forget(g);
	if (proxy->listeners[protocol] != NULL)
		rm_listener_room(proxy->listeners[protocol]);
}

/* Each step: 1 done, 0 more is needed, -1 the client is to be closed. */
static int
shake(struct greeting *g)
{
	switch (rm_tls_handshake(g->client.tls)) {
	case RM_TLS_DONE:
		g->step = NULL;
		return 1;
	case RM_TLS_FAILED:
		rm_log_debug("TLS with a client failed: %s", rm_tls_why());
		return -1;
	default:
		return 0;
	}
}

/* Bytes that wait, and stay; 0: none yet; -1: none will come. */
static ssize_t
peek(struct greeting *g, char *to, size_t room)
{
	ssize_t n = recv(g->client.fd, to, room, MSG_PEEK);
	if (n > 0)
		return n;
	return n < 0 && errno == EAGAIN ? 0 : -1;
}

static int
begin_tls(struct greeting *g)
{
	char first[sizeof(start_tls)];
	ssize_t n = peek(g, first, sizeof(first));
	if (n <= 0)
		return (int)n;
	if (g->protocol == RM_PB && first[0] == 0) {
		if (memcmp(first, start_tls, (size_t)n) != 0)
			return -1;
		if ((size_t)n < sizeof(first))
			return 0;
		if (recv(g->client.fd, first, sizeof(first), 0) != n ||
		    send(g->client.fd, start_tls, sizeof(start_tls),
			MSG_NOSIGNAL) != sizeof(start_tls))
			return -1;
	} else if (first[0] != 0x16) { /* a handshake's record */
		return -1;
	}
	g->client.tls = rm_tls_open(g->proxy->client_tls, g->client.fd, NULL);
	g->step = shake;
	return g->client.tls != NULL ? 1 : -1;
}

static int
read_header(struct greeting *g)
{
	char *scratch = g->proxy->scratch;
	ssize_t n = peek(g, scratch, RM_PROXY_HEADER_MAX);
	if (n <= 0)
		return (int)n;
	n = rm_proxy_header(scratch, (size_t)n, &g->client.peer);
	if (n <= 0)
		return (int)n;
	g->step = g->proxy->client_tls != NULL ? begin_tls : NULL;
	return recv(g->client.fd, scratch, (size_t)n, 0) == n ? 1 : -1;
}

static void
advance(struct greeting *g)
{
	int rc = 1;
	while (rc > 0 && g->step != NULL)
		rc = g->step(g);
	if (rc < 0) {
		drop(g);
	} else if (rc > 0) {
		struct rm_client client = g->client;
		struct rm_proxy *proxy = g->proxy;
		rm_listener_open *open = g->open;
		event_del(&g->sock.event);
		forget(g);
		open(proxy, &client);
	}
}

static void
ready(void *arg)
{
	advance(arg);
}

static void
expired(void *arg)
{
	drop(arg);
}

void
rm_greet(struct rm_proxy *proxy, enum rm_protocol protocol,
    const struct rm_client *client, rm_listener_open *open)
{
	struct greeting *g = rm_alloc(sizeof(*g));
	g->proxy = proxy;
	g->protocol = protocol;
	g->open = open;
	g->client = *client;
	g->expiry.fire = expired;
	g->expiry.arg = g;
	g->step = proxy->limits.proxy_header ? read_header : begin_tls;
	LIST_INSERT_HEAD(&greetings, g, entry);
	rm_expiry_set(&g->expiry, &proxy->headers);
	/* Bytes that are there already are told by the loop, too. */
	if (rm_sock_adopt(&g->sock, proxy->loop, client->fd, ready, g) != 0)
		drop(g);
}

void
rm_greetings_end(void)
{
	struct greeting *g, *next;
	LIST_FOREACH_SAFE (g, &greetings, entry, next)
		drop(g);
}
