/*
 * Executors that are no processes: they answer as rm-executor does, and write
 * its records, all in one session of ZooKeeper. For trying the scheduler on
 * more nodes than a machine could run. Rings form by themselves: a node is a
 * member of its cluster's ring from its first run on, and orders are not
 * looked at.
 */
#ifndef RM_LOCAL_DRY_H
#define RM_LOCAL_DRY_H

#include <event2/event.h>

#include "local/executor.h"

struct rm_local_dry;

/* changed is called after each time that it changed the world by itself;
 * entering before. */
struct rm_local_dry *rm_local_dry_new(struct event_base *loop,
    void (*entering)(void *arg), void (*changed)(void *arg), void *arg);
/* After the world was freed. Accepts NULL. */
void rm_local_dry_free(struct rm_local_dry *dry);

/* Hooks; there is one world. */
int rm_local_dry_launch(
    struct rm_local_executor *executor, struct rm_error *err);
void rm_local_dry_destroy(struct rm_local_executor *executor);
void rm_local_dry_release(struct rm_local_executor *executor);

#endif
