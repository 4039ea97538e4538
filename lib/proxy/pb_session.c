#include "proxy/pb_session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "proxy/access_log.h"
#include "proxy/http_link.h"
#include "proxy/listener.h"
#include "proxy/node.h"
#include "proxy/pb_queue.h"

/* Requests under way before a client has to wait for answers. */
#define PIPELINE_MAX 1024
/* Pieces moved before other connections get their turn. */
#define TURN_MAX 32

struct rm_pb_session {
	LIST_ENTRY(rm_pb_session) entry;
	struct rm_proxy *proxy;
	struct rm_sock client;
	struct rm_http_link *link; /* to the node; NULL: none */
	struct rm_spill to_client, to_node;
	struct rm_expiry expiry;
	int partition; /* of the key that is asked for; -1: any node */
	struct rm_tried tried; /* since the last answer */
	struct rm_pb_frame asked, answer;
	struct rm_pb_queue queue;
	char peer[INET6_ADDRSTRLEN];
	uint64_t passed; /* bytes to this node, what waits included */

	bool busy; /* in advance(): nothing is freed */
	bool bound; /* its connection to the node has a state */
	bool opaque; /* TLS: bytes only */
	bool broken; /* the node is not to be read or written any more */
	bool swallow; /* the rest of a request that was refused */
	bool last; /* nothing more is taken from the client */
	bool over; /* to be closed when to_client is empty */
	bool dead; /* to be freed */
};

static LIST_HEAD(, rm_pb_session) sessions = LIST_HEAD_INITIALIZER(sessions);

static void advance(struct rm_pb_session *s);

static void
session_free(struct rm_pb_session *s)
{
	struct rm_proxy *proxy = s->proxy;
	LIST_REMOVE(s, entry);
	rm_expiry_stop(&s->expiry);
	rm_sock_close(&s->client);
	rm_spill_free(&s->to_client);
	rm_spill_free(&s->to_node);
	rm_pb_queue_free(&s->queue);
	if (s->link != NULL)
		rm_http_link_close(s->link);
	free(s);
	proxy->counters[RM_PB].open--;
	if (proxy->listeners[RM_PB] != NULL)
		rm_listener_room(proxy->listeners[RM_PB]);
}

static struct rm_endpoint *
endpoint_of(const struct rm_pb_session *s)
{
	return s->link != NULL ? s->link->lease.endpoint : NULL;
}

static bool
is_connecting(const struct rm_pb_session *s)
{
	return s->link != NULL && s->link->sock.connecting;
}

/* The first request of the queue has ended. */
static void
request_over(struct rm_pb_session *s, const char *end)
{
	const struct rm_pb_request *request = rm_pb_queue_first(&s->queue);
	const struct rm_endpoint *endpoint = endpoint_of(s);
	if (s->proxy->access != NULL) {
		const struct rm_access access = {
			.seconds = rm_now() - request->began,
			.client = s->peer,
			.protocol = rm_protocol_name(RM_PB),
			.code = request->code,
			.end = end,
			.node = endpoint != NULL ? endpoint->node->name : NULL,
			.tries = endpoint != NULL ? s->tried.count : 0,
			.bytes = request->bytes
		};
		rm_access_log_write(s->proxy->access, &access);
	}
	rm_pb_queue_pop(&s->queue);
}

/* Leaves the node; the client stays. keep: for who comes next, as nothing is
 * under way on it. */
static void
detach(struct rm_pb_session *s, bool keep)
{
	if (s->link != NULL && keep && s->to_node.len == 0 && !s->broken)
		rm_http_link_keep(s->link);
	else if (s->link != NULL)
		rm_http_link_close(s->link);
	s->link = NULL;
	rm_spill_free(&s->to_node);
	s->passed = 0;
	s->broken = false;
	s->answer = (struct rm_pb_frame){ 0 };
}

/* A request is coming, and is in the queue. */
static bool
in_request(const struct rm_pb_session *s)
{
	return s->asked.head_len == sizeof(s->asked.head);
}

/* Nothing is under way, so that the node makes no difference. */
static bool
is_free(const struct rm_pb_session *s)
{
	return s->queue.count == 0 && !s->bound && !s->opaque &&
	       rm_pb_frame_between(&s->answer);
}

