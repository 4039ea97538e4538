/*
 * Cuts the array of a large OFFERS event into runs of offers, each the bytes
 * that the master wrote, so that an event of 10,000 offers (9 MB) is never
 * parsed in one piece. Pure, linear.
 */
#ifndef RM_MESOS_OFFERS_SPLIT_H
#define RM_MESOS_OFFERS_SPLIT_H

#include <stddef.h>

#include "base/json_slice.h"

/* Offers in one line of the stream: rm-stream(5). */
#define RM_OFFERS_A_LINE ((size_t)100)

struct rm_offers_split {
	struct rm_json_walk walk;
	size_t most; /* offers in a run */
};

/* array is a JSON array, borrowed; -1 when it is none. */
int rm_offers_split_begin(
    struct rm_offers_split *split, struct rm_slice array, size_t most);

/* 1: a run of at most `most` offers, with the commas between them and without
 * brackets; 0: no more; -1: not JSON. */
int rm_offers_split_next(struct rm_offers_split *split, struct rm_slice *run);

#endif
