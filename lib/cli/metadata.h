/*
 * What `framework clean-metadata` and `framework teardown` do in ZooKeeper,
 * while no scheduler leads.
 */
#ifndef RM_CLI_METADATA_H
#define RM_CLI_METADATA_H

#include "cli/client.h"
#include "state/store.h"

/* Opens the framework's records; keeps schedulers from leading until the store
 * is closed. RM_EXIT_NO: there are no records; RM_EXIT_CONFLICT: one leads.
 * what: the command, for the error. Close it in any case. */
int rm_cli_guard_metadata(struct rm_cli *cli, const char *what,
    struct rm_store *store, struct rm_error *err);

/* RM_EXIT_NO while there are nodes or reservations, unless --force; why: what
 * would be lost. */
int rm_cli_check_empty(struct rm_cli *cli, struct rm_store *store,
    const char *why, struct rm_error *err);

#endif
