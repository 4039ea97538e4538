#include "proxy/metrics.h"

#include <string.h>

#include "proxy/node.h"

#define VALUE(field) \
	static double port_##field(const struct rm_proxy_counters *c) \
	{ \
		return (double)c->field; \
	}
VALUE(open)
VALUE(accepted)
VALUE(requests)
VALUE(retries)
VALUE(failures)
VALUE(refused)
VALUE(owned)
#undef VALUE

static double
node_up(const struct rm_endpoint *e)
{
	return rm_endpoint_usable(e);
}

static double
node_active(const struct rm_endpoint *e)
{
	return rm_endpoint_tally(e).busy;
}

static double
node_served(const struct rm_endpoint *e)
{
	return (double)rm_endpoint_tally(e).served;
}

static double
node_failures(const struct rm_endpoint *e)
{
	return (double)rm_endpoint_tally(e).failures;
}

static const struct {
	const char *name, *type, *help;
	double (*value)(const struct rm_proxy_counters *c);
} ports[] = {
	{ "connections", "gauge", "Clients now.", port_open },
	{ "accepted_total", "counter", "Clients taken.", port_accepted },
	{ "requests_total", "counter", "Requests passed on.", port_requests },
	{ "retries_total", "counter", "Sent to another node.", port_retries },
	{ "failures_total", "counter", "Not answered in full.", port_failures },
	{ "refused_total", "counter", "Bad requests.", port_refused },
	{ "owned_total", "counter", "Given to an owner.", port_owned },
};

static const struct {
	const char *name, *type, *help;
	double (*value)(const struct rm_endpoint *e);
} nodes[] = {
	{ "node_up", "gauge", "Whether it gets new work.", node_up },
	{ "node_active", "gauge", "Under way.", node_active },
	{ "node_served_total", "counter", "Given to it.", node_served },
	{ "node_failures_total", "counter", "Failed checks.", node_failures },
};

static void
head(struct rm_str *to, const char *name, const char *type, const char *help)
{
	rm_str_printf(to,
	    "# HELP rm_director_%s %s\n# TYPE rm_director_%s %s\n", name, help,
	    name, type);
}

/* A label's text between its quotes. */
static void
quote(struct rm_str *to, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			rm_str_add(to, "\\", 1);
		if (*text == '\n')
			rm_str_puts(to, "\\n");
		else
			rm_str_add(to, text, 1);
	}
}

static void
write_nodes(struct rm_str *to, const struct rm_proxy *proxy, size_t which)
{
	const struct rm_node *node;
	head(to, nodes[which].name, nodes[which].type, nodes[which].help);
	TAILQ_FOREACH (node, &proxy->nodes->list, entry)
		for (int p = 0; p < RM_PROTOCOLS; p++) {
			rm_str_printf(
			    to, "rm_director_%s{node=\"", nodes[which].name);
			quote(to, node->name);
			/* A name may have two places while it moves. */
			rm_str_puts(to, "\",address=\"");
			quote(to, node->host);
			rm_str_printf(to, ":%d\",protocol=\"%s\"} %.15g\n",
			    node->endpoints[p].port,
			    rm_protocol_name((enum rm_protocol)p),
			    nodes[which].value(&node->endpoints[p]));
		}
}

void
rm_metrics_write(struct rm_str *to, const struct rm_proxy *proxy,
    const struct rm_directory *directory)
{
	head(to, "zookeeper_connected", "gauge", "Whether news come.");
	rm_str_printf(to, "rm_director_zookeeper_connected %d\n",
	    strcmp(rm_directory_state(directory), "connected") == 0);
	for (size_t i = 0; i < sizeof(ports) / sizeof(*ports); i++) {
		head(to, ports[i].name, ports[i].type, ports[i].help);
		for (int p = 0; p < RM_PROTOCOLS; p++) {
			const struct rm_proxy_counters c = rm_board_counters(
			    proxy->board, (enum rm_protocol)p);
			rm_str_printf(to,
			    "rm_director_%s{protocol=\"%s\"} %.15g\n",
			    ports[i].name,
			    rm_protocol_name((enum rm_protocol)p),
			    ports[i].value(&c));
		}
	}
	for (size_t i = 0; i < sizeof(nodes) / sizeof(*nodes); i++)
		write_nodes(to, proxy, i);
}
