/*
 * The commands of riak-mesos(1). Each appends what it prints to out; 0, or -1
 * and err, whose code is the program's.
 */
#ifndef RM_CLI_COMMANDS_H
#define RM_CLI_COMMANDS_H

#include "cli/client.h"

typedef int rm_cli_command(struct rm_cli *cli, int argc, char **argv,
    struct rm_str *out, struct rm_error *err);

/* cluster.c */
rm_cli_command rm_cli_cluster_list, rm_cli_cluster_set, rm_cli_cluster_create,
    rm_cli_cluster_destroy, rm_cli_cluster_info, rm_cli_cluster_endpoints,
    rm_cli_cluster_config, rm_cli_cluster_advanced, rm_cli_cluster_add_node,
    rm_cli_cluster_wait;

/* rolling.c */
rm_cli_command rm_cli_cluster_restart, rm_cli_cluster_upgrade,
    rm_cli_cluster_scale, rm_cli_cluster_rollout, rm_cli_plan,
    rm_cli_node_replace;

/* node.c, question.c */
rm_cli_command rm_cli_node_info, rm_cli_node_remove, rm_cli_node_restart,
    rm_cli_node_wait;
rm_cli_command rm_cli_node_status, rm_cli_node_aae, rm_cli_node_ringready,
    rm_cli_node_transfers, rm_cli_type_list, rm_cli_type_create,
    rm_cli_type_update, rm_cli_log_list, rm_cli_log_tail,
    rm_cli_node_config;

/* explain.c */
rm_cli_command rm_cli_cluster_explain;

/* status.c */
rm_cli_command rm_cli_status;

/* apply.c */
rm_cli_command rm_cli_apply;

/* framework.c */
rm_cli_command rm_cli_framework_status, rm_cli_framework_endpoints,
    rm_cli_framework_wait, rm_cli_versions, rm_cli_config_local, rm_cli_info;

/* schema.c */
rm_cli_command rm_cli_schema;

/* orphans.c */
rm_cli_command rm_cli_framework_orphans;

/* metadata.c, teardown.c */
rm_cli_command rm_cli_framework_clean, rm_cli_framework_teardown;

/* marathon.c */
rm_cli_command rm_cli_config_marathon, rm_cli_framework_install,
    rm_cli_framework_uninstall, rm_cli_director_config,
    rm_cli_director_install, rm_cli_director_uninstall,
    rm_cli_director_endpoints, rm_cli_director_wait;

/* complete.c: struct rm_program's complete. */
void rm_cli_complete(const char *operand, void *options);

#endif
