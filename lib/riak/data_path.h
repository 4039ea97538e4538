/*
 * Where Riak keeps what must outlive its run: which settings say so, and
 * whether a path lies on the volume.
 *
 * Riak's root is a new place in every run, its volume is a neighbour of it,
 * and backends store the very paths that they are configured with: so a data
 * path must be the same relative one for ever, "../data" or below. Sources:
 * Riak KV 3.2's and 2.2's schemas; a leveled that lost all under an absolute
 * path. Pure.
 */
#ifndef RM_RIAK_DATA_PATH_H
#define RM_RIAK_DATA_PATH_H

#include <stdbool.h>

#include "base/error.h"
#include "riak/term.h"

/* Whether path is data_dir ("../data") or below it. */
bool rm_data_path_inside(const char *path, const char *data_dir);

/* Whether a key of riak.conf says where data lie. platform_data_dir is not
 * among them: it is always ours. */
bool rm_data_path_key(const char *key);

/*
 * Checks the application settings that Riak generated from riak.conf and
 * advanced.config: platform_data_dir must be data_dir, and no other data path
 * may lie elsewhere. What ERL_ZFLAGS settles (riak_repl's) and what holds no
 * data (setup's, and backends among many where there are not many) is left
 * out. Error: "backend b: riak_kv data_root is \"./data/bitcask\": data must
 * lie below ../data".
 */
int rm_data_path_check(
    const struct rm_term *config, const char *data_dir, struct rm_error *err);

#endif
