/*
 * What /state shows, of the master and of an agent, in the shape of Mesos's
 * own (captures: master-state.json, agent-state.json).
 */
#ifndef RM_LOCAL_PAGE_H
#define RM_LOCAL_PAGE_H

#include "local/local.h"

jv rm_local_master_page(const struct rm_local *local);
jv rm_local_agent_page(const struct rm_local_agent *agent);

#endif
