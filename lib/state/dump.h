/*
 * A framework's whole state as one document:
 *
 *     {"schema":1,"framework":"riak","records":{
 *     "clusters/kv":{…},
 *     …}}
 *
 * without what is ephemeral, the secrets only when asked for.
 */
#ifndef RM_STATE_DUMP_H
#define RM_STATE_DUMP_H

#include "state/store.h"

/* rm-state dump; returns the program's exit code. */
int rm_dump_run(const struct rm_state_options *options);

#endif
