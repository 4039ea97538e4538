#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/json.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/table.h"
#include "cli/wait.h"

static void
print_framework(struct rm_str *out, jv answer)
{
	static const char *const fields[][2] = { { "framework:", "name" },
		{ "id:", "id" }, { "role:", "role" },
		{ "zookeeper:", "zookeeper" }, { "scheduler:", "scheduler" } };
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		rm_cli_print_field(out, fields[i][0],
		    rm_json_text(answer, fields[i][1], NULL));
	jv nodes = rm_json_get(answer, "nodes");
	struct rm_str counts = { 0 };
	if (jv_get_kind(nodes) == JV_KIND_OBJECT) {
		jv_object_foreach (nodes, phase, count) {
			rm_str_printf(&counts, "%s%.0f %s",
			    counts.len > 0 ? ", " : "",
			    jv_get_kind(count) == JV_KIND_NUMBER
				? jv_number_value(count)
				: 0,
			    jv_string_value(phase));
			jv_free(phase);
			jv_free(count);
		}
	}
	jv_free(nodes);
	rm_cli_print_field(
	    out, "nodes:", counts.len > 0 ? counts.text : "none");
	rm_str_free(&counts);
	double orphans = rm_json_number(answer, "orphans", 0);
	if (orphans > 0)
		rm_str_printf(out,
		    "%.0f volumes of ours are in no record: see rm-state "
		    "ls orphans\n",
		    orphans);
}

int
rm_cli_framework_status(struct rm_cli *cli, int argc, char **argv,
    struct rm_str *out, struct rm_error *err)
{
	(void)argc, (void)argv;
	jv answer;
	if (rm_cli_get(cli, &answer, err, "/api/v1/framework") != 0)
		return -1;
	const char *wrong = rm_json_text(answer, "error", NULL);
	int rc = wrong == NULL ? 0 : rm_error_set(err, RM_EXIT_NO, "%s", wrong);
	if (cli->options->json)
		rm_cli_print_json(out, jv_copy(answer));
	else
		print_framework(out, answer);
	jv_free(answer);
	return rc;
}

int
rm_cli_framework_endpoints(struct rm_cli *cli, int argc, char **argv,
    struct rm_str *out, struct rm_error *err)
{
	static const char *const paths[][2] = { { "api", "/api/v1" },
		{ "healthcheck", "/healthcheck" }, { "riak", "/riak" } };
	(void)argc, (void)argv;
	const char *api = rm_cli_find_api(cli, err);
	jv all = jv_object();
	for (size_t i = 0; api != NULL && i < 3; i++) {
		char *url = rm_format("%s%s", api, paths[i][1]);
		char *key = rm_format("%s:", paths[i][0]);
		if (!cli->options->json)
			rm_cli_print_field(out, key, url);
		all = rm_json_set(all, paths[i][0], jv_string(url));
		free(key);
		free(url);
	}
	if (api != NULL && cli->options->json)
		rm_cli_print_json(out, jv_copy(all));
	jv_free(all);
	return api != NULL ? 0 : -1;
}

static int
look_at_health(void *arg, struct rm_cli *cli, struct rm_cli_seen *seen,
    struct rm_error *err)
{
	(void)arg;
	jv answer;
	if (rm_cli_get(cli, &answer, err, "/api/v1/framework") != 0)
		return -1;
	const char *wrong = rm_json_text(answer, "error", NULL);
	bool is = wrong == NULL;
	if (is)
		rm_str_printf(&seen->words, "scheduler %s leads",
		    rm_json_text(answer, "scheduler", "?"));
	else
		rm_str_puts(&seen->words, wrong);
	jv_free(answer);
	return is;
}

int
rm_cli_framework_wait(struct rm_cli *cli, int argc, char **argv,
    struct rm_str *out, struct rm_error *err)
{
	(void)argc, (void)argv;
	const struct rm_cli_wait wait = { look_at_health, NULL,
		cli->options->json };
	int rc = rm_cli_wait(cli, &wait, cli->options->timeout, err);
	if (rc == 0 && cli->options->json)
		rm_str_puts(out, "{\"success\":true}\n");
	return rc;
}

int
rm_cli_versions(struct rm_cli *cli, int argc, char **argv, struct rm_str *out,
    struct rm_error *err)
{
	(void)argc, (void)argv;
	jv answer;
	if (rm_cli_get(cli, &answer, err, "/api/v1/riak/versions") != 0)
		return -1;
	if (cli->options->json) {
		rm_cli_print_json(out, answer);
		return 0;
	}
	struct rm_table table = { .columns = 2 };
	rm_table_add(&table, "VERSION");
	rm_table_add(&table, "PACKAGE");
	jv versions = rm_json_get(answer, "riak_versions");
	if (jv_get_kind(versions) == JV_KIND_OBJECT) {
		jv keys = jv_keys(jv_copy(versions));
		jv_array_foreach (keys, i, key) {
			const char *version = jv_string_value(key);
			rm_table_add(&table, version);
			rm_table_add(
			    &table, rm_json_text(versions, version, NULL));
			jv_free(key);
		}
		jv_free(keys);
	}
	jv_free(versions);
	jv_free(answer);
	rm_table_print(&table, out);
	return 0;
}

/* What this command line goes by. */
int
rm_cli_config_local(struct rm_cli *cli, int argc, char **argv,
    struct rm_str *out, struct rm_error *err)
{
	(void)argc, (void)argv, (void)err;
	const struct rm_cli_options *o = cli->options;
	const char *marathon = o->marathon != NULL ? o->marathon : "-";
	const char *api = o->api != NULL        ? o->api
			  : o->marathon != NULL ? "as Marathon says"
						: RM_CLI_API;
	if (o->json) {
		jv riak = JV_OBJECT(jv_string("framework-name"),
		    jv_string(o->framework), jv_string("framework-url"),
		    o->api != NULL ? jv_string(o->api) : jv_null(),
		    jv_string("marathon"),
		    o->marathon != NULL ? jv_string(marathon) : jv_null());
		rm_cli_print_json(out, JV_OBJECT(jv_string("riak"), riak));
		return 0;
	}
	rm_cli_print_field(out, "framework:", o->framework);
	rm_cli_print_field(out, "api:", api);
	rm_cli_print_field(out, "marathon:", marathon);
	rm_cli_print_field(out, "token file:", o->token_file);
	rm_cli_print_field(out, "ca file:", o->ca_file);
	return 0;
}

int
rm_cli_info(struct rm_cli *cli, int argc, char **argv, struct rm_str *out,
    struct rm_error *err)
{
	static const char
	    what[] = "Riak KV clusters on Apache Mesos: the command line";
	(void)argc, (void)argv, (void)err;
	if (cli->options->json)
		rm_cli_print_json(
		    out, JV_OBJECT(jv_string("info"), jv_string(what)));
	else
		rm_str_printf(out, "%s\n", what);
	return 0;
}
