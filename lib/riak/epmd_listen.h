/*
 * Where the port mapper listens, and which peers are on this host.
 */
#ifndef RM_RIAK_EPMD_LISTEN_H
#define RM_RIAK_EPMD_LISTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "base/error.h"

#define RM_EPMD_LISTEN_MAX 16

struct rm_epmd_listen {
	struct rm_epmd_listener {
		int fd; /* non-blocking, owned */
		int port;
	} at[RM_EPMD_LISTEN_MAX];
	size_t count;
};

/*
 * Opens a listener on each address of the list (numbers, separated by commas
 * or spaces; NULL: host, if it is a number and this host has it), and always
 * on 127.0.0.1 and, where there is IPv6, on ::1. Port 0 takes one that is
 * free on all of them. Errors name address and port.
 */
int rm_epmd_listen_open(struct rm_epmd_listen *l, const char *addresses,
    const char *host, int port, struct rm_error *err);

/*
 * Takes the sockets that systemd passes (sd_listen_fds(3)), if they are meant
 * for this process, and takes their variables out of the environment. None
 * is no error.
 */
int rm_epmd_listen_inherit(struct rm_epmd_listen *l, struct rm_error *err);

void rm_epmd_listen_close(struct rm_epmd_listen *l);

/*
 * Whether a peer may do what only this host may: it comes from 127/8 or ::1,
 * or from the very address that it connected to. own may be NULL when that
 * is not known.
 */
bool rm_epmd_peer_is_local(
    const struct sockaddr *peer, const struct sockaddr *own);

#endif
