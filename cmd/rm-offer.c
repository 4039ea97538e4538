/* rm-offer: the stage that matches nodes with offers. */
#include "sched/offer.h"
#include "stream/stage_program.h"

int
main(int argc, char **argv)
{
	static const struct rm_stage_program program = {
		.name = "rm-offer",
		.summary = "match nodes with offers",
		.rules = rm_offer_rules,
		.make = rm_offer_new,
		.free = rm_offer_free,
	};
	return rm_stage_program_main(&program, argc, argv);
}
