/*
 * The rm-cepmd(8) of one task: started, started again when it dies (nodes
 * register again by themselves), ended last.
 */
#ifndef RM_EXECUTOR_MAPPER_H
#define RM_EXECUTOR_MAPPER_H

#include <event2/event.h>
#include <stdbool.h>

#include "executor/task_data.h"

struct rm_mapper;

struct rm_mapper_options {
	const char *program; /* path of rm-cepmd; borrowed, as all */
	const char *zk_auth_file; /* or NULL */
	const struct rm_task_data *task;
	void (*ready)(void *arg); /* it listens; once */
	void (*ended)(void *arg); /* after rm_mapper_stop() */
	void *arg;
};

struct rm_mapper *rm_mapper_new(
    struct event_base *loop, const struct rm_mapper_options *options);
/* ended is called once it was reaped, perhaps at once. */
void rm_mapper_stop(struct rm_mapper *mapper);
/* Not while it runs. Accepts NULL. */
void rm_mapper_free(struct rm_mapper *mapper);
/* What went wrong last, "" for nothing; borrowed. */
const char *rm_mapper_trouble(const struct rm_mapper *mapper);

#endif
