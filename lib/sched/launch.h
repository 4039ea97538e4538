/*
 * The stage rm-launch: turns plans into ACCEPT calls. Pure. The task's record
 * is written before the call, so that no launch is ever forgotten.
 */
#ifndef RM_SCHED_LAUNCH_H
#define RM_SCHED_LAUNCH_H

#include "stream/stage.h"

/* The stage's state, for rm_stage_program. */
void *rm_launch_new(void);
void rm_launch_free(void *state);

extern const struct rm_stage_rule rm_launch_rules[];

#endif
