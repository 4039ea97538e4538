/*
 * What is counted of calls (stream/figures.h): by type and outcome, the offers
 * in them, and how long updates waited for theirs.
 */
#ifndef RM_MESOS_CALL_FIGURES_H
#define RM_MESOS_CALL_FIGURES_H

#include "mesos/call.h"

/* Updates that are to be acknowledged: {uuid: when it came}. All zero is not
 * valid: jv_object() is. */
struct rm_call_figures {
	jv updates;
};

void rm_call_figures_init(struct rm_call_figures *figures);
void rm_call_figures_free(struct rm_call_figures *figures);

/* An UPDATE line; one without a uuid waits for nothing. Borrows. */
void rm_call_figures_update(struct rm_call_figures *figures, jv line);
/* outcome: "done", "refused", "lost", "repeated", "failed". now:
 * rm_stream_now(). */
void rm_call_figures_count(struct rm_call_figures *figures,
    const struct rm_call *call, const char *outcome, double now);

#endif
