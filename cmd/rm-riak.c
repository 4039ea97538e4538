/* rm-riak: Riak's own commands, their answers as JSON. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/json.h"
#include "base/log.h"
#include "base/option.h"
#include "base/str.h"
#include "io/loop.h"
#include "riak/admin_run.h"
#include "riak/admin_stats.h"

struct options {
	const char *root, *zflags_file, *node, *http;
	long epmd_port;
	double timeout;
};

#define AT(field) offsetof(struct options, field)
#define ROOT                                                                   \
	{                                                                      \
		RM_OPTION_TEXT, "root", 'r', "DIR", "RIAK_MESOS_RIAK_ROOT",    \
		    NULL, ".", "Riak's root, which holds bin/riak", AT(root),  \
		    false                                                      \
	}
#define TIMEOUT                                                                \
	{                                                                      \
		RM_OPTION_NUMBER, "timeout", 't', "SECONDS",                   \
		    "RIAK_MESOS_RIAK_TIMEOUT", NULL, "60",                     \
		    "how long to wait for the answer", AT(timeout), false      \
	}
#define EPMD                                                                   \
	{                                                                      \
		RM_OPTION_COUNT, "epmd-port", 'p', "PORT",                     \
		    "RIAK_MESOS_RIAK_EPMD_PORT", NULL, NULL,                   \
		    "port of the node's port mapper: ERL_EPMD_PORT",           \
		    AT(epmd_port), false                                       \
	}
#define ZFLAGS                                                                 \
	{                                                                      \
		RM_OPTION_TEXT, "zflags-file", 'z', "FILE",                    \
		    "RIAK_MESOS_RIAK_ZFLAGS_FILE", NULL, NULL,                 \
		    "file that holds the node's ERL_ZFLAGS", AT(zflags_file),  \
		    false                                                      \
	}

static const struct rm_option plain_options[] = { ROOT, TIMEOUT, EPMD, ZFLAGS,
	RM_OPTIONS_END };
static const struct rm_option node_options[] = { ROOT, TIMEOUT, EPMD, ZFLAGS,
	{ RM_OPTION_TEXT, "node", 'n', "NAME", "RIAK_MESOS_RIAK_NODE", NULL,
	    NULL, "the node that is asked about; the one asked", AT(node),
	    false },
	RM_OPTIONS_END };
static const struct rm_option stats_options[] = { ROOT, TIMEOUT,
	{ RM_OPTION_TEXT, "http", 0, "HOST:PORT", "RIAK_MESOS_RIAK_HTTP", NULL,
	    NULL, "Riak's HTTP; the one in riak.conf", AT(http), false },
	RM_OPTIONS_END };

/* What one run of the program waits for. */
struct wait {
	struct event_base *loop;
	struct rm_admin_run *run;
	int code;
};

/* One line of JSON; 0, or the exit code. */
static int
print(jv value)
{
	struct rm_str line = { 0 };
	rm_json_write(&line, value);
	rm_str_puts(&line, "\n");
	bool good = fwrite(line.text, 1, line.len, stdout) == line.len &&
		    fflush(stdout) == 0;
	rm_str_free(&line);
	if (good || errno == EPIPE)
		return 0;
	rm_log_error("stdout: %s", strerror(errno));
	return RM_EXIT_OUTSIDE;
}

static void
answered(void *arg, const struct rm_admin_answer *answer)
{
	struct wait *wait = arg;
	wait->run = NULL;
	wait->code = answer->code;
	if (answer->code != RM_EXIT_OK)
		rm_log_error("%s", answer->text);
	int failed = jv_is_valid(answer->value) ? print(jv_copy(answer->value))
						: 0;
	if (failed != 0)
		wait->code = failed;
	event_base_loopbreak(wait->loop);
}

/* SIGTERM, SIGINT: the command goes too. */
static void
stopped(void *arg)
{
	struct wait *wait = arg;
	if (wait->run != NULL)
		rm_admin_run_cancel(wait->run);
	rm_log_error("stopped by a signal");
	wait->code = RM_EXIT_OUTSIDE;
	event_base_loopbreak(wait->loop);
}

