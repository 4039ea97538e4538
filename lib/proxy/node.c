#include "proxy/node.h"

#include <errno.h>
#include <event2/dns.h>
#include <event2/util.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/log.h"
#include "base/str.h"

/* Riak's default: so many partitions in a row hold a key. Where it is less the
 * worst is the hop that is to be saved. */
#define N_VAL 3
/* How much more than the least busy an owner may have to do. */
#define CROWD_FACTOR 2
#define CROWD_LEAST  8

/* A host's name under way; the node may be gone when the answer comes. */
struct name_query {
	struct rm_node *node;
};

const char *
rm_protocol_name(enum rm_protocol protocol)
{
	static const char *const names[] = {
		[RM_HTTP] = "http", [RM_PB] = "protobuf"
	};
	return names[protocol];
}

const char *
rm_health_name(enum rm_health health)
{
	static const char *const names[] = {
		[RM_UNKNOWN] = "unknown", [RM_UP] = "up", [RM_DOWN] = "down"
	};
	return names[health];
}

void
rm_tried_add(struct rm_tried *tried, const struct rm_endpoint *endpoint)
{
	if (tried->count < RM_TRIED_MAX)
		tried->ids[tried->count++] = endpoint->node->id;
}

static bool
was_tried(const struct rm_tried *tried, const struct rm_node *node)
{
	for (unsigned i = 0; tried != NULL && i < tried->count; i++)
		if (tried->ids[i] == node->id)
			return true;
	return tried != NULL && tried->count == RM_TRIED_MAX;
}

struct rm_nodes *
rm_nodes_new(struct rm_proxy *proxy)
{
	struct rm_nodes *nodes = rm_alloc(sizeof(*nodes));
	nodes->proxy = proxy;
	TAILQ_INIT(&nodes->list);
	return nodes;
}

static void
node_free(struct rm_node *node)
{
	if (node->query != NULL)
		node->query->node = NULL;
	for (int i = 0; i < RM_PROTOCOLS; i++)
		rm_probe_stop(&node->endpoints[i].probe);
	rm_timer_free(&node->drain);
	if (node->endpoints[0].tally != node->tallies)
		rm_board_give(node->nodes->proxy->row, node->key);
	TAILQ_REMOVE(&node->nodes->list, node, entry);
	free(node->name);
	free(node->host);
	free(node);
}

void
rm_nodes_free(struct rm_nodes *nodes)
{
	struct rm_node *node, *next;
	if (nodes == NULL)
		return;
	TAILQ_FOREACH_SAFE (node, &nodes->list, entry, next)
		node_free(node);
	if (nodes->dns != NULL)
		evdns_base_free(nodes->dns, 1);
	free(nodes);
}

static void
set_address(struct rm_node *node, const struct sockaddr *address, socklen_t len)
{
	if (len > sizeof(node->address))
		return;
	memcpy(&node->address, address, len);
	node->address_len = len;
}

static void
resolved(int why, struct evutil_addrinfo *found, void *arg)
{
	struct name_query *query = arg;
	struct rm_node *node = query->node;
	free(query);
	if (node != NULL) {
		node->query = NULL;
		if (why != 0)
			rm_log_warn("can't resolve host=%s node=%s: %s",
			    node->host, node->name, evutil_gai_strerror(why));
		else if (found != NULL)
			set_address(
			    node, found->ai_addr, (socklen_t)found->ai_addrlen);
		for (int i = 0; why == 0 && i < RM_PROTOCOLS; i++)
			rm_probe_hurry(&node->endpoints[i].probe);
	}
	if (found != NULL)
		evutil_freeaddrinfo(found);
}

/* An address is taken as it is; a name is asked for, and asked for again when
 * the node does not answer. */
static void
resolve(struct rm_node *node)
{
	struct rm_nodes *nodes = node->nodes;
	if (node->query != NULL)
		return;
	struct evutil_addrinfo hints = { .ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = EVUTIL_AI_NUMERICHOST };
	struct evutil_addrinfo *found = NULL;
	if (evutil_getaddrinfo(node->host, NULL, &hints, &found) == 0) {
		set_address(node, found->ai_addr, (socklen_t)found->ai_addrlen);
		evutil_freeaddrinfo(found);
		return;
	}
	if (nodes->dns == NULL)
		nodes->dns = evdns_base_new(
		    nodes->proxy->loop, EVDNS_BASE_INITIALIZE_NAMESERVERS |
					    EVDNS_BASE_DISABLE_WHEN_INACTIVE);
	if (nodes->dns == NULL)
		return;
	struct name_query *query = rm_alloc(sizeof(*query));
	query->node = node;
	node->query = query;
	hints.ai_flags = 0;
	/* May call back at once. */
	evdns_getaddrinfo(
	    nodes->dns, node->host, NULL, &hints, resolved, query);
}

