#include "riak/epmd_server.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <time.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/log.h"
#include "base/str.h"
#include "io/loop.h"
#include "io/shortage.h"
#include "riak/epmd.h"

#define IDLE_LIMIT 60.0
/* How many connections one wake-up accepts, or serves, before others have
 * their turn. */
#define BATCH 64
/* A reply buffer that grew beyond this is not kept. */
#define REPLY_KEPT 65536

enum state {
	READING, /* a request */
	WRITING, /* what one write left of a reply; then it ends */
	ASKED, /* the cluster; no reply yet */
	KEPT, /* registered, or refused: open until the peer does anything */
	CLOSED, /* to be freed, once no event can name it */
};

/*
 * There may be ten thousand: they wait in an epoll of their own, which the
 * loop watches as one descriptor, so that none needs an event of libevent's.
 */
struct conn {
	struct rm_epmd_server *server;
	TAILQ_ENTRY(conn) order; /* least active first */
	struct rm_epmd_name *name; /* while registered */
	unsigned char *bytes; /* a part of a request or reply; owned */
	int fd;
	uint32_t len, done;
	uint32_t active; /* monotonic seconds */
	uint16_t port; /* that it connected to */
	uint8_t state;
	bool local;
	bool watched; /* it is in the epoll */
};

TAILQ_HEAD(conn_list, conn);

struct acceptor {
	struct event *event;
	struct rm_epmd_server *server;
	int fd, port;
};

struct rm_epmd_server {
	struct event_base *loop;
	struct rm_epmd_server_options options;
	struct rm_epmd_names names;
	struct acceptor acceptors[RM_EPMD_LISTEN_MAX];
	struct conn_list idle; /* READING and WRITING: the limit is theirs */
	struct conn_list kept; /* ASKED and KEPT */
	struct conn_list closed;
	int epoll;
	struct event *ready; /* of the epoll */
	struct rm_timer idle_timer;
	struct rm_shortage shortage;
	struct rm_str reply;
};

static struct conn_list *
list_of(struct conn *c, enum state state)
{
	return state == READING || state == WRITING ? &c->server->idle
	       : state == CLOSED                    ? &c->server->closed
						    : &c->server->kept;
}

static void
set_state(struct conn *c, enum state state)
{
	TAILQ_REMOVE(list_of(c, c->state), c, order);
	c->state = (uint8_t)state;
	c->active = (uint32_t)rm_now();
	TAILQ_INSERT_TAIL(list_of(c, state), c, order);
	if (list_of(c, state) == &c->server->idle &&
	    !rm_timer_armed(&c->server->idle_timer))
		rm_timer_set(
		    &c->server->idle_timer, c->server->options.idle + 1);
}

static void
unregister(struct conn *c)
{
	struct rm_epmd_server *s = c->server;
	if (c->name == NULL)
		return;
	rm_log_debug(
	    "gone name=%s port=%d", c->name->node.name, c->name->node.port);
	if (s->options.cluster != NULL)
		rm_epmd_cluster_release(s->options.cluster, c->name);
	rm_epmd_names_remove(&s->names, c->name);
	c->name = NULL;
}

static void
conn_close(struct conn *c)
{
	unregister(c);
	set_state(c, CLOSED);
	close(c->fd); /* which takes it out of the epoll */
}

static void
free_closed(struct rm_epmd_server *s)
{
	struct conn *c;
	while ((c = TAILQ_FIRST(&s->closed)) != NULL) {
		TAILQ_REMOVE(&s->closed, c, order);
		free(c->bytes);
		free(c);
	}
}

/* EPOLL_CTL_ADD the first time. */
static void
watch(struct conn *c, int how, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = c };
	if (epoll_ctl(c->server->epoll, how, c->fd, &event) != 0)
		conn_close(c);
}

/* Keeps what is not done yet; c->bytes may be where it comes from. */
static void
keep(struct conn *c, const void *bytes, size_t len)
{
	unsigned char *copy = rm_realloc(NULL, len);
	memcpy(copy, bytes, len);
	free(c->bytes);
	c->bytes = copy;
	c->len = (uint32_t)len;
	c->done = 0;
}

