/*
 * Where Riak's words are copied to: a descriptor of ours, borrowed. A disk that
 * is full takes them again once there is room; whoever closed it does not want
 * them any more, which is no error.
 */
#ifndef RM_EXECUTOR_COPY_H
#define RM_EXECUTOR_COPY_H

#include <stdbool.h>
#include <stddef.h>

#define RM_COPY_PIECE 4096 /* PIPE_BUF: a pipe that can be written takes it */

struct rm_copy {
	int fd; /* -1: nobody wants them */
};

/* Whether it takes nothing for now: a pipe that nobody reads. */
bool rm_copy_is_full(const struct rm_copy *copy);
/* How many of a piece's bytes it took; all, when nobody wants them. */
size_t rm_copy_write(struct rm_copy *copy, const char *bytes, size_t len);

#endif
