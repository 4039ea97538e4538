#include "executor/riak.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "executor/environment.h"
#include "executor/file.h"
#include "executor/follow.h"
#include "executor/tail.h"
#include "io/loop.h"
#include "io/process.h"
#include "riak/flags.h"

#define KEPT         4096 /* bytes of each stream */
#define WORDS        16 /* of a command */
#define LAST_WORDS   500 /* bytes of each source */
#define GROUP_CHECK  0.05
#define GROUP_CHECKS 100

struct rm_riak {
	struct event_base *loop;
	struct rm_riak_options options;
	char **environment;
	struct rm_process *vm; /* NULL: none, or reaped */
	bool running;
	pid_t pid;
	int status, checks;
	double stop_by; /* 0: it was not asked to stop */
	struct rm_tail *out, *errors;
	struct rm_follow *log;
	struct rm_timer kill, group;
};

static void
nothing_left(struct rm_riak *riak)
{
	rm_tail_drain(riak->out);
	rm_tail_drain(riak->errors);
	rm_follow_drain(riak->log);
	riak->running = false;
	riak->options.on_end(riak->options.arg, riak->status);
}

/* What the VM had started goes a little later than itself. */
static void
check_group(void *arg)
{
	struct rm_riak *riak = arg;
	if (kill(-riak->pid, SIGKILL) != 0 && errno == ESRCH)
		nothing_left(riak);
	else if (riak->checks++ < GROUP_CHECKS)
		rm_timer_set(&riak->group, GROUP_CHECK);
	else {
		rm_log_warn("children of Riak's do not end");
		nothing_left(riak);
	}
}

static void
vm_ended(void *arg, pid_t pid, int status)
{
	struct rm_riak *riak = arg;
	(void)pid;
	rm_log_info("Riak has ended status=\"%s\"", rm_process_status(status));
	riak->vm = NULL;
	riak->status = status;
	rm_timer_stop(&riak->kill);
	check_group(riak);
}

static void
kill_now(void *arg)
{
	struct rm_riak *riak = arg;
	rm_log_warn("Riak does not end: killed");
	if (riak->vm != NULL)
		rm_process_signal(riak->vm, SIGKILL);
}

/* The node and every command need the same: a command without them would ask
 * the wrong port mapper, and start a stray one. */
static char **
make_environment(const struct rm_riak_options *o)
{
	const char *path = getenv("PATH");
	struct rm_str flags = { 0 };
	rm_flags_write(
	    &flags, &(struct rm_flags){ o->ebin, o->task->address,
			o->task->cluster_manager, o->task->data_dir });
	char *own[] = {
		rm_format("ERL_ZFLAGS=%s", flags.text),
		rm_format("ERL_EPMD_PORT=%d", o->task->cepmd),
		rm_format("PATH=%s%s%s",
		    o->package->erts_bin != NULL ? o->package->erts_bin : "",
		    o->package->erts_bin != NULL ? ":" : "",
		    path != NULL ? path : "/usr/local/bin:/usr/bin:/bin"),
		rm_format("HOME=%s",
		    getenv("HOME") != NULL ? getenv("HOME") : o->sandbox),
	};
	const char *extra[] = { "CODE_LOADING_MODE=interactive",
		/* A new name each time would cost the VM an atom for good. */
		"NODETOOL_NODE_PREFIX=rm", own[0], own[1], own[2], own[3],
		NULL };
	char **environment = rm_environ_for_riak(extra);
	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
		free(own[i]);
	rm_str_free(&flags);
	return environment;
}

struct rm_riak *
rm_riak_new(struct event_base *loop, const struct rm_riak_options *options)
{
	struct rm_riak *riak = rm_alloc(sizeof(*riak));
	riak->loop = loop;
	riak->options = *options;
	riak->environment = make_environment(options);
	rm_timer_init(&riak->kill, loop, kill_now, riak);
	rm_timer_init(&riak->group, loop, check_group, riak);
	return riak;
}

void
rm_riak_free(struct rm_riak *riak)
{
	if (riak == NULL)
		return;
	rm_timer_free(&riak->kill);
	rm_timer_free(&riak->group);
	rm_tail_free(riak->out);
	rm_tail_free(riak->errors);
	rm_follow_free(riak->log);
	rm_environ_free(riak->environment);
	free(riak);
}

char *const *
rm_riak_environment(const struct rm_riak *riak)
{
	return riak->environment;
}

struct rm_command *
rm_riak_run(struct rm_riak *riak, const char *words, double limit,
    void (*done)(void *arg, bool ok, const char *output), void *arg,
    struct rm_error *err)
{
	char *line = rm_strdup(words), *rest = line, *argv[WORDS] = { NULL };
	for (size_t i = 0; i < WORDS - 1 && rest != NULL; i++)
		argv[i] = strsep(&rest, " ");
	const struct rm_command_options options = { .argv = argv,
		.envp = riak->environment,
		.cwd = riak->options.package->root,
		.limit = limit,
		.done = done,
		.arg = arg };
	struct rm_command *command = rm_command_start(
	    riak->loop, &options, err);
	free(line);
	return command;
}

