#include "riak/epmd_listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/str.h"

/* The first descriptor that systemd passes (sd_listen_fds(3)). */
#define INHERITED_START 3

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

struct wanted {
	struct {
		union address address;
		bool optional; /* this host need not have it */
	} at[RM_EPMD_LISTEN_MAX];
	size_t count;
};

static socklen_t
address_size(const union address *a)
{
	return a->any.sa_family == AF_INET ? sizeof(a->v4) : sizeof(a->v6);
}

static void
address_print(const union address *a, char text[INET6_ADDRSTRLEN])
{
	const void *bytes = a->any.sa_family == AF_INET
				? (const void *)&a->v4.sin_addr
				: (const void *)&a->v6.sin6_addr;
	if (inet_ntop(a->any.sa_family, bytes, text, INET6_ADDRSTRLEN) == NULL)
		strcpy(text, "?");
}

static int
address_parse(union address *a, const char *text)
{
	memset(a, 0, sizeof(*a));
	if (inet_pton(AF_INET, text, &a->v4.sin_addr) == 1)
		a->any.sa_family = AF_INET;
	else if (inet_pton(AF_INET6, text, &a->v6.sin6_addr) == 1)
		a->any.sa_family = AF_INET6;
	else
		return -1;
	return 0;
}

/* The same address, or one that stands for all of its family. */
static bool
address_covers(const union address *a, const union address *b)
{
	if (a->any.sa_family != b->any.sa_family)
		return false;
	if (a->any.sa_family == AF_INET)
		return a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr ||
		       a->v4.sin_addr.s_addr == htonl(INADDR_ANY);
	return memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr, 16) == 0 ||
	       memcmp(&a->v6.sin6_addr, &in6addr_any, 16) == 0;
}

static bool
wanted_covers(const struct wanted *w, const union address *a)
{
	for (size_t i = 0; i < w->count; i++)
		if (address_covers(&w->at[i].address, a))
			return true;
	return false;
}

static int
wanted_add(
    struct wanted *w, const char *text, bool optional, struct rm_error *err)
{
	union address a;
	if (address_parse(&a, text) != 0)
		return rm_error_set(
		    err, RM_EXIT_USAGE, "not an address: %s", text);
	if (wanted_covers(w, &a))
		return 0;
	if (w->count == RM_EPMD_LISTEN_MAX)
		return rm_error_set(err, RM_EXIT_USAGE,
		    "more than %d addresses", RM_EPMD_LISTEN_MAX);
	w->at[w->count].address = a;
	w->at[w->count++].optional = optional;
	return 0;
}

static int
wanted_read(
    struct wanted *w, const char *list, const char *host, struct rm_error *err)
{
	union address own;
	char *copy = rm_strdup(list != NULL ? list : ""), *rest = copy, *word;
	int rc = 0;
	while (rc == 0 && (word = strsep(&rest, ", ")) != NULL)
		if (*word != '\0')
			rc = wanted_add(w, word, false, err);
	free(copy);
	if (rc == 0 && w->count == 0 && host != NULL &&
	    address_parse(&own, host) == 0)
		rc = wanted_add(w, host, true, err);
	if (rc == 0)
		rc = wanted_add(w, "127.0.0.1", false, err);
	if (rc == 0)
		rc = wanted_add(w, "::1", true, err);
	return rc;
}

static int
port_of(int fd)
{
	union address a = { 0 };
	socklen_t len = sizeof(a);
	if (getsockname(fd, &a.any, &len) != 0)
		return -1;
	if (a.any.sa_family == AF_INET)
		return ntohs(a.v4.sin_port);
	return a.any.sa_family == AF_INET6 ? ntohs(a.v6.sin6_port) : -1;
}

/* Returns the descriptor, or -1 with errno. */
static int
listen_at(union address *a, int port)
{
	if (a->any.sa_family == AF_INET)
		a->v4.sin_port = htons((uint16_t)port);
	else
		a->v6.sin6_port = htons((uint16_t)port);
	int fd = socket(
	    a->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	int on = 1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	    (a->any.sa_family == AF_INET ||
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) ==
		    0) &&
	    bind(fd, &a->any, address_size(a)) == 0 &&
	    listen(fd, SOMAXCONN) == 0)
		return fd;
	int why = errno;
	close(fd);
	errno = why;
	return -1;
}

static bool
not_here(int why)
{
	return why == EAFNOSUPPORT || why == EADDRNOTAVAIL ||
	       why == EPROTONOSUPPORT;
}

