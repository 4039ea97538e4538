#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/json.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/read_file.h"
#include "cli/table.h"
#include "cli/wait.h"
#include "cli/write_file.h"

#define CLUSTERS "/api/v1/clusters"

/* ---- list, set, info ---- */

static void
add_cluster(struct rm_table *table, jv cluster)
{
	jv nodes = rm_json_array(cluster, "nodes");
	int count = 0, started = 0;
	jv_array_foreach (nodes, i, node) {
		count++;
		started += strcmp(rm_json_text(node, "status", ""),
			       "started") == 0;
		jv_free(node);
	}
	jv_free(nodes);
	rm_table_add(table, rm_json_text(cluster, "name", NULL));
	rm_table_add(table, rm_json_text(cluster, "riak_version", NULL));
	rm_table_add_number(table, rm_json_number(cluster, "generation", 0));
	rm_table_add_number(table, count);
	rm_table_add_number(table, started);
}

static void
print_clusters(jv answer, struct rm_str *out)
{
	struct rm_table table = { .columns = 5 };
	static const char *const heads[] = { "CLUSTER", "VERSION", "GENERATION",
		"NODES", "STARTED" };
	for (size_t i = 0; i < 5; i++)
		rm_table_add(&table, heads[i]);
	jv clusters = rm_json_array(answer, "clusters");
	jv_array_foreach (clusters, i, cluster) {
		add_cluster(&table, cluster);
		jv_free(cluster);
	}
	jv_free(clusters);
	rm_table_print(&table, out);
}

int
rm_cli_cluster_list(struct rm_cli *cli, int argc, char **argv,
    struct rm_str *out, struct rm_error *err)
{
	(void)argc, (void)argv;
	jv answer;
	if (rm_cli_get(cli, &answer, err, CLUSTERS) != 0)
		return -1;
	int rc = 0;
	if (cli->options->output != NULL) {
		struct rm_str text = { 0 };
		rm_cli_print_json(&text, jv_copy(answer));
		rc = rm_cli_write_file(cli->options->output, &text, err);
		rm_str_free(&text);
	} else if (cli->options->json) {
		rm_cli_print_json(out, jv_copy(answer));
	} else {
		print_clusters(answer, out);
	}
	jv_free(answer);
	return rc;
}

/* Something that is no JSON is not asked about. */
static int
read_json(const char *path, struct rm_str *body, struct rm_error *err)
{
	jv document;
	if (rm_cli_read_file(path, body, err) != 0)
		return -1;
	if (rm_json_parse(body->text != NULL ? body->text : "", body->len,
		&document, err) == 0) {
		jv_free(document);
		return 0;
	}
	err->code = RM_EXIT_USAGE;
	return rm_error_prefix(err, "%s", path);
}

int
rm_cli_cluster_set(struct rm_cli *cli, int argc, char **argv,
    struct rm_str *out, struct rm_error *err)
{
	(void)argc;
	struct rm_str body = { 0 };
	jv answer = jv_invalid();
	int rc = read_json(argv[0], &body, err);
	if (rc == 0)
		rc = rm_cli_ask(cli, "PUT", CLUSTERS, &body, &answer, err);
	rm_str_free(&body);
	if (rc != 0)
		return -1;
	if (jv_get_kind(answer) != JV_KIND_ARRAY) {
		jv_free(answer);
		return rm_error_set(
		    err, RM_EXIT_OUTSIDE, "%s: not rm-api", cli->api);
	}
	jv_array_foreach (answer, i, one) {
		bool good = rm_json_bool(one, "success", false);
		const char *name = rm_json_text(one, "name", "?");
		const char *why = rm_json_text(one, "error", "done");
		if (!cli->options->json)
			rm_str_printf(out, "%s: %s\n", name, why);
		if (!good && rc == 0)
			rc = rm_error_set(err, RM_EXIT_NO, "%s: %s", name, why);
		jv_free(one);
	}
	if (cli->options->json)
		rm_cli_print_json(out, jv_copy(answer));
	jv_free(answer);
	return rc;
}

