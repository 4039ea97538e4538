/*
 * rm-cepmd(8): stands in for Erlang's port mapper, on any port, and shares
 * the names of a cluster through ZooKeeper.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/error.h"
#include "base/exit.h"
#include "base/log.h"
#include "base/option.h"
#include "base/str.h"
#include "io/loop.h"
#include "io/ready.h"
#include "riak/epmd_client.h"
#include "riak/epmd_cluster.h"
#include "riak/epmd_listen.h"
#include "riak/epmd_server.h"

struct options {
	const char *port; /* text: 0 is not the same as none */
	const char *address, *port_file;
	const char *zk, *zk_auth_file, *framework, *cluster, *host, *publish;
	double zk_timeout, idle;
	long ready_fd;
	bool relaxed;
};

#define AT(field) offsetof(struct options, field)
#define OPTION_PORT                                                            \
	{                                                                      \
		RM_OPTION_TEXT, "port", 'p', "PORT", "ERL_EPMD_PORT", NULL,    \
		    NULL, "port to listen on; 0 takes a free one", AT(port),   \
		    false                                                      \
	}

static const struct rm_option daemon_options[] = {
	OPTION_PORT,
	{ RM_OPTION_TEXT, "address", 'a', "LIST", "ERL_EPMD_ADDRESS", NULL,
	    NULL, "addresses to listen on, besides loopback [that of --host]",
	    AT(address), false },
	{ RM_OPTION_TEXT, "port-file", 0, "FILE", NULL, NULL, NULL,
	    "write the port to this file", AT(port_file), false },
	{ RM_OPTION_TEXT, "zk", 0, "HOSTS", "RIAK_MESOS_ZK", NULL, NULL,
	    "ZooKeeper, host:port,...; none: this host's names only", AT(zk),
	    false },
	{ RM_OPTION_TEXT, "zk-auth-file", 0, "FILE", NULL, NULL, NULL,
	    "user:password for ZooKeeper", AT(zk_auth_file), false },
	{ RM_OPTION_NUMBER, "zk-timeout", 0, "SECONDS", NULL, NULL, "10",
	    "of the ZooKeeper session", AT(zk_timeout), false },
	{ RM_OPTION_TEXT, "framework", 0, "NAME", "RIAK_MESOS_NAME", NULL,
	    "riak", "framework whose records to use", AT(framework), false },
	{ RM_OPTION_TEXT, "cluster", 0, "KEY", NULL, NULL, NULL,
	    "cluster whose names to share; needed with --zk", AT(cluster),
	    false },
	{ RM_OPTION_TEXT, "host", 0, "HOST", NULL, NULL, NULL,
	    "where other hosts reach nodes of this one; needed with --zk",
	    AT(host), false },
	{ RM_OPTION_TEXT, "publish", 0, "NAME", NULL, NULL, NULL,
	    "share only this name, not every one", AT(publish), false },
	{ RM_OPTION_COUNT, "ready-fd", 0, "FD", NULL, NULL, NULL,
	    "descriptor that gets a newline once it listens", AT(ready_fd),
	    false },
	{ RM_OPTION_NUMBER, "packet-timeout", 0, "SECONDS", NULL, NULL, "60",
	    "how long a peer may be silent in a request", AT(idle), false },
	{ RM_OPTION_FLAG, "relaxed-command-check", 0, NULL, NULL, NULL, NULL,
	    "allow peers here to kill it, and to stop names", AT(relaxed),
	    false },
	RM_OPTIONS_END,
};

static const struct rm_option ask_options[] = {
	OPTION_PORT,
	RM_OPTIONS_END,
};
#undef AT

/* How long a daemon that starts waits for ZooKeeper before it is ready. */
#define READY_WAIT 1.0

struct daemon {
	const struct options *options;
	struct event_base *loop;
	struct rm_timer ready;
	int asked; /* --port, or -1 */
	int code; /* to exit with */
	struct rm_epmd_listen listen;
	struct rm_epmd_cluster *cluster;
	struct rm_epmd_server *server;
};

static int
parse_port(const char *text, int least, int *port, struct rm_error *err)
{
	char *end;
	if (text == NULL)
		return rm_error_set(err, RM_EXIT_USAGE,
		    "option --port is required (or ERL_EPMD_PORT)");
	errno = 0;
	long n = strtol(text, &end, 10);
	if (end == text || *end != '\0' || errno != 0 || n < least || n > 65535)
		return rm_error_set(err, RM_EXIT_USAGE, "not a port: %s", text);
	*port = (int)n;
	return 0;
}

