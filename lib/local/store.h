/*
 * The state file: all of the world that outlives the process, as one JSON
 * document, written whole and put in place by a rename. What was not stored
 * was not told to anyone either.
 */
#ifndef RM_LOCAL_STORE_H
#define RM_LOCAL_STORE_H

#include "local/local.h"

/* When something changed since the last time. */
int rm_local_store_save(
    struct rm_local *local, const char *path, struct rm_error *err);
/*
 * Fills a world that has its agents, by number, and no more. Connections,
 * offers and filters are not kept; the agents that were registered have yet to
 * come back, as after a master's failover. A file that is not there is an
 * empty one.
 */
int rm_local_store_load(
    struct rm_local *local, const char *path, struct rm_error *err);

#endif
