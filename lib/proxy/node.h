/*
 * The nodes that are proxied to: who is there, who is up, how busy each is.
 *
 * A node has an endpoint for each protocol, with a health of its own, which
 * probes tell (proxy/probe.h). One that leaves is drained: it gets nothing
 * new, what it has may end until the drain time is over.
 */
#ifndef RM_PROXY_NODE_H
#define RM_PROXY_NODE_H

#include <stdint.h>
#include <sys/queue.h>

#include "proxy/probe.h"
#include "proxy/proxy.h"
#include "proxy/ring.h"
#include "proxy/sock.h"

struct rm_node;

enum rm_health { RM_UNKNOWN, RM_UP, RM_DOWN };

/* A use of an endpoint. All zero is none. */
struct rm_lease {
	TAILQ_ENTRY(rm_lease) entry;
	struct rm_endpoint *endpoint; /* NULL: none */
	/* The node goes or is down: leave when nothing is under way, or now.
	 * May give this lease back, and no other. */
	void (*leave)(void *arg, bool now);
	void *arg;
};
TAILQ_HEAD(rm_leases, rm_lease);

struct rm_endpoint {
	struct rm_node *node;
	enum rm_protocol protocol;
	int port;
	enum rm_health health;
	unsigned row; /* good or bad probes in a row, against health */
	struct rm_probe probe;

	struct rm_leases busy; /* what counts for the balance */
	struct rm_leases idle; /* connections kept; the newest first */
	unsigned idle_count;
	struct rm_tally *tally; /* on the board, or the node's own */
	double turn; /* when it is next, among equals: a count, by weight */
	double risen; /* when it came up beside others; 0: it is warm */
};

struct rm_node {
	TAILQ_ENTRY(rm_node) entry;
	struct rm_nodes *nodes;
	uint32_t id; /* not used again */
	uint64_t key; /* on the board */
	struct rm_tally tallies[RM_PROTOCOLS]; /* when that is full */
	char *name, *host;
	unsigned records; /* that name it; 0: it leaves */
	bool pinned; /* not to be freed now */
	union rm_sock_address address; /* without a port */
	socklen_t address_len; /* 0: not known yet */
	struct name_query *query;
	struct rm_timer drain;
	struct rm_endpoint endpoints[RM_PROTOCOLS];
};

struct rm_nodes {
	struct rm_proxy *proxy;
	TAILQ_HEAD(, rm_node) list;
	struct evdns_base *dns;
	unsigned count; /* that are not leaving */
	double turns[RM_PROTOCOLS]; /* of what was chosen last */
	bool affinity; /* look at the ring */
	struct rm_ring_map ring; /* ids of nodes */
	uint32_t last_id;
};

/* Which ones a request was tried with. All zero is none. */
#define RM_TRIED_MAX 16
struct rm_tried {
	uint32_t ids[RM_TRIED_MAX];
	unsigned count;
};
void rm_tried_add(struct rm_tried *tried, const struct rm_endpoint *endpoint);

struct rm_nodes *rm_nodes_new(struct rm_proxy *proxy);
/* No lease may be out. */
void rm_nodes_free(struct rm_nodes *nodes);

/* One more record names this node; the same place is the same node. */
struct rm_node *rm_nodes_add(struct rm_nodes *nodes, const char *name,
    const char *host, int http_port, int pb_port);
/* One less; the last drains it. */
void rm_node_release(struct rm_node *node);

/* The least busy endpoint, by weight, that is up, not full and was not tried;
 * NULL: none is. partition: -1, or that of a key, whose owners come first
 * unless they have far more to do than others. */
struct rm_endpoint *rm_nodes_choose(struct rm_nodes *nodes,
    enum rm_protocol protocol, const struct rm_tried *tried, int partition);
/* The partition of a key; -1: the ring is not known, or not asked for. */
int rm_nodes_partition(const struct rm_nodes *nodes, const struct rm_key *key);
bool rm_nodes_owns(const struct rm_node *node, int partition);
/* Why none was chosen, for the client. */
const char *rm_nodes_lack(const struct rm_nodes *nodes,
    enum rm_protocol protocol, const struct rm_tried *tried);
/* Of all workers. */
struct rm_tally rm_endpoint_tally(const struct rm_endpoint *endpoint);
/* Whether new work may go there. */
bool rm_endpoint_usable(const struct rm_endpoint *endpoint);
/* As rm_sock_connect(), with TLS when nodes want it. EDESTADDRREQ: its address
 * is not known. */
int rm_endpoint_connect(struct rm_endpoint *endpoint, struct rm_sock *sock,
    void (*ready)(void *arg), void *arg);
/* A probe, or a connection that was refused. why: static or NULL. */
void rm_endpoint_judge(
    struct rm_endpoint *endpoint, bool good, const char *why);
/* "riak-kv-1@host", "http", "up". */
const char *rm_protocol_name(enum rm_protocol protocol);
const char *rm_health_name(enum rm_health health);

/* lease->leave and arg are set by the caller. busy: counts for the balance. */
void rm_lease_take(
    struct rm_lease *lease, struct rm_endpoint *endpoint, bool busy);
/* From busy to idle or back. */
void rm_lease_move(struct rm_lease *lease, bool from_busy, bool to_busy);
/* Accepts none. May free the node. */
void rm_lease_give(struct rm_lease *lease, bool busy);

#endif
