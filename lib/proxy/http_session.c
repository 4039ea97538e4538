#include "proxy/http_session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "proxy/access_log.h"
#include "proxy/http_exchange.h"
#include "proxy/listener.h"
#include "proxy/refused.h"

/* Pieces moved before other connections get their turn. */
#define TURN_MAX 32
/* An answer's head may be so many times a request's: links, metadata. */
#define ANSWER_HEAD_FACTOR 4

struct session {
	LIST_ENTRY(session) entry;
	struct rm_proxy *proxy;
	struct rm_sock client;
	struct rm_spill in; /* came, and was not looked at yet */
	struct rm_spill to_client;
	struct rm_expiry expiry, whole; /* of what is awaited; of x */
	struct rm_http_exchange *x; /* the request under way, or NULL */
	size_t scanned; /* of in */
	char peer[INET6_ADDRSTRLEN];

	bool busy; /* in advance(): nothing is freed */
	bool more; /* what is in `in` is no whole head */
	bool last; /* the client sends no more */
	bool linger; /* it may be sending still when it is refused */
	bool over; /* to be closed when to_client is empty */
	bool cut; /* and so that it shows */
	bool dead; /* to be freed */
};

static LIST_HEAD(, session) sessions = LIST_HEAD_INITIALIZER(sessions);

static void advance(struct session *s);

static void
session_free(struct session *s)
{
	struct rm_proxy *proxy = s->proxy;
	LIST_REMOVE(s, entry);
	rm_expiry_stop(&s->expiry);
	rm_expiry_stop(&s->whole);
	rm_http_exchange_free(s->x);
	if (s->cut)
		rm_sock_abort(&s->client);
	rm_sock_close(&s->client);
	rm_spill_free(&s->in);
	rm_spill_free(&s->to_client);
	free(s);
	proxy->counters[RM_HTTP].open--;
	if (proxy->listeners[RM_HTTP] != NULL)
		rm_listener_room(proxy->listeners[RM_HTTP]);
}

static void
to_client(
    struct session *s, const void *a, size_t a_len, const void *b, size_t b_len)
{
	if (rm_sock_send2(&s->client, &s->to_client, a, a_len, b, b_len) != 0)
		s->dead = true;
}

/* To the access log: what came was no request. */
static void
tell_refused(struct session *s, int status, size_t bytes)
{
	const struct rm_access access = { .client = s->peer,
		.protocol = rm_protocol_name(RM_HTTP),
		.line = "-",
		.line_len = 1,
		.status = status,
		.end = "refused",
		.bytes = bytes };
	rm_access_log_write(s->proxy->access, &access);
}

/* An answer of ours to the request under way, or to one that can't be read. */
static void
refuse(struct session *s, int status, const char *why)
{
	struct rm_http_exchange *x = s->x;
	struct rm_proxy_counters *counters = &s->proxy->counters[RM_HTTP];
	bool keep = x != NULL && x->keep && x->asked.done && !s->last;
	struct rm_str *text = &s->proxy->text;
	if (status < 500)
		counters->refused++;
	else
		counters->failures++;
	rm_str_clear(text);
	rm_http_answer_make(text, status, why,
	    status == 503 ? "Retry-After: 2\r\n" : "", keep,
	    x != NULL && x->is_head);
	to_client(s, text->text, text->len, NULL, 0);
	if (x != NULL) {
		x->status = status;
		x->to_client += text->len;
		x->end = status < 500 ? "refused" : "lost";
	} else if (s->proxy->access != NULL) {
		tell_refused(s, status, text->len);
	}
	s->over = s->linger = !keep;
	rm_expiry_stop(&s->whole);
	rm_http_exchange_free(x);
	s->x = NULL;
}

static void
node_ready(void *arg)
{
	advance(arg);
}

static void
leave(void *arg, bool now)
{
	struct session *s = arg;
	if (s->busy || !now)
		return;
	s->x->broken = true;
	advance(s);
}

static void
attach(struct session *s)
{
	const struct rm_http_user user = { node_ready, leave, s };
	if (rm_http_exchange_attach(s->x, s->proxy, &user) == 0) {
		if (s->x->link->sock.connecting)
			rm_expiry_set(&s->expiry, &s->proxy->connects);
		return;
	}
	refuse(s, 503,
	    rm_nodes_lack(s->proxy->nodes, RM_HTTP, &s->x->tried));
}

static void
node_lost(struct session *s, bool refused, const char *why)
{
	struct rm_http_exchange *x = s->x;
	bool began = x->answered;
	if (rm_http_exchange_lost(x, refused, why)) {
		s->proxy->counters[RM_HTTP].retries++;
		attach(s);
	} else if (began) {
		s->proxy->counters[RM_HTTP].failures++;
		s->over = s->cut = true;
	} else {
		refuse(s, 502,
		    "rm-director: the node was lost before it answered");
	}
}

