/*
 * The port mapper at its sockets: reads requests, answers them from the table
 * of names and, for what is on other hosts, from the cluster's view. A peer
 * that sends nonsense loses its connection, nothing else happens.
 */
#ifndef RM_RIAK_EPMD_SERVER_H
#define RM_RIAK_EPMD_SERVER_H

#include <event2/event.h>
#include <stdbool.h>

#include "base/error.h"
#include "riak/epmd_cluster.h"
#include "riak/epmd_listen.h"
#include "riak/epmd_names.h"

struct rm_epmd_server;

struct rm_epmd_server_options {
	const struct rm_epmd_listen *listen; /* borrowed */
	struct rm_epmd_cluster *cluster; /* borrowed; NULL: none */
	const char *host; /* of this host, for others; NULL: unknown */
	double idle; /* seconds that a request may take; 0: 60 */
	bool relaxed; /* allow STOP, and KILL while names are registered */
	void (*on_kill)(void *arg); /* a KILL was answered with OK */
	void *arg;
};

struct rm_epmd_server *rm_epmd_server_new(struct event_base *loop,
    const struct rm_epmd_server_options *options, struct rm_error *err);
/* Closes every connection. */
void rm_epmd_server_free(struct rm_epmd_server *server);

/* What became of a registration that the cluster had to be asked about; for
 * rm_epmd_cluster_on_verdict(). */
void rm_epmd_server_verdict(
    void *server, struct rm_epmd_name *name, bool granted);

#endif
