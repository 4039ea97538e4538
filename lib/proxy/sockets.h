/*
 * The listening sockets of the Director, opened before anything else so that
 * they can be shared: by workers, which each get one of every address
 * (SO_REUSEPORT, so that the kernel spreads the clients), and with a process
 * that takes over.
 */
#ifndef RM_PROXY_SOCKETS_H
#define RM_PROXY_SOCKETS_H

#include "io/inherit.h"

struct rm_sockets_port {
	const char *name; /* what its sockets are called */
	const char *addresses; /* "127.0.0.1" or "10.0.0.1,::1", names too */
	int port; /* 0: a free one, the same for all addresses */
	unsigned copies; /* for each address */
};

/*
 * Adds to `to` what it lacks. A name that it has already is left as it is: its
 * sockets were passed on, and whoever did knows where they listen. Of `old`,
 * those of the same name, address and port are taken over (to.fds owns them
 * then); what is left there is the caller's to close. Errors name address and
 * port.
 */
int rm_sockets_open(struct rm_inherited *to, const struct rm_sockets_port *port,
    struct rm_inherited *old, struct rm_error *err);
/* Of the first socket of that name; -1: there is none. */
int rm_sockets_port(const struct rm_inherited *sockets, const char *name);
/* Closes all. */
void rm_sockets_close(struct rm_inherited *sockets);

#endif
