/*
 * Follows what lies below a path in ZooKeeper: first a snapshot, then each
 * change, over lost connections and new sessions. Used by rm-state watch,
 * rm-cepmd and rm-director.
 *
 * A session's watched paths must stay small (ZooKeeper's client sends them all
 * when it reconnects, in one packet of at most 1 MB), so only the wanted
 * levels are watched.
 */
#ifndef RM_IO_ZK_TREE_H
#define RM_IO_ZK_TREE_H

#include "io/zk.h"

struct rm_zk_tree;

/* What of a child is followed. */
enum rm_zk_tree_wants {
	RM_ZK_TREE_VALUES, /* children and their values */
	RM_ZK_TREE_ONCE, /* children; a value is read once, it never changes */
};

/* Directories below root, one level each ("nodes", "cepmd/kv"), or single
 * znodes (leaf). path "" is root itself. */
struct rm_zk_tree_part {
	const char *path; /* NULL ends the table */
	bool leaf; /* a znode with a value, not a directory */
	enum rm_zk_tree_wants wants;
};

/* None of these may free the tree. */
struct rm_zk_tree_events {
	/* value NULL: gone. path is below root: "nodes/riak-kv-1". Only called
	 * when something changed, also across sessions. */
	void (*change)(void *arg, const char *path, const char *value,
	    size_t len, const struct rm_zk_stat *stat);
	/* Once: everything that was there has been told. */
	void (*complete)(void *arg);
	/* A znode can't be read (no permission): told, not taken as absent. */
	void (*unreadable)(void *arg, const char *path, enum rm_zk_result why);
	void *arg;
};

/* Borrows zk. Absent directories are waited for. Call rm_zk_tree_session()
 * from on_session with every state. */
struct rm_zk_tree *rm_zk_tree_new(struct rm_zk *zk, const char *root,
    const struct rm_zk_tree_part *parts,
    const struct rm_zk_tree_events *events);
void rm_zk_tree_session(struct rm_zk_tree *tree, enum rm_zk_session state);
void rm_zk_tree_free(struct rm_zk_tree *tree);

#endif
