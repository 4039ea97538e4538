#include "riak/admin_run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/str.h"
#include "io/loop.h"
#include "io/process.h"

#define LOCK_WAIT 0.05 /* seconds between two tries */
#define MOST      (16 << 20) /* bytes that a command may say */

struct stream {
	int fd; /* our end, -1 when closed */
	struct event *event;
	struct rm_str text;
};

struct rm_admin_run {
	struct event_base *loop;
	const struct rm_admin_command *command;
	char **argv; /* owned */
	char *const *envp;
	double timeout;
	void (*on_done)(void *arg, const struct rm_admin_answer *answer);
	void *arg;
	int lock; /* descriptor */
	struct rm_process *process;
	struct rm_timer retry, deadline;
	struct stream out, err;
	bool killed; /* for its time, or its size */
	bool cancelled;
};

static void
stream_close(struct stream *s)
{
	if (s->event != NULL)
		event_free(s->event);
	s->event = NULL;
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

static void
run_free(struct rm_admin_run *run)
{
	rm_timer_free(&run->retry);
	rm_timer_free(&run->deadline);
	stream_close(&run->out);
	stream_close(&run->err);
	rm_str_free(&run->out.text);
	rm_str_free(&run->err.text);
	if (run->lock >= 0)
		close(run->lock);
	rm_admin_argv_free(run->argv);
	free(run);
}

static void
finish(struct rm_admin_run *run, struct rm_admin_answer *answer)
{
	void (*on_done)(void *, const struct rm_admin_answer *) = run->on_done;
	void *arg = run->arg;
	bool cancelled = run->cancelled;
	run_free(run);
	if (!cancelled)
		on_done(arg, answer);
	rm_admin_answer_free(answer);
}

static void
finish_without(struct rm_admin_run *run, int code, const char *why)
{
	struct rm_admin_answer answer = { .code = code, .value = jv_invalid() };
	snprintf(answer.text, sizeof(answer.text), "%s: %s",
	    rm_admin_name_of(run->command), why);
	finish(run, &answer);
}

/* What is there; kills a command that never ends talking. */
static void
stream_read(struct rm_admin_run *run, struct stream *s)
{
	char chunk[16384];
	ssize_t n = 0;
	/* This may be the last look: nothing is left behind for a signal. */
	while (s->fd >= 0 && s->text.len <= MOST &&
	       ((n = read(s->fd, chunk, sizeof(chunk))) > 0 ||
		   (n < 0 && errno == EINTR)))
		if (n > 0)
			rm_str_add(&s->text, chunk, (size_t)n);
	if (s->text.len > MOST && run->process != NULL && !run->killed) {
		run->killed = true;
		rm_process_signal(run->process, SIGKILL);
	}
	if (n == 0 || s->text.len > MOST ||
	    (n < 0 && errno != EAGAIN))
		stream_close(s);
}

static void
readable(evutil_socket_t fd, short what, void *arg)
{
	(void)what;
	struct rm_admin_run *run = arg;
	stream_read(run, fd == run->out.fd ? &run->out : &run->err);
}

static void
ended(void *arg, pid_t pid, int status)
{
	(void)pid;
	struct rm_admin_run *run = arg;
	run->process = NULL;
	/* Not to the end of the file: a daemon that the command left behind
	 * may hold the other end. */
	stream_read(run, &run->out);
	stream_read(run, &run->err);
	if (run->killed && !rm_timer_armed(&run->deadline)) {
		char why[64];
		snprintf(why, sizeof(why), "no answer in %g s", run->timeout);
		finish_without(run, RM_EXIT_TIMEOUT, why);
		return;
	}
	if (run->killed) {
		finish_without(run, RM_EXIT_OUTSIDE, "it never stops talking");
		return;
	}
	struct rm_admin_output output = { run->out.text.text,
		run->err.text.text, run->out.text.len, run->err.text.len,
		status };
	struct rm_admin_answer answer = { 0 };
	rm_admin_judge(run->command, &output, &answer);
	finish(run, &answer);
}

static int
stream_open(struct rm_admin_run *run, struct stream *s, int *theirs)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	*theirs = ends[1];
	s->fd = ends[0];
	fcntl(s->fd, F_SETFL, O_NONBLOCK);
	s->event = event_new(
	    run->loop, s->fd, EV_READ | EV_PERSIST, readable, run);
	return s->event != NULL ? event_add(s->event, NULL) : -1;
}

static void
launch(struct rm_admin_run *run)
{
	struct rm_error err = { 0 };
	int out = -1, error = -1;
	if (stream_open(run, &run->out, &out) != 0 ||
	    stream_open(run, &run->err, &error) != 0) {
		rm_error_set(
		    &err, RM_EXIT_OUTSIDE, "pipe: %s", strerror(errno));
	} else {
		struct rm_process_options options = { .argv = run->argv,
			.envp = run->envp,
			.in = -1,
			.out = out,
			.err = error,
			.group = true,
			.on_exit = ended,
			.arg = run };
		run->process = rm_process_start(run->loop, &options, &err);
	}
	if (out >= 0)
		close(out);
	if (error >= 0)
		close(error);
	if (run->process == NULL)
		finish_without(run, RM_EXIT_OUTSIDE, err.text);
}

static void
try_lock(void *arg)
{
	struct rm_admin_run *run = arg;
	if (flock(run->lock, LOCK_EX | LOCK_NB) == 0) {
		launch(run);
		return;
	}
	if (errno == EWOULDBLOCK || errno == EINTR)
		rm_timer_set(&run->retry, LOCK_WAIT);
	else
		finish_without(run, RM_EXIT_OUTSIDE, strerror(errno));
}

static void
too_late(void *arg)
{
	struct rm_admin_run *run = arg;
	if (run->process == NULL) {
		finish_without(run, RM_EXIT_TIMEOUT,
		    "another command of this root does not end");
		return;
	}
	run->killed = true;
	rm_process_signal(run->process, SIGKILL);
}

struct rm_admin_run *
rm_admin_run_start(struct event_base *loop,
    const struct rm_admin_run_options *options, struct rm_error *err)
{
	char **argv = rm_admin_argv(options->command, options->root,
	    options->count, options->operands, err);
	if (argv == NULL)
		return NULL;
	char *path = rm_format("%s/.rm-riak.lock", options->root);
	int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (lock < 0) {
		rm_error_set(
		    err, RM_EXIT_OUTSIDE, "%s: %s", path, strerror(errno));
		free(path);
		rm_admin_argv_free(argv);
		return NULL;
	}
	free(path);
	struct rm_admin_run *run = rm_alloc(sizeof(*run));
	*run = (struct rm_admin_run){ .loop = loop,
		.command = options->command,
		.argv = argv,
		.envp = options->envp,
		.timeout = options->timeout,
		.on_done = options->on_done,
		.arg = options->arg,
		.lock = lock,
		.out.fd = -1,
		.err.fd = -1 };
	rm_timer_init(&run->retry, loop, try_lock, run);
	rm_timer_init(&run->deadline, loop, too_late, run);
	rm_timer_set(&run->retry, 0);
	rm_timer_set(&run->deadline, options->timeout);
	return run;
}

void
rm_admin_run_cancel(struct rm_admin_run *run)
{
	run->cancelled = true;
	if (run->process != NULL) {
		rm_process_signal(run->process, SIGKILL);
		return;
	}
	run_free(run);
}