/* A whole head. */
static void
start_request(struct session *s, const char *data, size_t len)
{
	struct rm_http_head head;
	struct rm_http_refusal refusal;
	if (rm_http_request_parse(&head, data, len, &refusal) != 0) {
		refuse(s, refusal.status, refusal.why);
		return;
	}
	s->x = rm_http_exchange_new(s->proxy, &head, s->peer);
	if (rm_path_refused(s->proxy->limits.refused_paths,
		data + head.target, head.target_len)) {
		refuse(s, 403, "rm-director: this path is not passed on");
		return;
	}
	s->proxy->counters[RM_HTTP].requests++;
	if (s->proxy->limits.request_time > 0)
		rm_expiry_set(&s->whole, &s->proxy->requests);
	attach(s);
}

/* Looks for a request; returns how many bytes it took. */
static size_t
take_request(struct session *s, const char *data, size_t len)
{
	size_t blank = 0, limit = (size_t)s->proxy->limits.header_size;
	/* Empty lines before a request are skipped (RFC 9112, 2.2). */
	while (len - blank >= 2 && memcmp(data + blank, "\r\n", 2) == 0)
		blank += 2;
	if (blank > 0) {
		s->scanned = 0;
		return blank;
	}
	ssize_t end = rm_http_head_end(data, len, &s->scanned);
	s->more = end == 0 && len <= limit;
	if (s->more)
		return 0;
	s->scanned = 0;
	if (end < 0)
		refuse(s, 400, "a line does not end with CRLF");
	else if (end == 0 || (size_t)end > limit)
		refuse(s, 431, "the head of the request is too large");
	else
		start_request(s, data, (size_t)end);
	return end > 0 ? (size_t)end : len;
}

/* Gives bytes of its body to the node; returns how many it took. */
static size_t
take_body(struct session *s, const char *data, size_t len)
{
	ssize_t n = rm_http_body_take(&s->x->asked, data, len);
	if (n < 0) {
		/* The node has a broken request, and its end. */
		if (s->x->answered)
			s->over = true;
		else
			refuse(s, 400, "bad chunk");
		return len;
	}
	rm_http_exchange_pass(s->x, data, (size_t)n);
	return (size_t)n;
}

/* One step; 0: nothing can be taken now. */
static size_t
take(struct session *s, const char *data, size_t len)
{
	if (s->over || s->dead || len == 0)
		return 0;
	if (s->x == NULL)
		return s->to_client.len == 0 ? take_request(s, data, len) : 0;
	if (s->x->asked.done || !rm_http_exchange_linked(s->x))
		return 0;
	/* The head may go with it, but nothing waits behind what waits. */
	if (s->x->to_node.len > 0 && s->x->body_passed)
		return 0;
	return take_body(s, data, len);
}

/* Whether what the client says now could be taken. */
static bool
wants(const struct session *s)
{
	if (s->over || s->dead || s->last)
		return false;
	if (s->x == NULL)
		return s->to_client.len == 0 && (s->in.len == 0 || s->more);
	return s->in.len == 0 && !s->x->asked.done &&
	       rm_http_exchange_linked(s->x) && s->x->to_node.len == 0;
}

static bool
take_in(struct session *s)
{
	bool moved = false;
	size_t n;
	while (s->in.len > 0 && !(s->x == NULL && s->more) &&
	       (n = take(s, s->in.data + s->in.at, s->in.len)) > 0) {
		rm_spill_drop(&s->in, n);
		moved = true;
	}
	return moved;
}

static void
client_ended(struct session *s)
{
	s->last = true;
	/* Half a request; or nothing, and then nothing is missing. */
	if (s->x == NULL)
		s->over = true;
	else if (!s->x->asked.done)
		s->dead = true;
}

/* Refused: what it still sends is thrown away, so that it gets to read why. */
static bool
discard(struct session *s)
{
	if (!s->client.readable || s->dead)
		return false;
	ssize_t n = rm_sock_read(
	    &s->client, s->proxy->scratch, RM_PROXY_SCRATCH);
	s->dead = s->client.ended;
	return n > 0;
}