/* Every request that waits is answered with an error; the connection stays. */
static void
refuse_all(struct rm_pb_session *s, const char *why)
{
	struct rm_str error = { 0 };
	if (in_request(s))
		s->swallow = true; /* the last one is still coming */
	while (s->queue.count > 0) {
		rm_pb_error_make(&error, why);
		request_over(s, "refused");
		s->proxy->counters[RM_PB].failures++;
	}
	rm_spill_free(&s->to_node);
	s->passed = 0;
	s->tried.count = 0;
	s->over = s->opaque;
	if (rm_sock_send(&s->client, &s->to_client, error.text, error.len) != 0)
		s->dead = true;
	rm_str_free(&error);
}

static void
node_ready(void *arg)
{
	advance(arg);
}

static void
leave(void *arg, bool now)
{
	struct rm_pb_session *s = arg;
	if (s->busy)
		return;
	if (is_free(s)) {
		detach(s, false);
	} else if (now) {
		s->broken = true; /* as if the node had cut it */
		advance(s);
	}
}

/* Finds a node for what waits. */
static void
attach(struct rm_pb_session *s)
{
	struct rm_proxy *proxy = s->proxy;
	struct rm_endpoint *endpoint;
	const struct rm_http_user user = { node_ready, leave, s };
	while ((endpoint = rm_nodes_choose(
		    proxy->nodes, RM_PB, &s->tried, s->partition)) != NULL) {
		rm_tried_add(&s->tried, endpoint);
		s->link = rm_http_link_get(
		    endpoint, RM_HTTP_LINK_PROBED, &user);
		if (is_connecting(s))
			rm_expiry_set(&s->expiry, &proxy->connects);
		if (s->link != NULL)
			return;
		rm_endpoint_judge(endpoint, false, strerror(errno));
	}
	refuse_all(s, rm_nodes_lack(proxy->nodes, RM_PB, &s->tried));
}

/* The node is gone, or never was there: refused says which. */
static void
node_lost(struct rm_pb_session *s, bool refused, const char *why)
{
	struct rm_proxy_counters *counters = &s->proxy->counters[RM_PB];
	uint64_t sent = s->passed - s->to_node.len;
	struct rm_spill waiting = s->to_node;
	s->to_node = (struct rm_spill){ 0 };
	if (refused)
		rm_endpoint_judge(endpoint_of(s), false, why);
	else if (s->queue.count > 0)
		rm_probe_hurry(&endpoint_of(s)->probe);
	bool idle = is_free(s);
	bool again = sent == 0 ||
		     (!idle && !s->opaque && !s->bound &&
			 rm_pb_frame_between(&s->answer) &&
			 rm_pb_queue_replay(&s->queue, sent, &waiting));
	if (!again && !idle && !s->opaque) {
		counters->failures += s->queue.count;
		while (s->queue.count > 0)
			request_over(s, "lost");
	}
	detach(s, false);
	if (again && s->queue.count > 0) {
		counters->retries++;
		s->to_node = waiting;
		s->passed = waiting.len;
		attach(s);
		return;
	}
	rm_spill_free(&waiting);
	if (!idle)
		s->over = true;
}

/* To the node, now or when it is connected. */
static void
pass(struct rm_pb_session *s, const void *data, size_t len)
{
	s->passed += len;
	if (s->link == NULL || is_connecting(s))
		rm_spill_add(&s->to_node, data, len);
	else /* what fails now fails again when to_node is flushed */
		rm_sock_send(&s->link->sock, &s->to_node, data, len);
}

/* The code of a request is known. held: bytes of its head that came before
 * and were not passed on; start: where what did come now will be. */
static void
begin(struct rm_pb_session *s, unsigned held, uint64_t start)
{
	int code = s->asked.head[4];
	rm_pb_queue_begin(&s->queue, &s->asked, start)->began = rm_now();
	pass(s, s->asked.head, held);
	s->proxy->counters[RM_PB].requests++;
	if (rm_pb_traits(code) & RM_PB_BOUND)
		s->bound = true;
	s->opaque = code == RM_PB_START_TLS;
}

