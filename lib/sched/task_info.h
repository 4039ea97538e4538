/*
 * Mesos's TaskInfo and our task record for one launch of a plan. Pure.
 */
#ifndef RM_SCHED_TASK_INFO_H
#define RM_SCHED_TASK_INFO_H

#include <jv.h>

#include "state/model.h"

/* Borrow plan and launch (an item of its "launch"); see rm-stream(5). The
 * model has the node, its cluster and the settings. */
jv rm_task_info(const struct rm_model *model, jv plan, jv launch);
jv rm_task_record(const struct rm_model *model, jv plan, jv launch);

/* Of a task that runs and that no record tells of: what its node's status and
 * reservation say. It has met the restarts that were asked for until now. */
jv rm_task_record_adopted(
    const struct rm_model *model, const struct rm_entry *node);

/*
 * The host part of a node's Erlang name: long names need a dot, so a short
 * hostname is replaced by the address. Borrowed from plan, or
 * from a reservation.
 */
const char *rm_task_host(jv plan);

#endif
