#include "stream/stage_program.h"

#include "base/exit.h"
#include "base/log.h"
#include "stream/figures.h"

/* One stage a process; rm_command.run has no argument of its own. */
static const struct rm_stage_program *stage;

static int
run(void *options, int argc, char **argv)
{
	(void)argc, (void)argv;
	void *state = stage->make();
	struct rm_error err = { 0 };
	bool report = false;
	int code;
	if (rm_figures_open(*(const long *)options, stage->name, &err) != 0 ||
	    (stage->configure != NULL &&
		stage->configure(state, options, &report, &err) != 0)) {
		rm_log_error("%s", err.text);
		code = err.code;
	} else {
		code = rm_stage_run(stage->rules, state, report);
	}
	stage->free(state);
	return code;
}

int
rm_stage_program_main(
    const struct rm_stage_program *program, int argc, char **argv)
{
	static const int exits[] = { RM_EXIT_OK, RM_EXIT_REJECTED,
		RM_EXIT_USAGE, RM_EXIT_OUTSIDE, -1 };
	static const struct rm_option figures[] = { RM_STAGE_FIGURES,
		RM_OPTIONS_END };
	const bool own = program->options != NULL;
	const struct rm_command commands[] = {
		{ .run = run, .options = own ? program->options : figures },
		{ .run = NULL },
	};
	const struct rm_program options = {
		.name = program->name,
		.summary = program->summary,
		.commands = commands,
		.options_size = own ? program->options_size : sizeof(long),
		.pure = true,
		.exits = exits,
	};
	stage = program;
	return rm_program_main(&options, argc, argv);
}
