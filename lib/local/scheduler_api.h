/*
 * The master's HTTP: scheduler API, state, health.
 */
#ifndef RM_LOCAL_SCHEDULER_API_H
#define RM_LOCAL_SCHEDULER_API_H

#include "local/daemon.h"

/* Routes of the master's server; their argument is the daemon. */
void rm_local_serve_scheduler(struct rm_request *request, void *daemon);
void rm_local_serve_master_page(struct rm_request *request, void *daemon);
void rm_local_serve_redirect(struct rm_request *request, void *daemon);
void rm_local_serve_health(struct rm_request *request, void *any);

#endif
