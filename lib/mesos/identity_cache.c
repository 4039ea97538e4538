#include "mesos/identity_cache.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define PLACES   256
#define TEXT_MAX 1024 /* longer ones are not kept */

struct rm_identity_seen {
	const struct rm_identity *identity; /* NULL: free */
	uint64_t hash;
	char *text; /* both parts */
	size_t len;
};

static uint64_t
add_hash(uint64_t hash, struct rm_slice text)
{
	uint64_t eight;
	size_t i = 0;
	for (; text.len - i >= sizeof(eight); i += sizeof(eight)) {
		memcpy(&eight, text.at + i, sizeof(eight));
		hash = (hash ^ eight) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 29;
	}
	for (; i < text.len; i++)
		hash = (hash ^ (unsigned char)text.at[i]) *
		       UINT64_C(0x100000001b3);
	return hash;
}

static uint64_t
hash_of(const struct rm_identity_text *text)
{
	uint64_t hash = add_hash(add_hash(0, text->before), text->behind);
	return hash ^ hash >> 32;
}

static bool
holds(const struct rm_identity_seen *seen, const struct rm_identity_text *text)
{
	return seen->len == text->before.len + text->behind.len &&
	       memcmp(seen->text, text->before.at, text->before.len) == 0 &&
	       memcmp(seen->text + text->before.len, text->behind.at,
		   text->behind.len) == 0;
}

const struct rm_identity *
rm_identity_cache_find(
    const struct rm_identity_cache *cache, const struct rm_identity_text *text)
{
	if (cache->seen == NULL)
		return NULL;
	uint64_t hash = hash_of(text);
	const struct rm_identity_seen *seen = &cache->seen[hash % PLACES];
	if (seen->identity == NULL || seen->hash != hash || !holds(seen, text))
		return NULL;
	return rm_identity_ref(seen->identity);
}

static void
forget(struct rm_identity_seen *seen)
{
	rm_identity_unref(seen->identity);
	free(seen->text);
	*seen = (struct rm_identity_seen){ 0 };
}

void
rm_identity_cache_add(struct rm_identity_cache *cache,
    const struct rm_identity_text *text, const struct rm_identity *identity)
{
	size_t len = text->before.len + text->behind.len;
	if (len > TEXT_MAX)
		return;
	if (cache->seen == NULL)
		cache->seen = rm_alloc(PLACES * sizeof(*cache->seen));
	uint64_t hash = hash_of(text);
	struct rm_identity_seen *seen = &cache->seen[hash % PLACES];
	forget(seen);
	char *copy = rm_alloc(len);
	memcpy(copy, text->before.at, text->before.len);
	memcpy(copy + text->before.len, text->behind.at, text->behind.len);
	*seen = (struct rm_identity_seen){ rm_identity_ref(identity), hash,
		copy, len };
}

void
rm_identity_cache_clear(struct rm_identity_cache *cache)
{
	for (size_t i = 0; cache->seen != NULL && i < PLACES; i++)
		forget(&cache->seen[i]);
	free(cache->seen);
	cache->seen = NULL;
}
