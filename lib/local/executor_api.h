/*
 * An agent's HTTP: executor API, state, health.
 */
#ifndef RM_LOCAL_EXECUTOR_API_H
#define RM_LOCAL_EXECUTOR_API_H

#include "local/daemon.h"

/* Routes of an agent's server; their argument is its site. */
void rm_local_serve_executor(struct rm_request *request, void *site);
void rm_local_serve_agent_page(struct rm_request *request, void *site);

#endif
