/* riak-mesos apply: what clusters shall be, in a document; what differs is
 * shown, then done. */
#include <math.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/json.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/read_file.h"

/* What of a cluster's document the API takes as it is. */
static const char *const fields[] = { "riak_version", "riak_config",
	"advanced_config", "constraints" };
enum { FIELDS = sizeof(fields) / sizeof(*fields) };

/* The document of the file: {"clusters":[…]}, or one cluster alone. */
static jv
read_document(const char *path, struct rm_error *err)
{
	struct rm_str text = { 0 };
	jv document = jv_invalid();
	int rc = rm_cli_read_file(path, &text, err);
	if (rc == 0 && (rc = rm_json_parse(text.text, text.len, &document,
			    err)) != 0) {
		rm_error_prefix(err, "%s", path);
		err->code = RM_EXIT_USAGE;
	}
	rm_str_free(&text);
	if (rc != 0)
		return jv_invalid();
	if (jv_get_kind(document) == JV_KIND_OBJECT &&
	    !rm_json_has(document, "clusters"))
		return JV_ARRAY(document);
	jv clusters = jv_get_kind(document) == JV_KIND_OBJECT
			  ? rm_json_get(document, "clusters")
			  : jv_invalid();
	jv_free(document);
	if (jv_get_kind(clusters) == JV_KIND_ARRAY)
		return clusters;
	jv_free(clusters);
	rm_error_set(err, RM_EXIT_USAGE,
	    "%s: neither {\"clusters\":[...]} nor a cluster", path);
	return jv_invalid();
}

static bool
is_field(const char *name)
{
	for (size_t i = 0; i < FIELDS; i++)
		if (strcmp(fields[i], name) == 0)
			return true;
	return strcmp(name, "name") == 0 || strcmp(name, "size") == 0;
}

/* All of it before anything is done. */
static int
check_cluster(jv cluster, int index, struct rm_error *err)
{
	if (jv_get_kind(cluster) != JV_KIND_OBJECT)
		return rm_error_set(err, RM_EXIT_USAGE,
		    "clusters[%d]: not an object", index);
	const char *name = rm_json_text(cluster, "name", NULL);
	if (name == NULL)
		return rm_error_set(err, RM_EXIT_USAGE,
		    "clusters[%d]: name: missing or no text", index);
	if (rm_cli_check_name("cluster", name, err) != 0)
		return -1;
	int rc = 0;
	jv_object_foreach (cluster, key, value) {
		if (rc == 0 && !is_field(jv_string_value(key)))
			rc = rm_error_set(err, RM_EXIT_USAGE,
			    "%s: %s: no such field; there are name, size, "
			    "riak_version, riak_config, advanced_config, "
			    "constraints",
			    name, jv_string_value(key));
		jv_free(key);
		jv_free(value);
	}
	double size = rm_json_number(cluster, "size", 1);
	if (rc == 0 && rm_json_has(cluster, "size") &&
	    (size < 1 || size > 1000 || floor(size) != size))
		rc = rm_error_set(err, RM_EXIT_USAGE,
		    "%s: size: not a whole number from 1 to 1000", name);
	return rc;
}

static int
check_all(jv clusters, struct rm_error *err)
{
	int rc = 0;
	jv_array_foreach (clusters, i, cluster) {
		if (rc == 0)
			rc = check_cluster(cluster, i, err);
		jv_free(cluster);
	}
	return rc;
}

/* ---- what there is ---- */

static jv
find_cluster(jv all, const char *name)
{
	jv found = jv_invalid();
	jv_array_foreach (all, i, cluster) {
		if (!jv_is_valid(found) &&
		    strcmp(rm_json_text(cluster, "name", ""), name) == 0)
			found = jv_copy(cluster);
		jv_free(cluster);
	}
	return found;
}

/* Nodes that are to stay. */
static int
size_of(jv cluster)
{
	jv nodes = rm_json_array(cluster, "nodes");
	int count = 0;
	jv_array_foreach (nodes, i, node) {
		const char *status = rm_json_text(node, "status", "");
		count += strcmp(status, "leaving") != 0 &&
			 strcmp(status, "shutting_down") != 0 &&
			 strcmp(status, "shutdown") != 0;
		jv_free(node);
	}
	jv_free(nodes);
	return count;
}

/* Eight hexadecimal digits of what the document's clusters are now: the same
 * as long as nobody changes them. What nodes are at is left out. */
static char *
index_of(jv all, jv wanted)
{
	struct rm_str text = { 0 };
	jv_array_foreach (wanted, i, one) {
		const char *name = rm_json_text(one, "name", "");
		jv is = find_cluster(all, name);
		rm_str_printf(&text, "%s %d %.0f\n", name,
		    jv_is_valid(is) ? size_of(is) : -1,
		    rm_json_number(is, "generation", 0));
		for (size_t f = 0; f < FIELDS; f++) {
			jv value = rm_json_get(is, fields[f]);
			if (jv_is_valid(value))
				rm_json_write(&text, value);
			else
				jv_free(value);
		}
		jv_free(is);
		jv_free(one);
	}
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	EVP_Digest(text.text, text.len, digest, &len, EVP_sha256(), NULL);
	rm_str_free(&text);
	return rm_format("%02x%02x%02x%02x", digest[0], digest[1], digest[2],
	    digest[3]);
}

