/* Whether the ports of a task are free at its address. */
#ifndef RM_EXECUTOR_PORTS_H
#define RM_EXECUTOR_PORTS_H

#include "base/error.h"
#include "executor/task_data.h"

/* Error: "port 31000 (http) on 10.0.0.1: Address already in use". */
int rm_ports_check(const struct rm_task_data *task, struct rm_error *err);

#endif
