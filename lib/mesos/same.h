/*
 * When Mesos takes two JSON values for the same: the order of an object's
 * members makes no difference, nor does that of labels (mesos: Labels).
 * Pure; both borrow what they are given.
 */
#ifndef RM_MESOS_SAME_H
#define RM_MESOS_SAME_H

#include <jv.h>
#include <stdbool.h>
#include <stdint.h>

bool rm_same_equal(jv a, jv b);
/* Equal for what is the same. */
uint64_t rm_same_hash(jv value);

#endif
