/* What a node's Riak says, by way of its executor. */
#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/json.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/table.h"
#include "cli/wait.h"

static int
ask(struct rm_cli *cli, const char *node, const char *what, jv *answer,
    struct rm_error *err)
{
	char *cluster = rm_cli_cluster_of(cli, node, err);
	if (cluster == NULL)
		return -1;
	int rc = rm_cli_get(cli, answer, err, "/api/v1/clusters/%s/nodes/%s/%s",
	    cluster, node, what);
	free(cluster);
	return rc;
}

/* What is no text is shown as JSON. */
static void
add_cell(struct rm_table *table, jv object, const char *key)
{
	jv value = rm_json_get(object, key);
	struct rm_str text = { 0 };
	jv_kind kind = jv_get_kind(value);
	if (kind == JV_KIND_STRING)
		rm_str_puts(&text, jv_string_value(value));
	else if (kind != JV_KIND_INVALID && kind != JV_KIND_NULL)
		rm_json_write(&text, jv_copy(value));
	rm_table_add(table, text.text);
	rm_str_free(&text);
	jv_free(value);
}

/* The objects of an array as a table with these columns; consumes. */
static void
print_rows(struct rm_str *out, jv array, const char *const (*columns)[2])
{
	size_t count = 0;
	while (columns[count][0] != NULL)
		count++;
	struct rm_table table = { .columns = count };
	for (size_t c = 0; c < count; c++)
		rm_table_add(&table, columns[c][0]);
	jv_array_foreach (array, i, one) {
		for (size_t c = 0; c < count; c++)
			add_cell(&table, one, columns[c][1]);
		jv_free(one);
	}
	jv_free(array);
	rm_table_print(&table, out);
}

int
rm_cli_node_status(struct rm_cli *cli, int argc, char **argv,
    struct rm_str *out, struct rm_error *err)
{
	(void)argc;
	static const char *const columns[][2] = { { "MEMBER", "id" },
		{ "STATUS", "status" }, { "RING %", "ring_percentage" },
		{ "PENDING %", "pending_percentage" }, { NULL, NULL } };
	jv answer;
	if (ask(cli, argv[0], "status", &answer, err) != 0)
		return -1;
	if (cli->options->json) {
		rm_cli_print_json(out, answer);
		return 0;
	}
	jv status = rm_json_get(answer, "status");
	print_rows(out, rm_json_array(status, "nodes"), columns);
	jv_free(status);
	jv_free(answer);
	return 0;
}

/* The rest of Riak's tables are for machines as much as for people. */
static int
print_answer(struct rm_cli *cli, const char *node, const char *what,
    struct rm_str *out, struct rm_error *err)
{
	jv answer;
	if (ask(cli, node, what, &answer, err) != 0)
		return -1;
	if (cli->options->json) {
		rm_cli_print_json(out, answer);
		return 0;
	}
	jv text = jv_dump_string(answer, JV_PRINT_PRETTY | JV_PRINT_SPACE1);
	rm_str_printf(out, "%s\n", jv_string_value(text));
	jv_free(text);
	return 0;
}

int
rm_cli_node_aae(struct rm_cli *cli, int argc, char **argv, struct rm_str *out,
    struct rm_error *err)
{
	(void)argc;
	return print_answer(cli, argv[0], "aae", out, err);
}

/* Ready: 0. Not ready: 1, with Riak's words. */
int
rm_cli_node_ringready(struct rm_cli *cli, int argc, char **argv,
    struct rm_str *out, struct rm_error *err)
{
	(void)argc;
	jv answer;
	if (ask(cli, argv[0], "ringready", &answer, err) != 0)
		return -1;
	jv ring = rm_json_get(answer, "ringready");
	bool ready = jv_get_kind(ring) == JV_KIND_TRUE ||
		     rm_json_bool(ring, "ready", false);
	const char *why = rm_json_text(ring, "error", "see 'node status'");
	if (cli->options->json)
		rm_cli_print_json(out, jv_copy(answer));
	else if (ready)
		rm_str_puts(out, "the ring is ready: all nodes agree\n");
	int rc = ready ? 0
		       : rm_error_set(
			     err, RM_EXIT_NO, "the ring is not ready: %s", why);
	jv_free(ring);
	jv_free(answer);
	return rc;
}

