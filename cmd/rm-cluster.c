/* rm-cluster: the stage that decides what each cluster needs. */
#include "sched/cluster.h"
#include "stream/stage_program.h"

int
main(int argc, char **argv)
{
	static const struct rm_stage_program program = {
		.name = "rm-cluster",
		.summary = "decide what each cluster needs next",
		.rules = rm_cluster_rules,
		.make = rm_cluster_new,
		.free = rm_cluster_free,
	};
	return rm_stage_program_main(&program, argc, argv);
}
