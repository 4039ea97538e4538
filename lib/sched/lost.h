/*
 * Nodes that can't be what they are to be, and are replaced: a new key is
 * written that names the old one, whose own goal becomes to be removed. Pure.
 */
#ifndef RM_SCHED_LOST_H
#define RM_SCHED_LOST_H

#include "sched/member.h"

/* What is remembered of each node; the caller's, all zero at first. */
struct rm_lost_memory {
	double written_at; /* when something was last written for it */
	double stranded_since;
};

/*
 * One is replaced whose agent is gone for good, and its data with it; and one
 * whose join was staged, never committed, in a ring of which no member is left
 * (one that was to leave is removed).
 */
void rm_lost_step(struct rm_model *model, struct rm_stage *stage,
    const struct rm_entry *node, double now, struct rm_lost_memory *memory);

#endif