/* Calls leave for each lease; each may give itself back. */
static void
leave_all(struct rm_leases *leases, bool now)
{
	struct rm_lease *lease = TAILQ_FIRST(leases), *next;
	for (; lease != NULL; lease = next) {
		next = TAILQ_NEXT(lease, entry);
		lease->leave(lease->arg, now);
	}
}

static void
leave_endpoint(struct rm_endpoint *endpoint, bool now)
{
	leave_all(&endpoint->idle, true);
	leave_all(&endpoint->busy, now);
}

/* Frees a node that has left and that nobody uses. */
static void
settle(struct rm_node *node)
{
	if (node->records > 0 || node->pinned)
		return;
	for (int i = 0; i < RM_PROTOCOLS; i++)
		if (!TAILQ_EMPTY(&node->endpoints[i].busy) ||
		    !TAILQ_EMPTY(&node->endpoints[i].idle))
			return;
	rm_log_info("node has left node=%s", node->name);
	node_free(node);
}

static void
leave_node(struct rm_node *node, bool now)
{
	node->pinned = true;
	for (int i = 0; i < RM_PROTOCOLS; i++)
		leave_endpoint(&node->endpoints[i], now);
	node->pinned = false;
	settle(node);
}

static void
drained(void *arg)
{
	struct rm_node *node = arg;
	rm_log_warn("drain time is over, cutting node=%s http=%u protobuf=%u",
	    node->name, node->endpoints[RM_HTTP].tally->busy,
	    node->endpoints[RM_PB].tally->busy);
	leave_node(node, true);
}

static struct rm_node *
find(struct rm_nodes *nodes, const char *name, const char *host, int http_port,
    int pb_port)
{
	struct rm_node *node;
	TAILQ_FOREACH (node, &nodes->list, entry)
		if (strcmp(node->name, name) == 0 &&
		    strcmp(node->host, host) == 0 &&
		    node->endpoints[RM_HTTP].port == http_port &&
		    node->endpoints[RM_PB].port == pb_port)
			return node;
	return NULL;
}

static struct rm_node *
node_new(struct rm_nodes *nodes, const char *name, const char *host,
    const int ports[])
{
	struct rm_node *node = rm_alloc(sizeof(*node));
	node->nodes = nodes;
	node->id = ++nodes->last_id;
	node->name = rm_strdup(name);
	node->host = rm_strdup(host);
	node->key = rm_board_key(name, host, ports[RM_HTTP], ports[RM_PB]);
	rm_timer_init(&node->drain, nodes->proxy->loop, drained, node);
	struct rm_tally *tallies = rm_board_take(nodes->proxy->row, node->key);
	if (tallies == NULL)
		tallies = node->tallies;
	TAILQ_INSERT_TAIL(&nodes->list, node, entry);
	for (int i = 0; i < RM_PROTOCOLS; i++) {
		struct rm_endpoint *endpoint = &node->endpoints[i];
		endpoint->node = node;
		endpoint->tally = &tallies[i];
		endpoint->protocol = (enum rm_protocol)i;
		endpoint->port = ports[i];
		TAILQ_INIT(&endpoint->busy);
		TAILQ_INIT(&endpoint->idle);
		if (endpoint->port > 0)
			rm_probe_start(&endpoint->probe, endpoint);
	}
	resolve(node);
	return node;
}

struct rm_node *
rm_nodes_add(struct rm_nodes *nodes, const char *name, const char *host,
    int http_port, int pb_port)
{
	const int ports[] = { [RM_HTTP] = http_port, [RM_PB] = pb_port };
	struct rm_node *node = find(nodes, name, host, http_port, pb_port);
	if (node == NULL)
		node = node_new(nodes, name, host, ports);
	if (node->records++ == 0) {
		rm_log_info("node is there node=%s host=%s http=%d protobuf=%d",
		    name, host, http_port, pb_port);
		rm_timer_stop(&node->drain);
		nodes->count++;
	}
	return node;
}

