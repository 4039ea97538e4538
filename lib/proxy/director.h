/*
 * The whole of the Director: listeners, nodes, directory, admin port.
 */
#ifndef RM_PROXY_DIRECTOR_H
#define RM_PROXY_DIRECTOR_H

#include "base/error.h"
#include "io/inherit.h"
#include "proxy/directory.h"
#include "proxy/proxy.h"
#include "io/tls.h"

struct rm_director;

struct rm_director_options {
	struct rm_proxy_limits limits;
	struct rm_directory_options directory;
	const struct rm_inherited *sockets; /* by rm_protocol_name(), and
					       RM_ADMIN_NAME; it closes them */
	struct rm_board *board;
	unsigned row; /* of the board: ours */
	/* TLS for clients, without a cert none; for nodes, when node_tls. Read
	 * again at SIGHUP. */
	struct rm_tls_files client_tls, node_tls_files;
	bool node_tls;
	const char *access_log; /* file, opened again at SIGHUP; NULL: none */
	bool open; /* changes on the admin port from everywhere */
	/* Accept nobody until the nodes are known and asked, for 5 seconds at
	 * most: clients of sockets that were passed on wait meanwhile. */
	bool hold;
	/* It accepts; may be called before rm_director_new() returns. */
	void (*begun)(void *arg);
	void *arg;
};

/* Looks for ZooKeeper, which need not be there yet. At SIGUSR1 its sockets are
 * another process's: it takes nothing new, and each client may stay until it is
 * answered (HTTP) or goes (protocol buffers), at most for the drain time. */
struct rm_director *rm_director_new(struct event_base *loop,
    const struct rm_director_options *options, struct rm_error *err);
/* Takes nothing new, lets what is under way end, at most for the drain time,
 * then breaks the loop. A second time: now. */
void rm_director_stop(struct rm_director *director);
void rm_director_free(struct rm_director *director);

#endif
