/*
 * rm-director(8): the proxy that clients of Riak talk to.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/json.h"
#include "base/log.h"
#include "base/option.h"
#include "base/str.h"
#include "io/inherit.h"
#include "io/loop.h"
#include "io/ready.h"
#include "proxy/admin.h"
#include "proxy/admin_client.h"
#include "proxy/director.h"
#include "proxy/handover.h"
#include "proxy/node.h"
#include "proxy/sockets.h"
#include "proxy/workers.h"

struct options {
	const char *zk, *zk_auth_file, *framework, *cluster;
	const char *address, *admin_address, *url, *web_enabled, *handover;
	long http_port, pb_port, admin_port, ready_fd, workers;
	double zk_timeout;
	struct rm_proxy_limits limits;
	const char *access_log, *tls_cert, *tls_key, *tls_client_ca, *node_ca;
	bool open, node_tls, affinity;
};

#define AT(field) offsetof(struct options, field)

static const struct rm_option daemon_options[] = {
	{ RM_OPTION_TEXT, "zk", 0, "HOSTS", "DIRECTOR_ZK", "riak.zk", NULL,
	    "ZooKeeper, host:port,...", AT(zk), true },
	{ RM_OPTION_TEXT, "framework", 'f', "NAME", "DIRECTOR_FRAMEWORK", NULL,
	    "riak", "framework of the cluster", AT(framework), false },
	{ RM_OPTION_TEXT, "cluster", 'c', "KEY", "DIRECTOR_CLUSTER", NULL, NULL,
	    "cluster to proxy", AT(cluster), true },
	{ RM_OPTION_COUNT, "http-port", 0, "PORT", "PORT0", NULL, "8098",
	    "port of the HTTP proxy; 0 takes a free one", AT(http_port),
	    false },
	{ RM_OPTION_COUNT, "pb-port", 0, "PORT", "PORT1", NULL, "8087",
	    "port of the protocol-buffers proxy", AT(pb_port), false },
	{ RM_OPTION_COUNT, "admin-port", 0, "PORT", "PORT2", NULL, "9000",
	    "port of the admin API", AT(admin_port), false },
	{ RM_OPTION_TEXT, "address", 'a', "LIST", "DIRECTOR_ADDRESS", NULL,
	    "127.0.0.1", "addresses of the proxy's ports", AT(address), false },
	{ RM_OPTION_TEXT, "admin-address", 0, "LIST", "DIRECTOR_ADMIN_ADDRESS",
	    NULL, NULL, "addresses of the admin port [those of --address]",
	    AT(admin_address), false },
	{ RM_OPTION_TEXT, "web-enabled", 0, "true|false",
	    "DIRECTOR_WEB_ENABLED", NULL, "true", "whether to have an admin port",
	    AT(web_enabled), false },
	{ RM_OPTION_FLAG, "open", 0, NULL, "DIRECTOR_OPEN", NULL, NULL,
	    "let every machine change what is proxied", AT(open), false },
	{ RM_OPTION_TEXT, "zk-auth-file", 0, "FILE", "RIAK_MESOS_ZK_AUTH_FILE",
	    NULL, NULL, "user:password for ZooKeeper", AT(zk_auth_file),
	    false },
	{ RM_OPTION_NUMBER, "zk-timeout", 0, "SECONDS", "RIAK_MESOS_ZK_TIMEOUT",
	    NULL, "10", "of the ZooKeeper session", AT(zk_timeout), false },
	{ RM_OPTION_COUNT, "connections", 0, "N", "DIRECTOR_CONNECTIONS", NULL,
	    "10000", "clients at a time, on each port", AT(limits.connections),
	    false },
	{ RM_OPTION_COUNT, "header-size", 0, "BYTES", "DIRECTOR_HEADER_SIZE",
	    NULL, "65536", "most of a request's line and headers",
	    AT(limits.header_size), false },
	{ RM_OPTION_NUMBER, "header-time", 0, "SECONDS", "DIRECTOR_HEADER_TIME",
	    NULL, "10", "for a request's line and headers",
	    AT(limits.header_time), false },
	{ RM_OPTION_NUMBER, "idle-time", 0, "SECONDS", "DIRECTOR_IDLE_TIME",
	    NULL, "60", "an HTTP client may be idle", AT(limits.idle_time),
	    false },
	{ RM_OPTION_NUMBER, "pb-idle-time", 0, "SECONDS",
	    "DIRECTOR_PB_IDLE_TIME", NULL, "3600",
	    "a protocol-buffers client may be idle", AT(limits.pb_idle_time),
	    false },
	{ RM_OPTION_NUMBER, "stall-time", 0, "SECONDS", "DIRECTOR_STALL_TIME",
	    NULL, "300", "a request or answer may stand still",
	    AT(limits.stall_time), false },
	{ RM_OPTION_NUMBER, "request-time", 0, "SECONDS",
	    "DIRECTOR_REQUEST_TIME", NULL, "0",
	    "for an HTTP request with its answer; 0: no limit",
	    AT(limits.request_time), false },
	{ RM_OPTION_NUMBER, "connect-time", 0, "SECONDS",
	    "DIRECTOR_CONNECT_TIME", NULL, "2", "to connect to a node",
	    AT(limits.connect_time), false },
	{ RM_OPTION_NUMBER, "drain-time", 0, "SECONDS", "DIRECTOR_DRAIN_TIME",
	    NULL, "60", "a node that leaves has to finish",
	    AT(limits.drain_time), false },
	{ RM_OPTION_NUMBER, "check-interval", 0, "SECONDS",
	    "DIRECTOR_CHECK_INTERVAL", NULL, "2", "between two health checks",
	    AT(limits.check_interval), false },
	{ RM_OPTION_NUMBER, "check-time", 0, "SECONDS", "DIRECTOR_CHECK_TIME",
	    NULL, "2", "a health check may take", AT(limits.check_time),
	    false },
	{ RM_OPTION_COUNT, "rise", 0, "N", "DIRECTOR_RISE", NULL, "2",
	    "good checks until a node is up again", AT(limits.rise), false },
	{ RM_OPTION_COUNT, "fall", 0, "N", "DIRECTOR_FALL", NULL, "3",
	    "failed checks until a node is down", AT(limits.fall), false },
	{ RM_OPTION_NUMBER, "slow-start", 0, "SECONDS", "DIRECTOR_SLOW_START",
	    NULL, "10", "until a node that came up has its full share",
	    AT(limits.slow_start), false },
	{ RM_OPTION_COUNT, "node-connections", 0, "N",
	    "DIRECTOR_NODE_CONNECTIONS", NULL, "0",
	    "under way at a time, on each port of a node; 0: no limit",
	    AT(limits.node_connections), false },
	{ RM_OPTION_FLAG, "affinity", 0, NULL, "DIRECTOR_AFFINITY", NULL, NULL,
	    "give a request for a key to a node that holds it", AT(affinity),
	    false },
	{ RM_OPTION_TEXT, "refuse", 0, "LIST", "DIRECTOR_REFUSE", NULL,
	    "/admin", "paths that are not passed on, with all below them",
	    AT(limits.refused_paths), false },
	{ RM_OPTION_TEXT, "access-log", 0, "FILE", "DIRECTOR_ACCESS_LOG", NULL,
	    NULL, "gets a line of JSON for each request", AT(access_log),
	    false },
	{ RM_OPTION_FLAG, "proxy-protocol", 0, NULL, "DIRECTOR_PROXY_PROTOCOL",
	    NULL, NULL, "clients' connections begin with the PROXY protocol",
	    AT(limits.proxy_header), false },
	{ RM_OPTION_TEXT, "tls-cert", 0, "FILE", "DIRECTOR_TLS_CERT", NULL,
	    NULL, "certificate chain: clients have to speak TLS", AT(tls_cert),
	    false },
	{ RM_OPTION_TEXT, "tls-key", 0, "FILE", "DIRECTOR_TLS_KEY", NULL, NULL,
	    "its key, when it is in another file", AT(tls_key), false },
	{ RM_OPTION_TEXT, "tls-client-ca", 0, "FILE", "DIRECTOR_TLS_CLIENT_CA",
	    NULL, NULL, "who has to have signed clients' certificates",
	    AT(tls_client_ca), false },
	{ RM_OPTION_FLAG, "node-tls", 0, NULL, "DIRECTOR_NODE_TLS", NULL, NULL,
	    "speak TLS to the nodes", AT(node_tls), false },
	{ RM_OPTION_TEXT, "node-ca", 0, "FILE", "DIRECTOR_NODE_CA", NULL, NULL,
	    "who has to have signed nodes' certificates", AT(node_ca), false },
	{ RM_OPTION_COUNT, "workers", 'w', "N", "DIRECTOR_WORKERS", NULL, "1",
	    "processes that serve clients", AT(workers), false },
	{ RM_OPTION_TEXT, "handover", 0, "PATH", "DIRECTOR_HANDOVER", NULL,
	    NULL, "Unix socket by which a new process takes over",
	    AT(handover), false },
	{ RM_OPTION_COUNT, "ready-fd", 0, "FD", NULL, NULL, NULL,
	    "descriptor that gets a newline once it listens", AT(ready_fd),
	    false },
	RM_OPTIONS_END,
};

static const struct rm_option admin_options[] = {
	{ RM_OPTION_TEXT, "url", 'u', "URL", "DIRECTOR_URL", NULL,
	    "http://127.0.0.1:9000", "where the admin port is", AT(url),
	    false },
	{ RM_OPTION_TEXT, "framework", 'f', "NAME", "DIRECTOR_FRAMEWORK", NULL,
	    NULL, "of configure", AT(framework), false },
	{ RM_OPTION_TEXT, "cluster", 'c', "KEY", "DIRECTOR_CLUSTER", NULL, NULL,
	    "of configure", AT(cluster), false },
	RM_OPTIONS_END,
};
#undef AT

static int
check_name(const char *option, const char *name, struct rm_error *err)
{
	if (rm_directory_name_ok(name))
		return 0;
	return rm_error_set(err, RM_EXIT_USAGE,
	    name == NULL ? "option --%s is required" : "bad value for --%s: %s",
	    option, name);
}

/* The original's environment has "true". */
static bool
web_enabled(const struct options *o)
{
	return strcasecmp(o->web_enabled, "true") == 0 ||
	       strcmp(o->web_enabled, "1") == 0;
}