/* In one write: nodes fail to boot when a reply comes in pieces. Whether all
 * of it went. */
static bool
send_reply(struct conn *c)
{
	struct rm_str *reply = &c->server->reply;
	ssize_t n = send(c->fd, reply->text, reply->len, MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN)
		return false;
	size_t sent = n < 0 ? 0 : (size_t)n;
	if (sent == reply->len)
		return true;
	keep(c, reply->text + sent, reply->len - sent);
	return false;
}

/* Sends the reply; the connection ends with it. */
static void
finish(struct conn *c)
{
	if (!send_reply(c) && c->bytes != NULL) {
		set_state(c, WRITING);
		if (c->watched)
			watch(c, EPOLL_CTL_MOD, EPOLLOUT);
		return;
	}
	conn_close(c);
}

static void
write_rest(struct conn *c)
{
	ssize_t n = send(
	    c->fd, c->bytes + c->done, c->len - c->done, MSG_NOSIGNAL);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		c->done += (uint32_t)n;
	if (n <= 0 || c->done == c->len)
		conn_close(c);
	else
		set_state(c, WRITING);
}

/* Tells a node what became of its registration. */
static void
answer_alive2(struct conn *c, uint16_t highest)
{
	bool refused = c->name == NULL;
	rm_str_clear(&c->server->reply);
	rm_epmd_put_alive2(&c->server->reply, highest, refused,
	    refused ? 0 : rm_epmd_name_creation(c->name));
	if (!send_reply(c)) {
		conn_close(c);
		return;
	}
	if (!refused)
		rm_log_debug("registered name=%s port=%d", c->name->node.name,
		    c->name->node.port);
	set_state(c, KEPT);
}

void
rm_epmd_server_verdict(void *server, struct rm_epmd_name *name, bool granted)
{
	struct rm_epmd_server *s = server;
	struct conn *c = name->owner;
	uint16_t highest = name->node.highest;
	name->waiting = false;
	if (!granted) {
		rm_epmd_names_remove(&s->names, name);
		c->name = NULL;
	}
	answer_alive2(c, highest);
}

static struct rm_epmd_name *
register_name(struct conn *c, const struct rm_epmd_node *node)
{
	struct rm_epmd_server *s = c->server;
	struct rm_epmd_name *name = rm_epmd_names_add(
	    &s->names, node, (uint32_t)time(NULL));
	if (name == NULL) {
		rm_log_info("refused, taken here name=%s", node->name);
		return NULL;
	}
	name->owner = c;
	name->fd = c->fd;
	enum rm_epmd_claim claim = RM_EPMD_GRANTED;
	if (s->options.cluster != NULL)
		claim = rm_epmd_cluster_claim(s->options.cluster, name);
	name->waiting = claim == RM_EPMD_ASKED;
	if (claim != RM_EPMD_REFUSED)
		return name;
	rm_epmd_names_remove(&s->names, name);
	return NULL;
}

static void
alive2(struct conn *c, const struct rm_epmd_request *r)
{
	if (!r->refused)
		c->name = register_name(c, &r->node);
	if (c->name != NULL && c->name->waiting)
		set_state(c, ASKED);
	else
		answer_alive2(c, r->node.highest);
}

/* NAME@HOST: see epmd.h. Whether there is such a node. */
static bool
find_in_cluster(struct conn *c, const char *text, struct rm_str *reply)
{
	const struct rm_epmd_server *s = c->server;
	const struct rm_epmd_cluster *cluster = s->options.cluster;
	const char *at = strrchr(text, '@');
	if (at == NULL || !c->local)
		return false;
	char *bare = rm_strdup(text);
	bare[at - text] = '\0';

	const struct rm_epmd_name *name = rm_epmd_names_find(&s->names, bare);
	bool owns = cluster == NULL || rm_epmd_cluster_owns(cluster, bare);
	const struct rm_epmd_record *record = NULL;
	if (cluster != NULL && (name == NULL || !owns))
		record = rm_epmd_cluster_find(cluster, bare);
	free(bare);
	if (name == NULL && record == NULL)
		return false;

	struct rm_epmd_node node = record != NULL ? record->node : name->node;
	const char *host = record != NULL ? record->host
			   : owns         ? s->options.host
					  : NULL;
	node.extra = host;
	node.extra_len = host != NULL ? (uint16_t)strlen(host) : 0;
	rm_epmd_put_port2(reply, &node);
	return true;
}

