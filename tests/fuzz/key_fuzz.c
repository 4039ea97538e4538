/*
 * What a request says of its key: whatever comes, what is found lies in the
 * request (or, decoded, in the room for it), and the ring has a place for it.
 * The first byte is the code of a message.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/ring.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
inside(const struct rm_key_part *part, const char *from, size_t len)
{
	if (part->len > 0 &&
	    (part->text < from || part->text + part->len > from + len))
		abort();
}

static void
check(const struct rm_key *key, const char *from, size_t len)
{
	inside(&key->type, from, len);
	inside(&key->bucket, from, len);
	inside(&key->key, from, len);
	if (key->bucket.len == 0 || key->key.len == 0)
		abort();
	for (unsigned size = 1; size <= RM_RING_MAX; size *= 2)
		if (rm_ring_partition(key, size) >= size)
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rm_key key;
	if (size == 0)
		return 0;
	/* In a block of its own, so that a byte too much is seen. */
	size_t len = size - 1;
	char *text = malloc(len + 1), *room = malloc(len + 1);
	memcpy(text, data + 1, len);
	if (rm_key_of_message(&key, data[0], text, len))
		check(&key, text, len);
	if (rm_key_of_target(&key, text, len, room))
		check(&key, room, len);
	free(text);
	free(room);
	return 0;
}