static void
print_nodes(jv status, struct rm_str *out)
{
	struct rm_table table = { .columns = 5 };
	static const char *const heads[] = { "NODE", "STATUS", "SERVES", "HOST",
		"WHY" };
	jv nodes = rm_json_array(status, "nodes");
	for (size_t i = 0; i < 5; i++)
		rm_table_add(&table, heads[i]);
	jv_array_foreach (nodes, i, node) {
		rm_table_add(&table, rm_json_text(node, "key", NULL));
		rm_table_add(&table, rm_json_text(node, "status", NULL));
		rm_table_add(&table,
		    rm_json_bool(node, "serving", false) ? "yes" : "no");
		rm_table_add(&table, rm_json_text(node, "hostname", NULL));
		bool outdated = rm_json_bool(node, "restart_needed", false);
		rm_table_add(&table,
		    rm_json_text(node, "why",
			outdated ? "its configuration has changed: restart it"
				 : NULL));
		jv_free(node);
	}
	jv_free(nodes);
	rm_table_print(&table, out);
}

static int
get_status(
    struct rm_cli *cli, const char *name, jv *status, struct rm_error *err)
{
	if (rm_cli_check_name("cluster", name, err) != 0)
		return -1;
	return rm_cli_get(cli, status, err, CLUSTERS "/%s/status", name);
}

int
rm_cli_cluster_info(struct rm_cli *cli, int argc, char **argv,
    struct rm_str *out, struct rm_error *err)
{
	(void)argc;
	jv answer;
	if (rm_cli_check_name("cluster", argv[0], err) != 0)
		return -1;
	if (cli->options->json) {
		if (rm_cli_get(cli, &answer, err, CLUSTERS "/%s", argv[0]) != 0)
			return -1;
		rm_cli_print_json(out, answer);
		return 0;
	}
	if (get_status(cli, argv[0], &answer, err) != 0)
		return -1;
	rm_str_printf(out,
	    "cluster:     %s\nversion:     %s\n"
	    "generation:  %.0f\n%s\n",
	    argv[0], rm_json_text(answer, "riak_version", "-"),
	    rm_json_number(answer, "generation", 0),
	    rm_json_bool(answer, "destroy", false)
		? "destroy:     yes: its nodes are going\n"
		: "");
	print_nodes(answer, out);
	jv_free(answer);
	return 0;
}

/* ---- endpoints ---- */

static jv
endpoint_of(jv node, const char *port)
{
	jv ports = rm_json_get(node, "ports");
	double number = rm_json_number(ports, port, 0);
	jv_free(ports);
	return jv_string_fmt("%s:%.0f",
	    rm_json_text(node, "address", rm_json_text(node, "hostname", "?")),
	    number);
}

/* Of those that serve; consumes. */
static jv
endpoints_of(jv status)
{
	jv nodes = rm_json_array(status, "nodes"), all = jv_object();
	jv_free(status);
	jv_array_foreach (nodes, i, node) {
		if (rm_json_bool(node, "serving", false))
			all = rm_json_set(all, rm_json_text(node, "key", ""),
			    JV_OBJECT(jv_string("http"),
				endpoint_of(node, "http"), jv_string("pb"),
				endpoint_of(node, "pb")));
		jv_free(node);
	}
	jv_free(nodes);
	return all;
}