/* All on one port; -1 with errno, and failed is the one that could not. */
static int
open_all(struct rm_epmd_listen *l, struct wanted *w, int port,
    const union address **failed)
{
	for (size_t i = 0; i < w->count; i++) {
		int fd = listen_at(&w->at[i].address, port);
		if (fd < 0 && w->at[i].optional && not_here(errno))
			continue;
		if (fd < 0) {
			int why = errno;
			*failed = &w->at[i].address;
			rm_epmd_listen_close(l);
			errno = why;
			return -1;
		}
		if (port == 0)
			port = port_of(fd);
		l->at[l->count++] = (struct rm_epmd_listener){ .fd = fd,
			.port = port };
	}
	return 0;
}

int
rm_epmd_listen_open(struct rm_epmd_listen *l, const char *addresses,
    const char *host, int port, struct rm_error *err)
{
	struct wanted w = { 0 };
	if (wanted_read(&w, addresses, host, err) != 0)
		return -1;
	const union address *failed = NULL;
	/* A port that is free on one address may be taken on another. */
	int tries = port == 0 ? 20 : 1;
	do {
		if (open_all(l, &w, port, &failed) == 0)
			return 0;
	} while (errno == EADDRINUSE && --tries > 0);
	char text[INET6_ADDRSTRLEN];
	int why = errno;
	address_print(failed, text);
	return rm_error_set(err,
	    why == EACCES ? RM_EXIT_USAGE : RM_EXIT_OUTSIDE,
	    "can't listen on %s port %d: %s", text, port, strerror(why));
}

static int
inherit(struct rm_epmd_listen *l, int fd, struct rm_error *err)
{
	int on = 0, port = port_of(fd);
	socklen_t len = sizeof(on);
	if (port < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &len) != 0 || !on)
		return rm_error_set(err, RM_EXIT_USAGE,
		    "LISTEN_FDS: descriptor %d is no listening TCP socket", fd);
	int flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
		return rm_error_set(err, RM_EXIT_OUTSIDE,
		    "LISTEN_FDS: descriptor %d: %s", fd, strerror(errno));
	l->at[l->count++] = (struct rm_epmd_listener){ .fd = fd, .port = port };
	return 0;
}

int
rm_epmd_listen_inherit(struct rm_epmd_listen *l, struct rm_error *err)
{
	const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
	int rc = 0;
	if (pid != NULL && count != NULL &&
	    strtol(pid, NULL, 10) == (long)getpid()) {
		long n = strtol(count, NULL, 10);
		if (n < 0 || n > RM_EPMD_LISTEN_MAX)
			rc = rm_error_set(err, RM_EXIT_USAGE,
			    "LISTEN_FDS: more than %d sockets",
			    RM_EPMD_LISTEN_MAX);
		for (long i = 0; rc == 0 && i < n; i++)
			rc = inherit(l, INHERITED_START + (int)i, err);
	}
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return rc;
}

void
rm_epmd_listen_close(struct rm_epmd_listen *l)
{
	while (l->count > 0)
		close(l->at[--l->count].fd);
}

/* IPv6's form of an IPv4 address is that address (RFC 4291, 2.5.5.2). */
static bool
as_v4(const struct sockaddr *from, struct in_addr *v4)
{
	union address a;
	if (from->sa_family == AF_INET) {
		memcpy(&a.v4, from, sizeof(a.v4));
		*v4 = a.v4.sin_addr;
		return true;
	}
	if (from->sa_family != AF_INET6)
		return false;
	memcpy(&a.v6, from, sizeof(a.v6));
	if (!IN6_IS_ADDR_V4MAPPED(&a.v6.sin6_addr))
		return false;
	memcpy(v4, a.v6.sin6_addr.s6_addr + 12, 4);
	return true;
}

bool
rm_epmd_peer_is_local(const struct sockaddr *peer, const struct sockaddr *own)
{
	struct in_addr p, o;
	if (as_v4(peer, &p))
		return ntohl(p.s_addr) >> 24 == 127 ||
		       (own != NULL && as_v4(own, &o) && o.s_addr == p.s_addr);
	if (peer->sa_family != AF_INET6)
		return false;
	struct sockaddr_in6 p6, o6;
	memcpy(&p6, peer, sizeof(p6));
	if (IN6_IS_ADDR_LOOPBACK(&p6.sin6_addr))
		return true;
	if (own == NULL || own->sa_family != AF_INET6)
		return false;
	memcpy(&o6, own, sizeof(o6));
	return memcmp(&p6.sin6_addr, &o6.sin6_addr, 16) == 0;
}