static int
check(const struct options *o, struct rm_error *err)
{
	const struct {
		const char *name;
		long n, least, most;
	} counts[] = {
		{ "http-port", o->http_port, 0, 65535 },
		{ "pb-port", o->pb_port, 0, 65535 },
		{ "admin-port", o->admin_port, 0, 65535 },
		{ "workers", o->workers, 1, 64 },
		{ "connections", o->limits.connections, 1, 1000000 },
		{ "header-size", o->limits.header_size, 256, 1 << 20 },
		{ "node-connections", o->limits.node_connections, 0, 1000000 },
		{ "rise", o->limits.rise, 1, 1000 },
		{ "fall", o->limits.fall, 1, 1000 },
	};
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++)
		if (counts[i].n < counts[i].least ||
		    counts[i].n > counts[i].most)
			return rm_error_set(err, RM_EXIT_USAGE,
			    "--%s: %ld is not between %ld and %ld",
			    counts[i].name, counts[i].n, counts[i].least,
			    counts[i].most);
	if (o->limits.check_interval <= 0 || o->limits.check_time <= 0)
		return rm_error_set(err, RM_EXIT_USAGE,
		    "--check-interval and --check-time are more than 0");
	if (!web_enabled(o) && strcasecmp(o->web_enabled, "false") != 0 &&
	    strcmp(o->web_enabled, "0") != 0)
		return rm_error_set(err, RM_EXIT_USAGE,
		    "--web-enabled: %s is neither true nor false",
		    o->web_enabled);
	/* An option that would be forgotten is not taken. */
	if ((o->tls_key != NULL || o->tls_client_ca != NULL) &&
	    o->tls_cert == NULL)
		return rm_error_set(err, RM_EXIT_USAGE,
		    "--tls-key and --tls-client-ca want a --tls-cert");
	if (o->node_ca != NULL && !o->node_tls)
		return rm_error_set(
		    err, RM_EXIT_USAGE, "--node-ca wants --node-tls");
	if (check_name("framework", o->framework, err) != 0 ||
	    check_name("cluster", o->cluster, err) != 0)
		return -1;
	return rm_ready_check(o->ready_fd, err);
}

