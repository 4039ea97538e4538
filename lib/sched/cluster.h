/*
 * The stage rm-cluster: what each cluster needs next. Pure. It kills what a
 * goal wants ended (stop, remove, a raised restart counter) and takes away the
 * last records of a removed node. Orders to executors and rollouts are its to
 * write as well.
 */
#ifndef RM_SCHED_CLUSTER_H
#define RM_SCHED_CLUSTER_H

#include "stream/stage.h"

/* The stage's state, for rm_stage_program. */
void *rm_cluster_new(void);
void rm_cluster_free(void *state);

extern const struct rm_stage_rule rm_cluster_rules[];

#endif
