#include "proxy/http_exchange.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/access_log.h"

/* A longer path is no key that anybody has. */
#define KEY_MAX 4096

static int
partition_of(struct rm_proxy *proxy, const struct rm_http_head *head)
{
	struct rm_key key;
	char room[KEY_MAX];
	return proxy->nodes->ring.size > 0 && head->target_len <= KEY_MAX &&
		       rm_key_of_target(&key, head->text + head->target,
			   head->target_len, room)
		   ? rm_nodes_partition(proxy->nodes, &key)
		   : -1;
}

static void
remember(struct rm_http_exchange *x, struct rm_proxy *proxy,
    const struct rm_http_head *head, const char *peer)
{
	x->proxy = proxy;
	x->peer = peer;
	x->began = rm_now();
	x->line_len = head->target + head->target_len;
	x->line = rm_alloc(x->line_len + 1);
	memcpy(x->line, head->text, x->line_len);
	x->end = "cut";
}

static void
tell_log(struct rm_http_exchange *x)
{
	const struct rm_access access = { .seconds = rm_now() - x->began,
		.client = x->peer,
		.protocol = rm_protocol_name(RM_HTTP),
		.line = x->line,
		.line_len = x->line_len,
		.status = x->status,
		.end = x->end,
		.node = x->node,
		.tries = x->tries,
		.bytes = x->to_client };
	rm_access_log_write(x->proxy->access, &access);
	free(x->line);
	free(x->node);
}

struct rm_http_exchange *
rm_http_exchange_new(
    struct rm_proxy *proxy, const struct rm_http_head *head, const char *peer)
{
	struct rm_http_exchange *x = rm_alloc(sizeof(*x));
	struct rm_str *text = &proxy->text;
	rm_str_clear(text);
	rm_http_request_write(text, head, peer);
	rm_spill_add(&x->to_node, text->text, text->len);
	x->given = text->len;
	if (head->safe) {
		x->head = rm_alloc(text->len);
		memcpy(x->head, text->text, text->len);
		x->head_len = text->len;
	}
	rm_http_body_start(&x->asked, head->body, head->length);
	x->partition = partition_of(proxy, head);
	if (proxy->access != NULL)
		remember(x, proxy, head, peer);
	x->minor = head->minor;
	x->is_head = head->is_head;
	x->keep = head->keep;
	return x;
}

void
rm_http_exchange_free(struct rm_http_exchange *x)
{
	if (x == NULL)
		return;
	if (x->link != NULL)
		rm_http_link_close(x->link);
	if (x->line != NULL)
		tell_log(x);
	rm_spill_free(&x->to_node);
	rm_spill_free(&x->answer_head);
	free(x->head);
	free(x);
}

int
rm_http_exchange_attach(struct rm_http_exchange *x, struct rm_proxy *proxy,
    const struct rm_http_user *user)
{
	enum rm_http_link_kept kept = x->fresh || x->minor == 0
					  ? RM_HTTP_LINK_FRESH
				      : x->head != NULL ? RM_HTTP_LINK_KEPT
							: RM_HTTP_LINK_PROBED;
	struct rm_endpoint *endpoint;
	while ((endpoint = rm_nodes_choose(proxy->nodes, RM_HTTP, &x->tried,
		    x->partition)) != NULL) {
		x->link = rm_http_link_get(endpoint, kept, user);
		x->tries++;
		if (x->line != NULL) {
			free(x->node);
			x->node = rm_strdup(endpoint->node->name);
		}
		if (x->link != NULL)
			return 0;
		rm_tried_add(&x->tried, endpoint);
		rm_endpoint_judge(endpoint, false, strerror(errno));
	}
	return -1;
}

bool
rm_http_exchange_lost(struct rm_http_exchange *x, bool refused, const char *why)
{
	struct rm_endpoint *endpoint = x->link->lease.endpoint;
	uint64_t sent = x->given - x->to_node.len;
	/* One that was kept may have grown too old; a new one may do. */
	if (x->link->reused)
		x->fresh = true;
	else
		rm_tried_add(&x->tried, endpoint);
	if (refused)
		rm_endpoint_judge(endpoint, false, why);
	else
		rm_probe_hurry(&endpoint->probe);
	rm_http_link_close(x->link);
	x->link = NULL;
	x->broken = false;
	if (sent == 0)
		return true;
	if (x->head == NULL || x->body_passed || x->answered)
		return false;
	rm_spill_free(&x->to_node);
	rm_spill_free(&x->answer_head);
	x->scanned = 0;
	x->answer_begun = false;
	rm_spill_add(&x->to_node, x->head, x->head_len);
	x->given = x->head_len;
	return true;
}

void
rm_http_exchange_pass(struct rm_http_exchange *x, const void *data, size_t len)
{
	x->given += len;
	if (len > 0)
		x->body_passed = true;
	/* What fails now fails again when to_node is flushed. */
	rm_sock_send(&x->link->sock, &x->to_node, data, len);
}

void
rm_http_exchange_release(struct rm_http_exchange *x)
{
	if (x->node_keep && x->asked.done && x->to_node.len == 0)
		rm_http_link_keep(x->link);
	else
		rm_http_link_close(x->link);
	x->link = NULL;
}

bool
rm_http_exchange_linked(const struct rm_http_exchange *x)
{
	return x->link != NULL && !x->link->sock.connecting;
}