/* One that nobody took would keep its clients waiting. */
static int
check_sockets(const struct rm_inherited *sockets, struct rm_error *err)
{
	for (size_t i = 0; i < sockets->count; i++)
		if (strcmp(sockets->names[i], rm_protocol_name(RM_HTTP)) != 0 &&
		    strcmp(sockets->names[i], rm_protocol_name(RM_PB)) != 0 &&
		    strcmp(sockets->names[i], RM_ADMIN_NAME) != 0)
			return rm_error_set(err, RM_EXIT_USAGE,
			    "LISTEN_FDNAMES: a socket is named '%s', not "
			    "http, protobuf or admin",
			    sockets->names[i]);
	return 0;
}

/* A descriptor for each client and for its node, on both ports. */
static void
raise_limit(long connections)
{
	struct rlimit limit;
	rlim_t wanted = (rlim_t)connections * 4 + 256;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	if (limit.rlim_cur >= wanted)
		return;
	if (limit.rlim_max < wanted)
		rm_log_warn("descriptors may run out: limit=%llu wanted=%llu",
		    (unsigned long long)limit.rlim_max,
		    (unsigned long long)wanted);
	limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		rm_log_warn("can't raise the limit of descriptors: %s",
		    strerror(errno));
}

/* What runs: the options, and what was opened for them. */
struct run {
	const struct options *o;
	struct rm_inherited sockets;
	struct rm_board *board;
	bool passed_on; /* some socket was: its clients may be waiting */
};

