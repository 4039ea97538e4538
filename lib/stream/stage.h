/*
 * A pure stage of the pipeline: lines in on stdin, lines out on stdout, output
 * a function of the lines read so far. A stage is a table of rules; the first
 * one that matches a line's head has it. A line that no rule concerns goes
 * through unparsed and unchanged; order is kept.
 */
#ifndef RM_STREAM_STAGE_H
#define RM_STREAM_STAGE_H

#include <jv.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "stream/kind.h"

struct rm_stage;

struct rm_stage_rule {
	enum rm_kind kind;
	const char *value; /* as rm_head_is() takes it */
	bool ends; /* the line goes no further */
	/*
	 * Consumes line. What it emits goes out behind the line. On -1 the
	 * line is reported with its number, counted and dropped, and so is all
	 * that the handler emitted; it must have changed nothing by then.
	 */
	int (*handle)(
	    struct rm_stage *stage, void *state, jv line, struct rm_error *err);
	/*
	 * Or NULL: asked first, with the line's text, for lines that are large
	 * and many. True: it has done with the line what handle() would have
	 * done. False: it has changed nothing, and handle() is asked.
	 */
	bool (*read)(struct rm_stage *stage, void *state, const char *line,
	    size_t len);
};

/*
 * Runs until the end of input. rules end with kind RM_KIND_NONE. Returns the
 * program's exit code: 0; RM_EXIT_REJECTED when a line was dropped;
 * RM_EXIT_OUTSIDE when reading or writing failed; or what rm_stage_quit() got.
 * With report the stage decides as ever, but what comes out is what it tells,
 * instead of the stream.
 */
int rm_stage_run(const struct rm_stage_rule *rules, void *state, bool report);

/* Emits a line; consumes. */
void rm_stage_emit(struct rm_stage *stage, jv line);
/* The same of a line that is written already, without its newline. */
void rm_stage_emit_text(struct rm_stage *stage, const char *line, size_t len);

bool rm_stage_reports(const struct rm_stage *stage);
/* Emits a line of the report; consumes. Only for a stage that reports. */
void rm_stage_tell(struct rm_stage *stage, jv line);

/* The kinds' constructors; every argument is consumed.
 * {"write":key,"value":value[,"version":version]}: a version of -1 is none,
 * a value of null deletes. */
void rm_stage_write(
    struct rm_stage *stage, const char *key, jv value, int version);
/* {"call":type,"mesos":{"type":type,body_key:body}}; body may be invalid. */
void rm_stage_call(
    struct rm_stage *stage, const char *type, const char *body_key, jv body);

/* A part of the line being handled is bad and was left out: reported with the
 * line's number and counted as a dropped line is. */
void rm_stage_reject(struct rm_stage *stage, const char *why);

/* Ends the run after this line with this code. */
void rm_stage_quit(struct rm_stage *stage, int code);

/* The words that every handler has for a missing field. Returns -1. */
int rm_stage_lacks(struct rm_error *err, const char *field);

#endif
