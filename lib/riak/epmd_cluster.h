/*
 * The port mapper's part in its cluster, over ZooKeeper: it publishes the
 * names registered here, one ephemeral record each, and keeps a view of what
 * other hosts have published. Nothing that asks it ever waits for ZooKeeper.
 *
 * A record of the same host and port (left by a daemon that died) is
 * replaced. A name that another daemon holds is refused. A name registered
 * while ZooKeeper was away is published later; when it is taken by then, the
 * one that was registered first keeps it, and the other is local only until
 * the name is free.
 */
#ifndef RM_RIAK_EPMD_CLUSTER_H
#define RM_RIAK_EPMD_CLUSTER_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "riak/epmd_names.h"
#include "riak/epmd_record.h"

struct rm_epmd_cluster;

struct rm_epmd_cluster_options {
	const char *hosts; /* ZooKeeper's, as rm_zk_open() takes them */
	const char *auth_file; /* as rm_zk_open() takes it, or NULL */
	double timeout; /* of the session, seconds; 0: 10 */
	const char *framework, *cluster; /* borrowed */
	const char *host; /* where others reach nodes of this host */
	int port; /* of this daemon: with host, whose records are ours */
	const char *publish; /* only this name; NULL: every name */
	/* Once: the view is complete. May be NULL. */
	void (*on_complete)(void *arg);
	void *arg;
};

struct rm_epmd_cluster *rm_epmd_cluster_new(struct event_base *loop,
    const struct rm_epmd_cluster_options *options, struct rm_error *err);
/* Ends the session, and the records with it. */
void rm_epmd_cluster_free(struct rm_epmd_cluster *cluster);

typedef void rm_epmd_on_verdict(
    void *arg, struct rm_epmd_name *name, bool granted);
void rm_epmd_cluster_on_verdict(
    struct rm_epmd_cluster *cluster, rm_epmd_on_verdict *verdict, void *arg);

enum rm_epmd_claim {
	RM_EPMD_GRANTED,
	RM_EPMD_REFUSED, /* forgotten already: nothing to release */
	RM_EPMD_ASKED, /* the verdict follows, within a second */
};
/* A name was registered here; borrowed until it is released. */
enum rm_epmd_claim rm_epmd_cluster_claim(
    struct rm_epmd_cluster *cluster, struct rm_epmd_name *name);
/* It is given up; also while the verdict is open, which then never comes. */
void rm_epmd_cluster_release(
    struct rm_epmd_cluster *cluster, struct rm_epmd_name *name);

/* Whether the cluster means the node registered here by this name. */
bool rm_epmd_cluster_owns(
    const struct rm_epmd_cluster *cluster, const char *name);
/* The node of another host; NULL: none. Borrowed until the loop runs. */
const struct rm_epmd_record *rm_epmd_cluster_find(
    const struct rm_epmd_cluster *cluster, const char *name);
/* All of them, in any order; NULL is before the first and behind the last. */
const struct rm_epmd_record *rm_epmd_cluster_next(
    const struct rm_epmd_cluster *cluster, const struct rm_epmd_record *after);

#endif