static void
take_requests(struct rm_pb_session *s, const char *data, size_t len)
{
	size_t at = 0, from = 0, to = 0; /* what is passed on */
	enum rm_pb_event event = RM_PB_ENDED;
	while (event != RM_PB_MORE && !s->last && !s->opaque) {
		unsigned held = s->asked.head_len;
		size_t took;
		event = rm_pb_frame_take(&s->asked, data + at, len - at, &took);
		at += took;
		if (event == RM_PB_BROKEN) {
			s->last = true; /* as Riak does */
		} else if (event == RM_PB_BEGAN) {
			begin(s, held, s->passed + (to - from));
			to = at;
		} else if (held == sizeof(s->asked.head) && s->swallow) {
			s->swallow = event != RM_PB_ENDED;
			from = to = at;
		} else if (held == sizeof(s->asked.head)) {
			rm_pb_queue_more(&s->queue, &s->asked, data + at - took,
			    took, event == RM_PB_ENDED);
			to = at;
		}
	}
	if (s->opaque)
		to = len;
	pass(s, data + from, to - from);
}

static void
answer_began(struct rm_pb_session *s)
{
	struct rm_pb_request *request = rm_pb_queue_first(&s->queue);
	if (request == NULL)
		return;
	request->answered = true;
	request->bytes += sizeof(s->answer.head) + s->answer.left;
	if (request->many)
		s->answer.flag.field = rm_pb_done_field(request->code);
}

static void
answer_ended(struct rm_pb_session *s)
{
	struct rm_pb_request *request = rm_pb_queue_first(&s->queue);
	if (request == NULL || (request->many && !s->answer.flag.found &&
				   s->answer.head[4] != RM_PB_ERROR))
		return;
	/* The answer to what it was not asked yet. */
	if (s->queue.count == 1 && in_request(s))
		s->broken = s->over = true;
	request_over(
	    s, s->answer.head[4] == RM_PB_ERROR ? "error" : "answered");
	s->tried.count = 0;
}

static void
take_answers(struct rm_pb_session *s, const char *data, size_t len)
{
	enum rm_pb_event event = RM_PB_ENDED;
	for (size_t at = 0; event != RM_PB_MORE;) {
		size_t took;
		event = rm_pb_frame_take(
		    &s->answer, data + at, len - at, &took);
		at += took;
		if (event == RM_PB_BEGAN)
			answer_began(s);
		else if (event == RM_PB_ENDED)
			answer_ended(s);
		else if (event == RM_PB_BROKEN) {
			s->broken = s->over = true;
			return;
		}
	}
	struct rm_pb_request *first = rm_pb_queue_first(&s->queue);
	if (first != NULL && !rm_pb_frame_between(&s->answer))
		first->answered = true;
}

/* The client sends no more. */
static void
client_ended(struct rm_pb_session *s)
{
	s->last = true;
	if (s->opaque && s->link != NULL)
		rm_sock_end_write(&s->link->sock);
}

/* With nothing under way: the next request may be for a key that other nodes
 * hold. Told from a message that came whole, and from no other. */
static void
prefer(struct rm_pb_session *s, const char *data, size_t len)
{
	const struct rm_nodes *nodes = s->proxy->nodes;
	const unsigned char *head = (const unsigned char *)data;
	struct rm_key key;
	s->partition = -1;
	if (nodes->ring.size == 0 || !is_free(s) || s->swallow ||
	    s->asked.head_len > 0 || len < 5)
		return;
	size_t length = (size_t)head[0] << 24 | (size_t)head[1] << 16 |
			(size_t)head[2] << 8 | head[3];
	if (length == 0 || length > len - 4 ||
	    !rm_key_of_message(&key, head[4], data + 5, length - 1))
		return;
	s->partition = rm_nodes_partition(nodes, &key);
	if (s->link == NULL)
		return;
	if (!rm_nodes_owns(endpoint_of(s)->node, s->partition))
		detach(s, true);
	else
		s->proxy->counters[RM_PB].owned++;
}

static bool
from_client(struct rm_pb_session *s)
{
	char *scratch = s->proxy->scratch;
	if (!s->client.readable || s->last || s->over || s->to_client.len > 0 ||
	    s->to_node.len > 0 || s->queue.count >= PIPELINE_MAX)
		return false;
	ssize_t n = rm_sock_read(&s->client, scratch, RM_PROXY_SCRATCH);
	if (n > 0 && s->opaque) {
		pass(s, scratch, (size_t)n);
	} else if (n > 0) {
		prefer(s, scratch, (size_t)n);
		take_requests(s, scratch, (size_t)n);
	}
	if (s->client.failed)
		s->dead = true;
	else if (s->client.ended)
		client_ended(s);
	else if (n > 0 && s->asked.head_len > 0)
		rm_sock_expect(&s->client);
	if (!s->dead && s->link == NULL && s->queue.count > 0)
		attach(s);
	return true;
}

