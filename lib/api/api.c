#include "api/api.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/access.h"
#include "api/commit.h"
#include "api/feed.h"
#include "api/handlers.h"
#include "api/owners.h"
#include "api/shape.h"
#include "base/exit.h"
#include "base/json.h"
#include "base/log.h"
#include "base/str.h"

/* A record's room in ZooKeeper, and so of all that is stored of a body. */
#define BODY_MOST RM_ZK_VALUE_MAX

#define API     "/api/v1"
#define CLUSTER API "/clusters/:cluster"
#define NODE    CLUSTER "/nodes/:node"

const struct rm_route rm_api_routes[] = {
	{ "GET", "/", rm_api_get_page },
	{ "GET", "/metrics", rm_api_get_metrics },
	{ "GET", "/healthcheck", rm_api_get_health },
	{ "GET", "/static/*", rm_api_get_artifact },
	{ "GET", API "/openapi.json", rm_api_get_openapi },
	{ "GET", API "/events", rm_api_get_events },
	{ "GET", API "/status", rm_api_get_status },
	{ "GET", API "/framework", rm_api_get_framework },
	{ "GET", API "/framework/orphans", rm_api_get_orphans },
	{ "POST", API "/framework/orphans/:orphan/adopt", rm_api_adopt_orphan },
	{ "POST", API "/framework/orphans/:orphan/free", rm_api_free_orphan },
	{ "GET", API "/riak/versions", rm_api_get_versions },
	{ "GET", API "/clusters", rm_api_get_clusters },
	{ "PUT", API "/clusters", rm_api_put_clusters },
	{ "GET", CLUSTER, rm_api_get_cluster },
	{ "PUT", CLUSTER, rm_api_put_cluster },
	{ "DELETE", CLUSTER, rm_api_delete_cluster },
	{ "GET", CLUSTER "/status", rm_api_get_cluster_status },
	{ "GET", CLUSTER "/events", rm_api_get_events },
	{ "GET", CLUSTER "/explain", rm_api_get_explain },
	{ "POST", CLUSTER "/create", rm_api_create_cluster },
	{ "POST", CLUSTER "/restart", rm_api_restart_cluster },
	{ "GET", CLUSTER "/rollout", rm_api_get_rollout },
	{ "POST", CLUSTER "/rollout/:command", rm_api_command_rollout },
	{ "POST", CLUSTER "/scale", rm_api_scale_cluster },
	{ "GET", CLUSTER "/config", rm_api_get_config },
	{ "PUT", CLUSTER "/config", rm_api_put_config },
	{ "DELETE", CLUSTER "/config", rm_api_delete_config },
	{ "GET", CLUSTER "/advancedConfig", rm_api_get_advanced },
	{ "PUT", CLUSTER "/advancedConfig", rm_api_put_advanced },
	{ "DELETE", CLUSTER "/advancedConfig", rm_api_delete_advanced },
	{ "GET", CLUSTER "/nodes", rm_api_get_nodes },
	{ "POST", CLUSTER "/nodes", rm_api_add_node },
	{ "GET", NODE, rm_api_get_node },
	{ "DELETE", NODE, rm_api_delete_node },
	{ "POST", NODE "/restart", rm_api_restart_node },
	{ "POST", NODE "/replace", rm_api_replace_node },
	{ "GET", NODE "/types/:type", rm_api_ask_type },
	{ "POST", NODE "/types/:type", rm_api_ask_type },
	{ "GET", NODE "/log/:log", rm_api_ask_log },
	{ "GET", NODE "/:question", rm_api_ask_node },
	{ "*", "/riak/nodes/:node", rm_api_forward_node },
	{ "*", "/riak/nodes/:node/*", rm_api_forward_node },
	{ "*", "/riak/clusters/:cluster", rm_api_forward_cluster },
	{ "*", "/riak/clusters/:cluster/*", rm_api_forward_cluster },
	{ NULL },
};

void
rm_api_done(struct rm_request *request)
{
	rm_reply_json(request, 200, JV_OBJECT(jv_string("success"), jv_true()));
}

void
rm_api_refuse_as(struct rm_request *request, int status, const char *fmt, ...)
{
	char why[512];
	va_list args;
	va_start(args, fmt);
	vsnprintf(why, sizeof(why), fmt, args);
	va_end(args);
	rm_reply_json(request, status,
	    JV_OBJECT(jv_string("success"), jv_false(), jv_string("error"),
		jv_string(why)));
}

void
rm_api_refuse(struct rm_request *request, const struct rm_error *err)
{
	int status = err->code == RM_EXIT_OUTSIDE ? 503 : 200;
	rm_api_refuse_as(request, status, "%s", err->text);
}

struct rm_entry *
rm_api_cluster(struct rm_api *api, struct rm_request *request)
{
	const char *key = rm_request_param(request, "cluster");
	struct rm_entry *cluster = rm_model_cluster(
	    rm_view_model(api->view), key);
	if (rm_shape_is_cluster(cluster))
		return cluster;
	rm_api_refuse_as(request, 200, "no such cluster: %s", key);
	return NULL;
}

struct rm_entry *
rm_api_node(struct rm_api *api, struct rm_request *request)
{
	const char *named = rm_request_param(request, "node");
	const char *of = rm_request_param(request, "cluster");
	if (of != NULL && rm_api_cluster(api, request) == NULL)
		return NULL;
	char *key = rm_format("%.*s", (int)strcspn(named, "@"), named);
	struct rm_entry *node = rm_model_node(rm_view_model(api->view), key);
	free(key);
	if (of != NULL ? rm_shape_is_of(node, of) : rm_shape_is_node(node))
		return node;
	rm_api_refuse_as(request, of != NULL ? 200 : 404,
	    "no such node: %s%s%s", named, of != NULL ? " of cluster " : "",
	    of != NULL ? of : "");
	return NULL;
}