/* ---- transfers ---- */

static int
count_of(jv transfers, const char *key)
{
	return jv_array_length(rm_json_array(transfers, key));
}

static int
look_at_transfers(void *arg, struct rm_cli *cli, struct rm_cli_seen *seen,
    struct rm_error *err)
{
	jv answer;
	if (ask(cli, arg, "transfers", &answer, err) != 0)
		return -1;
	jv transfers = rm_json_get(answer, "transfers");
	int active = count_of(transfers, "active");
	int waiting = count_of(transfers, "waiting_to_handoff");
	jv_free(transfers);
	jv_free(answer);
	rm_str_printf(&seen->words,
	    "%d transfers active, %d nodes wait to hand off", active, waiting);
	return active + waiting == 0;
}

static void
print_transfers(struct rm_str *out, jv transfers)
{
	static const char *const active[][2] = { { "TYPE", "type" },
		{ "VNODE", "vnode_type" }, { "FROM", "source" },
		{ "TO", "target" }, { "PROGRESS", "progress" },
		{ NULL, NULL } };
	static const char *const waiting[][2] = { { "WAITING", "id" },
		{ "PARTITIONS", "partitions" }, { NULL, NULL } };
	if (count_of(transfers, "active") > 0)
		print_rows(out, rm_json_array(transfers, "active"), active);
	if (count_of(transfers, "waiting_to_handoff") > 0)
		print_rows(out, rm_json_array(transfers, "waiting_to_handoff"),
		    waiting);
	if (out->len == 0)
		rm_str_puts(out, "no transfers\n");
}

int
rm_cli_node_transfers(struct rm_cli *cli, int argc, char **argv,
    struct rm_str *out, struct rm_error *err)
{
	(void)argc;
	const struct rm_cli_options *o = cli->options;
	const struct rm_cli_wait wait = { look_at_transfers, argv[0], o->json };
	jv answer;
	if (o->wait && rm_cli_wait(cli, &wait, o->timeout, err) != 0)
		return -1;
	if (ask(cli, argv[0], "transfers", &answer, err) != 0)
		return -1;
	if (o->json) {
		rm_cli_print_json(out, answer);
		return 0;
	}
	jv transfers = rm_json_get(answer, "transfers");
	print_transfers(out, transfers);
	jv_free(transfers);
	jv_free(answer);
	return 0;
}

/* ---- logs ---- */

int
rm_cli_log_list(struct rm_cli *cli, int argc, char **argv, struct rm_str *out,
    struct rm_error *err)
{
	(void)argc;
	jv answer;
	if (ask(cli, argv[0], "log", &answer, err) != 0)
		return -1;
	if (cli->options->json) {
		rm_cli_print_json(out, answer);
		return 0;
	}
	jv files = rm_json_array(answer, "files");
	jv_array_foreach (files, i, file) {
		const char *name = jv_get_kind(file) == JV_KIND_STRING
				       ? jv_string_value(file)
				       : rm_json_text(file, "name", "?");
		rm_str_printf(out, "%s\n", name);
		jv_free(file);
	}
	jv_free(files);
	jv_free(answer);
	return 0;
}

/* Prints what is text; as JSON under its name. */
static int
print_text(struct rm_cli *cli, const char *node, const char *what,
    const char *name, struct rm_str *out, struct rm_error *err)
{
	jv answer;
	if (ask(cli, node, what, &answer, err) != 0)
		return -1;
	if (cli->options->json)
		rm_cli_print_json(
		    out, JV_OBJECT(jv_string(name), jv_copy(answer)));
	else if (jv_get_kind(answer) == JV_KIND_STRING)
		rm_str_puts(out, jv_string_value(answer));
	jv_free(answer);
	return 0;
}

int
rm_cli_node_config(struct rm_cli *cli, int argc, char **argv,
    struct rm_str *out, struct rm_error *err)
{
	(void)argc;
	return cli->options->diff
		   ? print_text(
			 cli, argv[0], "overrides", "overrides", out, err)
		   : print_text(cli, argv[0], "config", "config", out, err);
}

