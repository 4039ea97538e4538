/* rm-api(8): the REST API of a framework. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "api/access.h"
#include "api/api.h"
#include "base/exit.h"
#include "base/log.h"
#include "base/option.h"
#include "base/str.h"
#include "io/loop.h"
#include "io/ready.h"

struct options {
	struct rm_api_options api;
	long port, ready_fd;
	const char *token_file, *port_file;
};

#define AT(field) offsetof(struct options, field)

static const struct rm_option options_table[] = {
	{ RM_OPTION_TEXT, "zk", 0, "HOSTS", "RIAK_MESOS_ZK", "riak.zk", NULL,
	    "ZooKeeper, as host:port[,host:port]", AT(api.view.zk), true },
	{ RM_OPTION_TEXT, "framework", 0, "NAME", "RIAK_MESOS_NAME",
	    "riak.framework-name", "riak", "the framework's name",
	    AT(api.view.framework), false },
	{ RM_OPTION_TEXT, "address", 0, "LIST", "RIAK_MESOS_API_ADDRESS", NULL,
	    "127.0.0.1", "addresses to listen on", AT(api.addresses), false },
	{ RM_OPTION_COUNT, "port", 0, "PORT", "RIAK_MESOS_PORT", NULL, "9090",
	    "port to listen on; 0 takes a free one", AT(port), false },
	{ RM_OPTION_TEXT, "static", 0, "DIR", "RIAK_MESOS_STATIC", NULL, NULL,
	    "artifacts to serve below /static", AT(api.static_dir), false },
	{ RM_OPTION_TEXT, "token-file", 0, "FILE", "RIAK_MESOS_TOKEN_FILE",
	    NULL, NULL, "token that changes and Riak itself need",
	    AT(token_file), false },
	{ RM_OPTION_FLAG, "open", 0, NULL, "RIAK_MESOS_API_OPEN", NULL, NULL,
	    "let every machine change clusters and reach Riak", AT(api.open),
	    false },
	{ RM_OPTION_TEXT, "tls-cert", 0, "FILE", "RIAK_MESOS_TLS_CERT", NULL,
	    NULL, "certificate chain: clients have to speak TLS",
	    AT(api.tls.cert), false },
	{ RM_OPTION_TEXT, "tls-key", 0, "FILE", "RIAK_MESOS_TLS_KEY", NULL,
	    NULL, "its key, when it is in another file", AT(api.tls.key),
	    false },
	{ RM_OPTION_TEXT, "tls-client-ca", 0, "FILE",
	    "RIAK_MESOS_TLS_CLIENT_CA", NULL, NULL,
	    "clients have to show a certificate that it has signed",
	    AT(api.tls.ca), false },
	{ RM_OPTION_TEXT, "zk-auth-file", 0, "FILE", "RIAK_MESOS_ZK_AUTH_FILE",
	    NULL, NULL, "user:password for ZooKeeper", AT(api.view.auth_file),
	    false },
	{ RM_OPTION_NUMBER, "zk-timeout", 0, "SECONDS", "RIAK_MESOS_ZK_TIMEOUT",
	    NULL, "10", "of the ZooKeeper session", AT(api.view.timeout),
	    false },
	{ RM_OPTION_TEXT, "port-file", 0, "FILE", NULL, NULL, NULL,
	    "file that gets the port once it listens", AT(port_file), false },
	{ RM_OPTION_COUNT, "ready-fd", 0, "FD", NULL, NULL, NULL,
	    "write a newline to it when ready", AT(ready_fd), false },
	RM_OPTIONS_END,
};

static int
check(struct options *o, struct rm_error *err)
{
	struct stat st;
	const char *dir = o->api.static_dir;
	if (o->port > 65535)
		return rm_error_set(err, RM_EXIT_USAGE,
		    "--port: more than 65535: %ld", o->port);
	if (dir != NULL && (stat(dir, &st) != 0 || !S_ISDIR(st.st_mode)))
		return rm_error_set(
		    err, RM_EXIT_USAGE, "--static: not a directory: %s", dir);
	if (o->token_file != NULL && o->api.open)
		return rm_error_set(err, RM_EXIT_USAGE,
		    "--open and --token-file exclude each other");
	if ((o->api.tls.key != NULL || o->api.tls.ca != NULL) &&
	    o->api.tls.cert == NULL)
		return rm_error_set(err, RM_EXIT_USAGE,
		    "--tls-key and --tls-client-ca want a --tls-cert");
	o->api.tls.server = true;
	o->api.port = (int)o->port;
	return rm_ready_check(o->ready_fd, err);
}

static int
announce(
    const struct options *o, const struct rm_api *api, struct rm_error *err)
{
	int port = rm_api_port(api);
	if (o->port_file != NULL &&
	    rm_ready_port_file(o->port_file, port, err) != 0)
		return -1;
	char *status = rm_format("listening address=%s port=%d tls=%s access=%s",
	    o->api.addresses, port, o->api.tls.cert != NULL ? "yes" : "no",
	    o->api.token != NULL ? "token"
	    : o->api.open        ? "open"
				 : "loopback");
	rm_log_info("%s", status);
	if (o->api.open)
		rm_log_warn("--open: whoever reaches the port can run code on "
			    "every agent: see SECURITY CONSIDERATIONS in "
			    "rm-api(8)");
	struct rm_error told = { 0 };
	if (rm_ready_tell(o->ready_fd, status, &told) != 0)
		rm_log_warn("can't tell that it is ready: %s", told.text);
	free(status);
	return 0;
}

static void
stop(void *arg)
{
	event_base_loopbreak(arg);
}

static int
serve(const struct options *o, struct rm_error *err)
{
	struct event_base *loop = rm_loop_new(false, err);
	if (loop == NULL)
		return -1;
	struct rm_api *api = rm_api_new(loop, &o->api, err);
	int rc = api != NULL ? rm_loop_on_stop(loop, stop, loop, err) : -1;
	if (rc == 0)
		rc = announce(o, api, err);
	if (rc == 0)
		event_base_dispatch(loop);
	if (rc == 0 && rm_api_trouble(api)->code != 0) {
		*err = *rm_api_trouble(api);
		rc = -1;
	}
	rm_api_free(api);
	event_base_free(loop);
	return rc;
}

static int
run(void *values, int argc, char **argv)
{
	(void)argc, (void)argv;
	struct options *o = values;
	struct rm_error err = { 0 };
	char *token = NULL;
	int rc = check(o, &err);
	if (rc == 0 && o->token_file != NULL) {
		token = rm_access_read_token(o->token_file, &err);
		rc = token != NULL ? 0 : -1;
	}
	o->api.token = token;
	if (rc == 0)
		rc = serve(o, &err);
	free(token);
	if (rc == 0)
		return RM_EXIT_OK;
	rm_log_error("%s", err.text);
	return err.code;
}

int
main(int argc, char **argv)
{
	static const struct rm_command commands[] = {
		{ .run = run, .options = options_table },
		{ .run = NULL },
	};
	static const int exits[] = { RM_EXIT_OK, RM_EXIT_USAGE, RM_EXIT_BUG,
		RM_EXIT_OUTSIDE, -1 };
	static const struct rm_program program = {
		.name = "rm-api",
		.summary = "the REST API of a framework",
		.commands = commands,
		.options_size = sizeof(struct options),
		.exits = exits,
	};
	return rm_program_main(&program, argc, argv);
}
