/*
 * What an agent gives to an executor that it starts: MESOS_… in the
 * environment (Mesos: executor-http-api.md; slave.cpp, executorEnvironment).
 */
#ifndef RM_EXECUTOR_ENVIRONMENT_H
#define RM_EXECUTOR_ENVIRONMENT_H

#include <stdbool.h>

#include "base/error.h"

struct rm_environment {
	char *url; /* of the executor API at this agent */
	char *unix_socket; /* to reach it by, or NULL */
	char *ca_file; /* for https, or NULL */
	char *bearer; /* "Authorization: Bearer …", or NULL */
	char *framework_id, *executor_id;
	char *sandbox; /* folder */
	bool checkpoint; /* whether to wait for an agent that went away */
	double shutdown_grace; /* seconds, as all below */
	double recovery_timeout;
	double backoff_max;
};

/*
 * Reads it all and takes the secrets out, also of what /proc shows of this
 * process. Error: the variable that is missing or bad, RM_EXIT_USAGE.
 */
int rm_environment_read(struct rm_environment *env, struct rm_error *err);
void rm_environment_free(struct rm_environment *env);

/*
 * The environment for Riak and its commands, NULL at the end: ours without
 * Mesos's and Erlang's own variables, and with `extra` ("NAME=value", NULL at
 * the end), which wins. The caller's, rm_environ_free().
 */
char **rm_environ_for_riak(const char *const *extra);
void rm_environ_free(char **env);

#endif
