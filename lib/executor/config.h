/*
 * Riak's configuration files: rendered from the cluster's templates, ours
 * appended, and what Riak generates from them checked before its VM starts.
 */
#ifndef RM_EXECUTOR_CONFIG_H
#define RM_EXECUTOR_CONFIG_H

#include "base/error.h"
#include "base/str.h"
#include "executor/package.h"
#include "executor/task_data.h"

/* Borrowed. A template that is NULL leaves the package's own file. */
struct rm_config {
	const struct rm_task_data *task;
	const struct rm_package *package;
	const char *riak_config, *advanced_config;
};

/*
 * Writes etc/riak.conf, and etc/advanced.config where there is a template.
 * Appends to diff a line for each setting that ours overrides. Error:
 * "riak.conf: line 3: …".
 */
int rm_config_write(
    const struct rm_config *config, struct rm_str *diff, struct rm_error *err);

/* Finds in the words of Riak's generator which file it wrote, and checks that
 * all data paths in there lie on the volume. */
int rm_config_check(
    const struct rm_config *config, const char *output, struct rm_error *err);

/* The generator's reasons in one line, the caller's. */
char *rm_config_reason(const char *output);

#endif