int
rm_cli_cluster_endpoints(struct rm_cli *cli, int argc, char **argv,
    struct rm_str *out, struct rm_error *err)
{
	(void)argc;
	jv status;
	if (get_status(cli, argv[0], &status, err) != 0)
		return -1;
	jv all = endpoints_of(status);
	if (cli->options->json) {
		rm_cli_print_json(out, all);
		return 0;
	}
	struct rm_table table = { .columns = 3 };
	rm_table_add(&table, "NODE");
	rm_table_add(&table, "HTTP");
	rm_table_add(&table, "PB");
	jv keys = jv_keys(jv_copy(all));
	jv_array_foreach (keys, i, key) {
		jv one = jv_object_get(jv_copy(all), jv_copy(key));
		rm_table_add(&table, jv_string_value(key));
		rm_table_add(&table, rm_json_text(one, "http", NULL));
		rm_table_add(&table, rm_json_text(one, "pb", NULL));
		jv_free(one);
		jv_free(key);
	}
	jv_free(keys);
	jv_free(all);
	rm_table_print(&table, out);
	return 0;
}

/* ---- create, destroy, add-node ---- */

int
rm_cli_cluster_create(struct rm_cli *cli, int argc, char **argv,
    struct rm_str *out, struct rm_error *err)
{
	(void)argc;
	jv answer;
	struct rm_str body = { 0 };
	if (rm_cli_check_name("cluster", argv[0], err) != 0)
		return -1;
	rm_json_write(
	    &body, JV_OBJECT(jv_string("riak_version"), jv_string(argv[1])));
	char *path = rm_format(CLUSTERS "/%s/create", argv[0]);
	int rc = rm_cli_ask(cli, "POST", path, &body, &answer, err);
	free(path);
	rm_str_free(&body);
	if (rc == 0) {
		rm_cli_print_done(cli, out,
		    "cluster %s is made; it has no nodes: try 'riak-mesos "
		    "cluster add-node %s'",
		    argv[0], argv[0]);
		jv_free(answer);
	} else if (err->code == RM_EXIT_NO &&
		   strcmp(err->text, "exists") == 0) {
		rm_error_set(
		    err, RM_EXIT_NO, "cluster %s exists already", argv[0]);
	}
	return rc;
}

int
rm_cli_cluster_destroy(struct rm_cli *cli, int argc, char **argv,
    struct rm_str *out, struct rm_error *err)
{
	(void)argc;
	if (rm_cli_check_name("cluster", argv[0], err) != 0 ||
	    rm_cli_do(cli, "DELETE", err, CLUSTERS "/%s", argv[0]) != 0)
		return -1;
	rm_cli_print_done(
	    cli, out, "cluster %s and its data are going", argv[0]);
	return 0;
}

int
rm_cli_cluster_add_node(struct rm_cli *cli, int argc, char **argv,
    struct rm_str *out, struct rm_error *err)
{
	(void)argc;
	long wanted = cli->options->nodes;
	if (rm_cli_check_name("cluster", argv[0], err) != 0)
		return -1;
	if (wanted < 1 || wanted > 1000)
		return rm_error_set(err, RM_EXIT_USAGE,
		    "--nodes: %ld is not between 1 and 1000", wanted);
	for (long made = 0; made < wanted; made++)
		if (rm_cli_do(
			cli, "POST", err, CLUSTERS "/%s/nodes", argv[0]) != 0)
			return made == 0 ? -1
					 : rm_error_prefix(err,
					       "%ld of %ld nodes were added",
					       made, wanted);
	rm_cli_print_done(cli, out,
	    "%ld node%s added to cluster %s; 'riak-mesos cluster "
	    "wait-for-service %s --nodes N' waits for N to serve",
	    wanted, wanted == 1 ? "" : "s", argv[0], argv[0]);
	return 0;
}

/* ---- configuration ---- */

