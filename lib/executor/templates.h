/*
 * The cluster's record in ZooKeeper, where the templates are. ZooKeeper may
 * be away, and the server that we ask may be behind, so it is asked again
 * until whoever waits has had enough.
 */
#ifndef RM_EXECUTOR_TEMPLATES_H
#define RM_EXECUTOR_TEMPLATES_H

#include <event2/event.h>
#include <jv.h>

#include "executor/task_data.h"
#include "io/zk.h"

struct rm_templates;

/* Borrows all. done: once, with the record, which is consumed. */
struct rm_templates *rm_templates_fetch(struct event_base *loop,
    struct rm_zk *zk, const struct rm_task_data *task,
    void (*done)(void *arg, jv cluster), void *arg);
/* Once done was called, or the session is closed. Accepts NULL. */
void rm_templates_free(struct rm_templates *templates);
/* Why it is not there yet; borrowed. */
const char *rm_templates_trouble(const struct rm_templates *templates);

#endif
