/*
 * One round of rm-offer: see offer.h for its steps. Pure.
 */
#ifndef RM_SCHED_ROUND_H
#define RM_SCHED_ROUND_H

#include <stdbool.h>

#include "mesos/agents.h"
#include "sched/group.h"
#include "sched/where.h"
#include "state/model.h"
#include "stream/stage.h"

/* What a node wants offers for. */
enum rm_wish {
	RM_WISH_NOTHING,
	RM_WISH_PLACE, /* to run */
	RM_WISH_RELEASE, /* of its volume */
	RM_WISH_PROOF, /* that its volume is no more: Mesos knows no agent */
};

/* What rm-offer remembers of a node, in entry->own of the model. */
struct rm_round_node {
	long long planned; /* time of a task in a plan on its way; 0: none */
	double waiting_since; /* no free agent since; 0: not waiting */
	enum rm_wish wish; /* as of the last round */
	char why[160]; /* it is not placed, as of the last round; "" */
};

struct rm_round {
	struct rm_model model;
	struct rm_agents agents; /* of the offers at hand */
	struct rm_groups groups;
	struct rm_where *where; /* of the option or settings; or NULL */
	char *where_bad; /* why the settings' can't be used, or NULL */
	bool where_given; /* by the option: the settings' does not count */
	double now;
	bool subscribed;
	bool suppressed; /* SUPPRESS was said, REVIVE not since */
	bool filtered; /* offers may be held back by a long filter */
	bool fresh; /* a node began to want offers, REVIVE not said since */
	double revived; /* when REVIVE was last said */
	unsigned long since_revived; /* as many offers have come */
};

void rm_round_run(struct rm_round *round, struct rm_stage *stage);

#endif
