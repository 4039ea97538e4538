#include "proxy/listener.h"

#include <errno.h>
#include <event2/util.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/log.h"
#include "base/str.h"
#include "proxy/node.h"

#define ADDRESSES_MAX 8
/* Clients taken before others get their turn. */
#define ACCEPT_MAX 64

struct rm_listener {
	struct rm_proxy *proxy;
	enum rm_protocol protocol;
	rm_listener_open *open;
	int fds[ADDRESSES_MAX];
	struct event *events[ADDRESSES_MAX];
	size_t count;
	int port;
	bool full;
	struct rm_timer again; /* descriptors had run out */
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
		union rm_sock_address peer = { .room.ss_family = AF_UNSPEC };
		socklen_t len = sizeof(peer);
		if (is_full(listener)) {
			turn(listener, false);
			return;
		}
		int client = accept4(
		    fd, &peer.any, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (client < 0 && (errno == EMFILE || errno == ENFILE ||
				      errno == ENOBUFS || errno == ENOMEM)) {
			rm_log_warn("can't accept: %s", strerror(errno));
			turn(listener, false);
			rm_timer_set(&listener->again, 0.2);
		}
		if (client < 0)
			return;
		proxy->counters[listener->protocol].accepted++;
		proxy->counters[listener->protocol].open++;
		listener->open(proxy, client, &peer.any);
	}
}

void
rm_listener_room(struct rm_listener *listener)
{
	if (listener->full && !is_full(listener) &&
	    !rm_timer_armed(&listener->again))
		turn(listener, true);
}

static void
try_again(void *arg)
{
	rm_listener_room(arg);
}

static int
port_of(int fd)
{
	union rm_sock_address name = { .room.ss_family = AF_UNSPEC };
	socklen_t len = sizeof(name);
	return getsockname(fd, &name.any, &len) == 0 ? ntohs(name.v6.sin6_port)
						     : -1;
}

/* Returns the descriptor, or -1 with errno. */
static int
bind_to(const struct evutil_addrinfo *info, int port)
{
	union rm_sock_address to = { .room.ss_family = AF_UNSPEC };
	int on = 1;
	memcpy(&to, info->ai_addr, info->ai_addrlen);
	to.v6.sin6_port = htons((uint16_t)port);
	int fd = socket(
	    info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (info->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, &to.any, (socklen_t)info->ai_addrlen) == 0 &&
	    listen(fd, SOMAXCONN) == 0)
		return fd;
	int why = errno;
	close(fd);
	errno = why;
	return -1;
}

static int
failed(const char *address, int port, const char *why, struct rm_error *err)
{
	bool usage = errno == EACCES || errno == EADDRNOTAVAIL;
	return rm_error_set(err, usage ? RM_EXIT_USAGE : RM_EXIT_OUTSIDE,
	    "can't listen on %s port %d: %s", address, port, why);
}

static int
add(struct rm_listener *listener, int fd, struct rm_error *err)
{
	if (listener->count == ADDRESSES_MAX) {
		close(fd);
		return rm_error_set(err, RM_EXIT_USAGE,
		    "more than %d addresses", ADDRESSES_MAX);
	}
	listener->port = port_of(fd);
	listener->fds[listener->count] = fd;
	listener->events[listener->count++] = event_new(listener->proxy->loop,
	    fd, EV_READ | EV_PERSIST, accept_some, listener);
	return 0;
}

static int
listen_on(struct rm_listener *listener, const char *address, int port,
    struct rm_error *err)
{
	struct evutil_addrinfo hints = { .ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = EVUTIL_AI_PASSIVE };
	struct evutil_addrinfo *info = NULL;
	int rc = evutil_getaddrinfo(address, NULL, &hints, &info);
	if (rc != 0) {
		errno = EADDRNOTAVAIL;
		return failed(address, port, evutil_gai_strerror(rc), err);
	}
	int fd = bind_to(info, listener->port > 0 ? listener->port : port);
	evutil_freeaddrinfo(info);
	if (fd < 0)
		return failed(address, port, strerror(errno), err);
	return add(listener, fd, err);
}

static int
listen_all(struct rm_listener *listener, const char *addresses, int port,
    struct rm_error *err)
{
	char *copy = rm_strdup(addresses), *rest = copy, *word;
	int rc = 0;
	while (rc == 0 && (word = strsep(&rest, ", ")) != NULL)
		if (*word != '\0')
			rc = listen_on(listener, word, port, err);
	if (rc == 0 && listener->count == 0)
		rc = rm_error_set(
		    err, RM_EXIT_USAGE, "no address in '%s'", addresses);
	free(copy);
	return rc;
}

static int
inherit(struct rm_listener *listener, const struct rm_inherited *sockets,
    struct rm_error *err)
{
	const char *name = rm_protocol_name(listener->protocol);
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < sockets->count; i++)
		if (strcmp(sockets->names[i], name) == 0)
			rc = add(listener, sockets->fds[i], err);
	return rc;
}

struct rm_listener *
rm_listener_new(struct rm_proxy *proxy, enum rm_protocol protocol,
    const char *addresses, int port, const struct rm_inherited *sockets,
    rm_listener_open *open, struct rm_error *err)
{
	struct rm_listener *listener = rm_alloc(sizeof(*listener));
	listener->proxy = proxy;
	listener->protocol = protocol;
	listener->open = open;
	rm_timer_init(&listener->again, proxy->loop, try_again, listener);
	int rc = inherit(listener, sockets, err);
	if (rc == 0 && listener->count == 0)
		rc = listen_all(listener, addresses, port, err);
	if (rc != 0) {
		rm_listener_free(listener);
		return NULL;
	}
	turn(listener, true);
	return listener;
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
		event_free(listener->events[i]);
		close(listener->fds[i]);
	}
	rm_timer_free(&listener->again);
	free(listener);
}
