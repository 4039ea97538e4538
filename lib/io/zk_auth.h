/*
 * "user:password", with which our programs prove to ZooKeeper who they are
 * (its digest scheme), from a file that nobody else may read.
 */
#ifndef RM_IO_ZK_AUTH_H
#define RM_IO_ZK_AUTH_H

#include <stdbool.h>

#include "base/error.h"

/* The first line of a file (io/secret.h), the caller's, to be wiped. NULL and
 * err (RM_EXIT_USAGE), which names the file and never quotes it. */
char *rm_zk_auth_read(const char *path, struct rm_error *err);
bool rm_zk_auth_ok(const char *text);
/* And frees it; accepts NULL. */
void rm_zk_auth_wipe(char *auth);

#endif
