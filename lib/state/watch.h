/*
 * rm-state watch: record lines for what ZooKeeper holds and for each change,
 * among the lines that pass. rm-state(1).
 */
#ifndef RM_STATE_WATCH_H
#define RM_STATE_WATCH_H

#include "state/store.h"

/* Runs until the end of input, or of output; returns the program's exit code.
 */
int rm_watch_run(const struct rm_state_options *options);

#endif
