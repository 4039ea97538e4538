/*
 * Whether Riak answers over HTTP: GET /ping, again and again. It is up from
 * the first 200 on, and down after three failures in a row.
 */
#ifndef RM_EXECUTOR_HEALTH_H
#define RM_EXECUTOR_HEALTH_H

#include <event2/event.h>
#include <stdbool.h>

#include "executor/task_data.h"
#include "io/http_client.h"

struct rm_health;

/* Borrows all. changed: why is NULL when it is up; borrowed. */
struct rm_health *rm_health_new(struct event_base *loop, struct rm_http *http,
    const struct rm_task_data *task,
    void (*changed)(void *arg, bool up, const char *why), void *arg);
/* Accepts NULL; also from inside of changed. */
void rm_health_free(struct rm_health *health);

/* "http://10.0.0.1:31000<path>", the caller's. */
char *rm_health_url(const struct rm_task_data *task, const char *path);

#endif
