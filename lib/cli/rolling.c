#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/json.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/table.h"

#define CLUSTERS "/api/v1/clusters"

/* POSTs a body, consumed, to a cluster's path. */
static int
post(struct rm_cli *cli, const char *cluster, const char *what, jv body,
    struct rm_error *err)
{
	struct rm_str text = { 0 };
	jv answer = jv_invalid();
	rm_json_write(&text, body);
	char *path = rm_format(CLUSTERS "/%s/%s", cluster, what);
	int rc = rm_cli_ask(cli, "POST", path, &text, &answer, err);
	jv_free(answer);
	free(path);
	rm_str_free(&text);
	return rc;
}

static int
restart(struct rm_cli *cli, const char *cluster, const char *version,
    struct rm_error *err)
{
	long parallel = cli->options->parallel;
	if (rm_cli_check_name("cluster", cluster, err) != 0)
		return -1;
	if (parallel < 1 || parallel > 1000)
		return rm_error_set(err, RM_EXIT_USAGE,
		    "--parallel: %ld is not between 1 and 1000", parallel);
	jv body = JV_OBJECT(jv_string("parallel"), jv_number((double)parallel));
	if (version != NULL)
		body = rm_json_set(body, "riak_version", jv_string(version));
	return post(cli, cluster, "restart", body, err);
}

int
rm_cli_cluster_restart(struct rm_cli *cli, int argc, char **argv,
    struct rm_str *out, struct rm_error *err)
{
	(void)argc;
	if (restart(cli, argv[0], NULL, err) != 0)
		return -1;
	rm_cli_print_done(cli, out,
	    "cluster %s will restart; 'riak-mesos cluster rollout %s' tells "
	    "how far it is",
	    argv[0], argv[0]);
	return 0;
}

int
rm_cli_cluster_upgrade(struct rm_cli *cli, int argc, char **argv,
    struct rm_str *out, struct rm_error *err)
{
	(void)argc;
	if (restart(cli, argv[0], argv[1], err) != 0)
		return -1;
	rm_cli_print_done(cli, out,
	    "cluster %s goes to %s; 'riak-mesos cluster rollout %s' tells how "
	    "far it is",
	    argv[0], argv[1], argv[0]);
	return 0;
}

int
rm_cli_cluster_scale(struct rm_cli *cli, int argc, char **argv,
    struct rm_str *out, struct rm_error *err)
{
	(void)argc;
	char *end;
	long nodes = strtol(argv[1], &end, 10);
	if (rm_cli_check_name("cluster", argv[0], err) != 0)
		return -1;
	if (argv[1][0] == '\0' || *end != '\0' || nodes < 1 || nodes > 1000)
		return rm_error_set(err, RM_EXIT_USAGE,
		    "%s: not a number of nodes from 1 to 1000", argv[1]);
	if (post(cli, argv[0], "scale",
		JV_OBJECT(jv_string("nodes"), jv_number((double)nodes)),
		err) != 0)
		return -1;
	rm_cli_print_done(cli, out,
	    "cluster %s is to have %ld node%s; those that are too many hand "
	    "their data over",
	    argv[0], nodes, nodes == 1 ? "" : "s");
	return 0;
}

/* ---- the rollout ---- */

static void
print_plan(jv plan, struct rm_str *out)
{
	struct rm_table table = { .columns = 3 };
	static const char *const heads[] = { "NODE", "STEP", "FROM" };
	rm_cli_print_field(out, "state:", rm_json_text(plan, "state", NULL));
	rm_cli_print_field(
	    out, "version:", rm_json_text(plan, "riak_version", NULL));
	rm_cli_print_field(out, "waits:", rm_json_text(plan, "waits", NULL));
	rm_str_puts(out, "\n");
	for (size_t i = 0; i < 3; i++)
		rm_table_add(&table, heads[i]);
	jv steps = rm_json_array(plan, "steps");
	jv_array_foreach (steps, i, step) {
		rm_table_add(&table, rm_json_text(step, "node", NULL));
		rm_table_add(&table, rm_json_text(step, "state", NULL));
		rm_table_add(&table, rm_json_text(step, "from", NULL));
		jv_free(step);
	}
	jv_free(steps);
	rm_table_print(&table, out);
}

int
rm_cli_cluster_rollout(struct rm_cli *cli, int argc, char **argv,
    struct rm_str *out, struct rm_error *err)
{
	jv plan;
	if (rm_cli_check_name("cluster", argv[0], err) != 0)
		return -1;
	if (argc > 1) {
		if (rm_cli_check_name("command", argv[1], err) != 0 ||
		    rm_cli_do(cli, "POST", err, CLUSTERS "/%s/rollout/%s",
			argv[0], argv[1]) != 0)
			return -1;
		rm_cli_print_done(cli, out, "the rollout of %s is told to %s",
		    argv[0], argv[1]);
		return 0;
	}
	if (rm_cli_get(cli, &plan, err, CLUSTERS "/%s/rollout", argv[0]) != 0)
		return -1;
	if (cli->options->json) {
		rm_cli_print_json(out, plan);
		return 0;
	}
	print_plan(plan, out);
	jv_free(plan);
	return 0;
}

/* plan COMMAND CLUSTER: a rollout is a plan, and is looked for as one. */
int
rm_cli_plan(struct rm_cli *cli, int argc, char **argv, struct rm_str *out,
    struct rm_error *err)
{
	char *turned[] = { argv[1], argv[0], NULL };
	bool show = strcmp(argv[0], "show") == 0;
	return rm_cli_cluster_rollout(
	    cli, show ? argc - 1 : argc, turned, out, err);
}

int
rm_cli_node_replace(struct rm_cli *cli, int argc, char **argv,
    struct rm_str *out, struct rm_error *err)
{
	(void)argc;
	char *cluster = rm_cli_cluster_of(cli, argv[0], err);
	if (cluster == NULL)
		return -1;
	int rc = rm_cli_do(cli, "POST", err, CLUSTERS "/%s/nodes/%s/replace%s",
	    cluster, argv[0], cli->options->force ? "?force=true" : "");
	if (rc == 0)
		rm_cli_print_done(cli, out,
		    "a new node takes the place of %s; what that one had goes "
		    "then",
		    argv[0]);
	free(cluster);
	return rc;
}
