#include "stream/stage_program.h"

#include "base/exit.h"
#include "base/option.h"

/* One stage a process; rm_command.run has no argument of its own. */
static const struct rm_stage_program *stage;

static int
run(void *options, int argc, char **argv)
{
	(void)options, (void)argc, (void)argv;
	void *state = stage->make();
	int code = rm_stage_run(stage->rules, state);
	stage->free(state);
	return code;
}

int
rm_stage_program_main(
    const struct rm_stage_program *program, int argc, char **argv)
{
	static const int exits[] = { RM_EXIT_OK, RM_EXIT_REJECTED,
		RM_EXIT_USAGE, RM_EXIT_OUTSIDE, -1 };
	const struct rm_command commands[] = { { .run = run },
		{ .run = NULL } };
	const struct rm_program options = {
		.name = program->name,
		.summary = program->summary,
		.commands = commands,
		.pure = true,
		.exits = exits,
	};
	stage = program;
	return rm_program_main(&options, argc, argv);
}
