/*
 * The Riak of one task: the environment of its VM and of its commands, the VM
 * itself, and its last words.
 */
#ifndef RM_EXECUTOR_RIAK_H
#define RM_EXECUTOR_RIAK_H

#include <event2/event.h>
#include <stdbool.h>

#include "base/error.h"
#include "executor/command.h"
#include "executor/package.h"
#include "executor/task_data.h"

struct rm_riak;

struct rm_riak_options {
	const struct rm_task_data *task; /* borrowed, as package is */
	const struct rm_package *package;
	const char *ebin; /* folder of rm_epmd.beam */
	const char *sandbox;
	int lock; /* of the volume: the VM inherits it */
	/* The VM was reaped, and nothing of its process group is left. status
	 * is waitpid's. */
	void (*on_end)(void *arg, int status);
	void *arg;
};

struct rm_riak *rm_riak_new(
    struct event_base *loop, const struct rm_riak_options *options);
/* Not while the VM runs. Accepts NULL. */
void rm_riak_free(struct rm_riak *riak);

/* What its commands need; borrowed. */
char *const *rm_riak_environment(const struct rm_riak *riak);
/* Runs a program of the package in its root: words with a blank between,
 * "bin/riak ping"; done and arg as in command.h. One at a time. */
struct rm_command *rm_riak_run(struct rm_riak *riak, const char *words,
    double limit, void (*done)(void *arg, bool ok, const char *output),
    void *arg, struct rm_error *err);

int rm_riak_start(struct rm_riak *riak, struct rm_error *err);
/* From then on until on_end is called. Accepts NULL. */
bool rm_riak_is_running(const struct rm_riak *riak);
/* Asks it to end, and kills it after the grace. Once more: a shorter grace
 * counts. */
void rm_riak_stop(struct rm_riak *riak, double grace);

/* Its last lines, in one line; the caller's. */
char *rm_riak_last_words(struct rm_riak *riak);

#endif
