/*
 * Who belongs to a cluster's ring: orders for the executors, so that nodes
 * that are to run join it and nodes that are to leave do so. Pure.
 *
 *   1 the seed is a ready node of the largest ring; of several the one that
 *     others were told to join, then the first
 *   2 a commit that the seed was ordered and has not answered is waited for
 *   3 ready nodes outside of the ring join the seed; while others are still
 *     starting they are waited for, at most a minute, so that all of them
 *     come with one plan and one commit
 *   4 when nobody joins, nodes that are to leave are told so
 *   5 when all who were told have answered, the seed commits: the plan must
 *     hold exactly them
 *
 * An order that fails is given again, with another id, after ten seconds.
 */
#ifndef RM_SCHED_MEMBERSHIP_H
#define RM_SCHED_MEMBERSHIP_H

#include "state/model.h"
#include "stream/stage.h"

/* Steps of one cluster. Orders are remembered in the model and emitted.
 * joining_since is the caller's, one a cluster, 0 at first. */
void rm_membership_step(struct rm_model *model, struct rm_stage *stage,
    const char *cluster, double now, double *joining_since);

/* The ring that a ready node sees has others in it. */
bool rm_membership_joined(const struct rm_entry *node);
/* Its executor says that it is ready, and speaks of its newest task. */
bool rm_membership_ready(const struct rm_entry *node);

#endif
