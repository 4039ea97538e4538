/*
 * A rollout: the plan by which a cluster's nodes are run anew, with another
 * configuration or another Riak, a few at a time. Pure. It is made when the
 * cluster's restart counter was raised, lies in rollouts/<cluster>
 * (rm-records(5)), and so goes on where it was after any restart of ours.
 *
 * A node's step is pending, ending, settling, then done; or skipped, when the
 * node is to run no more, or was run anew meanwhile.
 *
 *   pending → ending    none is under way, or those that are were begun at
 *                       this moment and are fewer than `parallel`; all other
 *                       nodes that are to run are ready; nothing is to change
 *                       in the ring; another node has been asked, and says
 *                       that all agree on the ring and nothing is to be moved
 *   ending → settling   its task was ended, a new one is there and ready
 *   settling → done     it was asked itself, and says the same
 *
 * Commands of the cluster's record are met once, by their id: pause, resume,
 * abort (what has not begun stays as it is), retry (of what was aborted; else
 * the gates are asked again).
 */
#ifndef RM_SCHED_ROLLOUT_H
#define RM_SCHED_ROLLOUT_H

#include "state/model.h"
#include "stream/stage.h"

/* Makes the plan, takes its steps. changing: the ring is to change. */
void rm_rollout_step(struct rm_model *model, struct rm_stage *stage,
    struct rm_entry *cluster, const struct rm_entries *nodes, double now, bool changing);

/* Whether the plan wants the node's task ended, now. */
bool rm_rollout_ends(
    const struct rm_entry *cluster, const struct rm_entry *node);

#endif
