#include "executor/command.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "base/str.h"
#include "executor/tail.h"
#include "io/loop.h"
#include "io/process.h"

#define OUTPUT_MAX (64 << 10)

struct rm_command {
	struct rm_process *process;
	pid_t group;
	struct rm_tail *output;
	struct rm_timer limit;
	bool cancelled;
	void (*done)(void *arg, bool ok, const char *output);
	void *arg;
};

static void
command_free(struct rm_command *command)
{
	rm_timer_free(&command->limit);
	rm_tail_free(command->output);
	free(command);
}

static void
ended(void *arg, pid_t pid, int status)
{
	struct rm_command *command = arg;
	(void)pid;
	kill(-command->group, SIGKILL); /* what it may have left behind */
	rm_tail_drain(command->output);
	if (!command->cancelled)
		command->done(command->arg,
		    WIFEXITED(status) && WEXITSTATUS(status) == 0,
		    rm_tail_text(command->output));
	command_free(command);
}

static void
too_long(void *arg)
{
	struct rm_command *command = arg;
	rm_process_signal(command->process, SIGKILL);
}

struct rm_command *
rm_command_start(struct event_base *loop,
    const struct rm_command_options *options, struct rm_error *err)
{
	struct rm_tail *output = rm_tail_new(loop, OUTPUT_MAX, -1, err);
	if (output == NULL)
		return NULL;
	struct rm_command *command = rm_alloc(sizeof(*command));
	command->output = output;
	command->done = options->done;
	command->arg = options->arg;
	const struct rm_process_options process = { .argv = options->argv,
		.envp = options->envp,
		.cwd = options->cwd,
		.in = -1,
		.out = rm_tail_descriptor(output),
		.err = rm_tail_descriptor(output),
		.group = true,
		.on_exit = ended,
		.arg = command };
	rm_timer_init(&command->limit, loop, too_long, command);
	command->process = rm_process_start(loop, &process, err);
	rm_tail_close_descriptor(output);
	if (command->process == NULL) {
		command_free(command);
		return NULL;
	}
	command->group = rm_process_pid(command->process);
	rm_timer_set(&command->limit, options->limit);
	return command;
}

void
rm_command_cancel(struct rm_command *command)
{
	if (command == NULL)
		return;
	command->cancelled = true;
	rm_process_signal(command->process, SIGKILL);
}