static bool
starts(const char *path, const char *with)
{
	return strncmp(path, with, strlen(with)) == 0;
}

bool
rm_api_allow(const struct rm_api *api, struct rm_request *request)
{
	const char *why;
	const struct rm_access access = { api->options.token,
		api->options.open };
	int refused = rm_access_check(&access, request, &why);
	if (refused == 401)
		rm_request_add_header(request, "WWW-Authenticate", "Bearer");
	if (refused != 0)
		rm_api_refuse_as(request, refused, "%s", why);
	return refused == 0;
}

/* Before every handler. */
static bool
guard(struct rm_request *request, void *arg)
{
	const struct rm_api *api = arg;
	const char *path = rm_request_path(request);
	if (rm_access_needed(request) && !rm_api_allow(api, request))
		return false;
	size_t len;
	rm_request_body(request, &len);
	if (starts(path, API "/") && len > BODY_MOST) {
		rm_api_refuse_as(request, 413,
		    "more than %zu bytes: a record in ZooKeeper holds no more",
		    BODY_MOST);
		return false;
	}
	bool knows = rm_view_complete(api->view);
	if (!knows && (starts(path, API "/") || starts(path, "/riak/"))) {
		rm_api_refuse_as(request, 503,
		    "the records are not known yet: ZooKeeper is %s",
		    rm_view_connected(api->view) ? "being read"
						 : "not connected");
		return false;
	}
	return true;
}

static void
view_refused(void *arg, const struct rm_error *err)
{
	struct rm_api *api = arg;
	api->trouble = *err;
	event_base_loopbreak(api->loop);
}

const struct rm_error *
rm_api_trouble(const struct rm_api *api)
{
	return &api->trouble;
}

static void
view_changed(void *arg, const char *path)
{
	struct rm_api *api = arg;
	if (api->view != NULL)
		rm_owners_look(&api->owners, rm_view_model(api->view), path);
	rm_commit_look(api);
	rm_feed_look(api->feed, path);
}

static int
listen_all(struct rm_api *api, struct rm_error *err)
{
	char *copy = rm_strdup(api->options.addresses), *rest = copy, *word;
	int rc = 0;
	while (rc == 0 && (word = strsep(&rest, ", ")) != NULL) {
		if (*word == '\0')
			continue;
		int port = rm_server_listen(api->server, word,
		    api->port > 0 ? api->port : api->options.port, err);
		rc = port < 0 ? -1 : 0;
		api->port = port;
	}
	free(copy);
	if (rc == 0 && api->port == 0)
		return rm_error_set(
		    err, RM_EXIT_USAGE, "--address: no address");
	return rc;
}

static void
reload(evutil_socket_t number, short what, void *arg)
{
	(void)number, (void)what;
	struct rm_api *api = arg;
	struct rm_error err = { 0 };
	if (rm_tls_reload(api->tls, &err) != 0)
		rm_log_error("going on with the old one: %s", err.text);
	else
		rm_log_info("certificates are read again");
}

static int
open_tls(struct rm_api *api, struct rm_error *err)
{
	if (api->options.tls.cert == NULL)
		return 0;
	api->tls = rm_tls_new(&api->options.tls, err);
	if (api->tls == NULL)
		return -1;
	rm_server_tls(api->server, api->tls);
	api->reload = evsignal_new(api->loop, SIGHUP, reload, api);
	event_add(api->reload, NULL);
	return 0;
}

static int
open_parts(struct rm_api *api, struct rm_error *err)
{
	api->http = rm_http_new(api->loop, err);
	if (api->http == NULL)
		return -1;
	api->server = rm_server_new(api->loop, rm_api_routes, api, err);
	if (api->server == NULL)
		return -1;
	rm_server_guard(api->server, guard);
	if (open_tls(api, err) != 0 || listen_all(api, err) != 0)
		return -1;
	api->view = rm_view_new(api->loop, &api->options.view, err);
	return api->view != NULL ? 0 : -1;
}

struct rm_api *
rm_api_new(struct event_base *loop, const struct rm_api_options *options,
    struct rm_error *err)
{
	struct rm_api *api = rm_alloc(sizeof(*api));
	api->loop = loop;
	api->options = *options;
	api->options.view.changed = view_changed;
	api->options.view.refused = view_refused;
	api->options.view.arg = api;
	LIST_INIT(&api->commits);
	api->owners = jv_object();
	api->feed = rm_feed_new(api);
	if (open_parts(api, err) == 0)
		return api;
	rm_api_free(api);
	return NULL;
}

void
rm_api_free(struct rm_api *api)
{
	if (api == NULL)
		return;
	rm_commit_drop_all(api);
	rm_feed_free(api->feed);
	api->feed = NULL;
	rm_api_forwards_free(api);
	rm_api_questions_free(api);
	rm_http_free(api->http);
	rm_server_free(api->server);
	rm_view_free(api->view);
	jv_free(api->owners);
	if (api->reload != NULL)
		event_free(api->reload);
	rm_tls_free(api->tls);
	free(api);
}

int
rm_api_port(const struct rm_api *api)
{
	return api->port;
}