/* ---- what differs ---- */

/* The lines of one text that the other has not, each behind a mark. */
static void
put_lines(struct rm_str *out, char mark, const char *text, const char *other)
{
	while (*text != '\0') {
		size_t n = strcspn(text, "\n");
		bool there = false;
		for (const char *p = other; !there && *p != '\0';) {
			size_t m = strcspn(p, "\n");
			there = m == n && memcmp(p, text, n) == 0;
			p += m + (p[m] == '\n');
		}
		if (!there && n > 0)
			rm_str_printf(
			    out, "    %c %.*s\n", mark, (int)n, text);
		text += n + (text[n] == '\n');
	}
}

static void
put_json(struct rm_str *out, jv value)
{
	if (jv_get_kind(value) == JV_KIND_INVALID ||
	    jv_get_kind(value) == JV_KIND_NULL)
		rm_str_puts(out, "none");
	else if (jv_get_kind(value) == JV_KIND_STRING)
		rm_str_puts(out, jv_string_value(value));
	else
		rm_json_write(out, jv_copy(value));
}

static bool
is_text_of_lines(jv value)
{
	return jv_get_kind(value) == JV_KIND_STRING &&
	       strchr(jv_string_value(value), '\n') != NULL;
}

static void
put_field(struct rm_str *out, const char *name, const char *field, jv is,
    jv wanted)
{
	rm_str_printf(out, "~ %s: %s", name, field);
	if (!is_text_of_lines(is) && !is_text_of_lines(wanted)) {
		rm_str_puts(out, ": ");
		put_json(out, is);
		rm_str_puts(out, " -> ");
		put_json(out, wanted);
		rm_str_puts(out, "\n");
		return;
	}
	const char *old = jv_get_kind(is) == JV_KIND_STRING
			      ? jv_string_value(is)
			      : "";
	const char *new = jv_get_kind(wanted) == JV_KIND_STRING
			      ? jv_string_value(wanted)
			      : "";
	rm_str_puts(out, ":\n");
	put_lines(out, '-', old, new);
	put_lines(out, '+', new, old);
}

/* The fields that differ, as a document for the API; what is not in the
 * wanted one stays. */
static jv
differing(struct rm_str *out, jv is, jv wanted, jv *from)
{
	const char *name = rm_json_text(wanted, "name", "");
	jv fresh = jv_object();
	*from = jv_object();
	for (size_t f = 0; f < FIELDS; f++) {
		if (!rm_json_has(wanted, fields[f]))
			continue;
		jv old = rm_json_get(is, fields[f]);
		jv new = rm_json_get(wanted, fields[f]);
		if (!jv_is_valid(old)) {
			jv_free(old);
			old = jv_null();
		}
		if (!jv_equal(jv_copy(old), jv_copy(new))) {
			if (jv_is_valid(is))
				put_field(out, name, fields[f], old, new);
			fresh = rm_json_set(fresh, fields[f], jv_copy(new));
			*from = rm_json_set(*from, fields[f], jv_copy(old));
		}
		jv_free(old);
		jv_free(new);
	}
	return fresh;
}

struct step {
	char *name;
	jv fields; /* for PUT; empty: none */
	int size; /* for scale; 0: as it is */
	jv change; /* {"cluster","created","from":{…},"to":{…}} */
};

/* With the size, where it differs; consumes from. */
static jv
make_change(const struct step *step, bool created, jv from, int have)
{
	jv to = jv_copy(step->fields);
	if (step->size > 0) {
		from = rm_json_set(from, "size", jv_number(have));
		to = rm_json_set(to, "size", jv_number(step->size));
	}
	return JV_OBJECT(jv_string("cluster"), jv_string(step->name),
	    jv_string("created"), created ? jv_true() : jv_false(),
	    jv_string("from"), from, jv_string("to"), to);
}

static struct step
make_step(struct rm_str *out, jv all, jv wanted)
{
	const char *name = rm_json_text(wanted, "name", "");
	jv is = find_cluster(all, name);
	struct step step = { .name = rm_strdup(name) };
	int have = jv_is_valid(is) ? size_of(is) : 0;
	int size = (int)rm_json_number(wanted, "size", have);
	if (!jv_is_valid(is))
		rm_str_printf(out, "+ %s: a new cluster, %s, of %d nodes\n",
		    name, rm_json_text(wanted, "riak_version", "no version"),
		    size);
	jv from;
	step.fields = differing(out, is, wanted, &from);
	if (size != have) {
		step.size = size;
		if (jv_is_valid(is))
			rm_str_printf(out, "~ %s: size: %d -> %d\n", name,
			    have, size);
	}
	step.change = make_change(&step, !jv_is_valid(is), from, have);
	jv_free(is);
	return step;
}

