/*
 * A jq program that says whether an agent may have nodes (jq 1.6's manual).
 * Its input is the agent's offer, as Mesos wrote it; it holds when its first
 * output is neither false nor null. No output, or an error, is no. Pure.
 *
 * What would make the answer depend on anything but the offer is refused: the
 * clock, the environment, other input, other output, modules; where.c has the
 * list. ~/.jq is not read.
 */
#ifndef RM_SCHED_WHERE_H
#define RM_SCHED_WHERE_H

#include <jv.h>
#include <stdbool.h>

#include "base/error.h"

/* Processor time that one offer may take. */
#define RM_WHERE_SECONDS 1

struct rm_where;

/* Compiles. NULL on error, which err tells with its place (RM_EXIT_USAGE). */
struct rm_where *rm_where_new(const char *program, struct rm_error *err);
const char *rm_where_text(const struct rm_where *where);
/*
 * Whether it holds for an offer; consumes. A program that takes longer than
 * RM_WHERE_SECONDS gets this process a SIGVTALRM, which ends it: a verdict
 * must not depend on how fast the machine is.
 */
bool rm_where_holds(struct rm_where *where, jv offer);
/* Accepts NULL. */
void rm_where_free(struct rm_where *where);

#endif