void
rm_node_release(struct rm_node *node)
{
	if (--node->records > 0)
		return;
	node->nodes->count--;
	rm_log_info("node is leaving node=%s", node->name);
	rm_timer_set(&node->drain, node->nodes->proxy->limits.drain_time);
	leave_node(node, false);
}

bool
rm_endpoint_usable(const struct rm_endpoint *endpoint)
{
	return endpoint->health == RM_UP && endpoint->node->records > 0;
}

/* A node that has just come up has cold caches: its share grows from a tenth
 * to the whole. */
static double
weight(const struct rm_endpoint *endpoint)
{
	double slow = endpoint->node->nodes->proxy->limits.slow_start;
	if (endpoint->risen <= 0 || slow <= 0)
		return 1;
	double part = (rm_now() - endpoint->risen) / slow;
	return part >= 1 ? 1 : part <= 0.1 ? 0.1 : part;
}

static bool
is_full(const struct rm_endpoint *endpoint)
{
	const struct rm_proxy *proxy = endpoint->node->nodes->proxy;
	long most = proxy->limits.node_connections;
	/* Of all workers together. */
	return most > 0 &&
	       rm_endpoint_tally(endpoint).busy >= (unsigned long)most;
}

struct rm_tally
rm_endpoint_tally(const struct rm_endpoint *endpoint)
{
	const struct rm_node *node = endpoint->node;
	const struct rm_board *board = node->nodes->proxy->board;
	if (board->count == 1 || node->endpoints[0].tally == node->tallies)
		return *endpoint->tally;
	return rm_board_tally(board, node->key, endpoint->protocol);
}

int
rm_nodes_partition(const struct rm_nodes *nodes, const struct rm_key *key)
{
	return nodes->ring.size > 0
		   ? (int)rm_ring_partition(key, nodes->ring.size)
		   : -1;
}

bool
rm_nodes_owns(const struct rm_node *node, int partition)
{
	const struct rm_ring_map *ring = &node->nodes->ring;
	for (unsigned i = 0; partition >= 0 && i < N_VAL && i < ring->size; i++)
		if (ring->owners[((unsigned)partition + i) % ring->size] ==
		    node->id)
			return true;
	return false;
}

/* The better of what was found so far and one more. */
struct found {
	struct rm_endpoint *best;
	double load;
};

/* Not before that of the last that was chosen: what an endpoint was given when
 * others had more to do, or were down, is not held against it later. */
static double
turn(const struct rm_endpoint *endpoint)
{
	double last = endpoint->node->nodes->turns[endpoint->protocol];
	return endpoint->turn > last ? endpoint->turn : last;
}

static void
consider(struct found *found, struct rm_endpoint *endpoint)
{
	double load = endpoint->tally->busy / weight(endpoint);
	/* Among equals, whose turn it is. */
	if (found->best == NULL || load < found->load ||
	    (load <= found->load && turn(endpoint) < turn(found->best))) {
		found->best = endpoint;
		found->load = load;
	}
}

struct rm_endpoint *
rm_nodes_choose(struct rm_nodes *nodes, enum rm_protocol protocol,
    const struct rm_tried *tried, int partition)
{
	struct found any = { 0 }, owner = { 0 };
	struct rm_node *node;
	TAILQ_FOREACH (node, &nodes->list, entry) {
		struct rm_endpoint *endpoint = &node->endpoints[protocol];
		if (!rm_endpoint_usable(endpoint) || is_full(endpoint) ||
		    was_tried(tried, node))
			continue;
		consider(&any, endpoint);
		if (rm_nodes_owns(node, partition))
			consider(&owner, endpoint);
	}
	/* A key that all want would else be one node's to bear. */
	if (owner.best != NULL &&
	    owner.load <= any.load * CROWD_FACTOR + CROWD_LEAST) {
		nodes->proxy->counters[protocol].owned++;
		return owner.best;
	}
	return any.best;
}

const char *
rm_nodes_lack(const struct rm_nodes *nodes, enum rm_protocol protocol,
    const struct rm_tried *tried)
{
	const struct rm_node *node;
	if (tried->count > 0)
		return "rm-director: no node answers";
	TAILQ_FOREACH (node, &nodes->list, entry)
		if (rm_endpoint_usable(&node->endpoints[protocol]))
			return "rm-director: all nodes have as much to do as "
			       "they may";
	return "rm-director: no node of the cluster is up";
}