/* A part of a znode's path. */
static int
check_key(const char *option, const char *key, struct rm_error *err)
{
	if (key == NULL)
		return rm_error_set(err, RM_EXIT_USAGE,
		    "option --%s is required with --zk", option);
	if (*key == '\0' || *key == '.' || strchr(key, '/') != NULL)
		return rm_error_set(
		    err, RM_EXIT_USAGE, "bad value for --%s: %s", option, key);
	return 0;
}

/* Neither means "for ever" nor "the default": both would surprise. */
static int
check_seconds(const char *option, double seconds, struct rm_error *err)
{
	if (seconds > 0)
		return 0;
	return rm_error_set(err, RM_EXIT_USAGE,
	    "option --%s wants more than 0 seconds", option);
}

static int
check(const struct options *o, struct rm_error *err)
{
	if (rm_ready_check(o->ready_fd, err) != 0)
		return -1;
	if (o->host != NULL && (*o->host == '\0' || strlen(o->host) > 255 ||
				   strpbrk(o->host, " \t\r\n@") != NULL))
		return rm_error_set(
		    err, RM_EXIT_USAGE, "bad value for --host: %s", o->host);
	if (check_seconds("packet-timeout", o->idle, err) != 0 ||
	    check_seconds("zk-timeout", o->zk_timeout, err) != 0)
		return -1;
	/* A cluster whose names go nowhere is a ZooKeeper forgotten. */
	if (o->zk == NULL && o->cluster != NULL)
		return rm_error_set(err, RM_EXIT_USAGE,
		    "option --zk is required with --cluster");
	if (o->zk == NULL)
		return 0;
	if (check_key("framework", o->framework, err) != 0 ||
	    check_key("cluster", o->cluster, err) != 0)
		return -1;
	if (o->host == NULL)
		return rm_error_set(
		    err, RM_EXIT_USAGE, "option --host is required with --zk");
	return 0;
}

/* A descriptor for each name: as many as the system lets us have. */
static void
raise_limit(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		rm_log_warn("can't raise the limit of descriptors: %s",
		    strerror(errno));
}

static int
announce(const struct daemon *d, struct rm_error *err)
{
	const struct options *o = d->options;
	int port = d->listen.at[0].port;
	if (o->port_file != NULL &&
	    rm_ready_port_file(o->port_file, port, err) != 0)
		return -1;
	if (d->asked == 0 && (printf("%d\n", port) < 0 || fflush(stdout) != 0))
		return rm_error_set(err, RM_EXIT_OUTSIDE, "standard output: %s",
		    strerror(errno));
	struct rm_error why = { 0 };
	char *status = rm_format("listening on port %d", port);
	if (rm_ready_tell(o->ready_fd, status, &why) != 0)
		rm_log_warn("can't tell that it is ready: %s", why.text);
	free(status);
	return 0;
}

/* It listens, and knows what there is to know, or has waited long enough. */
static void
ready(void *arg)
{
	struct daemon *d = arg;
	struct rm_error err = { 0 };
	rm_timer_stop(&d->ready);
	if (d->code >= 0)
		return;
	d->code = RM_EXIT_OK;
	if (announce(d, &err) == 0)
		return;
	rm_log_error("%s", err.text);
	d->code = err.code;
	event_base_loopbreak(d->loop);
}

static void
stop(void *arg)
{
	event_base_loopbreak(arg);
}

static int
open_cluster(struct daemon *d, const struct options *o, struct rm_error *err)
{
	const struct rm_epmd_cluster_options options = {
		.hosts = o->zk,
		.auth_file = o->zk_auth_file,
		.timeout = o->zk_timeout,
		.framework = o->framework,
		.cluster = o->cluster,
		.host = o->host,
		.port = d->listen.at[0].port,
		.publish = o->publish,
		.on_complete = ready,
		.arg = d,
	};
	d->cluster = rm_epmd_cluster_new(d->loop, &options, err);
	return d->cluster != NULL ? 0 : -1;
}