static int
complain(const struct rm_error *err)
{
	rm_log_error("%s", err->text);
	return err->code;
}

static int
set_zflags(const char *path, struct rm_error *err)
{
	char text[8192];
	FILE *file = fopen(path, "re");
	size_t len = file != NULL ? fread(text, 1, sizeof(text) - 1, file) : 0;
	bool good = file != NULL && !ferror(file);
	int error = errno;
	if (file != NULL)
		fclose(file);
	if (!good)
		return rm_error_set(
		    err, RM_EXIT_USAGE, "%s: %s", path, strerror(error));
	while (len > 0 && text[len - 1] == '\n')
		len--;
	text[len] = '\0';
	if (strlen(text) != len || strchr(text, '\n') != NULL ||
	    len == sizeof(text) - 1)
		return rm_error_set(err, RM_EXIT_USAGE,
		    "%s: not one line of less than 8 KiB", path);
	setenv("ERL_ZFLAGS", text, 1);
	/* Else the VM finds no -epmd_module. */
	setenv("CODE_LOADING_MODE", "interactive", 0);
	return 0;
}

static int
set_environment(const struct options *o, struct rm_error *err)
{
	char port[24];
	if (o->epmd_port > 65535)
		return rm_error_set(err, RM_EXIT_USAGE,
		    "--epmd-port: not a port: %ld", o->epmd_port);
	snprintf(port, sizeof(port), "%ld", o->epmd_port);
	if (o->epmd_port > 0)
		setenv("ERL_EPMD_PORT", port, 1);
	setenv("NODETOOL_NODE_PREFIX", RM_ADMIN_NODE_PREFIX, 0);
	return o->zflags_file != NULL ? set_zflags(o->zflags_file, err) : 0;
}

/* What is opened must not become stdout. */
static int
check_stdout(struct rm_error *err)
{
	if (fcntl(STDOUT_FILENO, F_GETFD) >= 0)
		return 0;
	return rm_error_set(
	    err, RM_EXIT_OUTSIDE, "stdout: %s", strerror(errno));
}

static struct event_base *
open_loop(struct wait *wait, struct rm_error *err)
{
	wait->loop = rm_loop_new(true, err);
	if (wait->loop == NULL ||
	    rm_loop_on_stop(wait->loop, stopped, wait, err) != 0)
		return NULL;
	return wait->loop;
}

static int
run(void *options, const char *name, int count, char **operands)
{
	const struct options *o = options;
	const struct rm_admin_command *command = rm_admin_find(name);
	struct rm_error err = { 0 };
	struct wait wait = { .code = RM_EXIT_BUG };
	const char *words[4] = { NULL };
	size_t n = 0;
	if (command == NULL) {
		rm_log_error("unknown command %s", name);
		return RM_EXIT_USAGE;
	}
	while (n < (size_t)count && n < 3) {
		words[n] = operands[n];
		n++;
	}
	if (o->node != NULL)
		words[n++] = o->node;
	struct rm_admin_run_options r = { .command = command,
		.root = o->root,
		.count = n,
		.operands = words,
		.timeout = o->timeout,
		.on_done = answered,
		.arg = &wait };
	if (check_stdout(&err) != 0 || set_environment(o, &err) != 0 ||
	    open_loop(&wait, &err) == NULL ||
	    (wait.run = rm_admin_run_start(wait.loop, &r, &err)) == NULL)
		return complain(&err);
	event_base_dispatch(wait.loop);
	return wait.code;
}

