/*
 * The process that holds the listening sockets, and its workers: it starts
 * them, starts again those that end, and gives the sockets to a process that
 * takes over. While it lives no client is refused, whatever becomes of them.
 * It serves nobody itself.
 */
#ifndef RM_PROXY_WORKERS_H
#define RM_PROXY_WORKERS_H

#include "base/error.h"
#include "io/inherit.h"
#include "proxy/board.h"

/* A worker gets these signals from it: SIGTERM ends it, SIGUSR1 when its
 * sockets are another process's, SIGHUP as it came. */
struct rm_workers_options {
	unsigned count;
	const struct rm_inherited *sockets;
	struct rm_board *board;
	const char *handover; /* path, or NULL */
	int old; /* connection to whoever is to go, or -1 */
	/* In a process of its own: serves these sockets, writes a byte to tell
	 * once it accepts. Returns the exit code; it is not started again when
	 * that is RM_EXIT_USAGE, and nor are the others. */
	int (*work)(void *arg, unsigned index,
	    const struct rm_inherited *sockets, int tell);
	/* All of them accept, for the first time. */
	void (*ready)(void *arg);
	void *arg;
};

/* Returns the exit code, once all have ended. */
int rm_workers_run(
    const struct rm_workers_options *options, struct rm_error *err);

#endif
