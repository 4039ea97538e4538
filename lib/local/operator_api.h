/*
 * The master's operator API (operator-http-api.md), as far as a framework
 * asks it: GET_HEALTH and GET_FRAMEWORKS; and the older /teardown.
 */
#ifndef RM_LOCAL_OPERATOR_API_H
#define RM_LOCAL_OPERATOR_API_H

#include "local/daemon.h"

/* Routes of the master's server; their argument is the daemon. */
void rm_local_serve_operator(struct rm_request *request, void *daemon);
/* endpoints/master/teardown.md: a form, "frameworkId=ID". */
void rm_local_serve_teardown(struct rm_request *request, void *daemon);

#endif
