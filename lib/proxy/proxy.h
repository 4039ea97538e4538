/*
 * What the parts of the proxy share: the loop, the limits, the nodes, and the
 * counters that the admin port shows.
 */
#ifndef RM_PROXY_PROXY_H
#define RM_PROXY_PROXY_H

#include <event2/event.h>
#include <stdbool.h>

#include "base/str.h"
#include "proxy/board.h"
#include "proxy/expiry.h"

/* Seconds, bytes, numbers. */
struct rm_proxy_limits {
	double header_time; /* for a request's head, from its first byte */
	double idle_time; /* HTTP, between two requests */
	double pb_idle_time; /* protocol buffers, likewise */
	double stall_time; /* no byte moves in a request or answer */
	double connect_time;
	double request_time; /* HTTP, a request with its answer; 0: any */
	double drain_time; /* what a node that left may take to finish */
	double check_interval, check_time;
	long rise, fall;
	long connections; /* of clients, on each port */
	long header_size;
	double slow_start; /* a node that came up gets its full share after it */
	long node_connections; /* at a time, for each port of a node; 0: any */
	bool proxy_header; /* every client's connection begins with one */
	const char *refused_paths; /* as of rm_path_refused() */
};

#define RM_PROXY_SCRATCH ((size_t)64 << 10)

struct rm_nodes;
struct rm_listener;
struct rm_tls;
struct rm_access_log;

struct rm_proxy {
	struct event_base *loop;
	struct rm_proxy_limits limits;
	struct rm_nodes *nodes;
	struct rm_listener *listeners[RM_PROTOCOLS];
	struct rm_board *board;
	struct rm_board_row *row; /* ours of it */
	struct rm_proxy_counters *counters; /* RM_PROTOCOLS of them, in row */
	struct rm_access_log *access; /* borrowed; NULL: none */
	struct rm_tls *client_tls, *node_tls; /* borrowed; NULL: none */
	bool stopping; /* no new requests; ends when all is answered */
	bool patient; /* stopping, and clients that are idle may stay */

	/* One for each length of time. */
	struct rm_expiry_queue headers, idle, pb_idle, stalls, connects,
	    lingers, pooled, requests;
	char *scratch; /* RM_PROXY_SCRATCH bytes, for one callback */
	struct rm_str text; /* likewise */
};

void rm_proxy_init(struct rm_proxy *proxy, struct event_base *loop,
    const struct rm_proxy_limits *limits, struct rm_board *board,
    unsigned row);
void rm_proxy_free(struct rm_proxy *proxy);

#endif
