/*
 * All records of a framework as they are now, for the commands that look at
 * them once.
 */
#ifndef RM_STATE_SNAPSHOT_H
#define RM_STATE_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>

#include "state/store.h"

struct rm_snapshot_item {
	char *path; /* below the root */
	char *value; /* NULL when it can't be read */
	size_t len;
	int version;
};

/* All zero is a valid empty one. In natural order: kv-2 before kv-10. */
struct rm_snapshot {
	struct rm_snapshot_item *items;
	size_t count, room;
};

/* ephemeral: the members' records too. A directory that can't be listed is an
 * error; a record that can't be read is an item without a value. */
int rm_snapshot_take(struct rm_store *store, bool ephemeral,
    struct rm_snapshot *snapshot, struct rm_error *err);
/* NULL when absent. */
const struct rm_snapshot_item *rm_snapshot_find(
    const struct rm_snapshot *snapshot, const char *path);
void rm_snapshot_free(struct rm_snapshot *snapshot);

#endif
