#include "api/wanted.h"

#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/json.h"
#include "base/utf8.h"
#include "riak/conf.h"
#include "riak/overlay.h"
#include "riak/template.h"
#include "riak/term.h"
#include "sched/constraint.h"

/* An example of a node: what is wrong for it is wrong for all. */
static const struct rm_template_var example[] = {
	{ "fullyqualifiednodename", "riak-kv-1@127.0.0.1" },
	{ "handoffport", "3" },
	{ "disterlport", "4" },
	{ "httpport", "1" },
	{ "pbport", "2" },
	{ "cepmdport", "5" },
	{ "clustermanagerport", "6" },
	{ "data_dir", "../data" },
	{ "bindaddress", "127.0.0.1" },
	{ "host", "127.0.0.1" },
	{ "nodekey", "riak-kv-1" },
	{ "clustername", "kv" },
	{ "frameworkname", "riak" },
	{ NULL, NULL },
};

static const struct rm_overlay example_overlay = {
	.node = "riak-kv-1@127.0.0.1",
	.cookie = "",
	.address = "127.0.0.1",
	.data_dir = "../data",
	.http = 1,
	.pb = 2,
	.handoff = 3,
	.disterl = 4,
	.cluster_manager = 6,
};

/* Records are JSON. */
static int
render(struct rm_str *to, const char *text, size_t len, struct rm_error *err)
{
	rm_str_puts(to, "");
	int line = 1;
	for (size_t i = 0, n; i < len; i += n) {
		n = rm_utf8_length((const unsigned char *)text + i, len - i);
		if (n == 0 || text[i] == '\0')
			return rm_error_set(
			    err, RM_EXIT_USAGE, "line %d: not UTF-8", line);
		line += text[i] == '\n';
	}
	return rm_template_render(to, text, len, example, err);
}

int
rm_wanted_riak_config(const char *text, size_t len, struct rm_error *err)
{
	struct rm_str rendered = { 0 };
	struct rm_conf conf = { 0 };
	int rc = render(&rendered, text, len, err);
	if (rc == 0)
		rc = rm_conf_parse(&conf, rendered.text, rendered.len, err);
	if (rc == 0)
		rc = rm_overlay_check(&example_overlay, &conf, err);
	if (rc != 0)
		rm_error_prefix(err, "riak_config");
	rm_conf_free(&conf);
	rm_str_free(&rendered);
	return rc;
}

int
rm_wanted_advanced_config(const char *text, size_t len, struct rm_error *err)
{
	struct rm_str rendered = { 0 };
	struct rm_term term = { 0 };
	int rc = render(&rendered, text, len, err);
	if (rc == 0)
		rc = rm_term_parse(&term, rendered.text, rendered.len, err);
	if (rc == 0 && term.kind != RM_TERM_LIST)
		rc = rm_error_set(err, RM_EXIT_USAGE, "not a list of terms");
	if (rc != 0)
		rm_error_prefix(err, "advanced_config");
	rm_term_free(&term);
	rm_str_free(&rendered);
	return rc;
}

static int
wrong_field(const char *field, const char *why, struct rm_error *err)
{
	return rm_error_set(err, RM_EXIT_USAGE, "%s: %s", field, why);
}

int
rm_wanted_version(jv value, jv versions, struct rm_error *err)
{
	struct rm_str known = { 0 };
	if (jv_get_kind(value) != JV_KIND_STRING)
		return wrong_field("riak_version", "not a text", err);
	const char *version = jv_string_value(value);
	if (rm_json_has(versions, version))
		return 0;
	jv keys = jv_keys(jv_copy(versions));
	jv_array_foreach (keys, i, key) {
		rm_str_printf(&known, "%s%s", known.len > 0 ? ", " : "",
		    jv_string_value(key));
		jv_free(key);
	}
	jv_free(keys);
	rm_error_set(err, RM_EXIT_USAGE,
	    "riak_version: no such version: %s (there is %s)", version,
	    known.len > 0 ? known.text
			  : "none: rm-schedd was given no riak-… resource");
	rm_str_free(&known);
	return -1;
}

static int
check_template(jv value, const char *field,
    int (*check)(const char *text, size_t len, struct rm_error *err),
    struct rm_error *err)
{
	if (jv_get_kind(value) == JV_KIND_NULL)
		return 0;
	if (jv_get_kind(value) != JV_KIND_STRING)
		return wrong_field(field, "neither a text nor null", err);
	return check(jv_string_value(value),
	    (size_t)jv_string_length_bytes(jv_copy(value)), err);
}

static int
check_constraints(jv value, struct rm_error *err)
{
	struct rm_constraints constraints = { 0 };
	if (jv_get_kind(value) == JV_KIND_NULL)
		return 0;
	int rc = rm_constraints_read(value, &constraints, err);
	rm_constraints_free(&constraints);
	return rc;
}

/* 1: it belongs into the record; 0: it is only told; -1: it can't be. */
static int
check_field(const char *field, jv value, const char *name, jv versions,
    struct rm_error *err)
{
	if (strcmp(field, "generation") == 0 || strcmp(field, "nodes") == 0)
		return 0;
	if (strcmp(field, "name") == 0) {
		bool same = jv_get_kind(value) == JV_KIND_STRING &&
			    strcmp(jv_string_value(value), name) == 0;
		return same ? 0 : wrong_field("name", "another cluster's", err);
	}
	int rc;
	if (strcmp(field, "riak_version") == 0)
		rc = rm_wanted_version(value, versions, err);
	else if (strcmp(field, "riak_config") == 0)
		rc = check_template(value, field, rm_wanted_riak_config, err);
	else if (strcmp(field, "advanced_config") == 0)
		rc = check_template(
		    value, field, rm_wanted_advanced_config, err);
	else if (strcmp(field, "constraints") == 0)
		rc = check_constraints(value, err);
	else
		rc = wrong_field(field, "no such field of a cluster", err);
	return rc == 0 ? 1 : -1;
}

jv
rm_wanted_cluster(
    jv document, const char *name, jv versions, struct rm_error *err)
{
	jv wanted = jv_object();
	if (jv_get_kind(document) != JV_KIND_OBJECT) {
		jv_free(wanted);
		rm_error_set(err, RM_EXIT_USAGE, "not a JSON object");
		return jv_invalid();
	}
	int rc = 0;
	jv_object_foreach (document, key, value) {
		int is = rc < 0 ? -1
				: check_field(jv_string_value(key), value, name,
				      versions, err);
		rc = is < 0 ? -1 : rc;
		if (is > 0)
			wanted = jv_object_set(
			    wanted, jv_copy(key), jv_copy(value));
		jv_free(key);
		jv_free(value);
	}
	if (rc == 0)
		return wanted;
	jv_free(wanted);
	return jv_invalid();
}