static int
open_server(struct daemon *d, const struct options *o, struct rm_error *err)
{
	const struct rm_epmd_server_options options = {
		.listen = &d->listen,
		.cluster = d->cluster,
		.host = o->host,
		.idle = o->idle,
		.relaxed = o->relaxed,
		.on_kill = stop,
		.arg = d->loop,
	};
	d->server = rm_epmd_server_new(d->loop, &options, err);
	if (d->server == NULL)
		return -1;
	if (d->cluster != NULL)
		rm_epmd_cluster_on_verdict(
		    d->cluster, rm_epmd_server_verdict, d->server);
	return 0;
}

static int
open_all(struct daemon *d, struct rm_error *err)
{
	const struct options *o = d->options;
	if (check(o, err) != 0 || rm_epmd_listen_inherit(&d->listen, err) != 0)
		return -1;
	raise_limit();
	d->loop = rm_loop_new(false, err);
	if (d->loop == NULL ||
	    rm_loop_on_stop(d->loop, stop, d->loop, err) != 0)
		return -1;
	rm_timer_init(&d->ready, d->loop, ready, d);
	if (d->listen.count == 0 &&
	    (parse_port(o->port, 0, &d->asked, err) != 0 ||
		rm_epmd_listen_open(
		    &d->listen, o->address, o->host, d->asked, err) != 0))
		return -1;
	if (o->zk != NULL && open_cluster(d, o, err) != 0)
		return -1;
	if (open_server(d, o, err) != 0)
		return -1;
	rm_log_info("listening port=%d", d->listen.at[0].port);
	rm_timer_set(&d->ready, o->zk != NULL ? READY_WAIT : 0);
	return 0;
}

static int
run_daemon(void *options, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	struct daemon d = { .options = options, .asked = -1, .code = -1 };
	struct rm_error err = { 0 };
	if (open_all(&d, &err) == 0)
		event_base_dispatch(d.loop);
	else
		rm_log_error("%s", err.text);
	rm_epmd_server_free(d.server);
	rm_epmd_cluster_free(d.cluster);
	rm_epmd_listen_close(&d.listen);
	rm_timer_free(&d.ready);
	return err.code != 0 ? err.code : d.code > 0 ? d.code : RM_EXIT_OK;
}

static void
print_node(void *arg, const char *name, const char *host, int port)
{
	(void)arg;
	printf("%s\t%s\t%d\n", name, *host != '\0' ? host : "-", port);
}

/* What a command ends with: rc 1 is a negative answer. */
static int
end(int rc, struct rm_error *err)
{
	if (rc == 0 && fflush(stdout) != 0)
		rc = rm_error_set(err, RM_EXIT_OUTSIDE, "standard output: %s",
		    strerror(errno));
	if (rc >= 0)
		return rc == 0 ? RM_EXIT_OK : RM_EXIT_NO;
	rm_log_error("%s", err->text);
	return err->code;
}

static int
run_names(void *options, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	const struct options *o = options;
	struct rm_error err = { 0 };
	int port = 0, rc = parse_port(o->port, 1, &port, &err);
	if (rc == 0)
		rc = rm_epmd_ask_names(port, print_node, NULL, &err);
	return end(rc, &err);
}

static int
run_lookup(void *options, int argc, char **argv)
{
	(void)argc;
	const struct options *o = options;
	struct rm_error err = { 0 };
	int port = 0, rc = parse_port(o->port, 1, &port, &err);
	if (rc == 0)
		rc = rm_epmd_ask_name(port, argv[0], print_node, NULL, &err);
	return end(rc, &err);
}

int
main(int argc, char **argv)
{
	static const struct rm_command commands[] = {
		{ NULL, NULL, NULL, daemon_options, 0, 0, run_daemon },
		{ "names", NULL, "print the names of the cluster", ask_options,
		    0, 0, run_names },
		{ "lookup", "NAME", "print one name, exit 1 if there is none",
		    ask_options, 1, 1, run_lookup },
		{ 0 },
	};
	static const int exits[] = { RM_EXIT_OK, RM_EXIT_NO, RM_EXIT_TIMEOUT,
		RM_EXIT_USAGE, RM_EXIT_BUG, RM_EXIT_OUTSIDE, -1 };
	static const struct rm_program program = {
		.name = "rm-cepmd",
		.summary = "port mapper for the Erlang nodes of a cluster",
		.commands = commands,
		.options_size = sizeof(struct options),
		.exits = exits,
	};
	return rm_program_main(&program, argc, argv);
}
