/*
 * What `riak-mesos status` shows: the framework, its clusters, their nodes, as
 * rm-api has them at one moment.
 */
#ifndef RM_CLI_STATUS_H
#define RM_CLI_STATUS_H

#include <jv.h>

#include "base/error.h"
#include "base/str.h"
#include "cli/client.h"

/* {"framework":{…},"clusters":[…]}, the caller's; of one cluster alone unless
 * it is NULL. RM_EXIT_NO: there is no such cluster. */
int rm_cli_get_status(
    struct rm_cli *cli, const char *cluster, jv *status, struct rm_error *err);

/* Appends it as tables. Borrows. */
void rm_cli_print_status(struct rm_str *out, jv status);

/* {"node riak-kv-1":"started, serves, h1, http 31000, pb 31001",…}: a text
 * for each thing, which changes when the thing does. Borrows. */
jv rm_cli_status_lines(jv status);

/* Shows it anew whenever it changes, until a signal or until nobody reads: on
 * a terminal as tables in place, with --json or --jq as a document a line,
 * else as a line for each thing that has changed. */
int rm_cli_watch_status(
    struct rm_cli *cli, const char *cluster, struct rm_error *err);

#endif
