/*
 * The pipeline of the scheduler as processes: eight stages, each one's stdout
 * the next one's stdin. It is all there or not at all: when one stage ends,
 * the others are brought to an end too.
 */
#ifndef RM_SCHEDD_PIPELINE_H
#define RM_SCHEDD_PIPELINE_H

#include <event2/event.h>
#include <stdbool.h>

#include "base/error.h"

#define RM_PIPELINE_STAGES 8

struct rm_pipeline;

/* What the stages are told; borrowed until started. NULL where not given. */
struct rm_pipeline_options {
	const char *programs; /* the directory they are in */
	const char *zk, *zk_auth_file, *framework, *fence;
	const char *master, *credentials, *ca_file;
	const char *framework_id;
	bool fresh; /* begin another framework: --new */
	int figures_fd; /* where the stages count; 0: nowhere */
	/* All have ended, and are reaped. code is the most telling one: 100
	 * before 102, 101, 111, and a signal's; what names the stage. The
	 * pipeline is freed after it. Not called when it was stopped with
	 * rm_pipeline_kill(). */
	void (*on_end)(void *arg, int code, const char *what);
	void *arg;
};

struct rm_pipeline *rm_pipeline_start(struct event_base *loop,
    const struct rm_pipeline_options *options, struct rm_error *err);
/* In order: the source is told to end, the rest drains; what still runs after
 * ten seconds is killed. on_end tells when it is over, with code 0. */
void rm_pipeline_stop(struct rm_pipeline *pipeline);
/* At once, because we have no right to go on. Frees it; on_end is not called;
 * the processes are reaped by the loop. */
void rm_pipeline_kill(struct rm_pipeline *pipeline);

#endif
