#include "proxy/admin.h"

#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/json.h"
#include "base/str.h"
#include "io/http_server.h"
#include "io/loopback.h"
#include "proxy/listener.h"
#include "proxy/metrics.h"

struct rm_admin {
	struct rm_admin_options options;
	struct rm_server *server;
	int port;
};

/* Whether new work goes to it, or why not. */
static const char *
state_of(const struct rm_endpoint *endpoint)
{
	return endpoint->node->records == 0 ? "draining"
					    : rm_health_name(endpoint->health);
}

static jv
endpoint_json(const struct rm_endpoint *endpoint)
{
	jv o = JV_OBJECT(jv_string("host"), jv_string(endpoint->node->host));
	o = rm_json_set(o, "port", jv_number(endpoint->port));
	o = rm_json_set(o, "state", jv_string(state_of(endpoint)));
	o = rm_json_set(o, "active", jv_number(endpoint->busy_count));
	return rm_json_set(o, "served", jv_number((double)endpoint->served));
}

static jv
nodes_json(const struct rm_admin *admin)
{
	jv array = jv_array();
	struct rm_node *node;
	TAILQ_FOREACH (node, &admin->options.proxy->nodes->list, entry) {
		jv o = JV_OBJECT(jv_string("name"), jv_string(node->name));
		o = rm_json_set(
		    o, "protobuf", endpoint_json(&node->endpoints[RM_PB]));
		o = rm_json_set(
		    o, "http", endpoint_json(&node->endpoints[RM_HTTP]));
		array = jv_array_append(array, o);
	}
	return array;
}

static jv
proxy_json(const struct rm_admin *admin, enum rm_protocol protocol)
{
	const struct rm_proxy *proxy = admin->options.proxy;
	const struct rm_proxy_counters *c = &proxy->counters[protocol];
	jv o = jv_object();
	unsigned up = 0;
	struct rm_node *node;
	TAILQ_FOREACH (node, &proxy->nodes->list, entry)
		up += rm_endpoint_usable(&node->endpoints[protocol]);
	if (proxy->listeners[protocol] != NULL)
		o = rm_json_set(o, "port",
		    jv_number(rm_listener_port(proxy->listeners[protocol])));
	o = rm_json_set(o, "nodes_up", jv_number(up));
	o = rm_json_set(o, "open", jv_number((double)c->open));
	o = rm_json_set(o, "accepted", jv_number((double)c->accepted));
	o = rm_json_set(o, "requests", jv_number((double)c->requests));
	o = rm_json_set(o, "retries", jv_number((double)c->retries));
	o = rm_json_set(o, "failures", jv_number((double)c->failures));
	return rm_json_set(o, "refused", jv_number((double)c->refused));
}

static jv
status_json(const struct rm_admin *admin)
{
	const struct rm_directory *d = admin->options.directory;
	jv o = JV_OBJECT(jv_string("framework"),
	    jv_string(rm_directory_framework(d)), jv_string("cluster"),
	    jv_string(rm_directory_cluster(d)), jv_string("zookeeper"),
	    jv_string(rm_directory_state(d)));
	o = rm_json_set(
	    o, "nodes", jv_number(admin->options.proxy->nodes->count));
	for (int i = 0; i < RM_PROTOCOLS; i++)
		o = rm_json_set(o, rm_protocol_name((enum rm_protocol)i),
		    proxy_json(admin, (enum rm_protocol)i));
	return o;
}

static void
get_status(struct rm_request *request, void *arg)
{
	rm_reply_json(request, 200, status_json(arg));
}

static void
get_nodes(struct rm_request *request, void *arg)
{
	rm_reply_json(
	    request, 200, JV_OBJECT(jv_string("nodes"), nodes_json(arg)));
}

static void
get_metrics(struct rm_request *request, void *arg)
{
	const struct rm_admin *admin = arg;
	struct rm_str text = { 0 };
	rm_metrics_write(
	    &text, admin->options.proxy, admin->options.directory);
	rm_reply(request, 200, RM_METRICS_TYPE, text.text, text.len);
	rm_str_free(&text);
}

/* Healthy is who can do its work: it listens. That no node is up a restart
 * could not help. */
static void
get_health(struct rm_request *request, void *arg)
{
	(void)arg;
	rm_reply_json(
	    request, 200, JV_OBJECT(jv_string("status"), jv_string("OK")));
}

static void
get_frameworks(struct rm_request *request, void *arg)
{
	const struct rm_admin *admin = arg;
	rm_reply_json(request, 200,
	    JV_OBJECT(jv_string("frameworks"),
		rm_directory_frameworks(admin->options.directory)));
}

static void
get_clusters(struct rm_request *request, void *arg)
{
	const struct rm_admin *admin = arg;
	rm_reply_json(request, 200,
	    JV_OBJECT(jv_string("clusters"),
		rm_directory_clusters(admin->options.directory)));
}

static void
refuse(struct rm_request *request, int status, const char *why)
{
	rm_reply_json(
	    request, status, JV_OBJECT(jv_string("error"), jv_string(why)));
}

static void
put_cluster(struct rm_request *request, void *arg)
{
	struct rm_admin *admin = arg;
	const char *framework = rm_request_param(request, "framework");
	const char *cluster = rm_request_param(request, "cluster");
	if (!admin->options.open && !rm_loopback(rm_request_peer(request))) {
		refuse(request, 403,
		    "changes are taken from this machine only; see --open");
		return;
	}
	/* A page in a browser on this machine asks with an Origin. */
	if (rm_request_header(request, "Origin") != NULL) {
		refuse(request, 403, "not for pages of a browser");
		return;
	}
	if (!rm_directory_name_ok(framework) ||
	    !rm_directory_name_ok(cluster)) {
		refuse(request, 400, "bad name of a framework or cluster");
		return;
	}
	rm_directory_configure(admin->options.directory, framework, cluster);
	rm_reply_json(request, 200, status_json(admin));
}

static const struct rm_route routes[] = {
	{ "GET", "/status", get_status },
	{ "GET", "/nodes", get_nodes },
	{ "GET", "/health", get_health },
	{ "GET", "/metrics", get_metrics },
	{ "GET", "/frameworks", get_frameworks },
	{ "GET", "/clusters", get_clusters },
	{ "PUT", "/frameworks/:framework/clusters/:cluster", put_cluster },
	{ NULL },
};

static int
listen_all(struct rm_admin *admin, struct rm_error *err)
{
	char *copy = rm_strdup(admin->options.addresses), *rest = copy, *word;
	int rc = 0;
	while (rc == 0 && (word = strsep(&rest, ", ")) != NULL) {
		if (*word == '\0')
			continue;
		int port = rm_server_listen(admin->server, word,
		    admin->port > 0 ? admin->port : admin->options.port, err);
		rc = port < 0 ? -1 : 0;
		admin->port = port;
	}
	free(copy);
	return rc;
}

struct rm_admin *
rm_admin_new(const struct rm_admin_options *options, struct rm_error *err)
{
	struct rm_admin *admin = rm_alloc(sizeof(*admin));
	admin->options = *options;
	admin->server = rm_server_new(options->proxy->loop, routes, admin, err);
	if (admin->server == NULL || listen_all(admin, err) != 0) {
		rm_admin_free(admin);
		return NULL;
	}
	return admin;
}

int
rm_admin_port(const struct rm_admin *admin)
{
	return admin->port;
}

void
rm_admin_free(struct rm_admin *admin)
{
	if (admin == NULL)
		return;
	rm_server_free(admin->server);
	free(admin);
}
