/* rm-local: a stand-in for Mesos, one master and its agents in one process. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/json.h"
#include "base/log.h"
#include "base/option.h"
#include "local/daemon.h"
#include "local/fault.h"
#include "local/spec.h"

struct options {
	long agents, port, agent_port;
	const char *address, *port_file, *work_dir, *credentials, *zk, *master;
	struct rm_option_list addresses, resources, attributes, domains;
	double allocation_interval, agent_timeout, registration_timeout,
	    reregister_timeout, heartbeat, update_retry, election;
	bool keep_executors, authenticate_executors, dry;
};

#define AT(field) offsetof(struct options, field)
static const struct rm_option table[] = {
	{ RM_OPTION_COUNT, "agents", 'n', "N", NULL, NULL, "3",
	    "how many agents", AT(agents), false },
	{ RM_OPTION_TEXT, "address", 0, "IP", NULL, NULL, "127.0.0.1",
	    "of the master and the first agent", AT(address), false },
	{ RM_OPTION_LIST, "agent-address", 0, "IP", NULL, NULL, NULL,
	    "of the next agent", AT(addresses), false },
	{ RM_OPTION_COUNT, "port", 'p', "PORT", NULL, NULL, "5050",
	    "of the master; 0 takes a free one", AT(port), false },
	{ RM_OPTION_COUNT, "agent-port", 0, "PORT", NULL, NULL, "5051",
	    "of each agent; 0 takes a free one", AT(agent_port), false },
	{ RM_OPTION_TEXT, "port-file", 0, "FILE", NULL, NULL, NULL,
	    "write addresses there when ready", AT(port_file), false },
	{ RM_OPTION_TEXT, "work-dir", 'd', "DIR", NULL, NULL, "./rm-local",
	    "state, sandboxes and volumes", AT(work_dir), false },
	{ RM_OPTION_LIST, "resources", 'r', "LIST", NULL, NULL, NULL,
	    "of the next agent, as Mesos has it", AT(resources), false },
	{ RM_OPTION_LIST, "attributes", 'a', "LIST", NULL, NULL, NULL,
	    "of the next agent, as Mesos has it", AT(attributes), false },
	{ RM_OPTION_LIST, "domain", 0, "REGION/ZONE", NULL, NULL, NULL,
	    "of the next agent; the first is the master's", AT(domains),
	    false },
	{ RM_OPTION_TEXT, "credentials", 0, "FILE", NULL, NULL, NULL,
	    "who may subscribe: HTTP Basic", AT(credentials), false },
	{ RM_OPTION_TEXT, "zk", 0, "zk://HOST:PORT/PATH", NULL, NULL, NULL,
	    "announce the master in ZooKeeper", AT(zk), false },
	{ RM_OPTION_NUMBER, "allocation-interval", 0, "SECONDS", NULL, NULL,
	    "1", "between offers", AT(allocation_interval), false },
	{ RM_OPTION_NUMBER, "heartbeat", 0, "SECONDS", NULL, NULL, "15",
	    "between heartbeats", AT(heartbeat), false },
	{ RM_OPTION_NUMBER, "update-retry", 0, "SECONDS", NULL, NULL, "10",
	    "before an update is sent again", AT(update_retry), false },
	{ RM_OPTION_NUMBER, "agent-timeout", 0, "SECONDS", NULL, NULL, "75",
	    "before an agent is unreachable", AT(agent_timeout), false },
	{ RM_OPTION_NUMBER, "registration-timeout", 0, "SECONDS", NULL, NULL,
	    "60", "for an executor's first SUBSCRIBE", AT(registration_timeout),
	    false },
	{ RM_OPTION_NUMBER, "reregister-timeout", 0, "SECONDS", NULL, NULL, "2",
	    "for executors when their agent is back", AT(reregister_timeout),
	    false },
	{ RM_OPTION_NUMBER, "election", 0, "SECONDS", NULL, NULL, "3",
	    "without leader at a failover", AT(election), false },
	{ RM_OPTION_FLAG, "authenticate-executors", 0, NULL, NULL, NULL, NULL,
	    "executors need the token they get", AT(authenticate_executors),
	    false },
	{ RM_OPTION_FLAG, "keep-executors", 0, NULL, NULL, NULL, NULL,
	    "leave them running when stopped", AT(keep_executors), false },
	{ RM_OPTION_FLAG, "dry", 0, NULL, NULL, NULL, NULL,
	    "answer as executors do, run none, store nothing", AT(dry), false },
	{ RM_OPTION_TEXT, "master", 'm', "HOST:PORT", NULL, NULL,
	    "127.0.0.1:5050", "which rm-local a fault is for", AT(master),
	    false },
	RM_OPTIONS_END,
};
#undef AT

static int
run_fault(const struct options *o, int argc, char **argv)
{
	if (argc > 0 && strcmp(argv[0], "help") != 0)
		return rm_local_fault_ask(o->master, argc, argv);
	rm_local_fault_help(stdout);
	return fflush(stdout) == 0 ? RM_EXIT_OK : RM_EXIT_OUTSIDE;
}

static int
run(void *options, int argc, char **argv)
{
	const struct options *o = options;
	if (argc > 0 && strcmp(argv[0], "fault") == 0)
		return run_fault(o, argc - 1, argv + 1);
	if (argc > 0) {
		rm_log_error("unexpected operand %s", argv[0]);
		return RM_EXIT_USAGE;
	}
	if (o->agents < 1 || o->agents > 10000 || o->port > 65535 ||
	    o->agent_port > 65535) {
		rm_log_error("agents are 1 to 10000, ports up to 65535");
		return RM_EXIT_USAGE;
	}
	/* Else something else would be opened in its place, and be written to.
	 */
	if (fcntl(STDOUT_FILENO, F_GETFD) < 0) {
		rm_log_error("standard output: %s", strerror(errno));
		return RM_EXIT_OUTSIDE;
	}
	struct rm_error err = { 0 };
	jv domain = jv_invalid();
	if (o->domains.count > 0 &&
	    rm_spec_domain(o->domains.items[0], &domain, &err) != 0) {
		rm_log_error("%s", err.text);
		return err.code;
	}
	struct rm_local_daemon_options daemon = {
		.agents = o->agents,
		.address = o->address,
		.port = o->port,
		.agent_port = o->agent_port,
		.port_file = o->port_file,
		.addresses = o->addresses.items,
		.address_count = o->addresses.count,
		.resources = o->resources.items,
		.resource_count = o->resources.count,
		.attributes = o->attributes.items,
		.attribute_count = o->attributes.count,
		.domains = o->domains.items,
		.domain_count = o->domains.count,
		.work_dir = o->work_dir,
		.credentials = o->credentials,
		.zk = o->zk,
		.allocation_interval = o->allocation_interval,
		.dry = o->dry,
		.settings = {
			.heartbeat = o->heartbeat,
			.update_retry = o->update_retry,
			.agent_timeout = o->agent_timeout,
			.registration_timeout = o->registration_timeout,
			.reregister_timeout = o->reregister_timeout,
			.election = o->election,
			.domain = domain,
			.keep_executors = o->keep_executors,
			.authenticate_executors = o->authenticate_executors,
		},
	};
	return rm_local_daemon_run(&daemon);
}

static const struct rm_command commands[] = {
	{ NULL, "[fault VERB [AGENT] [NAME=VALUE]...]", NULL, table, 0, -1,
	    run },
	{ NULL },
};
static const int exits[] = { RM_EXIT_OK, RM_EXIT_USAGE, RM_EXIT_CONFLICT,
	RM_EXIT_OUTSIDE, -1 };

int
main(int argc, char **argv)
{
	static const struct rm_program program = {
		.name = "rm-local",
		.summary = "stand in for Mesos: a master and agents in one "
			   "process",
		.commands = commands,
		.options_size = sizeof(struct options),
		.exits = exits,
	};
	return rm_program_main(&program, argc, argv);
}
