/* The OpenAPI document, made of the routes themselves. */
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "api/handlers.h"
#include "base/json.h"
#include "base/str.h"

#define JSON  "application/json"
#define TEXT  "text/plain"
#define HTML  "text/html"
#define LINES "application/x-ndjson"
#define BYTES "application/octet-stream"
#define ANY   "*/*"

/* What is not in the routes. Media types and names are separated by blanks. */
static const struct about {
	rm_api_handler *handle;
	const char *summary;
	const char *queries; /* names, or NULL */
	const char *takes; /* what a body is, or NULL */
	const char *answers; /* NULL: JSON */
} abouts[] = {
	{ rm_api_get_page, "a page to look at", .answers = HTML },
	{ rm_api_get_metrics, "figures for Prometheus", .answers = TEXT },
	{ rm_api_get_openapi, "this document" },
	{ rm_api_get_health, "whether a scheduler leads" },
	{ rm_api_get_artifact, "an artifact", .answers = BYTES },
	{ rm_api_get_events, "what changes, as lines of JSON, while it lasts",
	    .answers = LINES, .queries = "heartbeat" },
	{ rm_api_get_status, "framework, clusters and nodes at one moment" },
	{ rm_api_get_framework, "the framework" },
	{ rm_api_get_orphans, "reservations that no record explains" },
	{ rm_api_adopt_orphan, "make records for one",
	    .queries = "riak_version" },
	{ rm_api_free_orphan, "give one up, with its data" },
	{ rm_api_get_versions, "the packages of Riak" },
	{ rm_api_get_clusters, "the clusters" },
	{ rm_api_put_clusters, "set several clusters", .takes = JSON },
	{ rm_api_get_cluster, "a cluster" },
	{ rm_api_put_cluster, "make or change a cluster", .takes = JSON },
	{ rm_api_delete_cluster, "destroy a cluster and its data" },
	{ rm_api_get_cluster_status, "how a cluster's nodes are, and why" },
	{ rm_api_get_explain, "why nodes have no place" },
	{ rm_api_create_cluster, "make a cluster", .takes = JSON },
	{ rm_api_restart_cluster, "restart its nodes, one by one",
	    .takes = JSON },
	{ rm_api_get_rollout, "its rollout" },
	{ rm_api_command_rollout, "pause, resume, abort or retry it" },
	{ rm_api_scale_cluster, "add nodes, or let some leave", .takes = JSON },
	{ rm_api_get_config, "its riak.conf", .answers = TEXT },
	{ rm_api_put_config, "set its riak.conf", .takes = TEXT },
	{ rm_api_delete_config, "take its riak.conf away" },
	{ rm_api_get_advanced, "its advanced.config", .answers = TEXT },
	{ rm_api_put_advanced, "set its advanced.config", .takes = TEXT },
	{ rm_api_delete_advanced, "take its advanced.config away" },
	{ rm_api_get_nodes, "its nodes" },
	{ rm_api_add_node, "add a node" },
	{ rm_api_get_node, "a node" },
	{ rm_api_delete_node, "make a node leave, or with force=true go",
	    .queries = "force" },
	{ rm_api_restart_node, "restart a node" },
	{ rm_api_replace_node, "put a new node in its place",
	    .queries = "force" },
	{ rm_api_ask_type, "a bucket type", .takes = JSON },
	{ rm_api_ask_log, "the end of a log", .answers = TEXT,
	    .queries = "tail" },
	{ rm_api_ask_node,
	    "what its Riak says: status, ringready, transfers, "
	    "aae, types, config, overrides, log",
	    .answers = JSON " " TEXT },
	{ rm_api_forward_node, "passed on to a node's Riak", .takes = ANY,
	    .answers = ANY },
	{ rm_api_forward_cluster, "passed on to a Riak of the cluster",
	    .takes = ANY, .answers = ANY },
};

static const struct about *
about(rm_api_handler *handle)
{
	static const struct about nothing = { 0 };
	for (size_t i = 0; i < sizeof(abouts) / sizeof(*abouts); i++)
		if (abouts[i].handle == handle)
			return &abouts[i];
	return &nothing;
}