static void
announce(void *arg)
{
	const struct run *run = arg;
	struct rm_error err = { 0 };
	char *status = rm_format("listening http=%d protobuf=%d admin=%d",
	    rm_sockets_port(&run->sockets, rm_protocol_name(RM_HTTP)),
	    rm_sockets_port(&run->sockets, rm_protocol_name(RM_PB)),
	    rm_sockets_port(&run->sockets, RM_ADMIN_NAME));
	rm_log_info("%s", status);
	if (rm_ready_tell(run->o->ready_fd, status, &err) != 0)
		rm_log_warn("can't tell that it is ready: %s", err.text);
	free(status);
}

static void
stop(void *arg)
{
	rm_director_stop(arg);
}

static struct rm_director_options
director_options(const struct options *o)
{
	return (struct rm_director_options){
		.limits = o->limits,
		.directory = { .zk = o->zk,
		    .auth_file = o->zk_auth_file,
		    .timeout = o->zk_timeout,
		    .framework = o->framework,
		    .cluster = o->cluster,
		    .affinity = o->affinity },
		.client_tls = { o->tls_cert, o->tls_key, o->tls_client_ca,
		    true },
		.node_tls_files = { .ca = o->node_ca },
		.node_tls = o->node_tls,
		.access_log = o->access_log,
		.open = o->open,
	};
}

/* Serves clients until it is told to end; returns the exit code. */
static int
serve(const struct rm_director_options *options)
{
	struct rm_error err = { 0 };
	raise_limit(options->limits.connections);
	struct event_base *loop = rm_loop_new(false, &err);
	struct rm_director *director = NULL;
	if (loop != NULL)
		director = rm_director_new(loop, options, &err);
	if (director != NULL &&
	    rm_loop_on_stop(loop, stop, director, &err) == 0)
		event_base_dispatch(loop);
	rm_director_free(director);
	if (loop != NULL)
		event_base_free(loop);
	if (err.code != 0)
		rm_log_error("%s", err.text);
	return err.code;
}

static void
tell(void *arg)
{
	const int *fd = arg;
	if (write(*fd, "", 1) != 1)
		rm_log_warn("can't tell that it accepts: %s", strerror(errno));
}

static int
be_worker(
    void *arg, unsigned index, const struct rm_inherited *sockets, int fd)
{
	const struct run *run = arg;
	struct rm_director_options options = director_options(run->o);
	long workers = run->o->workers;
	options.limits.connections = (options.limits.connections + workers -
					 1) / workers;
	options.sockets = sockets;
	options.board = run->board;
	options.row = index;
	options.hold = true;
	options.begun = tell;
	options.arg = &fd;
	unsetenv("NOTIFY_SOCKET"); /* the first process tells */
	if (run->o->ready_fd != 0)
		close((int)run->o->ready_fd);
	return serve(&options);
}

static int
run_alone(struct run *run)
{
	struct rm_director_options options = director_options(run->o);
	options.sockets = &run->sockets;
	options.board = run->board;
	options.hold = run->passed_on;
	options.begun = announce;
	options.arg = run;
	return serve(&options);
}

static int
run_workers(struct run *run, int old, struct rm_error *err)
{
	const struct rm_workers_options options = {
		.count = (unsigned)run->o->workers,
		.sockets = &run->sockets,
		.board = run->board,
		.handover = run->o->handover,
		.old = old,
		.work = be_worker,
		.ready = announce,
		.arg = run,
	};
	return rm_workers_run(&options, err);
}

