#include "cli/status.h"

#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/json.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/screen.h"
#include "cli/table.h"

/* ---- asking ---- */

static jv
only(jv status, const char *cluster)
{
	jv all = rm_json_array(status, "clusters"), one = jv_array();
	jv_array_foreach (all, i, each) {
		if (strcmp(rm_json_text(each, "name", ""), cluster) == 0)
			one = jv_array_append(one, jv_copy(each));
		jv_free(each);
	}
	jv_free(all);
	return rm_json_set(status, "clusters", one);
}

int
rm_cli_get_status(
    struct rm_cli *cli, const char *cluster, jv *status, struct rm_error *err)
{
	if (cluster != NULL && rm_cli_check_name("cluster", cluster, err) != 0)
		return -1;
	if (rm_cli_get(cli, status, err, "/api/v1/status") != 0)
		return -1;
	if (cluster == NULL)
		return 0;
	*status = only(*status, cluster);
	jv found = rm_json_array(*status, "clusters");
	if (jv_array_length(found) > 0)
		return 0;
	jv_free(*status);
	return rm_error_set(err, RM_EXIT_NO, "no such cluster: %s", cluster);
}

/* ---- words ---- */

/* "running: riak-kv-2 is not up"; "-" without a rollout. */
static void
put_rollout(struct rm_str *out, jv cluster)
{
	jv rollout = rm_json_get(cluster, "rollout");
	const char *waits = rm_json_text(rollout, "waits", NULL);
	if (rm_json_bool(cluster, "destroy", false))
		rm_str_puts(out, "its nodes are going");
	else
		rm_str_printf(out, "%s%s%s",
		    rm_json_text(rollout, "state", "-"),
		    waits != NULL ? ": " : "", waits != NULL ? waits : "");
	jv_free(rollout);
}

/* Why it does not serve, or what it wants; the caller's, or NULL. */
static char *
why_of(jv node)
{
	const char *why = rm_json_text(node, "why", NULL);
	bool serving = rm_json_bool(node, "serving", false);
	if (why == NULL && serving && !rm_json_bool(node, "in_ring", true))
		why = "not in the ring yet";
	if (why == NULL && rm_json_bool(node, "restart_needed", false))
		why = "its configuration has changed: restart it";
	return why != NULL ? rm_strdup(why) : NULL;
}

static char *
port_of(jv node, const char *name)
{
	jv ports = rm_json_get(node, "ports");
	double port = rm_json_number(ports, name, 0);
	jv_free(ports);
	return port > 0 ? rm_format("%.0f", port) : rm_strdup("-");
}

/* ---- tables ---- */

static void
print_framework(struct rm_str *out, jv status)
{
	jv framework = rm_json_get(status, "framework");
	const char *wrong = rm_json_text(framework, "error", NULL);
	struct rm_table table = { .columns = 4 };
	static const char *const heads[] = { "FRAMEWORK", "SCHEDULER",
		"ZOOKEEPER", "STATE" };
	rm_table_add_heads(&table, heads);
	rm_table_add(&table, rm_json_text(framework, "name", NULL));
	rm_table_add(&table, rm_json_text(framework, "scheduler", NULL));
	rm_table_add(&table, rm_json_text(framework, "zookeeper", NULL));
	rm_table_add(&table, wrong != NULL ? wrong : "leads");
	rm_table_paint(&table, wrong != NULL ? RM_PAINT_BAD : RM_PAINT_GOOD);
	rm_table_print(&table, out);
	double orphans = rm_json_number(framework, "orphans", 0);
	if (orphans > 0)
		rm_str_printf(out,
		    "%.0f volumes that no record explains: 'riak-mesos "
		    "framework orphans' lists them\n",
		    orphans);
	jv_free(framework);
}

static void
add_cluster(struct rm_table *table, jv cluster)
{
	int count = jv_array_length(rm_json_array(cluster, "nodes"));
	double serving = rm_json_number(cluster, "serving", 0);
	struct rm_str rollout = { 0 };
	put_rollout(&rollout, cluster);
	rm_table_add(table, rm_json_text(cluster, "name", NULL));
	rm_table_add(table, rm_json_text(cluster, "riak_version", NULL));
	rm_table_add_number(table, count);
	rm_table_add_number(table, serving);
	rm_table_paint(table, serving >= count ? RM_PAINT_GOOD : RM_PAINT_BUSY);
	rm_table_add(table, rollout.text);
	rm_str_free(&rollout);
}

static void
add_node(struct rm_table *table, jv cluster, jv node)
{
	const char *key = rm_json_text(node, "key", "");
	bool serving = rm_json_bool(node, "serving", false);
	char *http = port_of(node, "http"), *pb = port_of(node, "pb");
	char *why = why_of(node);
	jv partitions = rm_json_get(cluster, "partitions");
	rm_table_add(table, key);
	rm_table_add(table, rm_json_text(node, "status", NULL));
	rm_table_paint(table, serving ? RM_PAINT_GOOD : RM_PAINT_BUSY);
	rm_table_add(table, serving ? "yes" : "no");
	rm_table_add(table, rm_json_text(node, "hostname", NULL));
	rm_table_add(table, http);
	rm_table_add(table, pb);
	if (rm_json_number(partitions, key, -1) < 0)
		rm_table_add(table, NULL);
	else
		rm_table_add_number(table, rm_json_number(partitions, key, 0));
	rm_table_add(table, why);
	rm_table_paint(table, why != NULL && !serving ? RM_PAINT_BAD : NULL);
	jv_free(partitions);
	free(why);
	free(http);
	free(pb);
}

