/*
 * Bytes that a peer has not taken yet. Nothing is allocated while there are
 * none, so an idle connection costs no buffer. All zero is a valid empty one.
 */
#ifndef RM_PROXY_SPILL_H
#define RM_PROXY_SPILL_H

#include <stddef.h>

struct rm_spill {
	char *data; /* owned */
	size_t at, len, room; /* what waits is data[at .. at + len) */
};

void rm_spill_add(struct rm_spill *spill, const void *data, size_t len);
/* NULL when empty. */
const char *rm_spill_bytes(const struct rm_spill *spill);
/* Takes n off the front; frees the memory with the last. */
void rm_spill_drop(struct rm_spill *spill, size_t n);
/* Accepts an empty one; may be called twice. */
void rm_spill_free(struct rm_spill *spill);

#endif
