/*
 * The stage rm-status: what the tasks are doing. Pure. Keeps a status record a
 * node, acknowledges, reconciles (reconciliation.md: explicit, repeated with
 * backoff until each task has had an update; all of them every 15 minutes,
 * and implicitly), and kills tasks of ours that a newer one has replaced.
 */
#ifndef RM_SCHED_STATUS_H
#define RM_SCHED_STATUS_H

#include "stream/stage.h"

/* The stage's state, for rm_stage_program. */
void *rm_status_new(void);
void rm_status_free(void *state);

extern const struct rm_stage_rule rm_status_rules[];

#endif
