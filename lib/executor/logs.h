/*
 * The log files of a node, for who asks over the network: those of Riak's
 * log/, and stdout and stderr of the sandbox. Nothing else can be named.
 */
#ifndef RM_EXECUTOR_LOGS_H
#define RM_EXECUTOR_LOGS_H

#include <jv.h>
#include <stddef.h>

#include "base/str.h"

/* [{"name":"console.log","size":123,"modified":1732260000},…], by name. */
jv rm_logs_list(const char *root, const char *sandbox);
/* Appends its last lines, what fits into 256 KiB of them. -1: there is no
 * such log. */
int rm_logs_tail(struct rm_str *to, const char *root, const char *sandbox,
    const char *name, size_t lines);

/* A riak.conf without its secrets: appends it, with the cookie hidden. */
void rm_logs_hide(struct rm_str *to, const char *conf);

#endif
