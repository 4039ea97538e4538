/*
 * Child processes on the loop. A child dies with its parent (PR_SET_PDEATHSIG,
 * and a check for a parent that was gone already), and inherits only
 * descriptors that it was given.
 */
#ifndef RM_IO_PROCESS_H
#define RM_IO_PROCESS_H

#include <event2/event.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

struct rm_process;

struct rm_process_options {
	char *const *argv; /* argv[0] is looked up in PATH unless it has a / */
	char *const *envp; /* NULL: this process's */
	const char *cwd; /* NULL: this process's */
	int in, out, err; /* dup'ed to 0, 1, 2; -1: /dev/null for in, ours for
			     out and err */
	const int *keep; /* further descriptors to keep open, -1 at the end */
	bool group; /* a process group of its own */
	int death_signal; /* when the parent dies; 0: SIGKILL */
	/* status is waitpid's. Once; the process is freed after it. */
	void (*on_exit)(void *arg, pid_t pid, int status);
	void *arg;
};

/* An exec that fails is an error here, not an exit status: err names argv[0]
 * and errno's words, RM_EXIT_USAGE when there is no such file. */
struct rm_process *rm_process_start(struct event_base *loop,
    const struct rm_process_options *options, struct rm_error *err);
pid_t rm_process_pid(const struct rm_process *process);
/* To the group, if it has one. */
void rm_process_signal(struct rm_process *process, int signal);
/* Words for a wait status: "exit 1", "signal 9 (Killed)". Static buffer. */
const char *rm_process_status(int status);

#endif