static int template(struct rm_cli *cli, const char *name, const char *what,
    struct rm_str *out, struct rm_error *err)
{
	const struct rm_cli_options *o = cli->options;
	struct rm_str body = { 0 };
	jv answer = jv_invalid();
	if (rm_cli_check_name("cluster", name, err) != 0)
		return -1;
	if (o->file != NULL && o->remove)
		return rm_error_set(err, RM_EXIT_USAGE,
		    "--file and --delete exclude each other");
	int rc = o->file != NULL ? rm_cli_read_file(o->file, &body, err) : 0;
	if (rc == 0 && o->file != NULL && body.len == 0)
		rc = rm_error_set(err, RM_EXIT_USAGE,
		    "%s: empty; --delete takes the template away", o->file);
	char *path = rm_format(CLUSTERS "/%s/%s", name, what);
	if (rc == 0)
		rc = rm_cli_ask(cli,
		    o->file != NULL ? "PUT"
		    : o->remove     ? "DELETE"
				    : "GET",
		    path, o->file != NULL ? &body : NULL, &answer, err);
	if (rc == 0 && jv_get_kind(answer) == JV_KIND_STRING && !o->json)
		rm_str_puts(out, jv_string_value(answer));
	else if (rc == 0 && jv_get_kind(answer) == JV_KIND_STRING)
		rm_cli_print_json(
		    out, JV_OBJECT(jv_string(what), jv_copy(answer)));
	else if (rc == 0)
		rm_cli_print_done(cli, out,
		    "cluster %s has %s; nodes go by that when they start: "
		    "'riak-mesos cluster restart %s'",
		    name, o->remove ? "no template of its own now" : "it",
		    name);
	jv_free(answer);
	rm_str_free(&body);
	free(path);
	return rc;
}

int
rm_cli_cluster_config(struct rm_cli *cli, int argc, char **argv,
    struct rm_str *out, struct rm_error *err)
{
	(void)argc;
	return template(cli, argv[0], "config", out, err);
}

int
rm_cli_cluster_advanced(struct rm_cli *cli, int argc, char **argv,
    struct rm_str *out, struct rm_error *err)
{
	(void)argc;
	return template(cli, argv[0], "advancedConfig", out, err);
}

/* ---- waiting ---- */

struct serving {
	const char *cluster;
	long nodes;
	jv status; /* the last one */
};

static void
tell_node(struct rm_str *words, jv node)
{
	const char *why = rm_json_text(node, "why", NULL);
	bool serving = rm_json_bool(node, "serving", false);
	if (serving && rm_json_bool(node, "in_ring", true))
		return;
	if (serving)
		why = "not in the ring yet";
	rm_str_printf(words, "; %s %s%s%s", rm_json_text(node, "key", "?"),
	    rm_json_text(node, "status", "?"), why != NULL ? ": " : "",
	    why != NULL ? why : "");
}

static int
look_at_serving(void *arg, struct rm_cli *cli, struct rm_cli_seen *seen,
    struct rm_error *err)
{
	struct serving *s = arg;
	jv status;
	if (rm_cli_get(cli, &status, err, CLUSTERS "/%s/status", s->cluster) !=
	    0)
		return -1;
	double serving = rm_json_number(status, "serving", 0);
	jv nodes = rm_json_array(status, "nodes");
	seen->done = serving;
	seen->of = (double)s->nodes;
	rm_str_printf(&seen->words, "%s: %.0f of %ld nodes serve", s->cluster,
	    serving, s->nodes);
	int known = jv_array_length(jv_copy(nodes));
	if (known < s->nodes)
		rm_str_printf(
		    &seen->words, "; there are only %d: try add-node", known);
	jv_array_foreach (nodes, i, node) {
		tell_node(&seen->words, node);
		jv_free(node);
	}
	jv_free(nodes);
	jv_free(s->status);
	s->status = status;
	return serving >= (double)s->nodes;
}

int
rm_cli_cluster_wait(struct rm_cli *cli, int argc, char **argv,
    struct rm_str *out, struct rm_error *err)
{
	(void)argc;
	struct serving s = { argv[0], cli->options->nodes, jv_invalid() };
	const struct rm_cli_wait wait = { look_at_serving, &s,
		cli->options->json };
	if (rm_cli_check_name("cluster", argv[0], err) != 0)
		return -1;
	int rc = rm_cli_wait(cli, &wait, cli->options->timeout, err);
	if (cli->options->json && jv_is_valid(s.status))
		rm_cli_print_json(out, jv_copy(s.status));
	jv_free(s.status);
	return rc;
}
