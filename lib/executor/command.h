/*
 * One command that ends by itself: Riak's generator, an admin command. Its
 * output is collected, its time is limited, and all of its process group goes
 * with it.
 */
#ifndef RM_EXECUTOR_COMMAND_H
#define RM_EXECUTOR_COMMAND_H

#include <event2/event.h>
#include <stdbool.h>

#include "base/error.h"

struct rm_command;

struct rm_command_options {
	char *const *argv;
	char *const *envp;
	const char *cwd;
	double limit; /* seconds */
	/* Once, unless cancelled. ok: it ended with 0, in time. output is both
	 * streams together, at most the last 64 KiB. */
	void (*done)(void *arg, bool ok, const char *output);
	void *arg;
};

struct rm_command *rm_command_start(struct event_base *loop,
    const struct rm_command_options *options, struct rm_error *err);
/* Ends it; done is not called. Accepts NULL. */
void rm_command_cancel(struct rm_command *command);

#endif
