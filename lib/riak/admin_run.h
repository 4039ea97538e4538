/*
 * Runs one of Riak's commands on the loop, alone: a lock (flock) on the file
 * .rm-riak.lock in Riak's root keeps those of one root from overlapping, for
 * they share one node name (NODETOOL_NODE_PREFIX, see RM_ADMIN_NODE_PREFIX).
 */
#ifndef RM_RIAK_ADMIN_RUN_H
#define RM_RIAK_ADMIN_RUN_H

#include <event2/event.h>

#include "riak/admin.h"

/*
 * Each command is an Erlang node for a moment, and its name an atom that the
 * asked node never forgets: the environment has to fix it by
 * "NODETOOL_NODE_PREFIX=" RM_ADMIN_NODE_PREFIX.
 */
#define RM_ADMIN_NODE_PREFIX "rm"

struct rm_admin_run; /* one command that is waiting or under way */

struct rm_admin_run_options {
	const struct rm_admin_command *command;
	const char *root; /* Riak's */
	size_t count;
	const char *const *operands;
	/* The command's environment; NULL: this process's. Borrowed until
	 * on_done. It has to hold ERL_EPMD_PORT, and what the node itself got
	 * in ERL_ZFLAGS and CODE_LOADING_MODE. */
	char *const *envp;
	/* Seconds for all, the wait for the lock too; then its whole process
	 * group is killed. */
	double timeout;
	/* Once, unless cancelled; never from inside of rm_admin_run_start().
	 * The answer is freed after it; the run is. */
	void (*on_done)(void *arg, const struct rm_admin_answer *answer);
	void *arg;
};

/* Error: an operand, RM_EXIT_USAGE; the lock file. Else the answer tells. */
struct rm_admin_run *rm_admin_run_start(struct event_base *loop,
    const struct rm_admin_run_options *options, struct rm_error *err);
/* Kills what runs; on_done will not be called. The lock is kept until the
 * command is gone. */
void rm_admin_run_cancel(struct rm_admin_run *run);

#endif