int
rm_endpoint_connect(struct rm_endpoint *endpoint, struct rm_sock *sock,
    void (*ready)(void *arg), void *arg)
{
	const struct rm_node *node = endpoint->node;
	struct rm_proxy *proxy = node->nodes->proxy;
	union rm_sock_address to = node->address;
	if (node->address_len == 0) {
		errno = EDESTADDRREQ;
		return -1;
	}
	/* The port is at the same place in both families. */
	to.v6.sin6_port = htons((uint16_t)endpoint->port);
	if (rm_sock_connect(
		sock, proxy->loop, &to.any, node->address_len, ready, arg) != 0)
		return -1;
	return proxy->node_tls == NULL
		   ? 0
		   : rm_sock_secure(sock, proxy->node_tls, node->host,
			 endpoint->protocol == RM_PB);
}

/* Up: beside others that carry the load it starts slowly. */
static void
begin(struct rm_endpoint *endpoint)
{
	struct rm_node *node;
	endpoint->risen = 0;
	TAILQ_FOREACH (node, &endpoint->node->nodes->list, entry) {
		const struct rm_endpoint *other = &node->endpoints
						       [endpoint->protocol];
		if (other != endpoint && rm_endpoint_usable(other))
			endpoint->risen = rm_now();
	}
}

static void
set_health(struct rm_endpoint *endpoint, enum rm_health health, const char *why)
{
	enum rm_health before = endpoint->health;
	endpoint->health = health;
	endpoint->row = 0;
	if (health == RM_UP) {
		begin(endpoint);
		rm_log_info("up node=%s protocol=%s", endpoint->node->name,
		    rm_protocol_name(endpoint->protocol));
	} else {
		rm_log_warn("down node=%s protocol=%s why=%s",
		    endpoint->node->name, rm_protocol_name(endpoint->protocol),
		    why);
	}
	if (before == RM_UP) {
		struct rm_node *node = endpoint->node;
		node->pinned = true;
		leave_endpoint(endpoint, false);
		node->pinned = false;
		settle(node);
	}
}

void
rm_endpoint_judge(struct rm_endpoint *endpoint, bool good, const char *why)
{
	const struct rm_proxy_limits *limits = &endpoint->node->nodes->proxy
						    ->limits;
	bool up = endpoint->health == RM_UP;
	if (!good) {
		endpoint->tally->failures++;
		resolve(endpoint->node);
	}
	if (good == up && endpoint->health != RM_UNKNOWN) {
		endpoint->row = 0;
		return;
	}
	/* What was never asked before is believed at once. */
	long needed = endpoint->health == RM_UNKNOWN ? 1
		      : good                         ? limits->rise
						     : limits->fall;
	if (++endpoint->row >= needed)
		set_health(endpoint, good ? RM_UP : RM_DOWN, why);
}

static struct rm_leases *
list_of(struct rm_lease *lease, bool busy)
{
	return busy ? &lease->endpoint->busy : &lease->endpoint->idle;
}

static void
count(struct rm_endpoint *endpoint, bool busy, int by)
{
	unsigned *n = busy ? &endpoint->tally->busy : &endpoint->idle_count;
	*n += (unsigned)by;
}

static void
insert(struct rm_lease *lease, bool busy)
{
	TAILQ_INSERT_HEAD(list_of(lease, busy), lease, entry);
	count(lease->endpoint, busy, 1);
	if (!busy)
		return;
	struct rm_endpoint *endpoint = lease->endpoint;
	double at = turn(endpoint);
	endpoint->tally->served++;
	endpoint->node->nodes->turns[endpoint->protocol] = at;
	endpoint->turn = at + 1 / weight(endpoint);
}

void
rm_lease_take(struct rm_lease *lease, struct rm_endpoint *endpoint, bool busy)
{
	lease->endpoint = endpoint;
	insert(lease, busy);
}

void
rm_lease_move(struct rm_lease *lease, bool from_busy, bool to_busy)
{
	TAILQ_REMOVE(list_of(lease, from_busy), lease, entry);
	count(lease->endpoint, from_busy, -1);
	insert(lease, to_busy);
}

void
rm_lease_give(struct rm_lease *lease, bool busy)
{
	struct rm_endpoint *endpoint = lease->endpoint;
	if (endpoint == NULL)
		return;
	TAILQ_REMOVE(list_of(lease, busy), lease, entry);
	count(endpoint, busy, -1);
	lease->endpoint = NULL;
	settle(endpoint->node);
}
