/*
 * What the commands of rm-state share: their options, the framework's root,
 * a connection for those that do one thing and end, and the guard that keeps a
 * scheduler from leading meanwhile.
 */
#ifndef RM_STATE_STORE_H
#define RM_STATE_STORE_H

#include "base/error.h"
#include "io/zk_tree.h"
#include "io/zk_wait.h"

/* Of the records; `settings` has it. A newer one is refused. */
#define RM_STATE_SCHEMA 1

struct rm_state_options {
	const char *zk, *zk_auth_file, *framework;
	double wait; /* seconds for a connection, and for an election */
	bool follow; /* watch */
	const char *fence; /* apply */
	long figures_fd; /* watch, apply: where to count; 0: nowhere */
	bool force; /* put, rm */
	bool secrets; /* dump */
	bool replace, new_secrets; /* restore */
};

/* "/riak/frameworks/<framework>", the caller's; NULL when that can't be a
 * framework's name. */
char *rm_state_root(const char *framework, struct rm_error *err);

struct rm_store {
	struct rm_zk_wait wait;
	struct event_base *loop;
	char *root;
	char *guard; /* our node in the election, or NULL */
	struct rm_zk_tree *tree; /* while a snapshot is taken, or NULL */
};

int rm_store_open(struct rm_store *store,
    const struct rm_state_options *options, struct rm_error *err);
/* Accepts one that was never opened. */
void rm_store_close(struct rm_store *store);

/* root and path; the caller's. */
char *rm_store_path(const struct rm_store *store, const char *path);

/*
 * Takes a place in the election, so that nobody leads until the store is
 * closed. RM_EXIT_CONFLICT when somebody stands there already; what says who.
 */
int rm_store_guard(
    struct rm_store *store, const char *what, struct rm_error *err);

#endif
