/*
 * Who is offered what: each framework's roles in turn of their dominant share
 * (allocation-modules.md), a whole agent at a time.
 */
#ifndef RM_LOCAL_ALLOCATOR_H
#define RM_LOCAL_ALLOCATOR_H

#include "local/local.h"

/* Offers what is free on the agent, or on all (NULL), to those who have
 * neither suppressed nor refused it; one OFFERS event a framework. */
void rm_local_allocate(struct rm_local *local, struct rm_local_agent *agent);
/* Inverse offers of agents that are scheduled for maintenance. */
void rm_local_allocate_inverse(struct rm_local *local);

#endif