void
rm_cli_print_status(struct rm_str *out, jv status)
{
	static const char *const heads[] = { "CLUSTER", "VERSION", "NODES",
		"SERVE", "ROLLOUT" };
	static const char *const node_heads[] = { "NODE", "STATUS", "SERVES",
		"HOST", "HTTP", "PB", "PARTITIONS", "WHY" };
	struct rm_table table = { .columns = 5 }, nodes = { .columns = 8 };
	jv clusters = rm_json_array(status, "clusters");
	print_framework(out, status);
	rm_table_add_heads(&table, heads);
	rm_table_add_heads(&nodes, node_heads);
	jv_array_foreach (clusters, i, cluster) {
		jv its = rm_json_array(cluster, "nodes");
		add_cluster(&table, cluster);
		jv_array_foreach (its, n, node) {
			add_node(&nodes, cluster, node);
			jv_free(node);
		}
		jv_free(its);
		jv_free(cluster);
	}
	rm_str_puts(out, "\n");
	rm_table_print(&table, out);
	rm_str_puts(out, "\n");
	rm_table_print(&nodes, out);
	jv_free(clusters);
}

/* ---- lines ---- */

/* Takes what is in text. */
static jv
set_line(jv lines, const char *kind, const char *name, struct rm_str *text)
{
	char *key = rm_format("%s %s", kind, name);
	lines = rm_json_set(
	    lines, key, jv_string_sized(text->text, (int)text->len));
	free(key);
	rm_str_clear(text);
	return lines;
}

static void
put_node(struct rm_str *text, jv cluster, jv node)
{
	char *http = port_of(node, "http"), *pb = port_of(node, "pb");
	char *why = why_of(node);
	jv partitions = rm_json_get(cluster, "partitions");
	double owned = rm_json_number(
	    partitions, rm_json_text(node, "key", ""), -1);
	const char *host = rm_json_text(node, "hostname", NULL);
	rm_str_puts(text, rm_json_text(node, "status", "?"));
	if (rm_json_bool(node, "serving", false))
		rm_str_puts(text, ", serves");
	if (host != NULL)
		rm_str_printf(text, ", %s, http %s, pb %s", host, http, pb);
	if (owned >= 0)
		rm_str_printf(text, ", %.0f partitions", owned);
	if (why != NULL)
		rm_str_printf(text, ": %s", why);
	jv_free(partitions);
	free(why);
	free(http);
	free(pb);
}

static void
put_cluster(struct rm_str *text, jv cluster)
{
	rm_str_printf(text, "%s, %.0f of %d nodes serve, rollout ",
	    rm_json_text(cluster, "riak_version", "-"),
	    rm_json_number(cluster, "serving", 0),
	    jv_array_length(rm_json_array(cluster, "nodes")));
	put_rollout(text, cluster);
}

jv
rm_cli_status_lines(jv status)
{
	struct rm_str text = { 0 };
	jv lines = jv_object(), clusters = rm_json_array(status, "clusters");
	jv framework = rm_json_get(status, "framework");
	const char *wrong = rm_json_text(framework, "error", NULL);
	rm_str_printf(&text, "%s%s",
	    wrong != NULL ? wrong
			  : rm_json_text(framework, "scheduler", "scheduler"),
	    wrong != NULL ? "" : " leads");
	lines = set_line(
	    lines, "framework", rm_json_text(framework, "name", "?"), &text);
	jv_free(framework);
	jv_array_foreach (clusters, i, cluster) {
		jv nodes = rm_json_array(cluster, "nodes");
		put_cluster(&text, cluster);
		lines = set_line(lines, "cluster",
		    rm_json_text(cluster, "name", "?"), &text);
		jv_array_foreach (nodes, n, node) {
			put_node(&text, cluster, node);
			lines = set_line(lines, "node",
			    rm_json_text(node, "key", "?"), &text);
			jv_free(node);
		}
		jv_free(nodes);
		jv_free(cluster);
	}
	jv_free(clusters);
	rm_str_free(&text);
	return lines;
}

int
rm_cli_status(struct rm_cli *cli, int argc, char **argv, struct rm_str *out,
    struct rm_error *err)
{
	const char *cluster = argc > 0 ? argv[0] : NULL;
	jv status;
	if (cli->options->watch)
		return rm_cli_watch_status(cli, cluster, err);
	if (rm_cli_get_status(cli, cluster, &status, err) != 0)
		return -1;
	if (cli->options->json)
		rm_cli_print_json(out, jv_copy(status));
	else
		rm_cli_print_status(out, status);
	jv_free(status);
	return 0;
}
