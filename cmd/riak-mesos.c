/* riak-mesos(1): the command line. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/log.h"
#include "base/option.h"
#include "cli/advice.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/filter.h"
#include "state/output.h"

#define AT(field) offsetof(struct rm_cli_options, field)
#define FLAG(name, letter, help, field)                                        \
	{                                                                      \
		RM_OPTION_FLAG, name, letter, NULL, NULL, NULL, NULL, help,    \
		    AT(field), false                                           \
	}
#define TEXT(name, letter, arg, help, field)                                   \
	{                                                                      \
		RM_OPTION_TEXT, name, letter, arg, NULL, NULL, NULL, help,     \
		    AT(field), false                                           \
	}
#define TIMEOUT                                                                \
	{                                                                      \
		RM_OPTION_NUMBER, "timeout", 0, "SECONDS", NULL, NULL, "60",   \
		    "longest wait", AT(timeout), false                         \
	}
#define NODES(help)                                                            \
	{                                                                      \
		RM_OPTION_COUNT, "nodes", 0, "N", NULL, NULL, "1", help,       \
		    AT(nodes), false                                           \
	}

static const struct rm_option globals[] = {
	{ RM_OPTION_TEXT, "api", 0, "URL", "RIAK_MESOS_API",
	    "riak.framework-url", NULL,
	    "where rm-api is [where Marathon says, or " RM_CLI_API "]",
	    AT(api), false },
	{ RM_OPTION_TEXT, "token-file", 0, "FILE", "RIAK_MESOS_TOKEN_FILE",
	    NULL, NULL, "token for changes", AT(token_file), false },
	{ RM_OPTION_TEXT, "framework", 0, "NAME", "RIAK_MESOS_NAME",
	    "riak.framework-name", "riak", "the framework's name",
	    AT(framework), false },
	{ RM_OPTION_TEXT, "marathon", 0, "URL", "RIAK_MESOS_MARATHON",
	    "riak.marathon", NULL, "where Marathon is [" RM_CLI_MARATHON "]",
	    AT(marathon), false },
	{ RM_OPTION_TEXT, "riak", 0, "JSON", "RIAK_MESOS_RIAK", "riak", "{}",
	    "what Marathon's apps go by: the file's riak", AT(riak), false },
	{ RM_OPTION_TEXT, "resources", 0, "JSON", "RIAK_MESOS_RESOURCE_URLS",
	    "resources", "{}", "where packages are: the file's resources",
	    AT(resources), false },
	FLAG("json", 0, "print what the API answers", json),
	TEXT("jq", 0, "PROGRAM", "print what a jq program makes of that", jq),
	{ RM_OPTION_TEXT, "ca-file", 0, "FILE", "RIAK_MESOS_CA_FILE", NULL,
	    NULL, "certificates to trust for https", AT(ca_file), false },
	{ RM_OPTION_TEXT, "cert-file", 0, "FILE", "RIAK_MESOS_CERT_FILE", NULL,
	    NULL, "certificate to show, for https", AT(cert_file), false },
	{ RM_OPTION_TEXT, "key-file", 0, "FILE", "RIAK_MESOS_KEY_FILE", NULL,
	    NULL, "its key, when it is in another file", AT(key_file), false },
	FLAG("insecure-ssl", 0, "do not look at certificates", insecure),
	TEXT("home", 0, "DIR", "folder of config.json", home),
	FLAG("verbose", 'v', "log what is asked", verbose),
	FLAG("debug", 0, "log more", debug),
	FLAG("info", 0, "print what this is", info),
	FLAG("config-schema", 0, "print the configuration file's schema",
	    schema),
	RM_OPTIONS_END,
};

static const struct rm_option list_options[] = {
	TEXT("output", 'o', "FILE", "write the document to a file", output),
	RM_OPTIONS_END,
};
static const struct rm_option config_options[] = {
	TEXT(
	    "file", 0, "FILE", "set it from a file; - is standard input", file),
	FLAG("delete", 0, "take it away", remove),
	RM_OPTIONS_END,
};
static const struct rm_option add_options[] = {
	NODES("how many"),
	RM_OPTIONS_END,
};
static const struct rm_option wait_options[] = {
	TIMEOUT,
	RM_OPTIONS_END,
};
#define RECORDS                                                                \
	{ RM_OPTION_TEXT, "zk", 0, "HOSTS", "RIAK_MESOS_ZK", "riak.zk", NULL,  \
		"ZooKeeper, as host:port[,host:port]", AT(zk), true },         \
	    { RM_OPTION_TEXT, "zk-auth-file", 0, "FILE",                       \
		    "RIAK_MESOS_ZK_AUTH_FILE", NULL, NULL,                     \
		    "user:password for ZooKeeper", AT(zk_auth_file), false },  \
	{                                                                      \
		RM_OPTION_NUMBER, "wait", 0, "SECONDS", "RIAK_MESOS_ZK_WAIT",  \
		    NULL, "20", "longest wait for ZooKeeper", AT(zk_wait),     \
		    false                                                      \
	}
static const struct rm_option clean_options[] = {
	FLAG("force", 'f', "even while there are nodes", force),
	RECORDS,
	RM_OPTIONS_END,
};
static const struct rm_option teardown_options[] = {
	FLAG("force", 'f', "even while there are nodes", force),
	RECORDS,
	{ RM_OPTION_TEXT, "master", 'm', "MASTERS", "RIAK_MESOS_MASTER",
	    "riak.master", NULL,
	    "host:port,... or https://host:port,... or "
	    "zk://host:port,.../mesos",
	    AT(master), true },
	{ RM_OPTION_TEXT, "credentials", 0, "FILE", "RIAK_MESOS_SECRET_FILE",
	    "riak.auth-secret-file", NULL, "principal and secret for Mesos",
	    AT(credentials), false },
	TIMEOUT,
	RM_OPTIONS_END,
};
static const struct rm_option install_options[] = {
	FLAG("attach", 0, "wait until a scheduler leads", attach),
	TIMEOUT,
	RM_OPTIONS_END,
};
static const struct rm_option wait_nodes_options[] = {
	NODES("how many have to serve"),
	TIMEOUT,
	RM_OPTIONS_END,
};
static const struct rm_option transfers_options[] = {
	FLAG("wait-for-service", 0, "wait until there are none", wait),
	TIMEOUT,
	RM_OPTIONS_END,
};
static const struct rm_option orphans_options[] = {
	FLAG("adopt", 0, "let their nodes take them up again", adopt),
	FLAG("free", 0, "destroy them", release),
	TEXT("riak-version", 0, "VERSION",
	    "Riak of a cluster that has lost its record", riak_version),
	RM_OPTIONS_END,
};
static const struct rm_option restart_options[] = {
	{ RM_OPTION_COUNT, "parallel", 0, "N", NULL, NULL, "1",
	    "how many at a time", AT(parallel), false },
	RM_OPTIONS_END,
};
static const struct rm_option replace_options[] = {
	FLAG("force", 'f', "even one that serves", force),
	RM_OPTIONS_END,
};
static const struct rm_option remove_options[] = {
	FLAG("force", 'f', "at once, without handing its data over", force),
	RM_OPTIONS_END,
};
static const struct rm_option apply_options[] = {
	TEXT("file", 'f', "FILE", "what shall be; - is standard input", file),
	FLAG("dry-run", 0, "show what differs, do nothing", dry_run),
	TEXT("check-index", 0, "INDEX",
	    "only if nothing has changed since this --dry-run", check_index),
	RM_OPTIONS_END,
};
static const struct rm_option status_options[] = {
	FLAG("watch", 'w', "show it whenever it changes", watch),
	RM_OPTIONS_END,
};
static const struct rm_option diff_options[] = {
	FLAG("diff", 0, "only what of it is ours in place of the user's", diff),
	RM_OPTIONS_END,
};
static const struct rm_option tail_options[] = {
	{ RM_OPTION_COUNT, "lines", 'n', "N", NULL, NULL, "100",
	    "how many lines of its end", AT(lines), false },
	RM_OPTIONS_END,
};
#undef AT

static int
start(rm_cli_command *command, void *values, int argc, char **argv)
{
	struct rm_cli_options *o = values;
	struct rm_cli cli = { 0 };
	struct rm_error err = { 0 }, unheard = { 0 };
	struct rm_str out = { 0 };
	o->json |= o->jq != NULL;
	if (o->verbose || o->debug)
		rm_log_open("riak-mesos",
		    strcmp(rm_log_format_name(), "json") == 0 ? RM_LOG_JSON
							      : RM_LOG_TEXT,
		    RM_LOG_DEBUG);
	int rc = rm_cli_open(&cli, o, &err);
	if (rc == 0)
		rc = command(&cli, argc, argv, &out, &err);
	rm_cli_close(&cli);
	if (o->jq != NULL && out.len > 0 &&
	    rm_cli_filter(o->jq, &out, rc == 0 ? &err : &unheard) != 0) {
		rm_str_clear(&out);
		rc = -1;
	}
	int code = rm_output(&out, rc == 0 ? RM_EXIT_OK : err.code);
	/* Without words: nobody reads our output any more. */
	if (rc != 0)
		rm_cli_advise(&err);
	if (rc != 0 && err.text[0] != '\0')
		rm_log_error("%s", err.text);
	return code;
}

