/*
 * Stores a document of rm-state dump. Only while no scheduler leads; into an
 * empty framework, or with --replace, which makes it what the document says.
 *
 * All in one multi-op where ZooKeeper takes that (1,000 KiB). A larger one is
 * put under a settings record of a schema that no scheduler accepts until the
 * last of it is stored, so that an interrupted restore is never acted on; the
 * same command then finishes it.
 */
#ifndef RM_STATE_RESTORE_H
#define RM_STATE_RESTORE_H

#include "state/store.h"

/* rm-state restore; file "-" is standard input. Returns the exit code. */
int rm_restore_run(const struct rm_state_options *options, const char *file);

#endif
