/*
 * The names that nodes on this host have registered, newest first, and the
 * ones that they gave up, for their creations. No I/O.
 */
#ifndef RM_RIAK_EPMD_NAMES_H
#define RM_RIAK_EPMD_NAMES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/hash.h"
#include "riak/epmd.h"

struct rm_epmd_name {
	struct rm_hash_link link;
	TAILQ_ENTRY(rm_epmd_name) order;
	void *owner; /* its connection; whoever added it sets it */
	int fd; /* for DUMP */
	uint32_t counter;
	bool old; /* given up */
	bool waiting; /* not granted yet: not to be found */
	struct rm_epmd_node node; /* points into bytes */
	char bytes[];
};

TAILQ_HEAD(rm_epmd_order, rm_epmd_name);

struct rm_epmd_names {
	struct rm_hash table;
	struct rm_epmd_order active; /* newest first */
	struct rm_epmd_order old; /* oldest first */
	size_t active_count, old_count;
};

/* How many given-up names are remembered: as many as epmd does. */
#define RM_EPMD_NAMES_OLD 1000

void rm_epmd_names_init(struct rm_epmd_names *names);
/*
 * Registers; copies what node points to. NULL if the name is taken. clock is
 * the wall clock in seconds, where the creations of a new name begin.
 */
struct rm_epmd_name *rm_epmd_names_add(struct rm_epmd_names *names,
    const struct rm_epmd_node *node, uint32_t clock);
/* Gives the name up; the pointer is dead after that. */
void rm_epmd_names_remove(
    struct rm_epmd_names *names, struct rm_epmd_name *name);
/* A registered name, or NULL; one that waits is not found. */
struct rm_epmd_name *rm_epmd_names_find(
    const struct rm_epmd_names *names, const char *text);
/* Never 0; of two bits for a node of version 5 or less. */
uint32_t rm_epmd_name_creation(const struct rm_epmd_name *name);
void rm_epmd_names_free(struct rm_epmd_names *names);

#endif
