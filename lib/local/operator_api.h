/*
 * The master's operator API (operator-http-api.md), as far as a framework
 * asks it: GET_HEALTH and GET_FRAMEWORKS.
 */
#ifndef RM_LOCAL_OPERATOR_API_H
#define RM_LOCAL_OPERATOR_API_H

#include "local/daemon.h"

/* Route of the master's server; its argument is the daemon. */
void rm_local_serve_operator(struct rm_request *request, void *daemon);

#endif
