/*
 * rm-local as a process: the world, its servers, its clock, its state file.
 */
#ifndef RM_LOCAL_DAEMON_H
#define RM_LOCAL_DAEMON_H

#include <event2/event.h>

#include "io/http_server.h"
#include "io/loop.h"
#include "local/local.h"

struct rm_local_daemon_options {
	long agents;
	const char *address; /* of the master and of the first agent */
	long port, agent_port; /* 0: a free one */
	const char *port_file; /* or NULL */
	/* Of the agents in turn; the rest have those that follow address. */
	const char *const *addresses;
	size_t address_count;
	/* For the agents in turn; the last counts for the rest. */
	const char *const *resources, *const *attributes, *const *domains;
	size_t resource_count, attribute_count, domain_count;
	const char *work_dir;
	const char *credentials; /* file, or NULL */
	const char *zk; /* "zk://host:port/path", or NULL */
	double allocation_interval;
	bool dry; /* executors are no processes; nothing is stored */
	struct rm_local_settings settings;
};

struct rm_local_announce;
struct rm_local_dry;

struct rm_local_site { /* an agent's address */
	struct rm_local_daemon *daemon;
	struct rm_local_agent *agent;
	struct rm_server *server; /* NULL: down */
};

struct rm_local_daemon {
	struct rm_local local;
	struct event_base *loop;
	struct rm_server *server;
	struct rm_local_site *sites; /* one an agent */
	struct rm_local_announce *announce; /* or NULL */
	struct rm_local_dry *dry; /* or NULL */
	char *work_dir, *state;
	int lock;
	jv credentials; /* invalid: anyone */
	double allocation_interval;
	struct rm_timer tick, allocation, last;
	const struct rm_local_daemon_options *options;
	bool ready, stopping;
	int code; /* to exit with */
};

/* Serves until told to stop; returns the exit code. */
int rm_local_daemon_run(const struct rm_local_daemon_options *options);

/* It is known who leads: says so, the first time. */
void rm_local_daemon_ready(struct rm_local_daemon *daemon);

/* Around everything that changes the world: sets its time; stores it. */
void rm_local_daemon_enter(struct rm_local_daemon *daemon);
void rm_local_daemon_settle(struct rm_local_daemon *daemon);

#endif
