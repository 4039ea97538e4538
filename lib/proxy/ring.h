/*
 * Where in a Riak ring a key lives, and what a request says of its key. Pure.
 *
 * Index: SHA-1 of Erlang's external term (erl_ext_dist) of {Bucket, Key}, or of
 * {{Type, Bucket}, Key} for a bucket type other than default; the ring of 2^160
 * has equal partitions, and a key's first is the one behind its index. Riak
 * holds it there and on the n_val - 1 that follow.
 */
#ifndef RM_PROXY_RING_H
#define RM_PROXY_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RM_RING_MAX 1024 /* partitions */

struct rm_key_part {
	const char *text; /* borrowed */
	size_t len;
};

struct rm_key {
	struct rm_key_part type, bucket, key; /* type: len 0 is default */
};

/* The number of the key's first partition; size is a power of two. */
unsigned rm_ring_partition(const struct rm_key *key, unsigned size);

/* The key that a target of HTTP is about, decoded into room, which has as many
 * bytes as the target: /buckets/B/keys/K and /types/T/buckets/B/keys/K,
 * likewise with datatypes or counters for keys, and /riak/B/K. False: it is
 * about none, or Riak's configuration decides how it is read. */
bool rm_key_of_target(
    struct rm_key *to, const char *target, size_t len, char *room);
/* The key of a whole message of protocol buffers, behind its code. */
bool rm_key_of_message(
    struct rm_key *to, int code, const char *data, size_t len);

/* Who owns which partition, as the nodes say themselves. All zero knows
 * nothing. */
struct rm_ring_map {
	uint32_t owners[RM_RING_MAX]; /* ids; 0: nobody said */
	unsigned size; /* 0: not known */
};

/* From what each says: `owns` in turn. It is known when the numbers 0 to size -
 * 1 are owned, each by one, and size is a power of two. */
void rm_ring_clear(struct rm_ring_map *map);
void rm_ring_claim(struct rm_ring_map *map, uint32_t id, double partition);
void rm_ring_close(struct rm_ring_map *map);

#endif
