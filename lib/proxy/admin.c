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
	const struct rm_tally tally = rm_endpoint_tally(endpoint);
	o = rm_json_set(o, "active", jv_number(tally.busy));
	return rm_json_set(o, "served", jv_number((double)tally.served));
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

static unsigned
nodes_up(const struct rm_proxy *proxy, enum rm_protocol protocol)
{
	unsigned up = 0;
	struct rm_node *node;
	TAILQ_FOREACH (node, &proxy->nodes->list, entry)
		up += rm_endpoint_usable(&node->endpoints[protocol]);
	return up;
}

static jv
proxy_json(const struct rm_admin *admin, enum rm_protocol protocol)
{
	const struct rm_proxy *proxy = admin->options.proxy;
	const struct rm_proxy_counters c = rm_board_counters(
	    proxy->board, protocol);
	jv o = jv_object();
	if (proxy->listeners[protocol] != NULL)
		o = rm_json_set(o, "port",
		    jv_number(rm_listener_port(proxy->listeners[protocol])));
	o = rm_json_set(o, "nodes_up", jv_number(nodes_up(proxy, protocol)));
	o = rm_json_set(o, "open", jv_number((double)c.open));
	o = rm_json_set(o, "accepted", jv_number((double)c.accepted));
	o = rm_json_set(o, "requests", jv_number((double)c.requests));
	o = rm_json_set(o, "retries", jv_number((double)c.retries));
	o = rm_json_set(o, "failures", jv_number((double)c.failures));
	o = rm_json_set(o, "owned", jv_number((double)c.owned));
	return rm_json_set(o, "refused", jv_number((double)c.refused));
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
	if (admin->options.proxy->nodes->affinity)
		o = rm_json_set(o, "ring",
		    jv_number(admin->options.proxy->nodes->ring.size));
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

/* What a client would find now; NULL: all is well. */
static const char *
trouble(const struct rm_admin *admin)
{
	const struct rm_proxy *proxy = admin->options.proxy;
	if (proxy->stopping)
		return "it is stopping";
	if (!rm_directory_complete(admin->options.directory) &&
	    proxy->nodes->count == 0)
		return "the nodes of the cluster are not known yet";
	if (proxy->nodes->count == 0)
		return "the cluster has no node";
	if (nodes_up(proxy, RM_HTTP) == 0)
		return "no node answers over HTTP";
	if (nodes_up(proxy, RM_PB) == 0)
		return "no node answers over protocol buffers";
	return NULL;
}

static void
get_health(struct rm_request *request, void *arg)
{
	const char *why = trouble(arg);
	jv o = JV_OBJECT(
	    jv_string("status"), jv_string(why == NULL ? "OK" : "DOWN"));
	if (why != NULL)
		o = rm_json_set(o, "why", jv_string(why));
	rm_reply_json(request, why == NULL ? 200 : 503, o);
}

/* Whether it works at all: that no node is up a restart could not help. */
static void
get_alive(struct rm_request *request, void *arg)
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
	if (!rm_board_configure(
		admin->options.proxy->board, framework, cluster)) {
		refuse(request, 400, "too long a name");
		return;
	}
	admin->options.configured(admin->options.arg);
	rm_reply_json(request, 200, status_json(admin));
}

static const struct rm_route routes[] = {
	{ "GET", "/status", get_status },
	{ "GET", "/nodes", get_nodes },
	{ "GET", "/health", get_health },
	{ "GET", "/alive", get_alive },
	{ "GET", "/metrics", get_metrics },
	{ "GET", "/frameworks", get_frameworks },
	{ "GET", "/clusters", get_clusters },
	{ "PUT", "/frameworks/:framework/clusters/:cluster", put_cluster },
	{ NULL },
};

static int
listen_all(struct rm_admin *admin, struct rm_error *err)
{
	const struct rm_inherited *sockets = admin->options.sockets;
	for (size_t i = 0; i < sockets->count; i++)
		if (strcmp(sockets->names[i], RM_ADMIN_NAME) == 0 &&
		    rm_server_accept(admin->server, sockets->fds[i], err) != 0)
			return -1;
	return 0;
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

void
rm_admin_free(struct rm_admin *admin)
{
	if (admin == NULL)
		return;
	rm_server_free(admin->server);
	free(admin);
}
