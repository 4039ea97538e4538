/*
 * What the stages count, for people: in memory that rm-schedd shares with them
 * (a memfd), so that counting costs no call of the system, disturbs no stream,
 * and outlives a stage that is killed. It changes nothing of what a stage puts
 * out. A process that was given no such memory counts for nobody.
 */
#ifndef RM_STREAM_FIGURES_H
#define RM_STREAM_FIGURES_H

#include <jv.h>

#include "base/error.h"
#include "base/str.h"

enum rm_figure {
	RM_FIGURE_STARTS, /* of the pipeline */
	RM_FIGURE_ENDS, /* by the stage that ended it */
	RM_FIGURE_DROPPED, /* lines, by stage */
	RM_FIGURE_EVENTS, /* by type */
	RM_FIGURE_RECEIVED, /* offers */
	RM_FIGURE_ACCEPTED,
	RM_FIGURE_DECLINED,
	RM_FIGURE_CALLS, /* by type and outcome */
	RM_FIGURE_RECONCILIATIONS, /* by kind */
	RM_FIGURE_UPDATES, /* of tasks, by state */
	RM_FIGURE_ROLLOUTS, /* by outcome */
	RM_FIGURE_WRITES, /* of records, by outcome */
	RM_FIGURE_CALL_SECONDS,
	RM_FIGURE_ACKNOWLEDGE_SECONDS,
	RM_FIGURE_DELAY_SECONDS,
	RM_FIGURES
};

/* New ones, all zero; a descriptor to pass on, or -1. The process counts there
 * itself. */
int rm_figures_new(struct rm_error *err);
/* Those of a descriptor that was passed on, for a stage, "rm-state apply"; 0 is
 * none. RM_EXIT_USAGE when it holds no figures of this version's. */
int rm_figures_open(long fd, const char *stage, struct rm_error *err);

/* A line that this stage has reported and dropped. */
void rm_figures_dropped(void);

/* Adds n. a and b are the values of its labels, NULL where it has none; one
 * that its table does not know counts as "other". */
void rm_figures_add(
    enum rm_figure figure, const char *a, const char *b, unsigned long n);
/* One of a histogram; what is negative counts as zero. */
void rm_figures_observe(enum rm_figure figure, double seconds);

/* Those that are not zero: {NAME:{"A,B":N,…},…}; of a histogram the counts by
 * bucket, "sum" and "count". */
jv rm_figures_json(void);
/* The same document in Prometheus's text format, zeros included; borrows. */
void rm_figures_write(struct rm_str *text, jv figures);

#endif
