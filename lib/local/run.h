/*
 * The machine's side of an executor: its sandbox, its keeper, and the watch
 * over the keeper's end, also when this process is not the one that started
 * it.
 */
#ifndef RM_LOCAL_RUN_H
#define RM_LOCAL_RUN_H

#include <event2/event.h>

#include "local/executor.h"

/* A hook: begins the run of a new executor; it waits for rm_local_run_go(). */
int rm_local_run_launch(
    struct rm_local_executor *executor, struct rm_error *err);
/* A hook: kills all of it. */
void rm_local_run_destroy(struct rm_local_executor *executor);
/* The state is stored: whatever was launched since may begin. */
void rm_local_run_go(struct rm_local *local);

/* Takes up one that was started by an earlier rm-local. */
void rm_local_run_adopt(struct rm_local_executor *executor);
/* A hook: its agent is up: ends that it did not see are told now. */
void rm_local_run_agent_up(struct rm_local_agent *agent);
/* Learns the pid of the executor's process, once there is one. */
void rm_local_run_find_pid(struct rm_local_executor *executor);
/* Whether its process is gone, told or not. */
bool rm_local_run_over(const struct rm_local_executor *executor);
/* Forgets it, without doing anything to it. */
void rm_local_run_free(struct rm_local_executor *executor);

/* The loop, and what is called after each end that was told. */
void rm_local_run_init(
    struct event_base *loop, void (*settled)(void *arg), void *arg);

#endif