/* Those that were passed on, those of whoever ran before, and new ones. */
static int
open_sockets(struct run *run, int *old, struct rm_error *err)
{
	const struct options *o = run->o;
	struct rm_inherited before = { 0 };
	if (rm_inherited_take(&run->sockets, err) != 0 ||
	    check_sockets(&run->sockets, err) != 0)
		return -1;
	run->passed_on = run->sockets.count > 0;
	if (o->handover != NULL)
		*old = rm_handover_ask(o->handover, &before, err);
	const struct rm_sockets_port ports[] = {
		{ rm_protocol_name(RM_HTTP), o->address, (int)o->http_port,
		    (unsigned)o->workers },
		{ rm_protocol_name(RM_PB), o->address, (int)o->pb_port,
		    (unsigned)o->workers },
		{ RM_ADMIN_NAME,
		    o->admin_address != NULL ? o->admin_address : o->address,
		    (int)o->admin_port, 1 },
	};
	for (size_t i = 0; i < (web_enabled(o) ? 3 : 2) && err->code == 0; i++)
		rm_sockets_open(&run->sockets, &ports[i], &before, err);
	rm_sockets_close(&before);
	return err->code == 0 ? 0 : -1;
}

static int
run_daemon(void *options, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	struct run run = { .o = options };
	struct rm_error err = { 0 };
	int code = 0, old = -1;
	rm_loop_keep_standard();
	if (check(run.o, &err) == 0 && open_sockets(&run, &old, &err) == 0) {
		run.board = rm_board_new((unsigned)run.o->workers);
		if (run.board == NULL)
			rm_error_set(&err, RM_EXIT_OUTSIDE, "no memory");
	}
	if (err.code == 0 && run.o->open)
		rm_log_warn("--open: whoever reaches the admin port can "
			    "change what is proxied");
	if (err.code == 0 && run.o->workers == 1 && run.o->handover == NULL)
		code = run_alone(&run);
	else if (err.code == 0)
		code = run_workers(&run, old, &err);
	rm_board_free(run.board);
	rm_inherited_free(&run.sockets);
	if (err.code == 0)
		return code;
	rm_log_error("%s", err.text);
	return err.code;
}

static int
print_json(jv value)
{
	struct rm_str text = { 0 };
	rm_json_write(&text, value);
	bool good = printf("%s\n", text.text) > 0 && fflush(stdout) == 0;
	rm_str_free(&text);
	if (good)
		return RM_EXIT_OK;
	rm_log_error("standard output: %s", strerror(errno));
	return RM_EXIT_OUTSIDE;
}

static const struct verb {
	const char *name, *method, *path;
} verbs[] = {
	{ "status", "GET", "/status" },
	{ "list-frameworks", "GET", "/frameworks" },
	{ "list-clusters", "GET", "/clusters" },
	{ "list-nodes", "GET", "/nodes" },
	{ "configure", "PUT", NULL },
};

static int
ask(const struct options *o, const struct verb *verb, struct rm_error *err)
{
	char *path = NULL;
	if (verb->path == NULL) {
		if (check_name("framework", o->framework, err) != 0 ||
		    check_name("cluster", o->cluster, err) != 0)
			return err->code;
		path = rm_format(
		    "/frameworks/%s/clusters/%s", o->framework, o->cluster);
	}
	jv answer = jv_invalid();
	int rc = rm_admin_ask(o->url, verb->method,
	    path != NULL ? path : verb->path, &answer, err);
	free(path);
	return rc == 0 ? print_json(answer) : err->code;
}

static int
run_admin(void *options, int argc, char **argv)
{
	(void)argc;
	struct rm_error err = { 0 };
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++) {
		if (strcmp(verbs[i].name, argv[0]) != 0)
			continue;
		int code = ask(options, &verbs[i], &err);
		if (err.code != 0)
			rm_log_error("%s", err.text);
		return code;
	}
	rm_log_error(
	    "unknown word %s; try 'rm-director admin --help'", argv[0]);
	return RM_EXIT_USAGE;
}

int
main(int argc, char **argv)
{
	static const struct rm_command commands[] = {
		{ NULL, NULL, NULL, daemon_options, 0, 0, run_daemon },
		{ "admin",
		    "status|configure|list-frameworks|list-clusters|list-nodes",
		    "ask a running rm-director, print its answer",
		    admin_options, 1, 1, run_admin },
		{ 0 },
	};
	static const int exits[] = { RM_EXIT_OK, RM_EXIT_NO, RM_EXIT_USAGE,
		RM_EXIT_BUG, RM_EXIT_OUTSIDE, -1 };
	static const struct rm_program program = {
		.name = "rm-director",
		.summary = "proxy for the clients of a Riak cluster",
		.commands = commands,
		.options_size = sizeof(struct options),
		.exits = exits,
	};
	return rm_program_main(&program, argc, argv);
}