static bool
from_client(struct session *s)
{
	char *scratch = s->proxy->scratch;
	if (s->over)
		return s->linger && discard(s);
	bool moved = take_in(s);
	if (!wants(s) || !s->client.readable)
		return moved;
	ssize_t n = rm_sock_read(&s->client, scratch, RM_PROXY_SCRATCH);
	s->more = false;
	if (n > 0 && s->in.len > 0) {
		rm_spill_add(&s->in, scratch, (size_t)n);
		take_in(s);
	} else if (n > 0) {
		size_t at = 0, took;
		while (!(s->x == NULL && s->more) &&
		       (took = take(s, scratch + at, (size_t)n - at)) > 0)
			at += took;
		if (!s->over && !s->dead)
			rm_spill_add(&s->in, scratch + at, (size_t)n - at);
	}
	if (s->client.failed)
		s->dead = true;
	else if (s->client.ended)
		client_ended(s);
	else if (n > 0 && s->x != NULL && !s->x->asked.done)
		rm_sock_expect(&s->client);
	return true;
}

static void
finish(struct session *s)
{
	struct rm_http_exchange *x = s->x;
	/* Who leaves with patience has told those whose answer began later. */
	if (!x->keep || !x->asked.done || s->last ||
	    (s->proxy->stopping && !s->proxy->patient))
		s->over = true;
	/* It was answered before it was asked in full. */
	s->linger = !x->asked.done;
	rm_expiry_stop(&s->whole);
	x->end = "answered";
	rm_http_exchange_release(x);
	rm_http_exchange_free(x);
	s->x = NULL;
	s->more = false;
}

/* A whole head of an answer; false: it is of no use. */
static bool
start_answer(struct session *s, const char *data, size_t len, struct rm_str *to)
{
	struct rm_http_exchange *x = s->x;
	struct rm_http_head head;
	struct rm_http_refusal refusal;
	if (rm_http_answer_parse(
		&head, data, len, x->is_head, x->minor, &refusal) != 0) {
		rm_log_warn("bad answer node=%s why=%s",
		    x->link->lease.endpoint->node->name, refusal.why);
		return false;
	}
	x->status = head.status;
	if (head.status >= 200) {
		x->answer_begun = true;
		x->node_keep = head.keep && head.minor > 0 && x->minor > 0 &&
			       head.body != RM_HTTP_CLOSE;
		x->keep = x->keep && head.body != RM_HTTP_CLOSE &&
			  x->asked.done && !s->last && !s->proxy->stopping;
		rm_http_body_start(&x->answer, head.body, head.length);
	} else if (x->minor == 0) {
		return true; /* HTTP/1.0 has no such answers */
	}
	rm_http_answer_write(to, &head, x->minor, x->keep);
	return true;
}

/* Heads at the beginning of data; returns their length, -1 for nonsense. */
static ssize_t
take_heads(struct session *s, const char *data, size_t len, struct rm_str *to)
{
	struct rm_http_exchange *x = s->x;
	size_t at = 0;
	while (!x->answer_begun && at < len) {
		ssize_t n = rm_http_head_end(data + at, len - at, &x->scanned);
		if (n == 0)
			break;
		x->scanned = 0;
		if (n < 0 || !start_answer(s, data + at, (size_t)n, to))
			return -1;
		at += (size_t)n;
	}
	size_t limit = ANSWER_HEAD_FACTOR *
		       (size_t)s->proxy->limits.header_size;
	return x->answer_begun || len - at <= limit ? (ssize_t)at : -1;
}

/* Bytes from the node; -1: they are no answer. */
static int
take_answer(struct session *s, const char *data, size_t len)
{
	struct rm_http_exchange *x = s->x;
	struct rm_str *heads = &s->proxy->text;
	struct rm_spill before = x->answer_head;
	x->answer_head = (struct rm_spill){ 0 };
	rm_str_clear(heads);
	if (before.len > 0) {
		rm_spill_add(&before, data, len);
		data = before.data + before.at;
		len = before.len;
	}
	ssize_t at = x->answer_begun ? 0 : take_heads(s, data, len, heads);
	ssize_t body = 0;
	if (at >= 0 && x->answer_begun)
		body = rm_http_body_take(
		    &x->answer, data + at, len - (size_t)at);
	if (at < 0 || body < 0) {
		rm_spill_free(&before);
		return -1;
	}
	if (heads->len > 0 || body > 0) {
		x->answered = true;
		x->to_client += heads->len + (size_t)body;
		to_client(s, heads->text, heads->len, data + at, (size_t)body);
	}
	at += body;
	if (!x->answer_begun)
		rm_spill_add(&x->answer_head, data + at, len - (size_t)at);
	else if ((size_t)at < len)
		x->node_keep = false; /* nobody asked for more */
	rm_spill_free(&before);
	return 0;
}

/* The node has closed, or was closed upon. */
static void
node_ended(struct session *s)
{
	struct rm_http_exchange *x = s->x;
	if (x->answer_begun && x->answer.kind == RM_HTTP_CLOSE &&
	    !x->link->sock.failed && !x->broken) {
		x->answer.done = true;
		finish(s);
	} else {
		node_lost(s, false, NULL);
	}
}