static void
port2(struct conn *c, const struct rm_epmd_request *r)
{
	struct rm_str *reply = &c->server->reply;
	const struct rm_epmd_name *name = rm_epmd_names_find(
	    &c->server->names, r->node.name);
	if (name != NULL)
		rm_epmd_put_port2(reply, &name->node);
	else if (!find_in_cluster(c, r->node.name, reply))
		rm_epmd_put_port2_none(reply);
	finish(c);
}

static void
put_cluster_names(const struct rm_epmd_server *s, struct rm_str *reply)
{
	const struct rm_epmd_cluster *cluster = s->options.cluster;
	const char *host = s->options.host != NULL ? s->options.host : "";
	const struct rm_epmd_name *name;
	TAILQ_FOREACH (name, &s->names.active, order)
		if (!name->waiting &&
		    (cluster == NULL ||
			rm_epmd_cluster_owns(cluster, name->node.name)))
			rm_epmd_put_name(reply, &name->node, host);
	const struct rm_epmd_record *r = NULL;
	while (
	    cluster != NULL && (r = rm_epmd_cluster_next(cluster, r)) != NULL)
		rm_epmd_put_name(reply, &r->node, r->host);
}

static void
names(struct conn *c, const struct rm_epmd_request *r)
{
	struct rm_str *reply = &c->server->reply;
	const struct rm_epmd_name *name;
	rm_epmd_put_port(reply, c->port);
	if (r->cluster && c->local)
		put_cluster_names(c->server, reply);
	else
		TAILQ_FOREACH (name, &c->server->names.active, order)
			if (!name->waiting)
				rm_epmd_put_name(reply, &name->node, NULL);
	finish(c);
}

static void
dump(struct conn *c, const struct rm_epmd_request *r)
{
	(void)r;
	struct rm_str *reply = &c->server->reply;
	const struct rm_epmd_name *name;
	rm_epmd_put_port(reply, c->port);
	TAILQ_FOREACH (name, &c->server->names.active, order)
		if (!name->waiting)
			rm_epmd_put_active(reply, &name->node, name->fd);
	TAILQ_FOREACH (name, &c->server->names.old, order)
		rm_epmd_put_old(reply, &name->node, name->fd);
	finish(c);
}

static void
kill_request(struct conn *c, const struct rm_epmd_request *r)
{
	(void)r;
	struct rm_epmd_server *s = c->server;
	bool allowed = s->options.relaxed || s->names.active_count == 0;
	rm_str_puts(&s->reply, allowed ? "OK" : "NO");
	finish(c);
	if (!allowed)
		return;
	rm_log_info("asked to end by a local peer");
	s->options.on_kill(s->options.arg);
}

static void
stop_request(struct conn *c, const struct rm_epmd_request *r)
{
	struct rm_epmd_server *s = c->server;
	if (!s->options.relaxed) {
		conn_close(c);
		return;
	}
	struct rm_epmd_name *name = rm_epmd_names_find(&s->names, r->node.name);
	if (name != NULL)
		conn_close(name->owner);
	/* epmd says STOPPED too, after NOEXIST. */
	rm_str_puts(&s->reply, name != NULL ? "STOPPED" : "NOEXIST");
	finish(c);
}

