/* rm-status: the stage that follows the tasks. */
#include "sched/status.h"
#include "stream/stage_program.h"

int
main(int argc, char **argv)
{
	static const struct rm_stage_program program = {
		.name = "rm-status",
		.summary = "follow the tasks: acknowledge, reconcile, record",
		.rules = rm_status_rules,
		.make = rm_status_new,
		.free = rm_status_free,
	};
	return rm_stage_program_main(&program, argc, argv);
}
