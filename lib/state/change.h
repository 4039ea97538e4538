/*
 * A change that somebody makes by hand: a few ops that happen together, under
 * the guard if one was taken.
 */
#ifndef RM_STATE_CHANGE_H
#define RM_STATE_CHANGE_H

#include <jv.h>

#include "state/store.h"

/* All zero is a valid empty one. */
struct rm_change {
	struct rm_zk_op *ops; /* owned, as their paths and values are */
	size_t count, room;
};

/* Of the store these three use the root alone. Consumes value. version -1:
 * creates it. */
void rm_change_put(struct rm_change *change, const struct rm_store *store,
    const char *path, jv value, int version);
void rm_change_delete(struct rm_change *change, const struct rm_store *store,
    const char *path, int version);
void rm_change_check(struct rm_change *change, const struct rm_store *store,
    const char *path, int version);
/* Makes missing directories first. RM_EXIT_CONFLICT: something has changed
 * since it was read. */
int rm_change_commit(
    struct rm_change *change, struct rm_store *store, struct rm_error *err);
void rm_change_free(struct rm_change *change);

/* A record as it is now: 1, or 0 when absent, -1 on failure or when it can't
 * be read as JSON. *value is invalid when absent. */
int rm_change_read(struct rm_store *store, const char *path, jv *value,
    int *version, struct rm_error *err);

#endif