static void
handle(struct conn *c, unsigned char *body, size_t len)
{
	static const struct {
		enum rm_epmd_code code;
		bool local_only;
		void (*handle)(struct conn *, const struct rm_epmd_request *);
	} table[] = {
		{ RM_EPMD_ALIVE2, true, alive2 },
		{ RM_EPMD_PORT2, false, port2 },
		{ RM_EPMD_NAMES, false, names },
		{ RM_EPMD_DUMP, true, dump },
		{ RM_EPMD_KILL, true, kill_request },
		{ RM_EPMD_STOP, true, stop_request },
	};
	struct rm_epmd_server *s = c->server;
	struct rm_epmd_request r;
	size_t i = 0;
	int rc = rm_epmd_request_parse(&r, body, len);
	while (rc == 0 && table[i].code != r.code)
		i++;
	if (rc != 0 || (table[i].local_only && !c->local)) {
		conn_close(c);
		return;
	}
	rm_str_clear(&s->reply);
	table[i].handle(c, &r);
	if (s->reply.room > REPLY_KEPT)
		rm_str_free(&s->reply);
}

/* Reads what is there, but no more than the request once its size is known. */
static void
read_request(struct conn *c)
{
	unsigned char buffer[RM_EPMD_REQUEST_MAX + 1];
	size_t len = c->len;
	if (len > 0)
		memcpy(buffer, c->bytes, len);
	int size = rm_epmd_request_size(buffer, len);
	ssize_t n = recv(c->fd, buffer + len,
	    (size > 0 ? (size_t)size : RM_EPMD_REQUEST_MAX) - len, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		conn_close(c);
		return;
	}
	len += (size_t)n;
	size = rm_epmd_request_size(buffer, len);
	if (size < 0 || (size > 0 && len > (size_t)size)) {
		conn_close(c);
	} else if (size == 0 || len < (size_t)size) {
		keep(c, buffer, len);
		set_state(c, READING);
	} else {
		free(c->bytes);
		c->bytes = NULL;
		c->len = 0;
		handle(c, buffer + 2, len - 2);
	}
}

static void
serve(struct conn *c)
{
	if (c->state == READING)
		read_request(c);
	else if (c->state == WRITING)
		write_rest(c);
	else if (c->state != CLOSED)
		conn_close(c); /* whatever it was: it ends a registration */
}

static void
on_ready(evutil_socket_t epoll, short what, void *arg)
{
	(void)what;
	struct rm_epmd_server *s = arg;
	struct epoll_event events[BATCH];
	int n = epoll_wait(epoll, events, BATCH, 0);
	for (int i = 0; i < n; i++)
		serve(events[i].data.ptr);
	free_closed(s);
}

static bool
peer_is_local(int fd, const struct sockaddr *peer)
{
	if (rm_epmd_peer_is_local(peer, NULL))
		return true;
	struct sockaddr_storage own = { 0 };
	socklen_t len = sizeof(own);
	return getsockname(fd, (struct sockaddr *)&own, &len) == 0 &&
	       rm_epmd_peer_is_local(peer, (struct sockaddr *)&own);
}

static void
conn_open(const struct acceptor *a, int fd, const struct sockaddr *peer)
{
	struct rm_epmd_server *s = a->server;
	struct conn *c = rm_alloc(sizeof(*c));
	c->server = s;
	c->port = (uint16_t)a->port;
	c->local = peer_is_local(fd, peer);
	c->fd = fd;
	TAILQ_INSERT_TAIL(&s->idle, c, order);
	set_state(c, READING);
	/* The request is often there already; then epoll is not needed. */
	read_request(c);
	if (c->state == CLOSED)
		return;
	c->watched = true;
	watch(c, EPOLL_CTL_ADD, c->state == WRITING ? EPOLLOUT : EPOLLIN);
}

static void
accept_again(void *arg)
{
	struct rm_epmd_server *s = arg;
	for (size_t i = 0; i < s->options.listen->count; i++)
		event_add(s->acceptors[i].event, NULL);
}

/* No descriptor is left: the peer that has been silent for longest goes, or,
 * when every connection is a registration, newcomers wait. */
