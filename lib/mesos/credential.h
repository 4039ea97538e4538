/*
 * Principal and secret for HTTP Basic (authentication.md), from a file: either
 * {"principal":"riak","secret":"…"} or one line, "riak …". Errors never quote
 * the file.
 */
#ifndef RM_MESOS_CREDENTIAL_H
#define RM_MESOS_CREDENTIAL_H

#include "base/error.h"

/* All zero is a valid empty one: no authentication. */
struct rm_credential {
	char *principal, *secret; /* owned */
};

/* RM_EXIT_USAGE when the file can't be read, others may read it too (see
 * io/secret.h), or it is neither form. No path, no authentication: *to stays as it is. */
int rm_credential_read(
    const char *path, struct rm_credential *to, struct rm_error *err);
/* Wipes the secret. */
void rm_credential_free(struct rm_credential *credential);

#endif
