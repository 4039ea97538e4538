/*
 * rm-state apply: makes the stream's writes durable, and lets a call pass only
 * when every write before it is; what follows waits with it. rm-state(1).
 */
#ifndef RM_STATE_APPLY_H
#define RM_STATE_APPLY_H

#include "state/store.h"

/* Runs until the end of input; returns the program's exit code. */
int rm_apply_run(const struct rm_state_options *options);

#endif
