#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/json.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/wait.h"

#define NODES "/api/v1/clusters/%s/nodes/%s"

static void
print_member(struct rm_str *out, const char *key, jv object, const char *member)
{
	jv value = rm_json_get(object, member);
	struct rm_str text = { 0 };
	if (jv_get_kind(value) == JV_KIND_STRING)
		rm_str_puts(&text, jv_string_value(value));
	else if (jv_get_kind(value) == JV_KIND_NUMBER)
		rm_json_write(&text, jv_copy(value));
	rm_cli_print_field(out, key, text.text);
	rm_str_free(&text);
	jv_free(value);
}

static void
print_node(struct rm_str *out, const char *key, jv node)
{
	static const char *const placed[][2] = { { "name:", "node_name" },
		{ "host:", "hostname" }, { "http port:", "http_port" },
		{ "pb port:", "pb_port" }, { "disterl port:", "disterl_port" },
		{ "agent:", "agent_id_value" } };
	jv location = rm_json_get(node, "location");
	rm_cli_print_field(out, "node:", key);
	print_member(out, "status:", node, "status");
	for (size_t i = 0; i < sizeof(placed) / sizeof(*placed); i++)
		print_member(out, placed[i][0], location, placed[i][1]);
	print_member(out, "volume:", node, "persistence_id");
	print_member(out, "container path:", node, "container_path");
	jv_free(location);
}

int
rm_cli_node_info(struct rm_cli *cli, int argc, char **argv, struct rm_str *out,
    struct rm_error *err)
{
	(void)argc;
	jv answer;
	char *cluster = rm_cli_cluster_of(cli, argv[0], err);
	if (cluster == NULL)
		return -1;
	int rc = rm_cli_get(cli, &answer, err, NODES, cluster, argv[0]);
	free(cluster);
	if (rc != 0)
		return -1;
	if (cli->options->json) {
		rm_cli_print_json(out, answer);
		return 0;
	}
	jv node = rm_json_get(answer, argv[0]);
	print_node(out, argv[0], node);
	jv_free(node);
	jv_free(answer);
	return 0;
}

int
rm_cli_node_remove(struct rm_cli *cli, int argc, char **argv,
    struct rm_str *out, struct rm_error *err)
{
	(void)argc;
	bool force = cli->options->force;
	char *cluster = rm_cli_cluster_of(cli, argv[0], err);
	if (cluster == NULL)
		return -1;
	int rc = rm_cli_do(cli, "DELETE", err, NODES "%s", cluster, argv[0],
	    force ? "?force=true" : "");
	free(cluster);
	if (rc == 0)
		rm_cli_print_done(cli, out,
		    force ? "node %s and its data are going"
			  : "node %s leaves its cluster, then goes",
		    argv[0]);
	return rc;
}

int
rm_cli_node_restart(struct rm_cli *cli, int argc, char **argv,
    struct rm_str *out, struct rm_error *err)
{
	(void)argc;
	char *cluster = rm_cli_cluster_of(cli, argv[0], err);
	if (cluster == NULL)
		return -1;
	int rc = rm_cli_do(
	    cli, "POST", err, NODES "/restart", cluster, argv[0]);
	free(cluster);
	if (rc == 0)
		rm_cli_print_done(cli, out, "node %s will restart", argv[0]);
	return rc;
}

/* ---- waiting ---- */

struct one {
	const char *node, *cluster;
};

static int
look_at_node(void *arg, struct rm_cli *cli, struct rm_cli_seen *seen,
    struct rm_error *err)
{
	const struct one *one = arg;
	jv status;
	int is = -1;
	if (rm_cli_get(cli, &status, err, "/api/v1/clusters/%s/status",
		one->cluster) != 0)
		return -1;
	jv nodes = rm_json_array(status, "nodes");
	jv_free(status);
	jv_array_foreach (nodes, i, node) {
		const char *why = rm_json_text(node, "why", NULL);
		if (strcmp(rm_json_text(node, "key", ""), one->node) == 0) {
			is = rm_json_bool(node, "serving", false);
			rm_str_printf(&seen->words, "%s: %s%s%s%s", one->node,
			    rm_json_text(node, "status", "?"),
			    is ? ", serves" : "", why != NULL ? ": " : "",
			    why != NULL ? why : "");
		}
		jv_free(node);
	}
	jv_free(nodes);
	if (is < 0)
		rm_error_set(err, RM_EXIT_NO, "no such node: %s of cluster %s",
		    one->node, one->cluster);
	return is;
}

int
rm_cli_node_wait(struct rm_cli *cli, int argc, char **argv, struct rm_str *out,
    struct rm_error *err)
{
	(void)argc;
	char *cluster = rm_cli_cluster_of(cli, argv[0], err);
	if (cluster == NULL)
		return -1;
	struct one one = { argv[0], cluster };
	const struct rm_cli_wait wait = { look_at_node, &one,
		cli->options->json };
	int rc = rm_cli_wait(cli, &wait, cli->options->timeout, err);
	free(cluster);
	if (rc == 0 && cli->options->json)
		rm_str_puts(out, "{\"success\":true}\n");
	return rc;
}
