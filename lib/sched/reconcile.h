/*
 * Whom to ask the master about, and when. A node is asked about until an
 * update of its newest task has come; the waits double from 4 s to 30 s. One
 * run at a time; a full one, with an implicit request, every 15 minutes.
 */
#ifndef RM_SCHED_RECONCILE_H
#define RM_SCHED_RECONCILE_H

#include <stdbool.h>

#include "state/model.h"
#include "stream/stage.h"

struct rm_reconcile {
	bool subscribed;
	double next; /* when to ask again; 0: not in a run */
	double wait;
	double full_at; /* when the next full pass is due */
	double launch_limit; /* seconds a launch may go without an update */
};

/* What rm-status remembers of each node, in entry->own of the model. */
struct rm_reconcile_node {
	bool pending; /* no update since it was asked about */
	bool reported; /* that it is broken */
	bool reserved; /* a reservation of it was seen */
};

/*
 * Whether the master can tell something of the node's newest task: it may run,
 * or it has ended and left a volume, whose agent may be gone for good. No offer
 * would ever tell that.
 */
bool rm_reconcile_counts(const struct rm_entry *node);
/* Its agent; of a task that has ended, where its volume is now: an agent that
 * was removed comes back with another id. Borrowed, or NULL. */
const char *rm_reconcile_agent(const struct rm_entry *node);

/* Asks about every task that counts, and for all that the master knows. */
void rm_reconcile_all(struct rm_reconcile *r, struct rm_stage *stage,
    const struct rm_model *model, double now);
/* Asks about one node, now. */
void rm_reconcile_node(struct rm_reconcile *r, struct rm_stage *stage,
    struct rm_entry *node, double now);
void rm_reconcile_tick(struct rm_reconcile *r, struct rm_stage *stage,
    const struct rm_model *model, double now);

#endif
