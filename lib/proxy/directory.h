/*
 * Which nodes there are: what executors register in ZooKeeper below
 * <root>/<framework>/coordinator/coordinatedNodes (rm-records(5)), of one
 * framework and cluster. While ZooKeeper is away it is what it was.
 */
#ifndef RM_PROXY_DIRECTORY_H
#define RM_PROXY_DIRECTORY_H

#include <jv.h>

#include "io/zk.h"
#include "proxy/node.h"

struct rm_directory;

struct rm_directory_options {
	const char *zk; /* hosts; "zk://" before them is taken off */
	const char *auth_file;
	double timeout; /* of the session */
	const char *framework, *cluster;
	bool affinity; /* follow who owns what, too */
};

struct rm_directory *rm_directory_new(struct rm_nodes *nodes,
    const struct rm_directory_options *options, struct rm_error *err);
void rm_directory_free(struct rm_directory *directory);

/* Changes what is proxied; nodes that are no longer meant are drained. Both
 * are parts of a path, not empty. */
void rm_directory_configure(
    struct rm_directory *directory, const char *framework, const char *cluster);
/* Whether a name can be part of a path. */
bool rm_directory_name_ok(const char *name);

const char *rm_directory_framework(const struct rm_directory *directory);
const char *rm_directory_cluster(const struct rm_directory *directory);
/* "connected", "away". */
const char *rm_directory_state(const struct rm_directory *directory);
/* Whether the nodes of the present cluster were ever read. */
bool rm_directory_complete(const struct rm_directory *directory);
/* Arrays of names. */
jv rm_directory_frameworks(const struct rm_directory *directory);
jv rm_directory_clusters(const struct rm_directory *directory);

#endif
