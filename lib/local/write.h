/*
 * JSON as Mesos writes it: a double always shows that it is one ("4.0"), an
 * integer never does. Which is which is told by the member's name.
 */
#ifndef RM_LOCAL_WRITE_H
#define RM_LOCAL_WRITE_H

#include <jv.h>

#include "base/str.h"

/* Appends; consumes. */
void rm_local_write(struct rm_str *to, jv value);

#endif
