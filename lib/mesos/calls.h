/*
 * `rm-mesos calls`: the end of the pipeline. Reads the stream on stdin, acts on
 * SUBSCRIBED and on `call` lines, drops everything else silently.
 */
#ifndef RM_MESOS_CALLS_H
#define RM_MESOS_CALLS_H

#include <stdbool.h>

struct rm_calls_options {
	const char *credentials, *ca_file; /* files, or NULL */
	const char *zk; /* hosts, for the secrets; or NULL */
	const char *zk_auth; /* file, or NULL */
	const char *name; /* of the framework: where its records are */
	double deadline; /* seconds for each call */
	bool dry_run; /* print what would be posted */
};

/*
 * Logs, and returns the exit code: 0 at the end of input, RM_EXIT_REJECTED
 * when a line was dropped or the master refused a call; RM_EXIT_USAGE, wrong
 * credentials; RM_EXIT_OUTSIDE, an ACCEPT's answer was lost, or the
 * subscription is alive and takes no calls.
 */
int rm_calls_run(const struct rm_calls_options *options);

#endif
