#include "executor/mapper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "io/loop.h"
#include "io/process.h"

#define RETRY_FIRST 0.2
#define RETRY_MOST  5.0
#define GRACE       5.0
#define STEADY      30.0 /* one that ran so long starts at RETRY_FIRST */

struct rm_mapper {
	struct event_base *loop;
	struct rm_mapper_options options;
	struct rm_process *process; /* NULL: not running */
	double started;
	unsigned tries;
	bool was_ready, stopping;
	int pipe; /* it writes a newline when it is ready; -1: closed */
	struct event *readable;
	struct rm_timer timer; /* start again; when stopping: kill */
	struct rm_error trouble;
};

static void
close_pipe(struct rm_mapper *mapper)
{
	if (mapper->readable != NULL)
		event_free(mapper->readable);
	mapper->readable = NULL;
	if (mapper->pipe >= 0)
		close(mapper->pipe);
	mapper->pipe = -1;
}

static void
says(evutil_socket_t fd, short what, void *arg)
{
	(void)what;
	struct rm_mapper *mapper = arg;
	char byte;
	ssize_t n = read(fd, &byte, 1);
	if (n < 0 && errno == EINTR)
		return;
	close_pipe(mapper);
	if (n != 1 || mapper->was_ready || mapper->stopping)
		return;
	mapper->was_ready = true;
	mapper->options.ready(mapper->options.arg);
}

static void
ended(void *arg, pid_t pid, int status)
{
	struct rm_mapper *mapper = arg;
	(void)pid;
	mapper->process = NULL;
	close_pipe(mapper);
	if (mapper->stopping) {
		rm_timer_stop(&mapper->timer);
		mapper->options.ended(mapper->options.arg);
		return;
	}
	if (rm_now() - mapper->started > STEADY)
		mapper->tries = 0;
	snprintf(mapper->trouble.text, sizeof(mapper->trouble.text),
	    "rm-cepmd ended: %s", rm_process_status(status));
	rm_log_warn("%s", mapper->trouble.text);
	rm_timer_set(&mapper->timer,
	    rm_backoff(mapper->tries++, RETRY_FIRST, RETRY_MOST));
}

/* argv, and what in it is to be freed; ready is the descriptor's number. */
struct arguments {
	char *argv[24];
	size_t count;
};

static void
argument(struct arguments *args, const char *name, const char *value)
{
	args->argv[args->count++] = rm_format("--%s=%s", name, value);
}

static void
make_arguments(struct arguments *args, const struct rm_mapper *mapper,
    int ready, int auth)
{
	const struct rm_mapper_options *o = &mapper->options;
	char number[16], path[32];
	args->argv[args->count++] = rm_strdup(o->program);
	snprintf(number, sizeof(number), "%d", o->task->cepmd);
	argument(args, "port", number);
	argument(args, "zk", o->task->zookeepers);
	if (o->zk_auth_file != NULL) {
		argument(args, "zk-auth-file", o->zk_auth_file);
	} else if (auth >= 0) {
		snprintf(path, sizeof(path), "/dev/fd/%d", auth);
		argument(args, "zk-auth-file", path);
	}
	argument(args, "framework", o->task->framework);
	argument(args, "cluster", o->task->cluster);
	/* Where other hosts reach this one: no name of it has to be known. As
	 * a number it is also where rm-cepmd listens. */
	argument(args, "host", o->task->address);
	char *name = rm_format(
	    "%.*s", (int)strcspn(o->task->node, "@"), o->task->node);
	argument(args, "publish", name);
	free(name);
	snprintf(number, sizeof(number), "%d", ready);
	argument(args, "ready-fd", number);
}

/* The password in a pipe, which takes that much at once: neither an argument
 * nor a file in the sandbox, which agents show to whoever asks. *fd is -1 when
 * none is needed. */
static int
open_auth(struct rm_mapper *mapper, int *fd)
{
	const char *auth = mapper->options.task->zk_auth;
	size_t len = strlen(auth);
	int ends[2];
	*fd = -1;
	if (mapper->options.zk_auth_file != NULL || len == 0)
		return 0;
	if (pipe2(ends, O_CLOEXEC) != 0)
		return rm_error_set(
		    &mapper->trouble, 0, "pipe: %s", strerror(errno));
	bool whole = write(ends[1], auth, len) == (ssize_t)len;
	close(ends[1]);
	*fd = ends[0];
	if (whole)
		return 0;
	close(ends[0]);
	return rm_error_set(&mapper->trouble, 0, "pipe: can't be written");
}

static int
launch(struct rm_mapper *mapper, int write_end)
{
	struct arguments args = { 0 };
	int auth;
	if (open_auth(mapper, &auth) != 0)
		return -1;
	const int keep[] = { write_end, auth, -1 };
	make_arguments(&args, mapper, write_end, auth);
	const struct rm_process_options process = { .argv = args.argv,
		.in = -1,
		.out = -1,
		.err = -1,
		.keep = keep,
		.group = true,
		.on_exit = ended,
		.arg = mapper };
	mapper->process = rm_process_start(
	    mapper->loop, &process, &mapper->trouble);
	if (auth >= 0)
		close(auth);
	for (size_t i = 0; i < args.count; i++)
		free(args.argv[i]);
	return mapper->process != NULL ? 0 : -1;
}

static void
start(void *arg)
{
	struct rm_mapper *mapper = arg;
	int ends[2];
	if (mapper->stopping) {
		if (mapper->process != NULL)
			rm_process_signal(mapper->process, SIGKILL);
		return;
	}
	if (pipe2(ends, O_CLOEXEC) != 0)
		rm_error_set(&mapper->trouble, 0, "pipe: %s", strerror(errno));
	else if (launch(mapper, ends[1]) == 0) {
		mapper->started = rm_now();
		mapper->pipe = ends[0];
		mapper->readable = event_new(
		    mapper->loop, ends[0], EV_READ | EV_PERSIST, says, mapper);
		event_add(mapper->readable, NULL);
		close(ends[1]);
		return;
	} else {
		close(ends[0]);
		close(ends[1]);
	}
	rm_log_warn("%s", mapper->trouble.text);
	rm_timer_set(&mapper->timer,
	    rm_backoff(mapper->tries++, RETRY_FIRST, RETRY_MOST));
}

struct rm_mapper *
rm_mapper_new(struct event_base *loop, const struct rm_mapper_options *options)
{
	struct rm_mapper *mapper = rm_alloc(sizeof(*mapper));
	mapper->loop = loop;
	mapper->options = *options;
	mapper->pipe = -1;
	rm_timer_init(&mapper->timer, loop, start, mapper);
	rm_timer_set(&mapper->timer, 0);
	return mapper;
}

void
rm_mapper_stop(struct rm_mapper *mapper)
{
	if (mapper->stopping)
		return;
	mapper->stopping = true;
	if (mapper->process == NULL) {
		rm_timer_stop(&mapper->timer);
		mapper->options.ended(mapper->options.arg);
		return;
	}
	rm_process_signal(mapper->process, SIGTERM);
	rm_timer_set(&mapper->timer, GRACE);
}

void
rm_mapper_free(struct rm_mapper *mapper)
{
	if (mapper == NULL)
		return;
	close_pipe(mapper);
	rm_timer_free(&mapper->timer);
	free(mapper);
}

const char *
rm_mapper_trouble(const struct rm_mapper *mapper)
{
	return mapper->trouble.text;
}
