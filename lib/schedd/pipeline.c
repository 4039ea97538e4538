#include "schedd/pipeline.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/log.h"
#include "base/str.h"
#include "io/loop.h"
#include "io/process.h"
#include "stream/figures.h"

/* Once one stage has ended, the others get this long to drain. */
#define DRAIN 5.0
#define STOP  10.0

enum wants {
	WANTS_ZK = 1,
	WANTS_FENCE = 2,
	WANTS_MESOS = 4, /* credentials and CA */
	WANTS_MASTER = 8,
};

static const struct {
	const char *program, *command;
	unsigned wants;
} table[RM_PIPELINE_STAGES] = {
	{ "rm-mesos", "events",
	    WANTS_ZK | WANTS_FENCE | WANTS_MESOS | WANTS_MASTER },
	{ "rm-state", "watch", WANTS_ZK },
	{ "rm-status", NULL, 0 },
	{ "rm-cluster", NULL, 0 },
	{ "rm-offer", NULL, 0 },
	{ "rm-launch", NULL, 0 },
	{ "rm-state", "apply", WANTS_ZK | WANTS_FENCE },
	{ "rm-mesos", "calls", WANTS_ZK | WANTS_MESOS },
};

struct stage {
	struct rm_pipeline *pipeline; /* NULL: nobody waits for it */
	struct rm_process *process;
	size_t index;
};

struct rm_pipeline {
	struct stage *stages[RM_PIPELINE_STAGES]; /* NULL: ended */
	size_t running;
	struct rm_timer deadline;
	bool ending, stopping;
	bool killed; /* the rest got SIGKILL from us */
	int code;
	char what[96];
	size_t blamed; /* the stage that what names */
	void (*on_end)(void *arg, int code, const char *what);
	void *arg;
};

/* ---- command lines ---- */

struct words {
	char **items;
	size_t count;
};

static void
add(struct words *words, const char *word)
{
	words->items = rm_realloc(
	    words->items, (words->count + 2) * sizeof(*words->items));
	words->items[words->count++] = rm_strdup(word);
	words->items[words->count] = NULL;
}

static void
add_option(struct words *words, const char *name, const char *value)
{
	if (value == NULL)
		return;
	add(words, name);
	add(words, value);
}

static void
words_free(struct words *words)
{
	for (size_t i = 0; i < words->count; i++)
		free(words->items[i]);
	free(words->items);
}

static struct words
command_line(const struct rm_pipeline_options *o, size_t i)
{
	struct words words = { 0 };
	char *path = rm_format("%s/%s", o->programs, table[i].program);
	unsigned wants = table[i].wants;
	add(&words, path);
	free(path);
	if (table[i].command != NULL)
		add(&words, table[i].command);
	add_option(&words, "--log-format", rm_log_format_name());
	add_option(&words, "--log-level", rm_log_level_name());
	if (wants & WANTS_ZK) {
		add_option(&words, "--zk", o->zk);
		add_option(&words, "--zk-auth-file", o->zk_auth_file);
		add_option(&words, "--framework", o->framework);
	}
	if (o->figures_fd > 0) {
		char fd[16];
		snprintf(fd, sizeof(fd), "%d", o->figures_fd);
		add_option(&words, "--figures-fd", fd);
	}
	if (wants & WANTS_FENCE)
		add_option(&words, "--fence", o->fence);
	if (wants & WANTS_MESOS) {
		add_option(&words, "--credentials", o->credentials);
		add_option(&words, "--ca-file", o->ca_file);
	}
	if (wants & WANTS_MASTER) {
		add_option(&words, "--master", o->master);
		add_option(&words, "--framework-id", o->framework_id);
		if (o->fresh)
			add(&words, "--new");
	}
	return words;
}

/* ---- ends ---- */

/* How telling an end is; higher wins. */
static int
weight(int code)
{
	static const int order[] = { RM_EXIT_USAGE, RM_EXIT_CONFLICT,
		RM_EXIT_BUG, RM_EXIT_OUTSIDE };
	size_t n = sizeof(order) / sizeof(*order);
	for (size_t i = 0; i < n; i++)
		if (order[i] == code)
			return (int)(n - i) + 1;
	return code != 0 && code != RM_EXIT_REJECTED;
}

/* "rm-state apply"; the caller's. */
static char *
name_of(size_t i)
{
	bool one = table[i].command == NULL;
	return rm_format("%s%s%s", table[i].program, one ? "" : " ",
	    one ? "" : table[i].command);
}

static void
note(struct rm_pipeline *p, size_t i, int status)
{
	/* A signal that we did not send is a crash, or the system's. */
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : RM_EXIT_OUTSIDE;
	bool first = p->what[0] == '\0';
	if (!first && weight(code) <= weight(p->code))
		return;
	p->code = code;
	p->blamed = i;
	char *name = name_of(i);
	snprintf(p->what, sizeof(p->what), "%s ended with %s", name,
	    rm_process_status(status));
	free(name);
}

