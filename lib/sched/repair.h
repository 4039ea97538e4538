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

/* A member's name whose node has no record any more, as one that was removed:
 * its number was counted by the cluster. A ring may tell of it late. */
bool rm_repair_is_forgotten(
    const struct rm_model *model, const char *cluster, const char *name);

#endif
