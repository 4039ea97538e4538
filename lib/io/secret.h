/*
 * Files that hold secrets: tokens, passwords, keys. One that others may read
 * is refused, with what to do about it.
 */
#ifndef RM_IO_SECRET_H
#define RM_IO_SECRET_H

#include <stddef.h>
#include <stdio.h>

#include "base/error.h"

/* Opens it for reading, unbuffered, so that no copy of it is left behind. It
 * may belong to a group, but nobody else may have any right to it. A pipe will
 * do. NULL and err (RM_EXIT_USAGE), which names it. */
FILE *rm_secret_open(const char *path, struct rm_error *err);

/* The same without reading it, for libraries that do that by themselves. */
int rm_secret_check(const char *path, struct rm_error *err);

/* Its first line, of at most most bytes; the caller's, to be wiped. */
char *rm_secret_line(const char *path, size_t most, struct rm_error *err);

#endif
