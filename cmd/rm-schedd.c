/* rm-schedd: the supervisor that types the scheduler's pipeline. */
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/json.h"
#include "base/log.h"
#include "base/option.h"
#include "base/str.h"
#include "io/loop.h"
#include "io/ready.h"
#include "io/secret.h"
#include "riak/archive.h"
#include "schedd/settings.h"
#include "schedd/supervisor.h"
#include "state/record.h"

struct options {
	struct rm_settings settings;
	const char *zk, *zk_auth_file, *master, *credentials, *ca_file;
	const char *framework_id, *programs;
	bool fresh;
	long ready_fd;
	double backoff;
};

#define AT(field) offsetof(struct options, field)
#define TEXT(name, arg, env, key, fallback, help, field)                       \
	{                                                                      \
		RM_OPTION_TEXT, name, 0, arg, env, key, fallback, help,        \
		    AT(field), false                                           \
	}
#define NUMBER(name, arg, env, key, fallback, help, field)                     \
	{                                                                      \
		RM_OPTION_NUMBER, name, 0, arg, env, key, fallback, help,      \
		    AT(field), false                                           \
	}
#define FLAG(name, help, field)                                                \
	{                                                                      \
		RM_OPTION_FLAG, name, 0, NULL, NULL, NULL, NULL, help,         \
		    AT(field), false                                           \
	}

static const struct rm_option options_table[] = {
	{ RM_OPTION_TEXT, "zk", 0, "HOSTS", "RIAK_MESOS_ZK", "riak.zk", NULL,
	    "ZooKeeper, as host:port[,host:port]", AT(zk), true },
	{ RM_OPTION_TEXT, "master", 0, "MASTER", "RIAK_MESOS_MASTER",
	    "riak.master", NULL,
	    "Mesos: host:port[,host:port] or zk://hosts/mesos", AT(master),
	    true },
	TEXT("framework", "NAME", "RIAK_MESOS_NAME", "riak.framework-name",
	    "riak", "the framework's name", settings.framework),
	TEXT("role", "ROLE", "RIAK_MESOS_ROLE", "riak.role", "riak",
	    "role to take offers for", settings.role),
	TEXT("principal", "NAME", "RIAK_MESOS_PRINCIPAL", "riak.auth-principal",
	    "riak", "principal of the framework", settings.principal),
	TEXT("user", "NAME", "RIAK_MESOS_USER", "riak.user", "root",
	    "user that executors run as", settings.user),
	TEXT("hostname", "NAME", "RIAK_MESOS_HOSTNAME", "riak.hostname", NULL,
	    "our host, as Mesos shows it", settings.hostname),
	TEXT("webui-url", "URL", "RIAK_MESOS_WEBUI_URL", "riak.framework-url",
	    NULL, "what Mesos's web page links to", settings.webui_url),
	TEXT("zk-auth-file", "FILE", "RIAK_MESOS_ZK_AUTH_FILE", NULL, NULL,
	    "user:password for ZooKeeper", zk_auth_file),
	TEXT("credentials", "FILE", "RIAK_MESOS_SECRET_FILE",
	    "riak.auth-secret-file", NULL, "principal and secret for Mesos",
	    credentials),
	TEXT("ca-file", "FILE", "RIAK_MESOS_CA_FILE", NULL, NULL,
	    "certificates to trust for https", ca_file),
	TEXT("framework-id", "ID", "RIAK_MESOS_FRAMEWORK_ID", NULL, NULL,
	    "take up this framework", framework_id),
	FLAG("new", "begin another framework of this name", fresh),
	NUMBER("failover-timeout", "SECONDS", "RIAK_MESOS_FAILOVER_TIMEOUT",
	    "riak.failover-timeout", "604800",
	    "how long Mesos keeps our tasks without us",
	    settings.failover_timeout),
	NUMBER("node-cpus", "N", "RIAK_MESOS_NODE_CPUS", "riak.node.cpus", "1",
	    "cpus of a node", settings.node_cpus),
	NUMBER("node-mem", "MIB", "RIAK_MESOS_NODE_MEM", "riak.node.mem",
	    "2048", "memory of a node", settings.node_mem),
	NUMBER("node-disk", "MIB", "RIAK_MESOS_NODE_DISK", "riak.node.disk",
	    "4000", "volume of a node", settings.node_disk),
	TEXT("network-interface", "NAME", "RIAK_MESOS_NODE_IFACE",
	    "riak.node.network_interface_name", NULL,
	    "agents' interface that nodes listen on",
	    settings.network_interface),
	NUMBER("executor-cpus", "N", "RIAK_MESOS_EXECUTOR_CPUS",
	    "riak.executor.cpus", "0.1", "cpus of an executor",
	    settings.executor_cpus),
	NUMBER("executor-mem", "MIB", "RIAK_MESOS_EXECUTOR_MEM",
	    "riak.executor.mem", "64", "memory of an executor",
	    settings.executor_mem),
	{ RM_OPTION_LIST, "resource", 0, "KEY=URL", NULL, NULL, NULL,
	    "executor=URL, riak-…=URL; may be given again",
	    AT(settings.resources), false },
	TEXT("resource-urls", "JSON", "RIAK_MESOS_RESOURCE_URLS", "resources",
	    NULL, "the same as one JSON object", settings.resource_urls),
	TEXT("constraints", "JSON", "RIAK_MESOS_CONSTRAINTS",
	    "riak.constraints", NULL, "Marathon constraints",
	    settings.constraints),
	TEXT("where", "PROGRAM", "RIAK_MESOS_WHERE", NULL, NULL,
	    "jq program that must hold for an offer", settings.where),
	NUMBER("spread-wait", "SECONDS", "RIAK_MESOS_SPREAD_WAIT", NULL, "60",
	    "wait before two nodes share an agent", settings.spread_wait),
	NUMBER("refuse-seconds", "SECONDS", "RIAK_MESOS_REFUSE_SECONDS", NULL,
	    "3600", "filter for offers that can't be used",
	    settings.refuse_seconds),
	NUMBER("kill-grace", "SECONDS", "RIAK_MESOS_KILL_GRACE", NULL, "120",
	    "time that Riak gets to stop", settings.kill_grace),
	NUMBER("start-limit", "SECONDS", "RIAK_MESOS_START_LIMIT", NULL, "600",
	    "time that Riak gets to be ready", settings.start_limit),
	NUMBER("launch-limit", "SECONDS", "RIAK_MESOS_LAUNCH_LIMIT", NULL, "60",
	    "time before a silent launch is asked after",
	    settings.launch_limit),
	FLAG("no-operation-ids", "ask for no operation feedback",
	    settings.no_operation_ids),
	NUMBER("backoff", "SECONDS", "RIAK_MESOS_BACKOFF", NULL, "1",
	    "first wait before the pipeline starts again", backoff),
	TEXT("programs", "DIR", "RIAK_MESOS_PROGRAMS", NULL, NULL,
	    "where the stages are; beside this program", programs),
	{ RM_OPTION_COUNT, "ready-fd", 0, "FD", NULL, NULL, NULL,
	    "write a newline to it when ready", AT(ready_fd), false },
	RM_OPTIONS_END,
};

