/* JSON Schema, draft 2020-12, of the configuration file; riak-mesos.json(5)
 * says what the keys mean. */
#include "base/json.h"
#include "cli/commands.h"
#include "cli/print.h"

/* "a.b" is the member b of the object a. constraints: as JSON, and as the text
 * of JSON, as the original's users have both. */
static const struct {
	const char *key, *type;
} keys[] = {
	{ "framework-name", "string" },
	{ "framework-url", "string" },
	{ "hostname", "string" },
	{ "marathon", "string" },
	{ "master", "string" },
	{ "zk", "string" },
	{ "user", "string" },
	{ "role", "string" },
	{ "auth-principal", "string" },
	{ "auth-provider", "string" },
	{ "auth-secret-file", "string" },
	{ "instances", "number" },
	{ "failover-timeout", "number" },
	{ "healthcheck-grace-period-seconds", "number" },
	{ "healthcheck-interval-seconds", "number" },
	{ "healthcheck-timeout-seconds", "number" },
	{ "healthcheck-max-consecutive-failures", "number" },
	{ "constraints", "array|string" },
	{ "scheduler.cpus", "number" },
	{ "scheduler.mem", "number" },
	{ "scheduler.constraints", "array" },
	{ "scheduler.token-file", "string" },
	{ "executor.cpus", "number" },
	{ "executor.mem", "number" },
	{ "node.cpus", "number" },
	{ "node.mem", "number" },
	{ "node.disk", "number" },
	{ "node.network_interface_name", "string" },
	{ "director.cpus", "number" },
	{ "director.mem", "number" },
	{ "director.use-public", "boolean" },
	{ "director.constraints", "array" },
};

static jv
type_schema(const char *types)
{
	jv one = jv_string_split(jv_string(types), jv_string("|"));
	if (jv_array_length(jv_copy(one)) == 1)
		one = jv_array_get(one, 0);
	return JV_OBJECT(jv_string("type"), one);
}

static jv
object_schema(jv properties)
{
	return JV_OBJECT(jv_string("type"), jv_string("object"),
	    jv_string("properties"), properties);
}

/* The path to a key through nested schemas; consumes. */
static jv
path_of(jv names)
{
	jv path = jv_array();
	jv_array_foreach (names, i, name) {
		path = jv_array_append(path, jv_string("properties"));
		path = jv_array_append(path, name);
	}
	jv_free(names);
	return path;
}

static jv
riak_schema(void)
{
	jv riak = object_schema(jv_object());
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		jv names = jv_string_split(
		    jv_string(keys[i].key), jv_string("."));
		if (jv_array_length(jv_copy(names)) == 2)
			riak = jv_setpath(riak,
			    jv_array_append(path_of(JV_ARRAY(jv_array_get(
						jv_copy(names), 0))),
				jv_string("type")),
			    jv_string("object"));
		riak = jv_setpath(
		    riak, path_of(names), type_schema(keys[i].type));
	}
	return riak;
}

int
rm_cli_schema(struct rm_cli *cli, int argc, char **argv, struct rm_str *out,
    struct rm_error *err)
{
	(void)cli, (void)argc, (void)argv, (void)err;
	jv resources = JV_OBJECT(jv_string("type"), jv_string("object"),
	    jv_string("additionalProperties"), type_schema("string"));
	jv schema = object_schema(JV_OBJECT(jv_string("resources"), resources,
	    jv_string("riak"), riak_schema()));
	rm_cli_print_json(out,
	    rm_json_set(schema, "$schema",
		jv_string("https://json-schema.org/draft/2020-12/schema")));
	return 0;
}
