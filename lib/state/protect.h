/*
 * `rm-state protect`: gives every znode of a framework the access that it
 * would be created with today, so that records from before there was a
 * password are no longer everybody's.
 */
#ifndef RM_STATE_PROTECT_H
#define RM_STATE_PROTECT_H

#include "state/store.h"

/* An exit code; RM_EXIT_USAGE without zk_auth_file. */
int rm_protect_run(const struct rm_state_options *options);

#endif
