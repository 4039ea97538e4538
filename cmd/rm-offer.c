/* rm-offer: the stage that matches nodes with offers. */
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "base/exit.h"
#include "sched/offer.h"
#include "stream/stage_program.h"

static const struct rm_option options[] = {
	{ RM_OPTION_TEXT, "where", 0, "PROGRAM", NULL, NULL, NULL,
	    "jq program that must hold for an offer",
	    offsetof(struct rm_offer_options, where), false },
	{ RM_OPTION_FLAG, "explain", 0, NULL, NULL, NULL, NULL,
	    "print each verdict instead of the stream",
	    offsetof(struct rm_offer_options, explain), false },
	RM_STAGE_FIGURES,
	RM_OPTIONS_END,
};

/* The jq program had its time: see where.h. Nothing of the round was said. */
static void
on_limit(int number)
{
	static const char text[] =
	    "rm-offer: error: where: takes too long for an offer\n";
	(void)number;
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(RM_EXIT_OUTSIDE);
	_exit(RM_EXIT_USAGE);
}

int
main(int argc, char **argv)
{
	static const struct rm_stage_program program = {
		.name = "rm-offer",
		.summary = "match nodes with offers",
		.rules = rm_offer_rules,
		.make = rm_offer_new,
		.free = rm_offer_free,
		.options = options,
		.options_size = sizeof(struct rm_offer_options),
		.configure = rm_offer_configure,
	};
	signal(SIGVTALRM, on_limit);
	return rm_stage_program_main(&program, argc, argv);
}