/* ---- what is done ---- */

static int
post(struct rm_cli *cli, const char *method, const char *path, jv document,
    struct rm_error *err)
{
	struct rm_str body = { 0 };
	jv answer;
	rm_json_write(&body, document);
	int rc = rm_cli_ask(cli, method, path, &body, &answer, err);
	rm_str_free(&body);
	if (rc == 0)
		jv_free(answer);
	return rc;
}

static int
do_step(struct rm_cli *cli, const struct step *step, struct rm_error *err)
{
	int rc = 0;
	if (jv_object_length(jv_copy(step->fields)) > 0) {
		char *path = rm_format("/api/v1/clusters/%s", step->name);
		rc = post(cli, "PUT", path, jv_copy(step->fields), err);
		free(path);
	}
	if (rc == 0 && step->size > 0) {
		char *path = rm_format("/api/v1/clusters/%s/scale", step->name);
		rc = post(cli, "POST", path,
		    JV_OBJECT(jv_string("nodes"), jv_number(step->size)), err);
		free(path);
	}
	if (rc != 0)
		rm_error_prefix(err, "cluster %s", step->name);
	return rc;
}

static bool
is_empty(const struct step *step)
{
	return step->size == 0 && jv_object_length(jv_copy(step->fields)) == 0;
}

static int
check_index(const struct rm_cli *cli, const char *index, struct rm_error *err)
{
	const char *wanted = cli->options->check_index;
	if (wanted == NULL || strcmp(wanted, index) == 0)
		return 0;
	return rm_error_set(err, RM_EXIT_CONFLICT,
	    "the clusters have changed since index %s: now it is %s; see "
	    "--dry-run",
	    wanted, index);
}

static void
free_step(struct step *step)
{
	free(step->name);
	jv_free(step->fields);
	jv_free(step->change);
}

/* Shows the steps, and takes them; *changes gets those that were taken. */
static int
go(struct rm_cli *cli, jv all, jv wanted, struct rm_str *words, jv *changes,
    struct rm_error *err)
{
	int rc = 0;
	*changes = jv_array();
	jv_array_foreach (wanted, i, one) {
		struct step step = make_step(words, all, one);
		bool todo = rc == 0 && !is_empty(&step);
		if (todo && !cli->options->dry_run)
			rc = do_step(cli, &step, err);
		if (todo && rc == 0)
			*changes = jv_array_append(
			    *changes, jv_copy(step.change));
		free_step(&step);
		jv_free(one);
	}
	return rc;
}

/* All of it was applied, or what of it was before something went wrong. */
static void
print(struct rm_cli *cli, const struct rm_str *words, jv changes, bool all,
    const char *index, struct rm_str *out)
{
	bool dry = cli->options->dry_run;
	if (cli->options->json) {
		rm_cli_print_json(out,
		    JV_OBJECT(jv_string("changes"), jv_copy(changes),
			jv_string("index"), jv_string(index),
			jv_string("applied"),
			all && !dry ? jv_true() : jv_false()));
		return;
	}
	rm_str_add(out, words->text, words->len);
	if (all && jv_array_length(jv_copy(changes)) == 0)
		rm_str_puts(out, "nothing differs\n");
	if (dry)
		rm_str_printf(out, "index %s\n", index);
}

static int
apply(struct rm_cli *cli, jv all, jv wanted, struct rm_str *out,
    struct rm_error *err)
{
	struct rm_str words = { 0 };
	jv changes = jv_invalid();
	char *index = index_of(all, wanted);
	int rc = check_index(cli, index, err);
	if (rc == 0) {
		rc = go(cli, all, wanted, &words, &changes, err);
		print(cli, &words, changes, rc == 0, index, out);
	}
	int count = rc == 0 ? jv_array_length(jv_copy(changes)) : 0;
	if (count > 0 && cli->options->dry_run)
		rc = rm_error_set(err, RM_EXIT_NO,
		    "%d cluster%s would change; nothing was done", count,
		    count == 1 ? "" : "s");
	jv_free(changes);
	free(index);
	rm_str_free(&words);
	return rc;
}

int
rm_cli_apply(struct rm_cli *cli, int argc, char **argv, struct rm_str *out,
    struct rm_error *err)
{
	(void)argc, (void)argv;
	if (cli->options->file == NULL)
		return rm_error_set(err, RM_EXIT_USAGE,
		    "option --file is required; try 'riak-mesos apply --help'");
	jv wanted = read_document(cli->options->file, err), answer;
	if (!jv_is_valid(wanted))
		return -1;
	if (check_all(wanted, err) != 0 ||
	    rm_cli_get(cli, &answer, err, "/api/v1/clusters") != 0) {
		jv_free(wanted);
		return -1;
	}
	jv all = rm_json_array(answer, "clusters");
	int rc = apply(cli, all, wanted, out, err);
	jv_free(all);
	jv_free(answer);
	jv_free(wanted);
	return rc;
}