static void
signal_all(struct rm_pipeline *p, int signal)
{
	for (size_t i = 0; i < RM_PIPELINE_STAGES; i++)
		if (p->stages[i] != NULL)
			rm_process_signal(p->stages[i]->process, signal);
}

static void
begin_end(struct rm_pipeline *p, double seconds)
{
	if (p->ending)
		return;
	p->ending = true;
	if (p->stages[0] != NULL)
		rm_process_signal(p->stages[0]->process, SIGTERM);
	rm_timer_set(&p->deadline, seconds);
}

static void
on_deadline(void *arg)
{
	struct rm_pipeline *p = arg;
	p->killed = true;
	signal_all(p, SIGKILL);
}

static void
finish(struct rm_pipeline *p)
{
	int code = p->stopping ? RM_EXIT_OK : p->code;
	void (*on_end)(void *, int, const char *) = p->on_end;
	void *arg = p->arg;
	char what[sizeof(p->what)];
	memcpy(what, p->what, sizeof(what));
	if (!p->stopping) {
		char *name = name_of(p->blamed);
		rm_figures_add(RM_FIGURE_ENDS, name, NULL, 1);
		free(name);
	}
	rm_timer_free(&p->deadline);
	free(p);
	on_end(arg, code, what);
}

static void
on_exit_of(void *arg, pid_t pid, int status)
{
	struct stage *stage = arg;
	struct rm_pipeline *p = stage->pipeline;
	size_t i = stage->index;
	(void)pid;
	free(stage);
	if (p == NULL)
		return;
	p->stages[i] = NULL;
	p->running--;
	/* What our own signals did tells nothing. A stage that was killed may
	 * be heard of after those that its end brought to theirs. */
	bool ours = WIFSIGNALED(status) &&
		    (p->killed || (p->ending && WTERMSIG(status) == SIGTERM));
	if (!ours)
		note(p, i, status);
	begin_end(p, DRAIN);
	if (p->running == 0)
		finish(p);
}

/* ---- starting ---- */

static int
start_stage(struct rm_pipeline *p, struct event_base *loop,
    const struct rm_pipeline_options *o, size_t i, int in, int out,
    struct rm_error *err)
{
	struct words words = command_line(o, i);
	struct stage *stage = rm_alloc(sizeof(*stage));
	const int keep[] = { o->figures_fd > 0 ? o->figures_fd : -1, -1 };
	stage->pipeline = p;
	stage->index = i;
	stage->process = rm_process_start(loop,
	    &(struct rm_process_options){
		.argv = words.items,
		.in = in,
		.out = out,
		.err = -1,
		.keep = keep,
		.on_exit = on_exit_of,
		.arg = stage,
	    },
	    err);
	words_free(&words);
	if (stage->process == NULL) {
		free(stage);
		return -1;
	}
	p->stages[i] = stage;
	p->running++;
	return 0;
}

static int
start_all(struct rm_pipeline *p, struct event_base *loop,
    const struct rm_pipeline_options *o, struct rm_error *err)
{
	int in = -1, rc = 0;
	for (size_t i = 0; rc == 0 && i < RM_PIPELINE_STAGES; i++) {
		int ends[2] = { -1, -1 };
		bool last = i == RM_PIPELINE_STAGES - 1;
		if (!last && pipe2(ends, O_CLOEXEC) != 0)
			rc = rm_error_set(
			    err, RM_EXIT_OUTSIDE, "pipe: %s", strerror(errno));
		else
			rc = start_stage(p, loop, o, i, in, ends[1], err);
		if (in >= 0)
			close(in);
		if (ends[1] >= 0)
			close(ends[1]);
		in = ends[0];
	}
	if (in >= 0)
		close(in);
	return rc;
}

struct rm_pipeline *
rm_pipeline_start(struct event_base *loop,
    const struct rm_pipeline_options *options, struct rm_error *err)
{
	struct rm_pipeline *p = rm_alloc(sizeof(*p));
	p->on_end = options->on_end;
	p->arg = options->arg;
	rm_timer_init(&p->deadline, loop, on_deadline, p);
	if (start_all(p, loop, options, err) == 0)
		return p;
	rm_pipeline_kill(p);
	return NULL;
}

void
rm_pipeline_stop(struct rm_pipeline *p)
{
	p->stopping = true;
	begin_end(p, STOP);
}

void
rm_pipeline_kill(struct rm_pipeline *p)
{
	for (size_t i = 0; i < RM_PIPELINE_STAGES; i++)
		if (p->stages[i] != NULL) {
			rm_process_signal(p->stages[i]->process, SIGKILL);
			p->stages[i]->pipeline = NULL;
		}
	rm_timer_free(&p->deadline);
	free(p);
}
