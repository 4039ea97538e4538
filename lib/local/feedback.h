/*
 * Operation feedback: UPDATE_OPERATION_STATUS for offer operations that carry
 * an id, sent again until acknowledged.
 */
#ifndef RM_LOCAL_FEEDBACK_H
#define RM_LOCAL_FEEDBACK_H

#include "local/local.h"

/* UPDATE_OPERATION_STATUS for an operation with an id: message NULL is
 * OPERATION_FINISHED, to be acknowledged; else OPERATION_ERROR, sent once.
 * Nothing without an id. Borrows operation; agent may be NULL. */
void rm_local_feedback(struct rm_local_framework *framework,
    const struct rm_local_agent *agent, jv operation, const char *message);
void rm_local_feedback_acknowledge(struct rm_local_framework *framework,
    const char *operation_id, const char *uuid);
/* Statuses that are due to be sent again. */
void rm_local_feedback_due(struct rm_local_framework *framework);
/* Those without acknowledgement, again (RECONCILE_OPERATIONS); borrows the
 * call's list. */
void rm_local_feedback_reconcile(
    struct rm_local_framework *framework, jv asked_for);

#endif
