#include "schedd/settings.h"

#include <string.h>

#include "base/exit.h"
#include "base/json.h"
#include "sched/constraint.h"
#include "sched/where.h"

static jv
set_text(jv record, const char *key, const char *text)
{
	return text != NULL ? rm_json_set(record, key, jv_string(text))
			    : record;
}

static int
usage(struct rm_error *err, const char *option, const char *why)
{
	return rm_error_set(err, RM_EXIT_USAGE, "--%s: %s", option, why);
}

/* Parses an option whose value is JSON of a kind. */
static int
parse(const char *text, const char *option, jv_kind kind, jv *value,
    struct rm_error *err)
{
	if (rm_json_parse(text, strlen(text), value, err) != 0) {
		err->code = RM_EXIT_USAGE;
		return rm_error_prefix(err, "--%s", option);
	}
	if (jv_get_kind(*value) == kind)
		return 0;
	jv_free(*value);
	return usage(err, option,
	    kind == JV_KIND_OBJECT ? "not a JSON object" : "not a JSON array");
}

/* As an array, whichever way it was spelled, and only if all can be read. */
static int
read_constraints(const char *text, jv *array, struct rm_error *err)
{
	struct rm_constraints c = { 0 };
	if (rm_constraints_parse(text, &c, err) != 0)
		return rm_error_prefix(err, "--constraints");
	jv_free(*array);
	*array = rm_constraints_json(&c);
	rm_constraints_free(&c);
	return 0;
}

static int
add_resources(
    const struct rm_settings *from, jv *resources, struct rm_error *err)
{
	if (from->resource_urls == NULL)
		*resources = jv_object();
	else if (parse(from->resource_urls, "resource-urls", JV_KIND_OBJECT,
		     resources, err) != 0)
		return -1;
	for (size_t i = 0; i < from->resources.count; i++) {
		const char *text = from->resources.items[i];
		size_t n = strcspn(text, "=");
		if (n == 0 || text[n] == '\0' || text[n + 1] == '\0') {
			jv_free(*resources);
			return rm_error_set(err, RM_EXIT_USAGE,
			    "--resource: not KEY=URL: %s", text);
		}
		*resources = jv_object_set(*resources,
		    jv_string_sized(text, (int)n), jv_string(text + n + 1));
	}
	jv_object_foreach (*resources, key, url) {
		bool ok = jv_get_kind(url) == JV_KIND_STRING;
		if (!ok)
			rm_error_set(err, RM_EXIT_USAGE,
			    "--resource-urls: %s is no URL",
			    jv_string_value(key));
		jv_free(key);
		jv_free(url);
		if (!ok) {
			jv_free(*resources);
			return -1;
		}
	}
	return 0;
}

static int
check_where(const char *program, struct rm_error *err)
{
	struct rm_where *where = rm_where_new(program, err);
	if (where == NULL)
		return rm_error_prefix(err, "--where");
	rm_where_free(where);
	return 0;
}

int
rm_settings_make(
    const struct rm_settings *from, jv *record, struct rm_error *err)
{
	if (from->node_disk < 1)
		return usage(err, "node-disk", "at least 1 MiB");
	jv constraints = jv_array(), resources;
	if ((from->constraints != NULL &&
		read_constraints(from->constraints, &constraints, err) != 0) ||
	    (from->where != NULL && check_where(from->where, err) != 0) ||
	    add_resources(from, &resources, err) != 0) {
		jv_free(constraints);
		return -1;
	}
	jv r = JV_OBJECT(jv_string("schema"), jv_number(RM_SETTINGS_SCHEMA),
	    jv_string("framework"), jv_string(from->framework),
	    jv_string("role"), jv_string(from->role), jv_string("user"),
	    jv_string(from->user));
	r = set_text(r, "principal", from->principal);
	r = set_text(r, "hostname", from->hostname);
	r = set_text(r, "webui_url", from->webui_url);
	r = set_text(r, "network_interface", from->network_interface);
	r = set_text(r, "zookeeper", from->zookeeper);
	if (from->zookeeper_auth)
		r = rm_json_set(r, "zookeeper_auth", jv_true());
	r = rm_json_set(
	    r, "failover_timeout", jv_number(from->failover_timeout));
	r = rm_json_set(r, "node",
	    JV_OBJECT(jv_string("cpus"), jv_number(from->node_cpus),
		jv_string("mem"), jv_number(from->node_mem), jv_string("disk"),
		jv_number(from->node_disk)));
	r = rm_json_set(r, "executor",
	    JV_OBJECT(jv_string("cpus"), jv_number(from->executor_cpus),
		jv_string("mem"), jv_number(from->executor_mem)));
	r = rm_json_set(r, "constraints", constraints);
	r = set_text(r, "where", from->where);
	r = rm_json_set(r, "resources", resources);
	r = rm_json_set(r, "spread_wait", jv_number(from->spread_wait));
	r = rm_json_set(r, "refuse_seconds", jv_number(from->refuse_seconds));
	r = rm_json_set(r, "kill_grace", jv_number(from->kill_grace));
	r = rm_json_set(r, "launch_limit", jv_number(from->launch_limit));
	r = rm_json_set(r, "start_limit", jv_number(from->start_limit));
	*record = rm_json_set(r, "operation_ids",
	    from->no_operation_ids ? jv_false() : jv_true());
	return 0;
}

int
rm_settings_check(const char *text, size_t len, struct rm_error *err)
{
	jv value;
	if (text == NULL || len == 0)
		return 0;
	if (rm_json_parse(text, len, &value, err) != 0) {
		err->code = RM_EXIT_CONFLICT;
		return rm_error_prefix(err, "the settings record");
	}
	double schema = rm_json_number(value, "schema", RM_SETTINGS_SCHEMA);
	jv_free(value);
	if (schema <= RM_SETTINGS_SCHEMA)
		return 0;
	return rm_error_set(err, RM_EXIT_CONFLICT,
	    "the settings record has schema %g; this program knows %d", schema,
	    RM_SETTINGS_SCHEMA);
}
