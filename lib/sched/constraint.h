/*
 * Marathon's constraints (Marathon's document "Constraints"): [field,
 * operator] or [field, operator, value], on hostname, @region, @zone or any
 * attribute. Pure.
 *
 *   UNIQUE            no two nodes of a cluster share the field's value
 *   CLUSTER [value]   all have the same: this one, or the first node's
 *   GROUP_BY [n]      spread evenly over the values, of which n are expected
 *   LIKE regex        the whole value matches
 *   UNLIKE regex      it does not
 *   MAX_PER n         at most n nodes share a value
 *   IS value          it is this one
 *
 * An agent that lacks the field fails all but UNLIKE. Regular expressions are
 * Java's, as Marathon's are. An attribute's value is its text: a scalar as
 * JSON would write it, ranges as [1-2,5-6], a set as {a,b}.
 */
#ifndef RM_SCHED_CONSTRAINT_H
#define RM_SCHED_CONSTRAINT_H

#include <jv.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct rm_constraint;

struct rm_constraints {
	struct rm_constraint *items; /* owned */
	size_t count;
};

/*
 * Reads an array of constraints, in any of the three spellings in the wild:
 * JSON, JSON with its quotes as &quot;, or either inside of a JSON string.
 * err names the constraint by its number, and what is wrong with it
 * (RM_EXIT_USAGE).
 */
int rm_constraints_parse(
    const char *text, struct rm_constraints *to, struct rm_error *err);
/* The same from a value that is parsed already; borrows. */
int rm_constraints_read(
    jv value, struct rm_constraints *to, struct rm_error *err);
/* [[field,operator(,value)],…]: one spelling for all. */
jv rm_constraints_json(const struct rm_constraints *c);
void rm_constraints_free(struct rm_constraints *c);

/* Where a node is, or could be. hostname and domain parts "" where absent. */
struct rm_place {
	const char *hostname, *region, *zone;
	jv attributes; /* Mesos's array; borrowed */
};

/* Forgets the nodes that were counted. */
void rm_constraints_reset(struct rm_constraints *c);
/* One node of the cluster at hand is there. */
void rm_constraints_count(
    struct rm_constraints *c, const struct rm_place *place);

/*
 * The same for many places: each is located once, and told by the numbers of
 * its values from then on, one a constraint. numbers has room for c->count.
 */
void rm_constraints_locate(const struct rm_constraints *c,
    const struct rm_place *place, int *numbers);
void rm_constraints_count_at(struct rm_constraints *c, const int *numbers);
/* The first that a node there would break, or c->count. */
size_t rm_constraints_check_at(
    const struct rm_constraints *c, const int *numbers);
/* "rack MAX_PER 2"; the caller's. */
char *rm_constraint_text(const struct rm_constraints *c, size_t index);

/*
 * The first constraint that a node there would break, as text that the caller
 * owns ("rack UNIQUE"); NULL when it would break none. *index (may be NULL)
 * gets its number, from 0.
 */
char *rm_constraints_check(const struct rm_constraints *c,
    const struct rm_place *place, size_t *index);

#endif