static bool
from_node(struct rm_pb_session *s)
{
	char *scratch = s->proxy->scratch;
	if (s->link == NULL || is_connecting(s) || s->to_client.len > 0)
		return false;
	struct rm_sock *node = &s->link->sock;
	bool gone = s->broken || rm_sock_flush(node, &s->to_node) != 0;
	if ((gone || node->readable) && !s->broken) {
		ssize_t n = rm_sock_read(node, scratch, RM_PROXY_SCRATCH);
		if (n > 0 && !s->opaque)
			take_answers(s, scratch, (size_t)n);
		if (n > 0 && rm_sock_send(&s->client, &s->to_client, scratch,
				 (size_t)n) != 0)
			s->dead = true;
		if (n > 0 && s->queue.count > 0)
			rm_sock_expect(node);
		if (n > 0)
			return true;
	}
	if (s->dead || (!gone && !s->broken && !node->ended))
		return false;
	node_lost(s, false, NULL);
	return true;
}

static void
connect_done(struct rm_pb_session *s)
{
	int there = rm_sock_connected(&s->link->sock);
	if (there < 0)
		node_lost(s, true, rm_sock_why());
}

/* What is left to be done when nothing more moves: frees it, or sets how long
 * it may stay as it is. */
static void
settle(struct rm_pb_session *s)
{
	unsigned open = s->queue.count;
	if (open > 0 && s->client.ended && in_request(s))
		open--; /* it will never be whole */
	if (open == 0 && !s->opaque &&
	    (s->last || (s->proxy->stopping && !s->proxy->patient)))
		s->over = true;
	if (s->dead || (s->over && s->to_client.len == 0)) {
		session_free(s);
		return;
	}
	if (s->link != NULL && is_free(s) &&
	    !rm_endpoint_usable(endpoint_of(s)))
		detach(s, false);
	if (is_connecting(s))
		return;
	bool waits = open > 0 || s->opaque || s->to_client.len > 0;
	rm_expiry_set(
	    &s->expiry, waits ? &s->proxy->stalls : &s->proxy->pb_idle);
}

static void
advance(struct rm_pb_session *s)
{
	bool moved = true;
	s->busy = true;
	if (is_connecting(s))
		connect_done(s);
	for (int turn = 0; moved && !s->dead; turn++) {
		if (rm_sock_flush(&s->client, &s->to_client) != 0)
			s->dead = true;
		if (turn == TURN_MAX) {
			rm_sock_again(&s->client);
			break;
		}
		moved = !s->dead && (from_client(s) | from_node(s));
	}
	s->busy = false;
	settle(s);
}

static void
client_ready(void *arg)
{
	advance(arg);
}

static void
expired(void *arg)
{
	struct rm_pb_session *s = arg;
	s->busy = true;
	if (is_connecting(s)) {
		node_lost(s, true, "no connection in time");
	} else {
		s->dead = true;
		if (s->queue.count > 0)
			s->proxy->counters[RM_PB].failures++;
	}
	advance(s);
}

void
rm_pb_session_open(struct rm_proxy *proxy, const struct rm_client *client)
{
	struct rm_pb_session *s = rm_alloc(sizeof(*s));
	s->proxy = proxy;
	s->expiry.fire = expired;
	s->expiry.arg = s;
	rm_pb_queue_init(&s->queue);
	s->partition = -1;
	rm_client_name(client, s->peer);
	LIST_INSERT_HEAD(&sessions, s, entry);
	if (rm_client_adopt(
		client, &s->client, proxy->loop, client_ready, s) != 0)
		s->dead = true;
	settle(s);
}

void
rm_pb_sessions_end(struct rm_proxy *proxy, bool now)
{
	struct rm_pb_session *s = LIST_FIRST(&sessions), *next;
	(void)proxy;
	for (; s != NULL; s = next) {
		next = LIST_NEXT(s, entry);
		s->dead = s->dead || now;
		settle(s);
	}
}
