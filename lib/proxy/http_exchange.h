/*
 * One request on its way to a node, and its answer.
 */
#ifndef RM_PROXY_HTTP_EXCHANGE_H
#define RM_PROXY_HTTP_EXCHANGE_H

#include "proxy/http_head.h"
#include "proxy/http_link.h"

struct rm_http_exchange {
	struct rm_http_link *link; /* NULL between two tries */
	struct rm_tried tried;
	int partition; /* of its key; -1: any node will do */
	struct rm_spill to_node;
	uint64_t given; /* bytes for this link, those of to_node included */
	char *head; /* to ask again; NULL: must not be */
	size_t head_len;
	struct rm_http_body asked, answer;
	struct rm_spill answer_head; /* one that is not whole yet */
	size_t scanned;

	/* For the access log; line: NULL when there is none. */
	struct rm_proxy *proxy;
	const char *peer;
	char *line, *node; /* "GET /path"; the last that was asked */
	size_t line_len;
	double began;
	int status; /* that the client was told */
	uint64_t to_client; /* bytes */
	unsigned tries;
	const char *end; /* how it ended; static */

	int minor; /* of the client's HTTP */
	bool is_head;
	bool keep; /* the client's connection, afterwards */
	bool node_keep; /* the node's */
	bool fresh; /* a connection that was kept has failed it */
	bool body_passed; /* something of its body was given to a link */
	bool answered; /* something of an answer went to the client */
	bool answer_begun; /* its final head has come */
	bool broken; /* the link is not to be read or written any more */
};

/* From a parsed head; peer as in rm_http_request_write(), borrowed. */
struct rm_http_exchange *rm_http_exchange_new(
    struct rm_proxy *proxy, const struct rm_http_head *head, const char *peer);
/* Closes its link, and tells the access log. Accepts NULL. */
void rm_http_exchange_free(struct rm_http_exchange *x);

/* Finds a link, in use by user; -1: no node is left. */
int rm_http_exchange_attach(struct rm_http_exchange *x, struct rm_proxy *proxy,
    const struct rm_http_user *user);
/* The link is lost, refused: it never was there. True: it may be attached
 * again. */
bool rm_http_exchange_lost(
    struct rm_http_exchange *x, bool refused, const char *why);
/* Bytes of the request, towards the node. */
void rm_http_exchange_pass(
    struct rm_http_exchange *x, const void *data, size_t len);
/* Answered: the link is kept or closed. */
void rm_http_exchange_release(struct rm_http_exchange *x);
/* Whether the link is there and connected. */
bool rm_http_exchange_linked(const struct rm_http_exchange *x);

#endif
