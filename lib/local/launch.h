/*
 * LAUNCH: tasks checked against an offer, and handed to their executors.
 */
#ifndef RM_LOCAL_LAUNCH_H
#define RM_LOCAL_LAUNCH_H

#include "local/operation.h"

/* Launches each task of a LAUNCH, or answers with its TASK_ERROR. Borrows. */
void rm_local_launch(struct rm_local_offered *offered, jv operation);
/* LAUNCH_GROUP: refuses each of its tasks. Borrows. */
void rm_local_launch_group(struct rm_local_offered *offered, jv operation);
/* Every task of a LAUNCH or LAUNCH_GROUP ends so, before it began. Borrows. */
void rm_local_launch_refuse(struct rm_local_framework *framework, jv operation,
    const char *state, const char *reason, const char *message);

#endif
