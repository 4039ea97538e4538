/* rm-launch: the stage that turns plans into calls. */
#include "sched/launch.h"
#include "stream/stage_program.h"

int
main(int argc, char **argv)
{
	static const struct rm_stage_program program = {
		.name = "rm-launch",
		.summary = "turn plans into ACCEPT calls",
		.rules = rm_launch_rules,
		.make = rm_launch_new,
		.free = rm_launch_free,
	};
	return rm_stage_program_main(&program, argc, argv);
}