static int
run_stats(void *options, int count, char **operands)
{
	(void)count;
	(void)operands;
	const struct options *o = options;
	struct rm_error err = { 0 };
	struct wait wait = { .code = RM_EXIT_BUG };
	char *peer = o->http != NULL ? rm_strdup(o->http)
				     : rm_admin_stats_peer(o->root, &err);
	if (peer == NULL || check_stdout(&err) != 0 ||
	    open_loop(&wait, &err) == NULL ||
	    rm_admin_stats_get(
		wait.loop, peer, o->timeout, answered, &wait, &err) != 0) {
		free(peer);
		return complain(&err);
	}
	event_base_dispatch(wait.loop);
	free(peer);
	return wait.code;
}

/* "cluster" and its first operand make the name. */
static int
run_under(void *options, const char *group, int count, char **operands)
{
	char *name = rm_format("%s %s", group, operands[0]);
	int code = run(options, name, count - 1, operands + 1);
	free(name);
	return code;
}

static int
run_cluster(void *options, int count, char **operands)
{
	return run_under(options, "cluster", count, operands);
}

static int
run_bucket_type(void *options, int count, char **operands)
{
	return run_under(options, "bucket-type", count, operands);
}

#define RUN(function, name)                                                    \
	static int function(void *options, int count, char **operands)         \
	{                                                                      \
		return run(options, name, count, operands);                    \
	}
RUN(run_ping, "ping")
RUN(run_pid, "pid")
RUN(run_services, "services")
RUN(run_wait, "wait-for-service")
RUN(run_members, "member-status")
RUN(run_ringready, "ringready")
RUN(run_ring, "ring-status")
RUN(run_status, "cluster-status")
RUN(run_partitions, "partitions")
RUN(run_transfers, "transfers")
RUN(run_aae, "aae-status")
RUN(run_down, "down")

static const struct rm_command commands[] = {
	{ "ping", NULL, "whether the node answers", plain_options, 0, 0,
	    run_ping },
	{ "pid", NULL, "the process id of its VM", plain_options, 0, 0,
	    run_pid },
	{ "services", NULL, "the services that are up", plain_options, 0, 0,
	    run_services },
	{ "wait-for-service", "SERVICE", "wait until a service is up",
	    node_options, 1, 1, run_wait },
	{ "member-status", NULL, "the members and what they own", plain_options,
	    0, 0, run_members },
	{ "ringready", NULL, "whether all nodes agree on the ring",
	    plain_options, 0, 0, run_ringready },
	{ "ring-status", NULL, "claimant, pending changes, unreachable nodes",
	    plain_options, 0, 0, run_ring },
	{ "cluster-status", NULL, "the members and whether they are up",
	    plain_options, 0, 0, run_status },
	{ "partitions", NULL, "the partitions of a node", node_options, 0, 0,
	    run_partitions },
	{ "transfers", NULL, "handoffs that wait and that run", plain_options,
	    0, 0, run_transfers },
	{ "aae-status", NULL, "active anti-entropy", plain_options, 0, 0,
	    run_aae },
	{ "stats", NULL, "the node's statistics, over HTTP", stats_options, 0,
	    0, run_stats },
	{ "cluster",
	    "join NODE | leave [NODE] | force-remove NODE | replace NODE NEW "
	    "| force-replace NODE NEW | plan | commit | clear",
	    "stage and commit changes of membership", plain_options, 1, 3,
	    run_cluster },
	{ "down", "NODE", "mark a node as down", plain_options, 1, 1,
	    run_down },
	{ "bucket-type",
	    "list | status TYPE | create TYPE [PROPS] | activate TYPE "
	    "| update TYPE PROPS",
	    "bucket types", plain_options, 1, 3, run_bucket_type },
	{ .run = NULL },
};

static const int exits[] = { RM_EXIT_OK, RM_EXIT_NO, RM_EXIT_TIMEOUT,
	RM_EXIT_USAGE, RM_EXIT_OUTSIDE, -1 };

static const struct rm_program program = {
	.name = "rm-riak",
	.summary = "run Riak's own commands, print their answers as JSON",
	.commands = commands,
	.options_size = sizeof(struct options),
	.exits = exits,
};

int
main(int argc, char **argv)
{
	return rm_program_main(&program, argc, argv);
}
