/*
 * Listening sockets that whoever started this process holds open and passes
 * on (sd_listen_fds(3): LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES; descriptors
 * from 3 on). They outlive the process, so a restart refuses no client.
 */
#ifndef RM_IO_INHERIT_H
#define RM_IO_INHERIT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define RM_INHERITED_MAX 128

struct rm_inherited {
	int fds[RM_INHERITED_MAX];
	char *names[RM_INHERITED_MAX]; /* "" without one */
	size_t count;
};

/* Takes the variables out of the environment and keeps the descriptors from
 * children. To be called before anything else is opened. Nothing passed on, or
 * to another process: 0 of them. One that is no listening socket is an error
 * that names it. */
int rm_inherited_take(struct rm_inherited *to, struct rm_error *err);
/* Accepts an empty one; leaves the descriptors as they are. */
void rm_inherited_free(struct rm_inherited *inherited);

#endif
