/*
 * Waiting until something is so, with progress: one line that changes on a
 * terminal, else a line for each change.
 */
#ifndef RM_CLI_WAIT_H
#define RM_CLI_WAIT_H

#include "cli/client.h"

struct rm_cli_wait {
	/* Looks once: 1, it is so; 0, not yet; -1, it never will (err). words
	 * gets how it is now. RM_EXIT_OUTSIDE is tried again until the end. */
	int (*look)(void *arg, struct rm_cli *cli, struct rm_str *words,
	    struct rm_error *err);
	void *arg;
	bool quiet; /* no progress: --json */
};

/* 0, or -1 and err: RM_EXIT_TIMEOUT says what was last. */
int rm_cli_wait(struct rm_cli *cli, const struct rm_cli_wait *wait,
    double timeout, struct rm_error *err);

#endif