static void
make_room(struct rm_epmd_server *s, int why)
{
	if ((why == EMFILE || why == ENFILE) && !TAILQ_EMPTY(&s->idle)) {
		conn_close(TAILQ_FIRST(&s->idle));
		return;
	}
	for (size_t i = 0; i < s->options.listen->count; i++)
		event_del(s->acceptors[i].event);
	rm_shortage_begin(&s->shortage, why);
}

static void
on_accept(evutil_socket_t listener, short what, void *arg)
{
	(void)what;
	struct acceptor *a = arg;
	free_closed(a->server);
	for (int i = 0; i < BATCH; i++) {
		struct sockaddr_storage peer = { 0 };
		socklen_t len = sizeof(peer);
		int fd = accept4(listener, (struct sockaddr *)&peer, &len,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);
		int why = errno;
		if (fd >= 0) {
			conn_open(a, fd, (struct sockaddr *)&peer);
		} else if (rm_shortage_is(listener, why)) {
			make_room(a->server, why);
			return;
		} else if (why != EINTR && why != ECONNABORTED)
			return;
	}
}

static void
on_idle(void *arg)
{
	struct rm_epmd_server *s = arg;
	uint32_t now = (uint32_t)rm_now();
	struct conn *c;
	while ((c = TAILQ_FIRST(&s->idle)) != NULL &&
	       now - c->active > s->options.idle)
		conn_close(c);
	if (c != NULL)
		rm_timer_set(
		    &s->idle_timer, s->options.idle - (now - c->active) + 1);
}

struct rm_epmd_server *
rm_epmd_server_new(struct event_base *loop,
    const struct rm_epmd_server_options *options, struct rm_error *err)
{
	struct rm_epmd_server *s = rm_alloc(sizeof(*s));
	s->loop = loop;
	s->options = *options;
	if (!(s->options.idle > 0))
		s->options.idle = IDLE_LIMIT;
	TAILQ_INIT(&s->idle);
	TAILQ_INIT(&s->kept);
	TAILQ_INIT(&s->closed);
	rm_epmd_names_init(&s->names);
	rm_timer_init(&s->idle_timer, loop, on_idle, s);
	rm_shortage_init(&s->shortage, loop, accept_again, s);
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (s->epoll >= 0)
		s->ready = event_new(
		    loop, s->epoll, EV_READ | EV_PERSIST, on_ready, s);
	if (s->ready == NULL || event_add(s->ready, NULL) != 0) {
		rm_error_set(err, RM_EXIT_OUTSIDE, "can't watch connections");
		rm_epmd_server_free(s);
		return NULL;
	}
	for (size_t i = 0; i < options->listen->count; i++) {
		struct acceptor *a = &s->acceptors[i];
		a->server = s;
		a->fd = options->listen->at[i].fd;
		a->port = options->listen->at[i].port;
		a->event = event_new(
		    loop, a->fd, EV_READ | EV_PERSIST, on_accept, a);
		if (a->event == NULL || event_add(a->event, NULL) != 0) {
			rm_error_set(err, RM_EXIT_OUTSIDE,
			    "can't watch port %d", a->port);
			rm_epmd_server_free(s);
			return NULL;
		}
	}
	return s;
}

static void
close_all(struct conn_list *list)
{
	while (!TAILQ_EMPTY(list))
		conn_close(TAILQ_FIRST(list));
}

void
rm_epmd_server_free(struct rm_epmd_server *s)
{
	if (s == NULL)
		return;
	close_all(&s->idle);
	close_all(&s->kept);
	free_closed(s);
	if (s->ready != NULL)
		event_free(s->ready);
	if (s->epoll >= 0)
		close(s->epoll);
	for (size_t i = 0; i < RM_EPMD_LISTEN_MAX; i++)
		if (s->acceptors[i].event != NULL)
			event_free(s->acceptors[i].event);
	rm_timer_free(&s->idle_timer);
	rm_shortage_free(&s->shortage);
	rm_epmd_names_free(&s->names);
	rm_str_free(&s->reply);
	free(s);
}
