#include "proxy/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/util.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/str.h"
#include "io/shortage.h"
#include "proxy/greeting.h"
#include "proxy/node.h"
#include "proxy/sockets.h"

/* Clients taken before others get their turn. */
#define ACCEPT_MAX 64

struct rm_listener {
	struct rm_proxy *proxy;
	enum rm_protocol protocol;
	rm_listener_open *open;
	struct event **events;
	size_t count;
	int port;
	bool full;
	bool held; /* not begun yet */
	struct rm_shortage shortage;
};

static void
turn(struct rm_listener *listener, bool on)
{
	listener->full = !on;
	for (size_t i = 0; i < listener->count; i++)
		if (on)
			event_add(listener->events[i], NULL);
		else
			event_del(listener->events[i]);
}

static bool
is_full(const struct rm_listener *listener)
{
	const struct rm_proxy *proxy = listener->proxy;
	return proxy->counters[listener->protocol].open >=
	       proxy->limits.connections;
}

static void
accept_some(evutil_socket_t fd, short what, void *arg)
{
	(void)what;
	struct rm_listener *listener = arg;
	struct rm_proxy *proxy = listener->proxy;
	for (int i = 0; i < ACCEPT_MAX; i++) {
		struct rm_client client = {
			.peer.room.ss_family = AF_UNSPEC
		};
		socklen_t len = sizeof(client.peer);
		if (is_full(listener)) {
			turn(listener, false);
			return;
		}
		client.fd = accept4(
		    fd, &client.peer.any, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
		int why = errno;
		if (client.fd < 0 && rm_shortage_is(fd, why)) {
			rm_shortage_begin(&listener->shortage, why);
			turn(listener, false);
		}
		if (client.fd < 0)
			return;
		proxy->counters[listener->protocol].accepted++;
		proxy->counters[listener->protocol].open++;
		if (proxy->limits.proxy_header || proxy->client_tls != NULL)
			rm_greet(proxy, listener->protocol, &client,
			    listener->open);
		else
			listener->open(proxy, &client);
	}
}

int
rm_client_adopt(const struct rm_client *client, struct rm_sock *sock,
    struct event_base *loop, void (*ready)(void *arg), void *arg)
{
	int rc = rm_sock_adopt(sock, loop, client->fd, ready, arg);
	if (rc == 0)
		sock->tls = client->tls;
	else
		rm_tls_close(client->tls);
	return rc;
}

void
rm_client_name(const struct rm_client *client, char to[INET6_ADDRSTRLEN])
{
	const union rm_sock_address *a = &client->peer;
	const void *bytes = NULL;
	if (a->any.sa_family == AF_INET)
		bytes = &a->v4.sin_addr;
	else if (a->any.sa_family == AF_INET6)
		bytes = &a->v6.sin6_addr;
	if (bytes == NULL ||
	    inet_ntop(a->any.sa_family, bytes, to, INET6_ADDRSTRLEN) == NULL)
		strcpy(to, "unknown");
}

void
rm_listener_room(struct rm_listener *listener)
{
	if (listener->full && !listener->held && !is_full(listener) &&
	    !rm_shortage_lasts(&listener->shortage))
		turn(listener, true);
}

static void
try_again(void *arg)
{
	rm_listener_room(arg);
}

struct rm_listener *
rm_listener_new(struct rm_proxy *proxy, enum rm_protocol protocol,
    const struct rm_inherited *sockets, rm_listener_open *open)
{
	struct rm_listener *listener = rm_alloc(sizeof(*listener));
	const char *name = rm_protocol_name(protocol);
	listener->proxy = proxy;
	listener->protocol = protocol;
	listener->open = open;
	listener->port = rm_sockets_port(sockets, name);
	listener->events = rm_alloc(
	    sockets->count * sizeof(struct event *) + 1);
	rm_shortage_init(&listener->shortage, proxy->loop, try_again, listener);
	for (size_t i = 0; i < sockets->count; i++)
		if (strcmp(sockets->names[i], name) == 0)
			listener->events[listener->count++] = event_new(
			    proxy->loop, sockets->fds[i],
			    EV_READ | EV_PERSIST, accept_some, listener);
	listener->full = listener->held = true;
	return listener;
}

void
rm_listener_begin(struct rm_listener *listener)
{
	listener->held = false;
	rm_listener_room(listener);
}

int
rm_listener_port(const struct rm_listener *listener)
{
	return listener->port;
}

void
rm_listener_free(struct rm_listener *listener)
{
	if (listener == NULL)
		return;
	for (size_t i = 0; i < listener->count; i++) {
		evutil_socket_t fd = event_get_fd(listener->events[i]);
		event_free(listener->events[i]);
		close(fd);
	}
	free(listener->events);
	rm_shortage_free(&listener->shortage);
	free(listener);
}