int
rm_cli_log_tail(struct rm_cli *cli, int argc, char **argv, struct rm_str *out,
    struct rm_error *err)
{
	const char *log = argc > 1 ? argv[1] : "console.log";
	if (rm_cli_check_name("log", log, err) != 0)
		return -1;
	char *what = rm_format("log/%s?tail=%ld", log, cli->options->lines);
	int rc = print_text(cli, argv[0], what, "log", out, err);
	free(what);
	return rc;
}

/* ---- bucket types ---- */

int
rm_cli_type_list(struct rm_cli *cli, int argc, char **argv, struct rm_str *out,
    struct rm_error *err)
{
	(void)argc;
	static const char *const columns[][2] = { { "TYPE", "id" },
		{ "PROPERTIES", "props" }, { NULL, NULL } };
	jv answer;
	if (ask(cli, argv[0], "types", &answer, err) != 0)
		return -1;
	if (cli->options->json) {
		rm_cli_print_json(out, answer);
		return 0;
	}
	print_rows(out, rm_json_array(answer, "bucket_types"), columns);
	jv_free(answer);
	return 0;
}

/* {"n_val":3}, or {"props":{…}} as Riak has it; consumes neither. */
static int
make_props(const char *text, struct rm_str *body, struct rm_error *err)
{
	jv props = jv_invalid();
	if (rm_json_parse(text, strlen(text), &props, err) != 0 ||
	    jv_get_kind(props) != JV_KIND_OBJECT)
		return jv_free(props),
		       rm_error_set(err, RM_EXIT_USAGE,
			   "not a JSON object of properties: %.100s", text);
	if (!rm_json_has(props, "props"))
		props = JV_OBJECT(jv_string("props"), props);
	jv inner = rm_json_get(props, "props");
	bool good = jv_get_kind(inner) == JV_KIND_OBJECT;
	jv_free(inner);
	if (!good) {
		jv_free(props);
		return rm_error_set(err, RM_EXIT_USAGE,
		    "props: not a JSON object of properties: %.100s", text);
	}
	rm_json_write(body, props);
	return 0;
}

static int
put_type(
    struct rm_cli *cli, char **argv, struct rm_str *out, struct rm_error *err)
{
	struct rm_str body = { 0 };
	jv answer;
	char *cluster = rm_cli_cluster_of(cli, argv[0], err);
	if (cluster == NULL ||
	    rm_cli_check_name("bucket type", argv[1], err) != 0 ||
	    make_props(argv[2] != NULL ? argv[2] : "{}", &body, err) != 0) {
		free(cluster);
		return -1;
	}
	char *path = rm_format(
	    "/api/v1/clusters/%s/nodes/%s/types/%s", cluster, argv[0], argv[1]);
	int rc = rm_cli_ask(cli, "POST", path, &body, &answer, err);
	free(path);
	free(cluster);
	rm_str_free(&body);
	if (rc != 0)
		return -1;
	jv one = rm_json_get(answer, argv[1]);
	bool good = rm_json_bool(one, "success", false);
	jv actions = rm_json_get(one, "actions");
	if (cli->options->json) {
		rm_cli_print_json(out, jv_copy(answer));
	} else if (jv_get_kind(actions) == JV_KIND_OBJECT) {
		jv_object_foreach (actions, key, words) {
			if (jv_get_kind(words) == JV_KIND_STRING)
				rm_str_printf(
				    out, "%s\n", jv_string_value(words));
			jv_free(key);
			jv_free(words);
		}
	}
	if (!good)
		rc = rm_error_set(err, RM_EXIT_NO, "bucket type %s: %s",
		    argv[1], rm_json_text(one, "error", "refused"));
	jv_free(actions);
	jv_free(one);
	jv_free(answer);
	return rc;
}

int
rm_cli_type_create(struct rm_cli *cli, int argc, char **argv,
    struct rm_str *out, struct rm_error *err)
{
	(void)argc; /* argv ends with NULL */
	return put_type(cli, argv, out, err);
}

int
rm_cli_type_update(struct rm_cli *cli, int argc, char **argv,
    struct rm_str *out, struct rm_error *err)
{
	(void)argc;
	return put_type(cli, argv, out, err);
}
