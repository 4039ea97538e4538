/*
 * Who belongs to a cluster's ring: orders for the executors, so that nodes
 * that are to run join it, nodes that are to leave do so, and nodes that went
 * without a handoff are taken out or replaced. Pure.
 *
 *   1 the seed is a ready node of the largest ring; of several the one that
 *     others have joined, or were told to, then the first; none while one that
 *     was a member, or that others have joined, may come up again
 *   2 a commit that the seed was ordered and has not answered is waited for;
 *     of one that was refused since something else is staged, that is committed
 *     if all of it is wanted
 *   3 a node whose goal is to be removed, whose task has ended, and that the
 *     ring still lists: once its replacement has been told to join, or when it
 *     has none, the seed is told to mark it down, then to force-replace or
 *     force-remove it, then to commit exactly that; when its replacement is
 *     refused, to mark down those who are dead before the next try: while its
 *     claimant is dead a ring lets nobody in
 *   4 ready nodes outside of the ring join the seed; while others are still
 *     starting they are waited for, at most a minute, so that all of them
 *     come with one plan and one commit
 *   5 when nobody joins, but for those that Riak refuses, nodes that are to
 *     leave are told so
 *   6 when all who were told have answered, the seed commits: the plan must
 *     hold exactly those that were not refused
 *
 * An order that fails is given again, with another id, after ten seconds.
 */
#ifndef RM_SCHED_MEMBERSHIP_H
#define RM_SCHED_MEMBERSHIP_H

#include "state/model.h"
#include "stream/stage.h"

/* Steps of one cluster. Orders are remembered in the model and emitted.
 * joining_since is the caller's, one a cluster, 0 at first. True while
 * something is to change in the ring. */
bool rm_membership_step(struct rm_model *model, struct rm_stage *stage,
    const char *cluster, const struct rm_entries *nodes, double now, double *joining_since);

#endif