/* Without a command. */
static int
run_none(void *values, int argc, char **argv)
{
	const struct rm_cli_options *o = values;
	if (o->schema)
		return start(rm_cli_schema, values, argc, argv);
	if (o->info)
		return start(rm_cli_info, values, argc, argv);
	rm_log_error("a command is missing; try 'riak-mesos --help'");
	return RM_EXIT_USAGE;
}

#define RUN(name)                                                              \
	static int run_##name(void *values, int argc, char **argv)             \
	{                                                                      \
		return start(rm_cli_##name, values, argc, argv);               \
	}
RUN(cluster_list)
RUN(cluster_set)
RUN(cluster_create)
RUN(cluster_destroy)
RUN(cluster_info)
RUN(cluster_endpoints)
RUN(cluster_config)
RUN(cluster_advanced)
RUN(cluster_add_node)
RUN(cluster_restart)
RUN(cluster_upgrade)
RUN(cluster_scale)
RUN(cluster_rollout)
RUN(plan)
RUN(cluster_wait)
RUN(node_info)
RUN(node_status)
RUN(node_aae)
RUN(node_ringready)
RUN(node_transfers)
RUN(node_remove)
RUN(node_replace)
RUN(node_restart)
RUN(node_wait)
RUN(type_list)
RUN(type_create)
RUN(type_update)
RUN(log_list)
RUN(log_tail)
RUN(node_config)
RUN(status)
RUN(apply)
RUN(cluster_explain)
RUN(framework_clean)
RUN(framework_teardown)
RUN(framework_status)
RUN(framework_endpoints)
RUN(framework_wait)
RUN(framework_orphans)
RUN(config_local)
RUN(config_marathon)
RUN(framework_install)
RUN(framework_uninstall)
RUN(director_config)
RUN(director_install)
RUN(director_uninstall)
RUN(director_endpoints)
RUN(director_wait)
RUN(versions)

/* Those that begin with the same word stand together. */
static const struct rm_command commands[] = {
	{ NULL, NULL, NULL, NULL, 0, 0, run_none },
	{ "status", "[CLUSTER]", "print the framework, clusters and nodes",
	    status_options, 0, 1, run_status },
	{ "apply", NULL, "make clusters what a document says", apply_options, 0,
	    0, run_apply },
	{ "framework install", NULL, "run the scheduler under Marathon",
	    install_options, 0, 0, run_framework_install },
	{ "framework uninstall", NULL,
	    "end the scheduler under Marathon; nodes go on", NULL, 0, 0,
	    run_framework_uninstall },
	{ "framework status", NULL, "print how the framework is", NULL, 0, 0,
	    run_framework_status },
	{ "framework endpoints", NULL, "print where its API is", NULL, 0, 0,
	    run_framework_endpoints },
	{ "framework wait-for-service", NULL, "wait until a scheduler leads",
	    wait_options, 0, 0, run_framework_wait },
	{ "framework clean-metadata", NULL,
	    "delete its records from ZooKeeper", clean_options, 0, 0,
	    run_framework_clean },
	{ "framework teardown", NULL,
	    "make Mesos kill its tasks and forget it", teardown_options, 0, 0,
	    run_framework_teardown },
	{ "framework orphans", "[VOLUME...]",
	    "list volumes that no record explains, adopt or free them",
	    orphans_options, 0, -1, run_framework_orphans },
	{ "cluster list", NULL, "list the clusters", list_options, 0, 0,
	    run_cluster_list },
	{ "cluster set", "FILE", "set clusters from such a document", NULL, 1,
	    1, run_cluster_set },
	{ "cluster create", "CLUSTER VERSION", "make a cluster", NULL, 2, 2,
	    run_cluster_create },
	{ "cluster destroy", "CLUSTER", "remove a cluster and its data", NULL,
	    1, 1, run_cluster_destroy },
	{ "cluster info", "CLUSTER", "print a cluster and its nodes", NULL, 1,
	    1, run_cluster_info },
	{ "cluster endpoints", "CLUSTER", "print where its nodes serve", NULL,
	    1, 1, run_cluster_endpoints },
	{ "cluster config", "CLUSTER", "print or set its riak.conf",
	    config_options, 1, 1, run_cluster_config },
	{ "cluster config-advanced", "CLUSTER",
	    "print or set its advanced.config", config_options, 1, 1,
	    run_cluster_advanced },
	{ "cluster add-node", "CLUSTER", "add nodes", add_options, 1, 1,
	    run_cluster_add_node },
	{ "cluster restart", "CLUSTER", "restart its nodes, one by one",
	    restart_options, 1, 1, run_cluster_restart },
	{ "cluster upgrade", "CLUSTER VERSION",
	    "restart its nodes with another Riak", restart_options, 2, 2,
	    run_cluster_upgrade },
	{ "cluster rollout",
	    "CLUSTER [pause|resume|abort|retry]",
	    "print its rollout, or pause, resume, abort or retry it", NULL, 1,
	    2, run_cluster_rollout },
	{ "cluster scale", "CLUSTER N", "add nodes, or let some leave", NULL,
	    2, 2, run_cluster_scale },
	{ "cluster wait-for-service", "CLUSTER", "wait until nodes serve",
	    wait_nodes_options, 1, 1, run_cluster_wait },
	{ "cluster explain", "CLUSTER", "say why nodes have no place", NULL, 1,
	    1, run_cluster_explain },
	{ "plan", "show|pause|resume|abort|retry CLUSTER",
	    "the same as cluster rollout", NULL, 2, 2, run_plan },
	{ "node info", "NODE", "print a node", NULL, 1, 1, run_node_info },
	{ "node status", "NODE", "print the ring as it sees it", NULL, 1, 1,
	    run_node_status },
	{ "node aae-status", "NODE", "print its active anti-entropy", NULL, 1,
	    1, run_node_aae },
	{ "node ringready", "NODE", "whether all nodes agree on the ring", NULL,
	    1, 1, run_node_ringready },
	{ "node transfers", "NODE", "print its transfers", transfers_options, 1,
	    1, run_node_transfers },
	{ "node remove", "NODE", "make it leave, then go", remove_options, 1, 1,
	    run_node_remove },
	{ "node replace", "NODE",
	    "put a new node in the place of one that is lost",
	    replace_options, 1, 1, run_node_replace },
	{ "node restart", "NODE", "restart it", NULL, 1, 1, run_node_restart },
	{ "node wait-for-service", "NODE", "wait until it serves", wait_options,
	    1, 1, run_node_wait },
	{ "node bucket-type list", "NODE", "list the bucket types", NULL, 1, 1,
	    run_type_list },
	{ "node bucket-type create", "NODE TYPE [PROPS]",
	    "make and activate a bucket type", NULL, 2, 3, run_type_create },
	{ "node bucket-type update", "NODE TYPE PROPS", "change a bucket type",
	    NULL, 3, 3, run_type_update },
	{ "node config", "NODE", "print the riak.conf that it runs with",
	    diff_options, 1, 1, run_node_config },
	{ "node log list", "NODE", "list its logs", NULL, 1, 1, run_log_list },
	{ "node log tail", "NODE [LOG]", "print the end of a log", tail_options,
	    1, 2, run_log_tail },
	{ "director install", "CLUSTER", "run a Director under Marathon", NULL,
	    1, 1, run_director_install },
	{ "director uninstall", "CLUSTER", "end it", NULL, 1, 1,
	    run_director_uninstall },
	{ "director endpoints", "CLUSTER", "print where it serves", NULL, 1, 1,
	    run_director_endpoints },
	{ "director config", "CLUSTER", "print its Marathon app", NULL, 1, 1,
	    run_director_config },
	{ "director wait-for-service", "CLUSTER", "wait until it serves",
	    wait_options, 1, 1, run_director_wait },
	{ "config marathon", NULL, "print the scheduler's Marathon app", NULL,
	    0, 0, run_config_marathon },
	{ "config local", NULL, "print what this command line goes by", NULL, 0,
	    0, run_config_local },
	{ "config riak-versions", NULL, "list the packages of Riak", NULL, 0, 0,
	    run_versions },
	{ .run = NULL },
};

int
main(int argc, char **argv)
{
	static const int exits[] = { RM_EXIT_OK, RM_EXIT_NO, RM_EXIT_TIMEOUT,
		RM_EXIT_USAGE, RM_EXIT_BUG, RM_EXIT_CONFLICT, RM_EXIT_OUTSIDE,
		-1 };
	static const struct rm_program program = {
		.name = "riak-mesos",
		.summary = "the command line of a framework",
		.commands = commands,
		.globals = globals,
		.options_size = sizeof(struct rm_cli_options),
		.exits = exits,
		.complete = rm_cli_complete,
	};
	return rm_program_main(&program, argc, argv);
}
