/*
 * A record that a stage writes: remembered in its own model at once, since it
 * ignores the echo, and emitted as a write line.
 */
#ifndef RM_SCHED_STORE_H
#define RM_SCHED_STORE_H

#include <jv.h>

#include "state/model.h"
#include "stream/stage.h"

/* key NULL for a single record ("framework"). Consumes value; null deletes. */
void rm_sched_store(struct rm_model *model, struct rm_stage *stage,
    enum rm_record_kind kind, const char *key, jv value);

#endif
