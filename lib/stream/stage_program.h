/*
 * The main() of a pure stage: no options but the common ones, since all that
 * configures a stage is the settings record.
 */
#ifndef RM_STREAM_STAGE_PROGRAM_H
#define RM_STREAM_STAGE_PROGRAM_H

#include "stream/stage.h"

struct rm_stage_program {
	const char *name;
	const char *summary;
	const struct rm_stage_rule *rules;
	void *(*make)(void); /* the stage's state */
	void (*free)(void *state);
};

int rm_stage_program_main(
    const struct rm_stage_program *program, int argc, char **argv);

#endif
