/*
 * The main() of a pure stage. What configures a stage is the settings record;
 * an option of its own is for lines that are typed by hand.
 */
#ifndef RM_STREAM_STAGE_PROGRAM_H
#define RM_STREAM_STAGE_PROGRAM_H

#include "base/option.h"
#include "stream/stage.h"

struct rm_stage_program {
	const char *name;
	const char *summary;
	const struct rm_stage_rule *rules;
	void *(*make)(void); /* the stage's state */
	void (*free)(void *state);
	/* Options of its own, or NULL; configure() gets them, parsed, and sets
	 * *report (see stage.h) when they ask for it. RM_STAGE_FIGURES is one
	 * of them, and the options' struct begins with its long. */
	const struct rm_option *options;
	size_t options_size;
	int (*configure)(
	    void *state, const void *options, bool *report,
	    struct rm_error *err);
};

/* Where to count (stream/figures.h). */
#define RM_STAGE_FIGURES                                                       \
	{                                                                      \
		RM_OPTION_COUNT, "figures-fd", 0, "FD", NULL, NULL, NULL,      \
		    "count in this memory of rm-schedd's", 0, false            \
	}

int rm_stage_program_main(
    const struct rm_stage_program *program, int argc, char **argv);

#endif