/* The directory of this program. */
static char *
own_directory(void)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = '\0';
	char *slash = strrchr(path, '/');
	if (slash != NULL)
		*slash = '\0';
	return rm_strdup(path);
}

static int
fail(const struct rm_error *err)
{
	rm_log_error("%s", err->text);
	return err->code;
}

/* One bad package is no reason to leave the nodes of the others alone. */
static void
look_at_packages(jv settings)
{
	jv resources = rm_json_get(settings, "resources");
	jv_object_foreach (resources, key, url) {
		struct rm_error err = { 0 };
		if (strncmp(jv_string_value(key), "riak-", 5) == 0 &&
		    rm_riak_archive_check_url(
			jv_string_value(url), "data", &err) != 0)
			rm_log_warn("--resource: %s: %s", jv_string_value(key),
			    err.text);
		jv_free(key);
		jv_free(url);
	}
	jv_free(resources);
}

static int
run(void *values, int argc, char **argv)
{
	struct options *o = values;
	(void)argc, (void)argv;
	struct rm_error err = { 0 };
	jv settings;
	if (!rm_record_key_ok(o->settings.framework)) {
		rm_log_error(
		    "--framework: not a name: %s", o->settings.framework);
		return RM_EXIT_USAGE;
	}
	o->settings.zookeeper = o->zk;
	o->settings.zookeeper_auth = o->zk_auth_file != NULL;
	/* What the stages will be given is looked at now, not once it leads. */
	if (rm_ready_check(o->ready_fd, &err) != 0 ||
	    (o->credentials != NULL &&
		rm_secret_check(o->credentials, &err) != 0) ||
	    rm_settings_make(&o->settings, &settings, &err) != 0)
		return fail(&err);
	look_at_packages(settings);
	struct event_base *loop = rm_loop_new(false, &err);
	if (loop == NULL) {
		jv_free(settings);
		return fail(&err);
	}
	char *own = own_directory();
	struct rm_supervisor_options s = {
		.pipeline = {
			.programs = o->programs != NULL ? o->programs : own,
			.zk = o->zk,
			.zk_auth_file = o->zk_auth_file,
			.framework = o->settings.framework,
			.master = o->master,
			.credentials = o->credentials,
			.ca_file = o->ca_file,
			.framework_id = o->framework_id,
			.fresh = o->fresh,
		},
		.settings = settings,
		.ready_fd = o->ready_fd,
		.first_backoff = o->backoff,
		/* All is well again within 30 s of any failure, starting included. */
		.longest_backoff = 15,
	};
	int code = rm_supervisor_run(loop, &s);
	event_base_free(loop);
	free(own);
	return code;
}

int
main(int argc, char **argv)
{
	static const struct rm_command commands[] = {
		{ .run = run, .options = options_table },
		{ .run = NULL },
	};
	static const int exits[] = { RM_EXIT_OK, RM_EXIT_USAGE, RM_EXIT_BUG,
		RM_EXIT_CONFLICT, RM_EXIT_OUTSIDE, -1 };
	static const struct rm_program program = {
		.name = "rm-schedd",
		.summary = "supervise the scheduler of a framework",
		.commands = commands,
		.options_size = sizeof(struct options),
		.exits = exits,
	};
	return rm_program_main(&program, argc, argv);
}
