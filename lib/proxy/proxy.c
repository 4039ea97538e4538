#include "proxy/proxy.h"

#include <stdlib.h>

/* What a client may still send that was refused, and is thrown away. */
#define LINGER_SECONDS 2
/* A connection to a node is kept so long: far less than Riak keeps it. */
#define POOLED_SECONDS 20

void
rm_proxy_init(struct rm_proxy *proxy, struct event_base *loop,
    const struct rm_proxy_limits *limits, struct rm_board *board,
    unsigned row)
{
	*proxy = (struct rm_proxy){ .loop = loop,
		.limits = *limits,
		.board = board,
		.row = &board->rows[row],
		.counters = board->rows[row].counters };
	rm_expiry_queue_init(&proxy->headers, loop, limits->header_time);
	rm_expiry_queue_init(&proxy->idle, loop, limits->idle_time);
	rm_expiry_queue_init(&proxy->pb_idle, loop, limits->pb_idle_time);
	rm_expiry_queue_init(&proxy->stalls, loop, limits->stall_time);
	rm_expiry_queue_init(&proxy->connects, loop, limits->connect_time);
	rm_expiry_queue_init(&proxy->requests, loop, limits->request_time);
	rm_expiry_queue_init(&proxy->lingers, loop, LINGER_SECONDS);
	rm_expiry_queue_init(&proxy->pooled, loop, POOLED_SECONDS);
	proxy->scratch = rm_alloc(RM_PROXY_SCRATCH);
}

void
rm_proxy_free(struct rm_proxy *proxy)
{
	rm_expiry_queue_free(&proxy->headers);
	rm_expiry_queue_free(&proxy->idle);
	rm_expiry_queue_free(&proxy->pb_idle);
	rm_expiry_queue_free(&proxy->stalls);
	rm_expiry_queue_free(&proxy->connects);
	rm_expiry_queue_free(&proxy->requests);
	rm_expiry_queue_free(&proxy->lingers);
	rm_expiry_queue_free(&proxy->pooled);
	rm_str_free(&proxy->text);
	free(proxy->scratch);
	proxy->scratch = NULL;
}
