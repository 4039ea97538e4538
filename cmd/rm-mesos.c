/* rm-mesos: both ends of the pipeline, the master's events and the calls. */
#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/log.h"
#include "base/option.h"
#include "base/str.h"
#include "mesos/calls.h"
#include "mesos/events.h"
#include "stream/figures.h"

struct options {
	struct rm_events_options events;
	const char *framework_id, *name, *role, *principal, *user, *hostname,
	    *webui_url;
	const char *wire;
	double failover_timeout;
	double deadline;
	bool dry_run;
};

#define AT(field) offsetof(struct options, field)

/* What both commands have. */
#define COMMON_OPTIONS                                                         \
	{ RM_OPTION_TEXT, "credentials", 0, "FILE", "RIAK_MESOS_CREDENTIALS",  \
		NULL, NULL,                                                    \
		"principal and secret, JSON or \"PRINCIPAL SECRET\"",          \
		AT(events.credentials), false },                               \
	    { RM_OPTION_TEXT, "ca-file", 0, "FILE", "RIAK_MESOS_CA_FILE",      \
		    NULL, NULL,                                                \
		    "certificates that sign the masters' [system's]",          \
		    AT(events.ca_file), false },                               \
	    { RM_OPTION_TEXT, "zk", 0, "HOSTS", "RIAK_MESOS_ZK", "riak.zk",    \
		    NULL, "ZooKeeper with the framework's records",            \
		    AT(events.zk), false },                                    \
	    { RM_OPTION_TEXT, "zk-auth-file", 0, "FILE",                       \
		    "RIAK_MESOS_ZK_AUTH_FILE", NULL, NULL,                     \
		    "user:password for ZooKeeper", AT(events.zk_auth),         \
		    false },                                                   \
	    { RM_OPTION_COUNT, "figures-fd", 0, "FD", NULL, NULL, NULL,        \
		    "count in this memory of rm-schedd's",                     \
		    AT(events.figures_fd), false },                            \
	{                                                                      \
		RM_OPTION_TEXT, "framework", 0, "NAME", "RIAK_MESOS_NAME",     \
		    "riak.framework-name", "riak",                             \
		    "framework whose records to use", AT(events.name), false   \
	}

static const struct rm_option events_options[] = {
	{ RM_OPTION_TEXT, "master", 'm', "MASTERS", "RIAK_MESOS_MASTER",
	    "riak.master", NULL,
	    "host:port,... or https://host:port,... or "
	    "zk://host:port,.../mesos",
	    AT(events.masters), true },
	COMMON_OPTIONS,
	{ RM_OPTION_TEXT, "fence", 0, "PATH", NULL, NULL, NULL,
	    "election node that must be there to subscribe", AT(events.fence),
	    false },
	{ RM_OPTION_TEXT, "framework-id", 0, "ID", "RIAK_MESOS_FRAMEWORK_ID",
	    NULL, NULL, "take up this framework [the record's]",
	    AT(framework_id), false },
	{ RM_OPTION_FLAG, "new", 0, NULL, NULL, NULL, NULL,
	    "begin a new framework, even beside one of this name",
	    AT(events.fresh), false },
	{ RM_OPTION_TEXT, "name", 0, "NAME", NULL, NULL, NULL,
	    "what Mesos calls it [that of --framework]", AT(name), false },
	{ RM_OPTION_TEXT, "role", 0, "ROLE", "RIAK_MESOS_ROLE", "riak.role",
	    NULL, "role whose offers it gets [settings]", AT(role), false },
	{ RM_OPTION_TEXT, "principal", 0, "NAME", "RIAK_MESOS_PRINCIPAL",
	    "riak.auth-principal", NULL,
	    "principal [settings, then the credentials']", AT(principal),
	    false },
	{ RM_OPTION_TEXT, "user", 0, "NAME", "RIAK_MESOS_USER", "riak.user",
	    NULL, "who runs tasks [settings, then who runs this]", AT(user),
	    false },
	{ RM_OPTION_TEXT, "hostname", 0, "HOST", "RIAK_MESOS_HOSTNAME",
	    "riak.hostname", NULL, "of the scheduler [settings]", AT(hostname),
	    false },
	{ RM_OPTION_TEXT, "webui-url", 0, "URL", "RIAK_MESOS_WEBUI_URL", NULL,
	    NULL, "where Mesos's pages point [settings]", AT(webui_url),
	    false },
	{ RM_OPTION_NUMBER, "failover-timeout", 0, "SECONDS",
	    "RIAK_MESOS_FAILOVER_TIMEOUT", "riak.failover-timeout", NULL,
	    "until Mesos kills the tasks of who is gone [settings, a week]",
	    AT(failover_timeout), false },
	{ RM_OPTION_TEXT, "wire", 0, "FORM", "RIAK_MESOS_WIRE", NULL, "json",
	    "how the master sends events: json or protobuf", AT(wire), false },
	RM_OPTIONS_END,
};

