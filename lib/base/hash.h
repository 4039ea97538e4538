/*
 * A hash table of things that carry their own link and key: nothing is
 * allocated for an entry. All zero is a valid empty one.
 */
#ifndef RM_BASE_HASH_H
#define RM_BASE_HASH_H

#include <stddef.h>

struct rm_hash_link {
	struct rm_hash_link *next;
	const char *key; /* borrowed while it is in a table */
	unsigned hash;
};

struct rm_hash {
	struct rm_hash_link **buckets; /* owned */
	size_t room, count;
};

/* link->key is set by the caller; a key that is there already is not
 * looked for. */
void rm_hash_add(struct rm_hash *h, struct rm_hash_link *link);
struct rm_hash_link *rm_hash_find(const struct rm_hash *h, const char *key);
/* link is in the table. */
void rm_hash_remove(struct rm_hash *h, struct rm_hash_link *link);
/* Any order; NULL is before the first, and behind the last. What was
 * returned may be removed only after the next one was asked for. */
struct rm_hash_link *rm_hash_next(
    const struct rm_hash *h, const struct rm_hash_link *link);
/* The links are the caller's. */
void rm_hash_free(struct rm_hash *h);

/* The thing that a link is part of. */
#define RM_HASH_ENTRY(link, type, member)                                      \
	((type *)(void *)((char *)(link)-offsetof(type, member)))

#endif
