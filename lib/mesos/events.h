/*
 * `rm-mesos events`: keeps the framework subscribed and writes what the master
 * says to stdout as lines of rm-stream(5), with a tick a second. A leader is
 * found, left when it falls silent or another one leads, and asked again with
 * backoff; only what a restart can't help ends it.
 */
#ifndef RM_MESOS_EVENTS_H
#define RM_MESOS_EVENTS_H

#include <stdbool.h>

#include "mesos/framework.h"

struct rm_events_options {
	const char *masters; /* --master */
	const char *credentials, *ca_file; /* files, or NULL */
	const char *zk; /* hosts, or NULL: no records, no fence */
	const char *zk_auth; /* file, or NULL */
	const char *name; /* of the framework: where its records are */
	const char *fence; /* path of the election node, or NULL */
	long figures_fd; /* where to count; 0: nowhere */
	bool protobuf; /* how events come; else as JSON */
	bool fresh; /* a new framework, whatever the master knows */
};

/*
 * Takes over what framework holds; what it says wins over the records. Logs,
 * and returns the exit code: 0 after SIGTERM; RM_EXIT_USAGE, what the master
 * refuses; RM_EXIT_CONFLICT, another instance or a framework of this name is
 * there; RM_EXIT_OUTSIDE, ZooKeeper or stdout failed.
 */
int rm_events_run(
    const struct rm_events_options *options, struct rm_framework *framework);

#endif
