/*
 * Pure stages as processes, one behind the other: lines in, and all that they
 * say of them out. STAGES are their names; all four unless it is defined. die()
 * is the includer's.
 */
#ifndef STAGES_PIPE_H
#define STAGES_PIPE_H

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"

static void die(const char *what, const char *of);

#ifndef STAGES
#define STAGES "rm-status", "rm-cluster", "rm-offer", "rm-launch"
#endif
static const char *const stages[] = { STAGES };
#define STAGE_COUNT (int)(sizeof(stages) / sizeof(*stages))

static pid_t pids[sizeof(stages) / sizeof(*stages)];
static int to_stages = -1, from_stages = -1;

static pid_t
start_stage(const char *name, int in, int out)
{
	char path[4096];
	snprintf(path, sizeof(path), "%s/%s", getenv("RM_BIN"), name);
	pid_t pid = fork();
	if (pid != 0)
		return pid;
	int log = open(
	    getenv("MODEL_LOG") != NULL ? getenv("MODEL_LOG") : "/dev/null",
	    O_WRONLY | O_CREAT | O_APPEND, 0600);
	dup2(in, 0);
	dup2(out, 1);
	dup2(log, 2);
	execl(path, name, (char *)NULL);
	_exit(127);
}

static void
start_stages(void)
{
	int ends[2], in;
	if (pipe2(ends, O_CLOEXEC) != 0)
		die("pipe", "");
	to_stages = ends[1];
	in = ends[0];
	for (int i = 0; i < STAGE_COUNT; i++) {
		if (pipe2(ends, O_CLOEXEC) != 0)
			die("pipe", "");
		pids[i] = start_stage(stages[i], in, ends[1]);
		close(in);
		close(ends[1]);
		in = ends[0];
	}
	from_stages = in;
	fcntl(to_stages, F_SETFL, O_NONBLOCK);
}

static void
stop_stages(void)
{
	close(to_stages);
	close(from_stages);
	for (int i = 0; i < STAGE_COUNT; i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
}

/* Sends lines and takes all that the stages say of them: up to a heartbeat
 * that goes through all. */
static void
exchange(const struct rm_str *lines, struct rm_str *answer)
{
	static unsigned long turn;
	char mark[64], chunk[65536];
	size_t sent = 0;
	struct rm_str all = { 0 };
	snprintf(mark, sizeof(mark), "{\"event\":\"HEARTBEAT\",\"at\":%lu}\n",
	    ++turn);
	rm_str_add(&all, lines->text != NULL ? lines->text : "", lines->len);
	rm_str_puts(&all, mark);
	rm_str_puts(answer, "");
	while (strstr(answer->text, mark) == NULL) {
		struct pollfd fds[] = { { from_stages, POLLIN, 0 },
			{ sent < all.len ? to_stages : -1, POLLOUT, 0 } };
		if (poll(fds, 2, 20000) <= 0)
			die("the stages are silent", "");
		if (fds[1].revents != 0) {
			ssize_t n = write(
			    to_stages, all.text + sent, all.len - sent);
			sent += n > 0 ? (size_t)n : 0;
		}
		if (fds[0].revents == 0)
			continue;
		ssize_t n = read(from_stages, chunk, sizeof(chunk));
		if (n <= 0)
			die("a stage has ended", "");
		rm_str_add(answer, chunk, (size_t)n);
	}
	rm_str_free(&all);
}

#endif
