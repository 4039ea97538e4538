/*
 * The steps of rm-offer's round (offer.h lists them), and what they share.
 * Only round.c and its steps include this.
 */
#ifndef RM_SCHED_STEPS_H
#define RM_SCHED_STEPS_H

#include "sched/round.h"

/* Offers that may be wanted before long are declined for this long. */
#define RM_ROUND_SOON 5.0
/* An offer may have been on its way when its agent's ACCEPT was sent: only a
 * later one proves that a release was carried out. */
#define RM_ROUND_IN_FLIGHT 5.0

void rm_round_observe(struct rm_round *round, struct rm_stage *stage); /* 1 */
void rm_round_release(
    struct rm_round *round, struct rm_stage *stage); /* 2, 3 */
void rm_round_place(struct rm_round *round, struct rm_stage *stage); /* 4, 5 */
/* 6; soon: every offer may be wanted before long. */
void rm_round_settle(struct rm_round *round, struct rm_stage *stage, bool soon);
void rm_round_suppress_or_revive(
    struct rm_round *round, struct rm_stage *stage);

/*
 * Agents that are to be maintained: inverse offers are accepted when the nodes
 * there can be missed, declined otherwise. Borrows offers, an array.
 */
void rm_round_inverse(
    struct rm_round *round, struct rm_stage *stage, jv offers);

/* Consumes value. */
void rm_round_store_reservation(struct rm_round *round, struct rm_stage *stage,
    const struct rm_entry *node, jv value);

const char *rm_round_setting(
    const struct rm_round *round, const char *path, const char *fallback);
struct rm_round_node *rm_round_own(const struct rm_entry *node);
/* Borrowed; invalid when there is none. */
jv rm_round_reservation(const struct rm_entry *node);
bool rm_round_reservation_is(const struct rm_entry *node, const char *state);
/* When its DESTROY and UNRESERVE were last asked for; 0: not. */
double rm_round_release_asked(
    const struct rm_round *r, const struct rm_entry *node);
/* The one in the offers at hand that a record's agent_id or, since an agent
 * that was removed comes back with another id (facts: mesos, D), its hostname
 * tells; NULL. */
const struct rm_agent *rm_round_agent_of(
    const struct rm_round *round, jv record);
/* Its goal is to be gone, and no ring of its cluster lists it any more: until
 * then its data may still be wanted. */
bool rm_round_removed(
    const struct rm_round *round, const struct rm_entry *node);
/* It has no reservation, and is to take a volume for its own. */
bool rm_round_adopts(const struct rm_entry *node);
/* Mesos knows neither its task nor the agent: TASK_UNKNOWN. */
bool rm_round_unknown(const struct rm_entry *node);
/* It is to run, and nothing of it runs or is on its way. */
bool rm_round_idle(const struct rm_round *round, const struct rm_entry *node);
/* Why it can't even be considered, the caller's; NULL when it can. */
char *rm_round_not_ready(
    const struct rm_round *round, const struct rm_entry *node);

#endif
