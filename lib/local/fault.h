/*
 * Faults on purpose: POST /local/fault/VERB?agent=N&NAME=VALUE on the master's
 * port, for this machine only; rm-local(1) lists the verbs.
 */
#ifndef RM_LOCAL_FAULT_H
#define RM_LOCAL_FAULT_H

#include <stdio.h>

#include "local/daemon.h"

/* Route of the master's server; its argument is the daemon. */
void rm_local_serve_fault(struct rm_request *request, void *daemon);

/* "rm-local fault VERB [AGENT] [NAME=VALUE]…": asks the master at host:port.
 * Prints what it is told; returns the exit code. */
int rm_local_fault_ask(const char *master, int argc, char **argv);

/* The table of verbs, a line each. */
void rm_local_fault_help(FILE *to);

#endif
