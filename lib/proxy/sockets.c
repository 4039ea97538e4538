#include "proxy/sockets.h"

#include <errno.h>
#include <event2/util.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/str.h"
#include "proxy/sock.h"

static int
failed(const char *address, int port, const char *why, struct rm_error *err)
{
	bool usage = errno == EACCES || errno == EADDRNOTAVAIL;
	return rm_error_set(err, usage ? RM_EXIT_USAGE : RM_EXIT_OUTSIDE,
	    "can't listen on %s port %d: %s", address, port, why);
}

static bool
name_of(int fd, union rm_sock_address *name)
{
	socklen_t len = sizeof(*name);
	memset(name, 0, sizeof(*name));
	return getsockname(fd, &name->any, &len) == 0;
}

/* Returns the descriptor, or -1 with errno. Only the first must be alone:
 * another program on that port is an error, not a share of its clients. */
static int
bind_to(const union rm_sock_address *to, socklen_t len, bool first)
{
	int on = 1;
	int fd = socket(
	    to->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (to->any.sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (!first)
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
	if (bind(fd, &to->any, len) == 0) {
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
		if (listen(fd, SOMAXCONN) == 0)
			return fd;
	}
	int why = errno;
	close(fd);
	errno = why;
	return -1;
}

static int
add(struct rm_inherited *to, const char *name, int fd, struct rm_error *err)
{
	if (to->count == RM_INHERITED_MAX) {
		close(fd);
		return rm_error_set(err, RM_EXIT_USAGE,
		    "more than %d listening sockets", RM_INHERITED_MAX);
	}
	to->fds[to->count] = fd;
	to->names[to->count++] = rm_strdup(name);
	return 0;
}

/* Where `other` listens; port 0 of `wanted` is any. */
static bool
same_place(const union rm_sock_address *wanted, int other)
{
	union rm_sock_address at;
	if (!name_of(other, &at) || at.any.sa_family != wanted->any.sa_family ||
	    (wanted->v6.sin6_port != 0 &&
		wanted->v6.sin6_port != at.v6.sin6_port))
		return false;
	if (at.any.sa_family == AF_INET6)
		return memcmp(&at.v6.sin6_addr, &wanted->v6.sin6_addr,
			   sizeof(at.v6.sin6_addr)) == 0;
	return memcmp(&at.v4.sin_addr, &wanted->v4.sin_addr,
		   sizeof(at.v4.sin_addr)) == 0;
}

/* How many were taken over; *at gets their port. */
static unsigned
take_over(struct rm_inherited *to, const char *name, union rm_sock_address *at,
    struct rm_inherited *old, struct rm_error *err)
{
	unsigned count = 0;
	for (size_t i = 0; i < old->count && to->count < RM_INHERITED_MAX; i++) {
		if (old->fds[i] < 0 || strcmp(old->names[i], name) != 0 ||
		    !same_place(at, old->fds[i]))
			continue;
		union rm_sock_address there;
		if (name_of(old->fds[i], &there))
			at->v6.sin6_port = there.v6.sin6_port;
		add(to, name, old->fds[i], err);
		old->fds[i] = -1;
		count++;
	}
	return count;
}

static int
open_address(struct rm_inherited *to, const struct rm_sockets_port *port,
    const char *address, int number, struct rm_inherited *old,
    struct rm_error *err)
{
	struct evutil_addrinfo hints = { .ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = EVUTIL_AI_PASSIVE };
	struct evutil_addrinfo *info = NULL;
	int rc = evutil_getaddrinfo(address, NULL, &hints, &info);
	if (rc != 0) {
		errno = EADDRNOTAVAIL;
		return failed(address, number, evutil_gai_strerror(rc), err);
	}
	union rm_sock_address at = { .room.ss_family = AF_UNSPEC };
	socklen_t len = (socklen_t)info->ai_addrlen;
	memcpy(&at, info->ai_addr, info->ai_addrlen);
	at.v6.sin6_port = htons((uint16_t)number);
	evutil_freeaddrinfo(info);
	unsigned have = take_over(to, port->name, &at, old, err);
	for (; have < port->copies; have++) {
		int fd = bind_to(&at, len, have == 0);
		if (fd < 0)
			return failed(address, number, strerror(errno), err);
		if (have == 0)
			name_of(fd, &at);
		if (add(to, port->name, fd, err) != 0)
			return -1;
	}
	return 0;
}

int
rm_sockets_open(struct rm_inherited *to, const struct rm_sockets_port *port,
    struct rm_inherited *old, struct rm_error *err)
{
	if (rm_sockets_port(to, port->name) >= 0)
		return 0;
	char *copy = rm_strdup(port->addresses), *rest = copy, *word;
	int rc = 0;
	while (rc == 0 && (word = strsep(&rest, ", ")) != NULL) {
		int number = rm_sockets_port(to, port->name);
		if (*word != '\0')
			rc = open_address(to, port, word,
			    number >= 0 ? number : port->port, old, err);
	}
	free(copy);
	if (rc == 0 && rm_sockets_port(to, port->name) < 0)
		rc = rm_error_set(err, RM_EXIT_USAGE, "no address in '%s'",
		    port->addresses);
	return rc;
}

int
rm_sockets_port(const struct rm_inherited *sockets, const char *name)
{
	union rm_sock_address at;
	for (size_t i = 0; i < sockets->count; i++)
		if (strcmp(sockets->names[i], name) == 0)
			return name_of(sockets->fds[i], &at)
				   ? ntohs(at.v6.sin6_port)
				   : -1;
	return -1;
}

void
rm_sockets_close(struct rm_inherited *sockets)
{
	for (size_t i = 0; i < sockets->count; i++)
		if (sockets->fds[i] >= 0)
			close(sockets->fds[i]);
	rm_inherited_free(sockets);
}
