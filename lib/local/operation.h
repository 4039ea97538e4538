/*
 * Offer operations other than LAUNCH: what RESERVE, UNRESERVE, CREATE and
 * DESTROY do to an agent's resources.
 */
#ifndef RM_LOCAL_OPERATION_H
#define RM_LOCAL_OPERATION_H

#include "local/local.h"
#include "mesos/resource.h"

/* What the offers of an ACCEPT held, and still hold. */
struct rm_local_offered {
	struct rm_local_framework *framework;
	struct rm_local_agent *agent;
	const char *role;
	struct rm_resources resources; /* allocated to role */
};

/* Carries one out. Borrows operation. -1 when it is not valid: err has the
 * reason, nothing changed. Unknown types are such an error too. */
int rm_local_operation_apply(
    struct rm_local_offered *offered, jv operation, struct rm_error *err);

#endif