static char *
log_path(const struct rm_riak *riak)
{
	return rm_format("%s/log/console.log", riak->options.package->root);
}

/* Riak 3 logs to a file only; Mesos shows what is on stdout. */
static void
follow_log(struct rm_riak *riak)
{
	char *path = log_path(riak);
	riak->log = rm_follow_new(riak->loop, path, STDOUT_FILENO);
	free(path);
}

static int
open_tails(struct rm_riak *riak, struct rm_error *err)
{
	riak->out = rm_tail_new(riak->loop, KEPT, STDOUT_FILENO, err);
	if (riak->out != NULL)
		riak->errors = rm_tail_new(
		    riak->loop, KEPT, STDERR_FILENO, err);
	return riak->errors != NULL ? 0 : -1;
}

int
rm_riak_start(struct rm_riak *riak, struct rm_error *err)
{
	char *argv[] = { (char[]){ "bin/riak" }, (char[]){ "foreground" },
		NULL };
	const int keep[] = { riak->options.lock, -1 };
	if (open_tails(riak, err) != 0)
		return -1;
	const struct rm_process_options process = { .argv = argv,
		.envp = riak->environment,
		.cwd = riak->options.package->root,
		.in = -1,
		.out = rm_tail_descriptor(riak->out),
		.err = rm_tail_descriptor(riak->errors),
		.keep = keep,
		.group = true,
		.on_exit = vm_ended,
		.arg = riak };
	riak->vm = rm_process_start(riak->loop, &process, err);
	rm_tail_close_descriptor(riak->out);
	rm_tail_close_descriptor(riak->errors);
	if (riak->vm == NULL)
		return -1;
	riak->pid = rm_process_pid(riak->vm);
	riak->running = true;
	follow_log(riak);
	rm_log_info("Riak was started pid=%ld", (long)riak->pid);
	return 0;
}

bool
rm_riak_is_running(const struct rm_riak *riak)
{
	return riak != NULL && riak->running;
}

void
rm_riak_stop(struct rm_riak *riak, double grace)
{
	double until = rm_now() + grace;
	if (riak->vm == NULL)
		return;
	if (riak->stop_by == 0) /* the VM alone: it ends its helpers itself */
		kill(riak->pid, SIGTERM);
	else if (until > riak->stop_by)
		return;
	riak->stop_by = until;
	rm_timer_set(&riak->kill, grace);
}

/* Appends a line, " | " before it, control bytes made harmless. */
static void
add_line(struct rm_str *to, const char *line, size_t len)
{
	if (to->len > 0)
		rm_str_puts(to, " | ");
	for (size_t i = 0; i < len; i++)
		rm_str_add(
		    to, iscntrl((unsigned char)line[i]) ? " " : &line[i], 1);
}

static bool
is_grave(const char *line, size_t len)
{
	static const char *const levels[] = { "[error]", "[critical]",
		"[alert]", "[emergency]" };
	for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++)
		if (memmem(line, len, levels[i], strlen(levels[i])) != NULL)
			return true;
	return false;
}

/* The last whole lines of a text, as many as fit; grave: only such ones. */
static void
add_lines(struct rm_str *to, const char *text, size_t most, bool grave)
{
	const char *end = text + strlen(text);
	struct rm_str lines = { 0 };
	while (end > text) {
		const char *from = end;
		while (from > text && from[-1] != '\n')
			from--;
		size_t len = (size_t)(end - from);
		if (lines.len + len > most)
			break;
		if (len > 0 && (!grave || is_grave(from, len))) {
			struct rm_str both = { 0 };
			add_line(&both, from, len);
			if (lines.len > 0)
				add_line(&both, lines.text, lines.len);
			rm_str_free(&lines);
			lines = both;
		}
		end = from > text ? from - 1 : text;
	}
	if (lines.len > 0)
		add_line(to, lines.text, lines.len);
	rm_str_free(&lines);
}

char *
rm_riak_last_words(struct rm_riak *riak)
{
	struct rm_str words = { 0 }, log = { 0 };
	char *path = log_path(riak);
	rm_file_tail(&log, path, KEPT);
	if (riak->errors != NULL)
		add_lines(
		    &words, rm_tail_text(riak->errors), LAST_WORDS, false);
	if (log.len > 0)
		add_lines(&words, log.text, LAST_WORDS, true);
	if (words.len == 0 && log.len > 0)
		add_lines(&words, log.text, LAST_WORDS / 2, false);
	if (words.len == 0 && riak->out != NULL)
		add_lines(&words, rm_tail_text(riak->out), LAST_WORDS, false);
	if (words.len == 0)
		rm_str_puts(&words, "none");
	free(path);
	rm_str_free(&log);
	return rm_str_take(&words);
}
