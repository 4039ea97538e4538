/*
 * A call of the scheduler API (scheduler-http-api.md), as a `call` line brings
 * it: {"call":TYPE,"mesos":{"type":TYPE,…}}, and what becomes of it on its way
 * to the master. Pure.
 */
#ifndef RM_MESOS_CALL_H
#define RM_MESOS_CALL_H

#include <jv.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/str.h"

struct rm_call_type {
	const char *name; /* "DECLINE" */
	const char *body; /* the member it must have: "decline"; or NULL */
	/* May arrive twice, on one subscription: its second arrival changes
	 * nothing. An ACCEPT may not: Mesos would report a running task as
	 * dropped. */
	bool repeatable;
};

/* Every type that is passed on; ends with name NULL. */
extern const struct rm_call_type rm_call_types[];

struct rm_call {
	const struct rm_call_type *type;
	jv mesos; /* object */
};

/* -1 when the line lacks something (RM_EXIT_REJECTED). */
int rm_call_read(
    const char *line, size_t len, struct rm_call *call, struct rm_error *err);
void rm_call_free(struct rm_call *call);

/* The clusters whose secrets its tasks' data ask for: an array of texts, each
 * once. */
jv rm_call_clusters(const struct rm_call *call);

/* A cluster's secret by field; invalid when there is none. Borrows. */
typedef jv rm_call_secret(void *arg, const char *cluster, const char *field);

/*
 * What is posted: with the framework's id, tasks' data as base64 of their
 * JSON, and secrets in place of {"secret":CLUSTER,"field":NAME} in them. The
 * text has secrets in it. -1 when one is missing; err names cluster and field.
 */
int rm_call_post(const struct rm_call *call, const char *framework_id,
    rm_call_secret *secret, void *arg, struct rm_str *to, struct rm_error *err);

/* Adds next's offers to a DECLINE with the same filters: true, and next can be
 * forgotten. */
bool rm_call_merge(struct rm_call *call, const struct rm_call *next);

/* Turns an ACCEPT into a DECLINE of its offers, so that they are not held. */
void rm_call_decline(struct rm_call *call);

#endif
