/*
 * An executor's sandbox: a new directory for each run, with stdout, stderr and
 * the volumes linked in; the environment that its process gets.
 */
#ifndef RM_LOCAL_SANDBOX_H
#define RM_LOCAL_SANDBOX_H

#include "local/executor.h"

/* Makes executor->sandbox, and runs/latest that points to it. */
int rm_local_sandbox_make(
    const struct rm_local_executor *executor, struct rm_error *err);

/* "NAME=value" strings, NULL at the end (captures: executor-*). */
char **rm_local_environment(const struct rm_local_executor *executor);
void rm_local_environment_free(char **environment);

#endif
