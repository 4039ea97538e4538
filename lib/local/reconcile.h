/*
 * RECONCILE: what the master knows of tasks, in its words
 * (reconciliation.md).
 */
#ifndef RM_LOCAL_RECONCILE_H
#define RM_LOCAL_RECONCILE_H

#include "local/local.h"

/* Borrows the call's body; an empty list of tasks is all of them. */
void rm_local_reconcile(struct rm_local_framework *framework, jv reconcile);
/* One task; agent_id may be NULL. */
void rm_local_reconcile_task(struct rm_local_framework *framework,
    const char *task_id, const char *agent_id);

#endif
