/*
 * What this framework is to Mesos: FrameworkInfo (mesos.proto,
 * high-availability-framework-guide.md) from options and the `settings`
 * record, the SUBSCRIBE call made of it, and whether a master knows it
 * already. Pure.
 */
#ifndef RM_MESOS_FRAMEWORK_H
#define RM_MESOS_FRAMEWORK_H

#include <jv.h>

#include "base/error.h"
#include "base/str.h"

#define RM_FAILOVER_TIMEOUT (7 * 24 * 3600.0) /* seconds */
#define RM_SETTINGS_SCHEMA  1

/* All zero is a valid empty one. Owned. */
struct rm_framework {
	char *id; /* NULL: not subscribed before */
	char *name, *role, *principal, *user, *hostname, *webui_url;
	double failover_timeout; /* seconds; 0, which would kill all tasks
				    as soon as we end: not said */
};

/* Sets what is not set yet from the settings record; borrows it. A schema
 * that is newer than ours is RM_EXIT_CONFLICT. */
int rm_framework_fill(
    struct rm_framework *framework, jv settings, struct rm_error *err);
/* Sets defaults: user, failover_timeout. No role is RM_EXIT_USAGE. */
int rm_framework_check(struct rm_framework *framework, struct rm_error *err);
void rm_framework_free(struct rm_framework *framework);

/* The SUBSCRIBE call; the id goes to both of its places. */
jv rm_framework_subscribe(const struct rm_framework *framework);

/*
 * The id of the framework with this name, role and principal in the answer to
 * GET_FRAMEWORKS, or NULL; the caller's. Consumes answer. -1 when it is no
 * such answer.
 */
int rm_framework_find(const struct rm_framework *framework, jv answer,
    char **id, struct rm_error *err);

#endif
