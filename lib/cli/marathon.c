/* The scheduler and the Directors as Marathon's apps (/v2/apps). */
#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/json.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/wait.h"

/* The environment of the original's app, and where in the file it is from. */
static const struct {
	const char *name, *path;
} environment[] = {
	{ "RIAK_MESOS_ZK", "zk" },
	{ "RIAK_MESOS_MASTER", "master" },
	{ "RIAK_MESOS_USER", "user" },
	{ "RIAK_MESOS_ROLE", "role" },
	{ "RIAK_MESOS_HOSTNAME", "hostname" },
	{ "RIAK_MESOS_FAILOVER_TIMEOUT", "failover-timeout" },
	{ "RIAK_MESOS_PRINCIPAL", "auth-principal" },
	{ "RIAK_MESOS_PROVIDER", "auth-provider" },
	{ "RIAK_MESOS_SECRET_FILE", "auth-secret-file" },
	{ "RIAK_MESOS_CONSTRAINTS", "constraints" },
	{ "RIAK_MESOS_WEBUI_URL", "framework-url" },
	{ "RIAK_MESOS_TOKEN_FILE", "scheduler.token-file" },
	{ "RIAK_MESOS_NODE_CPUS", "node.cpus" },
	{ "RIAK_MESOS_NODE_MEM", "node.mem" },
	{ "RIAK_MESOS_NODE_DISK", "node.disk" },
	{ "RIAK_MESOS_NODE_IFACE", "node.network_interface_name" },
	{ "RIAK_MESOS_EXECUTOR_CPUS", "executor.cpus" },
	{ "RIAK_MESOS_EXECUTOR_MEM", "executor.mem" },
	{ "RIAK_MESOS_DIRECTOR_CPUS", "director.cpus" },
	{ "RIAK_MESOS_DIRECTOR_MEM", "director.mem" },
	{ "RIAK_MESOS_DIRECTOR_PUBLIC", "director.use-public" },
};

/* What is of one kind of app alone. */
struct kind {
	const char *resource, *health;
	int ports, health_port;
	double mem;
	const char *command;
};
/* When rm-api ends, its health check ends the app. */
static const struct kind scheduler = { "scheduler", "/healthcheck", 1, 0, 512,
	"cd riak-mesos-* && export RIAK_MESOS_PORT=$PORT0 && "
	"{ bin/rm-api --address 0.0.0.0 & exec bin/rm-schedd; }" };
static const struct kind director = { "director", "/alive", 3, 2, 256,
	"cd riak-mesos-* && exec bin/rm-director --address 0.0.0.0" };

static int
read_object(
    const char *option, const char *text, jv *value, struct rm_error *err)
{
	if (rm_json_parse(text, strlen(text), value, err) == 0) {
		if (jv_get_kind(*value) == JV_KIND_OBJECT)
			return 0;
		jv_free(*value);
		rm_error_set(err, RM_EXIT_USAGE, "not an object");
	}
	err->code = RM_EXIT_USAGE;
	rm_error_prefix(err, "%s", option);
	return -1;
}

/* Marathon's environment is text. Borrows riak. */
static jv
add_text(jv env, const char *name, jv riak, const char *path)
{
	jv value = rm_json_path(riak, path);
	if (jv_is_valid(value) && jv_get_kind(value) != JV_KIND_NULL &&
	    jv_get_kind(value) != JV_KIND_STRING)
		value = jv_dump_string(value, 0);
	if (jv_get_kind(value) == JV_KIND_STRING)
		return rm_json_set(env, name, value);
	jv_free(value);
	return env;
}

static jv
scheduler_env(const struct rm_cli *cli, jv riak)
{
	jv env = jv_object();
	for (size_t i = 0; i < sizeof(environment) / sizeof(*environment); i++)
		env = add_text(
		    env, environment[i].name, riak, environment[i].path);
	env = rm_json_set(
	    env, "RIAK_MESOS_NAME", jv_string(cli->options->framework));
	return rm_json_set(env, "RIAK_MESOS_RESOURCE_URLS",
	    jv_string(cli->options->resources));
}

static jv
director_env(const struct rm_cli *cli, jv riak, const char *cluster)
{
	jv env = add_text(jv_object(), "DIRECTOR_ZK", riak, "zk");
	env = rm_json_set(
	    env, "DIRECTOR_FRAMEWORK", jv_string(cli->options->framework));
	return rm_json_set(env, "DIRECTOR_CLUSTER", jv_string(cluster));
}

/* As the original's file names them, and what they are without. */
static const struct {
	const char *field, *key;
	double fallback;
} health[] = {
	{ "gracePeriodSeconds", "healthcheck-grace-period-seconds", 300 },
	{ "intervalSeconds", "healthcheck-interval-seconds", 20 },
	{ "timeoutSeconds", "healthcheck-timeout-seconds", 10 },
	{ "maxConsecutiveFailures", "healthcheck-max-consecutive-failures", 3 },
};