/* Not to be asked of another, which would say the same. */
static void
nonsense(struct rm_http_exchange *x)
{
	x->broken = true;
	free(x->head);
	x->head = NULL;
}

static bool
from_node(struct session *s)
{
	struct rm_http_exchange *x = s->x;
	char *scratch = s->proxy->scratch;
	if (s->dead || s->over || x == NULL || !rm_http_exchange_linked(x))
		return false;
	if (s->to_client.len > 0)
		return false;
	struct rm_sock *node = &x->link->sock;
	bool gone = x->broken || rm_sock_flush(node, &x->to_node) != 0;
	/* One that takes no more may have said why. */
	if ((gone || node->readable) && !x->broken) {
		ssize_t n = rm_sock_read(node, scratch, RM_PROXY_SCRATCH);
		if (n > 0 && take_answer(s, scratch, (size_t)n) != 0)
			nonsense(x);
		if (x->answer_begun && x->answer.done) {
			finish(s);
			return true;
		}
		if (n > 0 && !x->broken) {
			rm_sock_expect(node);
			return true;
		}
	}
	if (!gone && !node->ended && !x->broken)
		return false;
	node_ended(s);
	return true;
}

static void
connect_done(struct session *s)
{
	if (rm_sock_connected(&s->x->link->sock) < 0)
		node_lost(s, true, rm_sock_why());
}

static void
set_expiry(struct session *s)
{
	struct rm_proxy *proxy = s->proxy;
	if (s->over && s->to_client.len == 0) {
		if (s->expiry.queue != &proxy->lingers)
			rm_expiry_set(&s->expiry, &proxy->lingers);
	} else if (s->x == NULL && s->to_client.len == 0 && s->in.len > 0) {
		/* From its first byte, however slowly the others come. */
		if (s->expiry.queue != &proxy->headers)
			rm_expiry_set(&s->expiry, &proxy->headers);
	} else if (s->x == NULL && s->to_client.len == 0) {
		rm_expiry_set(&s->expiry, &proxy->idle);
	} else if (s->x == NULL || rm_http_exchange_linked(s->x)) {
		rm_expiry_set(&s->expiry, &proxy->stalls);
	}
}

static void
settle(struct session *s)
{
	if (s->x == NULL && s->in.len == 0 && s->proxy->stopping &&
	    !s->proxy->patient)
		s->over = true;
	if (s->over && s->to_client.len == 0 && !s->dead) {
		if (s->linger && !s->client.ended && !s->cut)
			rm_sock_end_write(&s->client);
		else
			s->dead = true;
	}
	if (s->dead)
		session_free(s);
	else
		set_expiry(s);
}

static void
advance(struct session *s)
{
	bool moved = true;
	s->busy = true;
	if (s->x != NULL && s->x->link != NULL && s->x->link->sock.connecting)
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

/* Nothing moved for too long in a request. */
static void
stalled(struct session *s)
{
	if (s->x != NULL && !s->x->answered && s->x->asked.done) {
		refuse(s, 504, "rm-director: the node did not answer in time");
	} else {
		s->proxy->counters[RM_HTTP].failures++;
		s->dead = s->cut = true;
	}
}

/* The whole of a request took too long. */
static void
request_expired(void *arg)
{
	struct session *s = arg;
	s->busy = true;
	stalled(s);
	advance(s);
}

static void
expired(void *arg)
{
	struct session *s = arg;
	s->busy = true;
	if (s->over ||
	    (s->x == NULL && s->in.len == 0 && s->to_client.len == 0))
		s->dead = true;
	else if (s->x == NULL && s->to_client.len == 0)
		refuse(s, 408, "the head of the request took too long");
	else if (s->x != NULL && !rm_http_exchange_linked(s->x))
		node_lost(s, true, "no connection in time");
	else
		stalled(s);
	advance(s);
}

void
rm_http_session_open(
    struct rm_proxy *proxy, const struct rm_client *client)
{
	struct session *s = rm_alloc(sizeof(*s));
	s->proxy = proxy;
	s->expiry.fire = expired;
	s->expiry.arg = s;
	s->whole.fire = request_expired;
	s->whole.arg = s;
	rm_client_name(client, s->peer);
	LIST_INSERT_HEAD(&sessions, s, entry);
	if (rm_client_adopt(
		client, &s->client, proxy->loop, client_ready, s) != 0)
		s->dead = true;
	settle(s);
}

void
rm_http_sessions_end(struct rm_proxy *proxy, bool now)
{
	struct session *s = LIST_FIRST(&sessions), *next;
	(void)proxy;
	for (; s != NULL; s = next) {
		next = LIST_NEXT(s, entry);
		s->dead = s->dead || now;
		settle(s);
	}
}
