/*
 * What people want, as ops: a cluster, with its secret, and a node, whose
 * number the cluster counts. Pure, but for the random bytes of a secret; the
 * records that these start from were read by the caller, and the ops hold
 * only while they have not changed. rm-state put and rm-api share them.
 */
#ifndef RM_STATE_INTENT_H
#define RM_STATE_INTENT_H

#include <jv.h>
#include <stdbool.h>

#include "base/error.h"
#include "state/change.h"

/* A record as it was read; borrowed. Absent: invalid and -1. */
struct rm_intent_record {
	jv value;
	int version;
};

/* Consumes value. secret: whether the cluster has one already. Errors are
 * those of rm_fill_cluster(). */
int rm_intent_cluster(struct rm_change *change, const struct rm_store *store,
    const char *key, jv value, struct rm_intent_record old, bool secret,
    struct rm_error *err);

/* Consumes value. The cluster is there. force: the number may be one that was
 * used before; Riak's other nodes may remember that name. */
int rm_intent_node(struct rm_change *change, const struct rm_store *store,
    const char *key, const char *framework, jv value,
    struct rm_intent_record old, const char *cluster,
    struct rm_intent_record cluster_record, bool force, struct rm_error *err);

#endif
