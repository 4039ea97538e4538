/*
 * The supervisor: stands in the election, writes the settings when it leads,
 * keeps the pipeline running, and steps down.
 *
 *     state      event                     what follows
 *     standby    leading                   settings are written
 *     settling   settings durable          the pipeline starts
 *     running    pipeline ends 111, 101    backoff, then settling again
 *     running    pipeline ends 100, 102    gives up with that code
 *     any        leadership lost           pipeline killed at once; standby
 *     any        SIGTERM                   pipeline stopped in order; ends
 */
#ifndef RM_SCHEDD_SUPERVISOR_H
#define RM_SCHEDD_SUPERVISOR_H

#include <jv.h>

#include "schedd/pipeline.h"

struct rm_supervisor_options {
	struct rm_pipeline_options pipeline; /* fence, on_end, arg: its own */
	jv settings; /* consumed */
	long ready_fd; /* 0: none */
	double first_backoff, longest_backoff; /* seconds */
};

/* Runs the loop until it is over. Returns the program's exit code; what went
 * wrong was logged. */
int rm_supervisor_run(
    struct event_base *loop, const struct rm_supervisor_options *options);

#endif
