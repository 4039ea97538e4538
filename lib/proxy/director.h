/*
 * The whole of the Director: listeners, nodes, directory, admin port.
 */
#ifndef RM_PROXY_DIRECTOR_H
#define RM_PROXY_DIRECTOR_H

#include "base/error.h"
#include "io/inherit.h"
#include "proxy/directory.h"
#include "proxy/proxy.h"

struct rm_director;

struct rm_director_options {
	struct rm_proxy_limits limits;
	struct rm_directory_options directory;
	const char *addresses; /* of the proxy's ports */
	const char *admin_addresses;
	int ports[RM_PROTOCOLS]; /* 0: a free one */
	int admin_port;
	const struct rm_inherited *sockets; /* of the proxy's ports */
	bool open; /* changes on the admin port from everywhere */
};

/* Listens, and looks for ZooKeeper, which need not be there yet. */
struct rm_director *rm_director_new(struct event_base *loop,
    const struct rm_director_options *options, struct rm_error *err);
int rm_director_port(
    const struct rm_director *director, enum rm_protocol protocol);
int rm_director_admin_port(const struct rm_director *director);
/* Takes nothing new, lets what is under way end, at most for the drain time,
 * then breaks the loop. A second time: now. */
void rm_director_stop(struct rm_director *director);
void rm_director_free(struct rm_director *director);

#endif
