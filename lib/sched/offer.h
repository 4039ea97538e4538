/*
 * The stage rm-offer: matches nodes with offers. Pure. Offers are gathered
 * until the next tick; a tick is a round, in these steps (round.c):
 *
 *   1 what is ours in the offers is grouped by node; an asked reservation that
 *     shows is held; what no record explains is reported and kept
 *   2 an asked reservation is void when its task is proven not to run and its
 *     agent offers without it
 *   3 what removed nodes had is destroyed and unreserved; when a later offer
 *     proves it gone, the reservation's record goes
 *   4 nodes with a reservation run again where their volume is offered
 *   5 nodes without one are placed (placement.h)
 *   6 all else is declined; then SUPPRESS, or REVIVE
 */
#ifndef RM_SCHED_OFFER_H
#define RM_SCHED_OFFER_H

#include "stream/stage.h"

/* The stage's state, for rm_stage_program. */
void *rm_offer_new(void);
void rm_offer_free(void *state);

/* The stage's own options. */
struct rm_offer_options {
	long figures_fd; /* first: RM_STAGE_FIGURES */
	const char *where; /* jq program instead of the settings', or NULL */
	bool explain; /* tell each verdict, instead of the stream */
};

int rm_offer_configure(
    void *state, const void *options, bool *report, struct rm_error *err);

extern const struct rm_stage_rule rm_offer_rules[];

#endif