static jv
health_check(const struct kind *kind, jv riak)
{
	jv check = JV_OBJECT(jv_string("protocol"), jv_string("MESOS_HTTP"),
	    jv_string("path"), jv_string(kind->health), jv_string("portIndex"),
	    jv_number(kind->health_port));
	for (size_t i = 0; i < sizeof(health) / sizeof(*health); i++)
		check = rm_json_set(check, health[i].field,
		    jv_number(rm_json_number(
			riak, health[i].key, health[i].fallback)));
	return check;
}

static jv
ports(int count)
{
	jv all = jv_array();
	for (int i = 0; i < count; i++)
		all = jv_array_append(
		    all, JV_OBJECT(jv_string("port"), jv_number(0),
			     jv_string("protocol"), jv_string("tcp")));
	return all;
}

/* "/riak", or a Director's "/riak-kv-director". */
static char *
app_id(const struct rm_cli *cli, const char *cluster)
{
	const char *framework = cli->options->framework;
	return cluster == NULL
		   ? rm_format("/%s", framework)
		   : rm_format("/%s-%s-director", framework, cluster);
}

/* Borrows riak and resources. */
static int
make_app(const struct rm_cli *cli, const char *cluster, jv riak, jv resources,
    jv *app, struct rm_error *err)
{
	const struct kind *kind = cluster == NULL ? &scheduler : &director;
	const char *url = rm_json_text(resources, kind->resource, NULL);
	if (url == NULL)
		url = rm_json_text(resources, "scheduler", NULL);
	if (url == NULL)
		return rm_error_set(err, RM_EXIT_USAGE,
		    "resources.%s: missing from the configuration file (the "
		    "URL of the archive of `make dist`)",
		    kind->resource);
	if (rm_json_text(riak, "zk", NULL) == NULL ||
	    (cluster == NULL && rm_json_text(riak, "master", NULL) == NULL))
		return rm_error_set(err, RM_EXIT_USAGE,
		    "riak.zk or riak.master: missing from the configuration "
		    "file");
	jv own = rm_json_get(riak, kind->resource);
	char *id = app_id(cli, cluster);
	jv value = JV_OBJECT(jv_string("id"), jv_string(id), jv_string("cmd"),
	    jv_string(kind->command), jv_string("cpus"),
	    jv_number(rm_json_number(own, "cpus", 0.5)), jv_string("mem"),
	    jv_number(rm_json_number(own, "mem", kind->mem)),
	    jv_string("instances"),
	    jv_number(
		cluster == NULL ? rm_json_number(riak, "instances", 1) : 1));
	value = rm_json_set(value, "fetch",
	    JV_ARRAY(JV_OBJECT(jv_string("uri"), jv_string(url))));
	value = rm_json_set(value, "env",
	    cluster == NULL ? scheduler_env(cli, riak)
			    : director_env(cli, riak, cluster));
	value = rm_json_set(value, "portDefinitions", ports(kind->ports));
	value = rm_json_set(
	    value, "healthChecks", JV_ARRAY(health_check(kind, riak)));
	jv constraints = rm_json_array(own, "constraints");
	if (jv_array_length(jv_copy(constraints)) > 0)
		value = rm_json_set(value, "constraints", jv_copy(constraints));
	jv_free(constraints);
	if (cluster != NULL && rm_json_bool(own, "use-public", false))
		value = rm_json_set(value, "acceptedResourceRoles",
		    JV_ARRAY(jv_string("slave_public")));
	free(id);
	jv_free(own);
	*app = value;
	return 0;
}

static int
app_of(struct rm_cli *cli, const char *cluster, jv *app, struct rm_error *err)
{
	jv riak, resources;
	if (cluster != NULL && rm_cli_check_name("cluster", cluster, err) != 0)
		return -1;
	if (read_object("riak", cli->options->riak, &riak, err) != 0)
		return -1;
	int rc = read_object(
	    "resources", cli->options->resources, &resources, err);
	if (rc == 0) {
		rc = make_app(cli, cluster, riak, resources, app, err);
		jv_free(resources);
	}
	jv_free(riak);
	return rc;
}

static int
ask(struct rm_cli *cli, const char *method, const char *path,
    const struct rm_str *body, jv *answer, struct rm_error *err)
{
	const char *url = cli->options->marathon;
	const struct rm_cli_peer marathon = { url != NULL ? url
							  : RM_CLI_MARATHON,
		"Marathon", "marathon", "Content-Type: application/json" };
	return rm_cli_ask_at(cli, &marathon, method, path, body, answer, err);
}

static int
print_app(struct rm_cli *cli, const char *cluster, struct rm_str *out,
    struct rm_error *err)
{
	jv app;
	if (app_of(cli, cluster, &app, err) != 0)
		return -1;
	rm_cli_print_json(out, app);
	return 0;
}

static int
install(struct rm_cli *cli, const char *cluster, struct rm_error *err)
{
	jv app, answer;
	struct rm_str body = { 0 };
	if (app_of(cli, cluster, &app, err) != 0)
		return -1;
	rm_json_write(&body, app);
	int rc = ask(cli, "POST", "/v2/apps", &body, &answer, err);
	jv_free(answer);
	rm_str_free(&body);
	if (rc != 0)
		rm_error_prefix(err, "Marathon");
	return rc;
}

