/*
 * What users want of a cluster, as documents say it: checked, named by its
 * place when it can't be. Pure.
 */
#ifndef RM_API_WANTED_H
#define RM_API_WANTED_H

#include <jv.h>
#include <stddef.h>

#include "base/error.h"

/*
 * The fields of a cluster's record that a document sets: riak_version,
 * riak_config, advanced_config, constraints. What the API itself tells (name,
 * generation, nodes) may be there and is left out; anything else is refused.
 * Borrows the document and the versions, an object of those there are; the
 * result is the caller's, or invalid: "riak_version: no such version: …".
 */
jv rm_wanted_cluster(
    jv document, const char *name, jv versions, struct rm_error *err);

/* A version that there is; refused with those that there are. Borrows both. */
int rm_wanted_version(jv value, jv versions, struct rm_error *err);
/* A template of riak.conf; of advanced.config. What moves data off the volume
 * is refused: "riak_config: line 3: …". */
int rm_wanted_riak_config(const char *text, size_t len, struct rm_error *err);
int rm_wanted_advanced_config(
    const char *text, size_t len, struct rm_error *err);

#endif
