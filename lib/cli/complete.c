/* What operands can be, for completions: asked of the API, which has a second
 * to say it. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "cli/commands.h"
#include "cli/status.h"

#define DEADLINE 1.0

static void
print_clusters(jv status)
{
	jv clusters = rm_json_array(status, "clusters");
	jv_array_foreach (clusters, i, cluster) {
		printf("%s\t%s, %d nodes\n", rm_json_text(cluster, "name", ""),
		    rm_json_text(cluster, "riak_version", "-"),
		    jv_array_length(rm_json_array(cluster, "nodes")));
		jv_free(cluster);
	}
	jv_free(clusters);
}

static void
print_nodes(jv status)
{
	jv clusters = rm_json_array(status, "clusters");
	jv_array_foreach (clusters, i, cluster) {
		jv nodes = rm_json_array(cluster, "nodes");
		jv_array_foreach (nodes, n, node) {
			printf("%s\t%s\n", rm_json_text(node, "key", ""),
			    rm_json_text(node, "status", ""));
			jv_free(node);
		}
		jv_free(nodes);
		jv_free(cluster);
	}
	jv_free(clusters);
}

/* The keys of an object in the answer. */
static void
print_keys(jv answer, const char *member)
{
	jv object = rm_json_get(answer, member);
	if (jv_get_kind(object) == JV_KIND_OBJECT)
		jv_object_foreach (object, key, value) {
			printf("%s\t%s\n", jv_string_value(key),
			    jv_get_kind(value) == JV_KIND_STRING
				? jv_string_value(value)
				: rm_json_text(value, "node", ""));
			jv_free(key);
			jv_free(value);
		}
	jv_free(object);
}

static void
print_versions(jv answer)
{
	print_keys(answer, "riak_versions");
}

static void
print_volumes(jv answer)
{
	print_keys(answer, "orphans");
}

static const struct {
	const char *operand, *path;
	void (*print)(jv answer);
} kinds[] = {
	{ "CLUSTER", "/api/v1/status", print_clusters },
	{ "NODE", "/api/v1/status", print_nodes },
	{ "VERSION", "/api/v1/riak/versions", print_versions },
	{ "VOLUME", "/api/v1/framework/orphans", print_volumes },
};

void
rm_cli_complete(const char *operand, void *options)
{
	struct rm_error err = { 0 };
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		struct rm_cli cli = { .deadline = DEADLINE };
		jv answer;
		if (strcmp(kinds[i].operand, operand) != 0)
			continue;
		if (rm_cli_open(&cli, options, &err) == 0 &&
		    rm_cli_get(&cli, &answer, &err, "%s", kinds[i].path) == 0) {
			kinds[i].print(answer);
			jv_free(answer);
		}
		rm_cli_close(&cli);
	}
}
