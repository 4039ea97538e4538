/*
 * The data of a task: what rm-launch gives to the executor (rm-records(5),
 * "Task data"). Everything is checked here, for parts of it end up in
 * configuration files, command lines and paths. Pure.
 */
#ifndef RM_EXECUTOR_TASK_DATA_H
#define RM_EXECUTOR_TASK_DATA_H

#include <jv.h>
#include <stddef.h>

#include "base/error.h"

struct rm_task_data {
	char *node; /* Erlang name: FullyQualifiedNodeName */
	char *key; /* NodeKey, "riak-kv-1" */
	char *framework, *cluster; /* FrameworkName, ClusterName */
	char *host; /* Host: the name's part behind the @ */
	char *address; /* Address: where this node's ports are, unless: */
	char *interface; /* NetworkInterfaceName: at its address; "": none */
	char *zookeepers; /* "a:2181,b:2181" */
	char *container_path; /* of the volume, below the sandbox; "data" */
	char *data_dir; /* the same seen from Riak's root: "../data" */
	char *cookie;
	char *zk_auth; /* ZookeeperAuth: user:password, or "" */
	char *secret; /* Key: of the cluster, for tokens (base/token.h) */
	int http, pb, handoff, disterl, cepmd, cluster_manager, executor;
	double kill_grace, start_limit; /* seconds */
};

/* Borrows data, an object. Error: names the member, RM_EXIT_REJECTED. */
int rm_task_data_parse(
    struct rm_task_data *task, jv data, struct rm_error *err);
void rm_task_data_free(struct rm_task_data *task);

#endif