static jv
parameter(const char *name, const char *in, bool required)
{
	return JV_OBJECT(jv_string("name"), jv_string(name), jv_string("in"),
	    jv_string(in), jv_string("required"), jv_bool(required),
	    jv_string("schema"),
	    JV_OBJECT(jv_string("type"), jv_string("string")));
}

/* {"content":{TYPE:{},…}} with more members; consumes object. */
static jv
add_content(jv object, const char *types)
{
	jv content = jv_object();
	char *copy = rm_strdup(types), *rest = copy, *type;
	while ((type = strsep(&rest, " ")) != NULL)
		content = rm_json_set(content, type, jv_object());
	free(copy);
	return rm_json_set(object, "content", content);
}

/* "/a/:b/" and "*" as "/a/{b}/{rest}"; appends to parameters. */
static char *
template_of(const char *path, jv *parameters)
{
	struct rm_str out = { 0 };
	rm_str_puts(&out, "");
	while (*path != '\0') {
		if (*path != ':' && *path != '*') {
			rm_str_add(&out, path++, 1);
			continue;
		}
		bool rest = *path == '*';
		size_t n = rest ? 0 : strcspn(path + 1, "/");
		char *name = rest ? rm_strdup("rest")
				  : rm_format("%.*s", (int)n, path + 1);
		rm_str_printf(&out, "{%s}", name);
		*parameters = jv_array_append(
		    *parameters, parameter(name, "path", true));
		free(name);
		path += n + 1;
	}
	return rm_str_take(&out);
}

/* Every method that OpenAPI knows, where a route takes any. */
static jv
add_operation(jv path, const char *method, jv operation)
{
	static const char *const any[] = { "get", "put", "post", "delete" };
	if (strcmp(method, "*") == 0) {
		for (size_t i = 0; i < sizeof(any) / sizeof(*any); i++)
			path = rm_json_set(path, any[i], jv_copy(operation));
		jv_free(operation);
		return path;
	}
	char *lower = rm_strdup(method);
	for (char *p = lower; *p != '\0'; p++)
		*p = (char)(*p + ('a' - 'A'));
	path = rm_json_set(path, lower, operation);
	free(lower);
	return path;
}

static jv
operation_of(const struct rm_route *route, jv parameters)
{
	const struct about *a = about(route->handle);
	if (a->queries != NULL)
		parameters = jv_array_append(
		    parameters, parameter(a->queries, "query", false));
	jv answer = add_content(
	    JV_OBJECT(jv_string("description"),
		jv_string("the answer, or {\"success\":false,\"error\":WHY}")),
	    a->answers != NULL ? a->answers : JSON);
	jv operation = JV_OBJECT(jv_string("summary"),
	    a->summary != NULL ? jv_string(a->summary) : jv_null(),
	    jv_string("parameters"), parameters, jv_string("responses"),
	    JV_OBJECT(jv_string("200"), answer));
	/* A document of GET has no body, whatever its handler takes of POST. */
	if (a->takes != NULL && strcmp(route->method, "GET") != 0)
		operation = rm_json_set(operation, "requestBody",
		    add_content(jv_object(), a->takes));
	return operation;
}

static jv
add_route(jv paths, const struct rm_route *route)
{
	jv parameters = jv_array();
	char *path = template_of(route->path, &parameters);
	jv at = rm_json_get(paths, path);
	if (!jv_is_valid(at)) {
		jv_free(at);
		at = jv_object();
	}
	at = add_operation(at, route->method, operation_of(route, parameters));
	paths = rm_json_set(paths, path, at);
	free(path);
	return paths;
}

void
rm_api_get_openapi(struct rm_request *request, void *arg)
{
	(void)arg;
	jv paths = jv_object();
	for (const struct rm_route *r = rm_api_routes; r->method != NULL; r++)
		paths = add_route(paths, r);
	rm_reply_json(request, 200,
	    JV_OBJECT(jv_string("openapi"), jv_string("3.0.3"),
		jv_string("info"),
		JV_OBJECT(jv_string("title"), jv_string("rm-api"),
		    jv_string("version"), jv_string(RM_VERSION)),
		jv_string("paths"), paths));
}
