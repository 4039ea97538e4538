/* The OpenAPI document, made of the routes themselves. */
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "api/handlers.h"
#include "base/json.h"
#include "base/str.h"

static const struct {
	rm_api_handler *handle;
	const char *summary;
} summaries[] = {
	{ rm_api_get_page, "a page to look at" },
	{ rm_api_get_metrics, "figures for Prometheus" },
	{ rm_api_get_openapi, "this document" },
	{ rm_api_get_health, "whether a scheduler leads" },
	{ rm_api_get_artifact, "an artifact" },
	{ rm_api_get_events, "what changes, as lines of JSON, while it lasts" },
	{ rm_api_get_status, "framework, clusters and nodes at one moment" },
	{ rm_api_get_framework, "the framework" },
	{ rm_api_get_orphans, "reservations that no record explains" },
	{ rm_api_adopt_orphan, "make records for one" },
	{ rm_api_free_orphan, "give one up, with its data" },
	{ rm_api_get_versions, "the packages of Riak" },
	{ rm_api_get_clusters, "the clusters" },
	{ rm_api_put_clusters, "set several clusters" },
	{ rm_api_get_cluster, "a cluster" },
	{ rm_api_put_cluster, "make or change a cluster" },
	{ rm_api_delete_cluster, "destroy a cluster and its data" },
	{ rm_api_get_cluster_status, "how a cluster's nodes are, and why" },
	{ rm_api_get_explain, "why nodes have no place" },
	{ rm_api_create_cluster, "make a cluster" },
	{ rm_api_restart_cluster, "restart its nodes, one by one" },
	{ rm_api_get_rollout, "its rollout" },
	{ rm_api_command_rollout, "pause, resume, abort or retry it" },
	{ rm_api_scale_cluster, "add nodes, or let some leave" },
	{ rm_api_get_config, "its riak.conf" },
	{ rm_api_put_config, "set its riak.conf" },
	{ rm_api_delete_config, "take its riak.conf away" },
	{ rm_api_get_advanced, "its advanced.config" },
	{ rm_api_put_advanced, "set its advanced.config" },
	{ rm_api_delete_advanced, "take its advanced.config away" },
	{ rm_api_get_nodes, "its nodes" },
	{ rm_api_add_node, "add a node" },
	{ rm_api_get_node, "a node" },
	{ rm_api_delete_node, "make a node leave, or with force=true go" },
	{ rm_api_restart_node, "restart a node" },
	{ rm_api_replace_node, "put a new node in its place" },
	{ rm_api_ask_type, "a bucket type" },
	{ rm_api_ask_log, "the end of a log" },
	{ rm_api_ask_node, "what its Riak says: status, ringready, transfers, "
			   "aae, types, config, overrides, log" },
	{ rm_api_forward_node, "passed on to a node's Riak" },
	{ rm_api_forward_cluster, "passed on to a Riak of the cluster" },
};

static const char *
summary_of(rm_api_handler *handle)
{
	for (size_t i = 0; i < sizeof(summaries) / sizeof(*summaries); i++)
		if (summaries[i].handle == handle)
			return summaries[i].summary;
	return NULL;
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
		*parameters = jv_array_append(*parameters,
		    JV_OBJECT(jv_string("name"), jv_string(name),
			jv_string("in"), jv_string("path"),
			jv_string("required"), jv_true(), jv_string("schema"),
			JV_OBJECT(jv_string("type"), jv_string("string"))));
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
add_route(jv paths, const struct rm_route *route)
{
	jv parameters = jv_array();
	char *path = template_of(route->path, &parameters);
	const char *summary = summary_of(route->handle);
	jv operation = JV_OBJECT(jv_string("summary"),
	    summary != NULL ? jv_string(summary) : jv_null(),
	    jv_string("parameters"), parameters, jv_string("responses"),
	    JV_OBJECT(jv_string("200"),
		JV_OBJECT(jv_string("description"),
		    jv_string("the answer, or {\"success\":false,\"error\":WHY}"))));
	jv at = rm_json_get(paths, path);
	if (!jv_is_valid(at)) {
		jv_free(at);
		at = jv_object();
	}
	paths = rm_json_set(
	    paths, path, add_operation(at, route->method, operation));
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
