/*
 * Identities by the text of a resource without its amount: offers are alike,
 * and most of what they hold has been seen. Small; what is new takes the place
 * of what has the same hash.
 */
#ifndef RM_MESOS_IDENTITY_CACHE_H
#define RM_MESOS_IDENTITY_CACHE_H

#include "base/json_cursor.h"
#include "mesos/identity.h"

/* All zero is a valid empty one. */
struct rm_identity_cache {
	struct rm_identity_seen *seen; /* owned */
};

/* The text in two parts, with the amount cut out from between them. */
struct rm_identity_text {
	struct rm_slice before, behind;
};

/* NULL: not seen; else the caller's to unref. */
const struct rm_identity *rm_identity_cache_find(
    const struct rm_identity_cache *cache, const struct rm_identity_text *text);
/* Borrows identity, and keeps it alive until the cache is cleared. */
void rm_identity_cache_add(struct rm_identity_cache *cache,
    const struct rm_identity_text *text, const struct rm_identity *identity);
/* Identities are spelled as they first came while they live: who lets go of
 * resources does it here, too. */
void rm_identity_cache_clear(struct rm_identity_cache *cache);

#endif
