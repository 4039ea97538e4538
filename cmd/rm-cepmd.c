/*
 * rm-cepmd(8): stands in for Erlang's port mapper, on any port, and shares
 * the names of a cluster through ZooKeeper.
 */
#include <errno.h>
#include <fcntl.h>
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
#include "riak/epmd.h"
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

static int
check(const struct options *o, struct rm_error *err)
{
	if (rm_ready_check(o->ready_fd, err) != 0)
		return -1;
	if (o->host != NULL && (*o->host == '\0' || strlen(o->host) > 255 ||
				   strpbrk(o->host, " \t\r\n@") != NULL))
		return rm_error_set(
		    err, RM_EXIT_USAGE, "bad value for --host: %s", o->host);
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

/* Whole or not at all. */
static int
write_port_file(const char *path, int port, struct rm_error *err)
{
	char *fresh = rm_format("%s.%ld", path, (long)getpid());
	FILE *f = fopen(fresh, "we");
	bool good = f != NULL && fprintf(f, "%d\n", port) > 0;
	if (f != NULL && fclose(f) != 0)
		good = false;
	good = good && rename(fresh, path) == 0;
	int why = errno;
	if (!good)
		unlink(fresh);
	free(fresh);
	return good ? 0
		    : rm_error_set(
			  err, RM_EXIT_OUTSIDE, "%s: %s", path, strerror(why));
}

static int
announce(const struct daemon *d, struct rm_error *err)
{
	const struct options *o = d->options;
	int port = d->listen.at[0].port;
	if (o->port_file != NULL &&
	    write_port_file(o->port_file, port, err) != 0)
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

/* Asks the daemon on --port; -1 when it was told why not, and code is set. */
static int
ask(const struct options *o, enum rm_epmd_code request, const char *text,
    struct rm_str *reply, int *code)
{
	struct rm_error err = { 0 };
	struct rm_str bytes = { 0 };
	int port = 0;
	rm_epmd_put_request(&bytes, request, text);
	int rc = parse_port(o->port, 1, &port, &err);
	if (rc == 0)
		rc = rm_epmd_ask(port, &bytes, reply, &err);
	rm_str_free(&bytes);
	if (rc == 0)
		return 0;
	rm_log_error("%s", err.text);
	*code = err.code;
	return -1;
}

static void
print_node(const char *name, size_t name_len, const char *host, size_t host_len,
    const char *port)
{
	printf("%.*s\t%.*s\t%s\n", (int)name_len, name,
	    host_len > 0 ? (int)host_len : 1, host_len > 0 ? host : "-", port);
}

/* "name NAME[@HOST] at port PORT", which is cut up; others are left out. */
static void
print_line(char *line)
{
	char *port = NULL, *at;
	for (char *p = line; (p = strstr(p, " at port ")) != NULL; p++)
		port = p;
	if (port == NULL || strncmp(line, "name ", 5) != 0)
		return;
	*port = '\0';
	char *name = line + 5;
	size_t len = strlen(name);
	if ((at = strrchr(name, '@')) != NULL)
		len = (size_t)(at - name);
	print_node(name, len, at != NULL ? at + 1 : NULL,
	    at != NULL ? strlen(at + 1) : 0, port + strlen(" at port "));
}

static int
flushed(void)
{
	if (fflush(stdout) == 0)
		return RM_EXIT_OK;
	rm_log_error("standard output: %s", strerror(errno));
	return RM_EXIT_OUTSIDE;
}

static int
run_names(void *options, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	struct rm_str reply = { 0 };
	int code = RM_EXIT_OK;
	if (ask(options, RM_EPMD_NAMES, "@", &reply, &code) != 0)
		return code;
	if (reply.len < 4) {
		rm_log_error("no port mapper answers there");
		rm_str_free(&reply);
		return RM_EXIT_OUTSIDE;
	}
	char *rest = reply.text + 4, *line;
	while ((line = strsep(&rest, "\n")) != NULL)
		print_line(line);
	rm_str_free(&reply);
	return flushed();
}

static int
run_lookup(void *options, int argc, char **argv)
{
	(void)argc;
	struct rm_str reply = { 0 };
	struct rm_epmd_node node;
	int code = RM_EXIT_OK;
	char *name = rm_format(
	    "%s%s", argv[0], strchr(argv[0], '@') == NULL ? "@" : "");
	if (ask(options, RM_EPMD_PORT2, name, &reply, &code) == 0) {
		int rc = rm_epmd_port2_parse(
		    &node, (unsigned char *)reply.text, reply.len);
		if (rc < 0)
			rm_log_error("no port mapper answers there");
		code = rc < 0   ? RM_EXIT_OUTSIDE
		       : rc > 0 ? RM_EXIT_NO
				: RM_EXIT_OK;
	}
	if (code == RM_EXIT_OK) {
		char port[8];
		snprintf(port, sizeof(port), "%d", node.port);
		print_node(node.name, strlen(node.name), node.extra,
		    node.extra_len, port);
		code = flushed();
	}
	rm_str_free(&reply);
	free(name);
	return code;
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
