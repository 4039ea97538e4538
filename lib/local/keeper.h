/*
 * The keeper: a process of its own that brings in what an executor needs,
 * runs it, and writes down how it ended. It has a session of its own and
 * outlives rm-local, so that a new rm-local finds the executor, or learns its
 * wait status.
 */
#ifndef RM_LOCAL_KEEPER_H
#define RM_LOCAL_KEEPER_H

#include <jv.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

struct rm_keeper_job {
	const char *sandbox;
	const char
	    *record; /* path without ending: .pid and .status are files */
	jv command; /* CommandInfo; borrowed */
	char *const *environment;
};

/*
 * Forks the keeper. It does nothing before a byte comes through *go, and ends
 * when that is closed without one: so nothing runs that is not in the state
 * file. Returns its pid.
 */
pid_t rm_keeper_start(
    const struct rm_keeper_job *job, int *go, struct rm_error *err);

/* Of the executor, 0 when it does not run yet. */
pid_t rm_keeper_executor(const char *record);
/* How it ended: true and its wait status; or *failure (the caller's): why it
 * did not begin. False: nothing is written. */
bool rm_keeper_status(const char *record, int *status, char **failure);
/* Removes what it wrote. */
void rm_keeper_forget(const char *record);

/* When a process started, in the kernel's ticks; 0: there is none, or it is a
 * zombie. */
unsigned long long rm_process_started(pid_t pid);
/* SIGKILL for every process of the session but its leader. Returns how many
 * there were. */
int rm_session_kill(pid_t session);

#endif
