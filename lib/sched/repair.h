/*
 * Step 3 of membership.h: nodes that went without a handoff. Pure.
 */
#ifndef RM_SCHED_REPAIR_H
#define RM_SCHED_REPAIR_H

#include "sched/member.h"

/*
 * A commit was refused because something else is staged: when all of that is
 * wanted, by now, it is committed as it is. True while the seed is at it.
 */
bool rm_repair_accept(struct rm_member_ring *ring);

/* The node that replaces this one, or NULL. */
struct rm_entry *rm_repair_replacement(
    const struct rm_model *model, const struct rm_entry *node);
/* Whether there is one to be taken out, and it was seen to; the ring has a
 * seed. */
bool rm_repair_step(struct rm_member_ring *ring);

/*
 * A node whose agent is gone for good, and its data with it, is replaced: a
 * new key is written that names it, and its own goal becomes to be removed.
 * written_at is the caller's, one a node, 0 at first.
 */
void rm_repair_gone(struct rm_model *model, struct rm_stage *stage,
    const struct rm_entry *node, double now, double *written_at);

#endif
