/*
 * Ranges of whole numbers, both ends included, as Mesos's RANGES resources
 * (ports): always sorted and coalesced ("31000-31004" and "31005-31009" are
 * one), never a list of single numbers. Pure.
 */
#ifndef RM_MESOS_RANGES_H
#define RM_MESOS_RANGES_H

#include <jv.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/json_cursor.h"
#include "base/str.h"

struct rm_range {
	uint64_t begin, end;
};

/* All zero is a valid empty one. */
struct rm_ranges {
	struct rm_range *items; /* owned */
	size_t count, room;
};

/* {"range":[{"begin":31000,"end":31009},…]}, in any order, overlapping or
 * not. Borrows value; replaces what `to` holds. */
int rm_ranges_parse(jv value, struct rm_ranges *to, struct rm_error *err);
/* The same from its text, into an empty one; a reader of json_cursor.h. What it
 * leaves on failure is to be freed. */
bool rm_ranges_read(struct rm_json_cursor *in, void *to);
jv rm_ranges_json(const struct rm_ranges *ranges);
/* "[31000-31009, 31020-31029]", as Mesos writes it. */
void rm_ranges_text(struct rm_str *to, const struct rm_ranges *ranges);

/* How many numbers. */
uint64_t rm_ranges_size(const struct rm_ranges *ranges);
bool rm_ranges_contain(
    const struct rm_ranges *ranges, const struct rm_ranges *what);
bool rm_ranges_equal(const struct rm_ranges *a, const struct rm_ranges *b);

void rm_ranges_add(struct rm_ranges *to, uint64_t begin, uint64_t end);
void rm_ranges_add_all(struct rm_ranges *to, const struct rm_ranges *what);
/* What is not there is ignored. */
void rm_ranges_subtract(struct rm_ranges *from, const struct rm_ranges *what);
/* Replaces what `both` holds. */
void rm_ranges_intersect(const struct rm_ranges *a, const struct rm_ranges *b,
    struct rm_ranges *both);

/*
 * First fit: the n lowest numbers of `from`. They replace what `taken` holds;
 * `from` keeps them. Returns false, and leaves `taken` empty, when there are
 * fewer.
 */
bool rm_ranges_take(
    const struct rm_ranges *from, uint64_t n, struct rm_ranges *taken);
/* The i-th number, from 0; i is below the size. */
uint64_t rm_ranges_at(const struct rm_ranges *ranges, uint64_t i);

void rm_ranges_copy(struct rm_ranges *to, const struct rm_ranges *from);
void rm_ranges_free(struct rm_ranges *ranges);

#endif