/* A look at an app, or its end. */
static int
with_app(struct rm_cli *cli, const char *method, const char *cluster,
    jv *answer, struct rm_error *err)
{
	*answer = jv_invalid();
	if (cluster != NULL && rm_cli_check_name("cluster", cluster, err) != 0)
		return -1;
	char *id = app_id(cli, cluster);
	char *path = rm_format("/v2/apps%s", id);
	int rc = ask(cli, method, path, NULL, answer, err);
	if (rc != 0)
		rm_error_prefix(err, "Marathon");
	free(path);
	free(id);
	return rc;
}

static int
uninstall(struct rm_cli *cli, const char *cluster, struct rm_error *err)
{
	jv answer;
	int rc = with_app(cli, "DELETE", cluster, &answer, err);
	jv_free(answer);
	return rc;
}

int
rm_cli_config_marathon(struct rm_cli *cli, int argc, char **argv,
    struct rm_str *out, struct rm_error *err)
{
	(void)argc, (void)argv;
	return print_app(cli, NULL, out, err);
}

int
rm_cli_director_config(struct rm_cli *cli, int argc, char **argv,
    struct rm_str *out, struct rm_error *err)
{
	(void)argc;
	return print_app(cli, argv[0], out, err);
}

int
rm_cli_framework_install(struct rm_cli *cli, int argc, char **argv,
    struct rm_str *out, struct rm_error *err)
{
	if (install(cli, NULL, err) != 0)
		return -1;
	if (cli->options->attach)
		return rm_cli_framework_wait(cli, argc, argv, out, err);
	rm_cli_print_done(cli, out, "framework %s is given to Marathon",
	    cli->options->framework);
	return 0;
}

int
rm_cli_framework_uninstall(struct rm_cli *cli, int argc, char **argv,
    struct rm_str *out, struct rm_error *err)
{
	(void)argc, (void)argv;
	if (uninstall(cli, NULL, err) != 0)
		return -1;
	rm_cli_print_done(cli, out,
	    "framework %s is taken from Marathon; its nodes go on",
	    cli->options->framework);
	return 0;
}

int
rm_cli_director_install(struct rm_cli *cli, int argc, char **argv,
    struct rm_str *out, struct rm_error *err)
{
	(void)argc;
	if (install(cli, argv[0], err) != 0)
		return -1;
	rm_cli_print_done(
	    cli, out, "the Director of %s is given to Marathon", argv[0]);
	return 0;
}

int
rm_cli_director_uninstall(struct rm_cli *cli, int argc, char **argv,
    struct rm_str *out, struct rm_error *err)
{
	(void)argc;
	if (uninstall(cli, argv[0], err) != 0)
		return -1;
	rm_cli_print_done(
	    cli, out, "the Director of %s is taken from Marathon", argv[0]);
	return 0;
}

int
rm_cli_director_endpoints(struct rm_cli *cli, int argc, char **argv,
    struct rm_str *out, struct rm_error *err)
{
	static const char *const names[] = { "http:", "protobuf:", "admin:" };
	(void)argc;
	jv answer;
	if (with_app(cli, "GET", argv[0], &answer, err) != 0)
		return -1;
	jv tasks = rm_json_path(answer, "app.tasks");
	jv_free(answer);
	if (jv_get_kind(tasks) != JV_KIND_ARRAY)
		tasks = (jv_free(tasks), jv_array());
	if (cli->options->json) {
		rm_cli_print_json(out, tasks);
		return 0;
	}
	jv_array_foreach (tasks, t, task) {
		jv taken = rm_json_array(task, "ports");
		jv_array_foreach (taken, i, port) {
			if (i < 3 && jv_get_kind(port) == JV_KIND_NUMBER)
				rm_str_printf(out, "%-10s %s:%.0f\n", names[i],
				    rm_json_text(task, "host", "?"),
				    jv_number_value(port));
			jv_free(port);
		}
		jv_free(taken);
		jv_free(task);
	}
	jv_free(tasks);
	return 0;
}

static int
look_at_tasks(void *arg, struct rm_cli *cli, struct rm_cli_seen *seen,
    struct rm_error *err)
{
	jv answer;
	if (with_app(cli, "GET", arg, &answer, err) != 0)
		return -1;
	jv app = rm_json_get(answer, "app");
	double healthy = rm_json_number(app, "tasksHealthy", 0);
	seen->done = healthy;
	seen->of = rm_json_number(app, "instances", 0);
	rm_str_printf(&seen->words, "%.0f of %.0f healthy", healthy, seen->of);
	jv_free(app);
	jv_free(answer);
	return healthy >= 1;
}

int
rm_cli_director_wait(struct rm_cli *cli, int argc, char **argv,
    struct rm_str *out, struct rm_error *err)
{
	(void)argc;
	const struct rm_cli_wait wait = { look_at_tasks, argv[0],
		cli->options->json };
	int rc = rm_cli_wait(cli, &wait, cli->options->timeout, err);
	if (rc == 0 && cli->options->json)
		rm_str_puts(out, "{\"success\":true}\n");
	return rc;
}
