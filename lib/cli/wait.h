/*
 * Waiting until something is so, with progress: on a terminal a bar and what
 * is missing, written over in place; else a line for each change.
 */
#ifndef RM_CLI_WAIT_H
#define RM_CLI_WAIT_H

#include "cli/client.h"

/* How it is now: "kv: 1 of 2 nodes serve; riak-kv-2 starting": what is behind
 * a semicolon is a line of its own on a terminal. */
struct rm_cli_seen {
	struct rm_str words;
	double done, of; /* for the bar; of 0: there is none */
};

struct rm_cli_wait {
	/* Looks once: 1, it is so; 0, not yet; -1, it never will (err).
	 * RM_EXIT_OUTSIDE is tried again until the end. */
	int (*look)(void *arg, struct rm_cli *cli, struct rm_cli_seen *seen,
	    struct rm_error *err);
	void *arg;
	bool quiet; /* no progress: --json */
};

/* 0, or -1 and err: RM_EXIT_TIMEOUT says what was last. */
int rm_cli_wait(struct rm_cli *cli, const struct rm_cli_wait *wait,
    double timeout, struct rm_error *err);

#endif