static const struct rm_option calls_options[] = {
	COMMON_OPTIONS,
	{ RM_OPTION_NUMBER, "deadline", 0, "SECONDS", NULL, NULL, "10",
	    "for each call", AT(deadline), false },
	{ RM_OPTION_FLAG, "dry-run", 'n', NULL, NULL, NULL, NULL,
	    "print what would be posted, secrets masked", AT(dry_run), false },
	RM_OPTIONS_END,
};
#undef AT

static bool
count(const char *stage, const struct options *options)
{
	struct rm_error err = { 0 };
	if (rm_figures_open(options->events.figures_fd, stage, &err) == 0)
		return true;
	rm_log_error("%s", err.text);
	return false;
}

static bool
choose_wire(struct options *o)
{
	o->events.protobuf = strcmp(o->wire, "protobuf") == 0;
	if (o->events.protobuf || strcmp(o->wire, "json") == 0)
		return true;
	rm_log_error("bad value for --wire: %s", o->wire);
	return false;
}

static char *
copy(const char *text)
{
	return text != NULL && *text != '\0' ? rm_strdup(text) : NULL;
}

static int
run_events(void *values, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	struct options *o = values;
	if (!choose_wire(o))
		return RM_EXIT_USAGE;
	struct rm_framework framework = {
		.id = copy(o->framework_id),
		.name = copy(o->name),
		.role = copy(o->role),
		.principal = copy(o->principal),
		.user = copy(o->user),
		.hostname = copy(o->hostname),
		.webui_url = copy(o->webui_url),
		.failover_timeout = o->failover_timeout,
	};
	return count("rm-mesos events", o)
		   ? rm_events_run(&o->events, &framework)
		   : RM_EXIT_USAGE;
}

static int
run_calls(void *values, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	const struct options *o = values;
	const struct rm_calls_options options = {
		.credentials = o->events.credentials,
		.ca_file = o->events.ca_file,
		.zk = o->events.zk,
		.zk_auth = o->events.zk_auth,
		.name = o->events.name,
		.deadline = o->deadline,
		.dry_run = o->dry_run,
	};
	if (o->deadline <= 0) {
		rm_log_error("bad value for --deadline: 0");
		return RM_EXIT_USAGE;
	}
	return count("rm-mesos calls", o) ? rm_calls_run(&options)
					  : RM_EXIT_USAGE;
}

int
main(int argc, char **argv)
{
	static const struct rm_command commands[] = {
		{ "events", NULL, "subscribe, print what the master says",
		    events_options, 0, 0, run_events },
		{ "calls", NULL, "post the calls of the stream on stdin",
		    calls_options, 0, 0, run_calls },
		{ 0 },
	};
	static const int exits[] = { RM_EXIT_OK, RM_EXIT_REJECTED,
		RM_EXIT_USAGE, RM_EXIT_BUG, RM_EXIT_CONFLICT, RM_EXIT_OUTSIDE,
		-1 };
	static const struct rm_program program = {
		.name = "rm-mesos",
		.summary = "be a Mesos framework: events out, calls in",
		.commands = commands,
		.options_size = sizeof(struct options),
		.exits = exits,
	};
	return rm_program_main(&program, argc, argv);
}
