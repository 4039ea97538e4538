#include "base/hash.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/str.h"

/* FNV-1a from a seed of this process: keys come from peers. */
static unsigned
hash_of(const char *key)
{
	static unsigned seed;
	while (seed == 0)
		if (getrandom(&seed, sizeof(seed), 0) < 0)
			seed = 2166136261u;
	unsigned h = seed;
	for (; *key != '\0'; key++)
		h = (h ^ (unsigned char)*key) * 16777619u;
	return h ^ h >> 15;
}

static struct rm_hash_link **
bucket_of(const struct rm_hash *h, unsigned hash)
{
	return &h->buckets[hash & (h->room - 1)];
}

static void
grow(struct rm_hash *h)
{
	struct rm_hash bigger = { .room = h->room > 0 ? h->room * 2 : 16 };
	bigger.buckets = rm_alloc(bigger.room * sizeof(*bigger.buckets));
	for (size_t i = 0; i < h->room; i++) {
		struct rm_hash_link *link = h->buckets[i], *next;
		for (; link != NULL; link = next) {
			next = link->next;
			struct rm_hash_link **b = bucket_of(
			    &bigger, link->hash);
			link->next = *b;
			*b = link;
		}
	}
	bigger.count = h->count;
	free(h->buckets);
	*h = bigger;
}

void
rm_hash_add(struct rm_hash *h, struct rm_hash_link *link)
{
	if (h->count >= h->room)
		grow(h);
	link->hash = hash_of(link->key);
	struct rm_hash_link **b = bucket_of(h, link->hash);
	link->next = *b;
	*b = link;
	h->count++;
}

struct rm_hash_link *
rm_hash_find(const struct rm_hash *h, const char *key)
{
	if (h->count == 0)
		return NULL;
	unsigned hash = hash_of(key);
	struct rm_hash_link *link = *bucket_of(h, hash);
	while (
	    link != NULL && (link->hash != hash || strcmp(link->key, key) != 0))
		link = link->next;
	return link;
}

void
rm_hash_remove(struct rm_hash *h, struct rm_hash_link *link)
{
	struct rm_hash_link **at = bucket_of(h, link->hash);
	while (*at != link)
		at = &(*at)->next;
	*at = link->next;
	link->next = NULL;
	h->count--;
}

struct rm_hash_link *
rm_hash_next(const struct rm_hash *h, const struct rm_hash_link *link)
{
	if (link != NULL && link->next != NULL)
		return link->next;
	size_t i = link != NULL ? (link->hash & (h->room - 1)) + 1 : 0;
	for (; i < h->room; i++)
		if (h->buckets[i] != NULL)
			return h->buckets[i];
	return NULL;
}

void
rm_hash_free(struct rm_hash *h)
{
	free(h->buckets);
	*h = (struct rm_hash){ 0 };
}
