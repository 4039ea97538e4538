/*
 * Records that people write (clusters, nodes, secrets): what must be in them,
 * and what is filled in where it is left out. Pure, but for the random bytes
 * of a secret. rm-records(5) has the fields.
 */
#ifndef RM_STATE_FILL_H
#define RM_STATE_FILL_H

#include <jv.h>

#include "base/error.h"

/*
 * Each takes the new value and borrows the old one (invalid: there is none).
 * A field that is left out is the old one's, or has its beginning value; a
 * cluster whose configuration changes gets the next generation, and its `next`
 * never goes down. 0: *value is complete. -1: it is consumed and invalid, err
 * names the field (RM_EXIT_USAGE).
 */
int rm_fill_cluster(jv *value, jv old, struct rm_error *err);
int rm_fill_node(jv *value, jv old, const char *cluster, struct rm_error *err);
int rm_fill_secret(jv *value, struct rm_error *err);

/* The cluster that a node's key names: what is between "<framework>-" and its
 * number. The caller's; NULL when the key is no node's. */
char *rm_fill_cluster_of(const char *key, const char *framework);

/* A cookie and a key of 32 random bytes each, as text. */
int rm_secret_make(jv *secret, struct rm_error *err);

#endif
