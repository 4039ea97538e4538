#include "io/http_server.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/json.h"
#include "base/list.h"
#include "base/str.h"
#include "io/http_clients.h"
#include "io/http_text.h"
#include "io/loop.h"

#define HEADERS_LIMIT ((ev_ssize_t)64 << 10)
#define BODY_LIMIT    ((ev_ssize_t)16 << 20)
#define IDLE_SECONDS  60

struct rm_server {
	struct event_base *loop;
	struct evhttp *http;
	struct rm_http_clients *clients;
	const struct rm_route *routes;
	struct timeval idle; /* what a client may be silent for */
	bool tls;
	bool (*guard)(struct rm_request *request, void *arg);
	void *arg;
	LIST_HEAD(, rm_request) requests;
};

struct rm_request {
	LIST_ENTRY(rm_request) entry;
	struct rm_server *server;
	struct evhttp_request *req;
	struct rm_http_client *client; /* NULL: gone, or told of nothing */
	char *path;
	struct rm_http_text *params, *queries;
	struct event *event; /* peer's end of a stream; or abort */
	void (*on_close)(void *arg);
	void *arg;
	bool told; /* of his end: the request is gone then */
};

static const struct {
	enum evhttp_cmd_type type;
	const char *name;
} methods[] = {
	{ EVHTTP_REQ_GET, "GET" },
	{ EVHTTP_REQ_POST, "POST" },
	{ EVHTTP_REQ_HEAD, "HEAD" },
	{ EVHTTP_REQ_PUT, "PUT" },
	{ EVHTTP_REQ_DELETE, "DELETE" },
	{ EVHTTP_REQ_OPTIONS, "OPTIONS" },
	{ EVHTTP_REQ_TRACE, "TRACE" },
	{ EVHTTP_REQ_CONNECT, "CONNECT" },
	{ EVHTTP_REQ_PATCH, "PATCH" },
};

static void
request_free(struct rm_request *request)
{
	LIST_REMOVE(request, entry);
	if (request->event != NULL)
		event_free(request->event);
	rm_http_texts_free(&request->params);
	rm_http_texts_free(&request->queries);
	free(request->path);
	free(request);
}

/* The peer is gone. evhttp gives the request to us when it noticed by itself,
 * and frees it when we told it to close. */
static void
connection_closed(void *arg)
{
	struct rm_request *request = arg;
	request->client = NULL;
	bool ours = evhttp_request_get_connection(request->req) == NULL;
	if (!request->told && ours) {
		/* Still to be answered: rm_reply() then does nothing. */
		return;
	}
	void (*on_close)(void *) = request->on_close;
	void *on_close_arg = request->arg;
	if (ours)
		evhttp_request_free(request->req);
	request_free(request);
	if (on_close != NULL)
		on_close(on_close_arg);
}

static void
unwatch_close(struct rm_request *request)
{
	if (request->client != NULL)
		rm_http_client_on_close(request->client, NULL, NULL);
}

static bool
method_is(const char *wanted, const char *method)
{
	return strcmp(wanted, "*") == 0 || strcmp(wanted, method) == 0 ||
	       (strcmp(wanted, "GET") == 0 && strcmp(method, "HEAD") == 0);
}

static void
reply_failure(struct rm_request *request, int status, const char *why)
{
	rm_reply_json(
	    request, status, JV_OBJECT(jv_string("error"), jv_string(why)));
}

static void
dispatch(struct rm_request *request, const char *path)
{
	struct rm_server *server = request->server;
	const struct rm_route *route = server->routes;
	struct rm_str allowed = { 0 };
	for (; route->method != NULL; route++) {
		if (rm_http_texts_route(&request->params, route->path, path)) {
			if (method_is(
				route->method, rm_request_method(request)))
				break;
			rm_str_printf(&allowed, "%s%s",
			    allowed.len > 0 ? ", " : "", route->method);
		}
		rm_http_texts_free(&request->params);
	}
	if (route->method != NULL) {
		route->handle(request, server->arg);
	} else if (allowed.len > 0) {
		rm_request_add_header(request, "Allow", allowed.text);
		reply_failure(request, 405, "method not allowed");
	} else {
		reply_failure(request, 404, "no such path");
	}
	rm_str_free(&allowed);
}

static void
got_request(struct evhttp_request *req, void *arg)
{
	struct rm_server *server = arg;
	struct rm_request *request = rm_alloc(sizeof(*request));
	request->server = server;
	request->req = req;
	LIST_INSERT_HEAD(&server->requests, request, entry);
	request->client = rm_http_clients_busy(server->clients, req);
	if (request->client != NULL)
		rm_http_client_on_close(
		    request->client, connection_closed, request);
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(req);
	const char *path = evhttp_uri_get_path(uri);
	if (path == NULL || *path == '\0')
		path = "/";
	request->path = rm_http_text_decode(path, strlen(path), false);
	if (request->path == NULL || !rm_http_texts_query(&request->queries,
					 evhttp_uri_get_query(uri))) {
		reply_failure(request, 400, "a zero byte in the URL");
		return;
	}
	if (server->guard == NULL || server->guard(request, server->arg))
		dispatch(request, path);
}

struct rm_server *
rm_server_new(struct event_base *loop, const struct rm_route *routes, void *arg,
    struct rm_error *err)
{
	struct evhttp *http = evhttp_new(loop);
	if (http == NULL) {
		rm_error_set(
		    err, RM_EXIT_OUTSIDE, "can't start an HTTP server");
		return NULL;
	}
	struct rm_server *server = rm_alloc(sizeof(*server));
	server->loop = loop;
	server->http = http;
	server->clients = rm_http_clients_new(loop, http);
	server->routes = routes;
	server->arg = arg;
	LIST_INIT(&server->requests);
	ev_uint16_t allowed = 0;
	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++)
		allowed |= (ev_uint16_t)methods[i].type;
	evhttp_set_allowed_methods(http, allowed);
	evhttp_set_max_headers_size(http, HEADERS_LIMIT);
	evhttp_set_max_body_size(http, BODY_LIMIT);
	rm_server_idle(server, IDLE_SECONDS);
	evhttp_set_default_content_type(http, NULL);
	/* A client that is still sending gets to read the 413. */
	evhttp_set_flags(http, EVHTTP_SERVER_LINGERING_CLOSE);
	evhttp_set_gencb(http, got_request, server);
	return server;
}

void
rm_server_guard(struct rm_server *server,
    bool (*guard)(struct rm_request *request, void *arg))
{
	server->guard = guard;
}

void
rm_server_idle(struct rm_server *server, double seconds)
{
	server->idle = rm_loop_span(seconds);
	evhttp_set_timeout_tv(server->http, &server->idle);
	rm_http_clients_patience(server->clients, seconds * 2);
}

void
rm_server_tls(struct rm_server *server, struct rm_tls *tls)
{
	server->tls = true;
	rm_http_clients_tls(server->clients, tls);
}

static int
listen_failed(
    const char *address, int port, const char *why, struct rm_error *err)
{
	bool usage = errno == EACCES || errno == EADDRNOTAVAIL;
	return rm_error_set(err, usage ? RM_EXIT_USAGE : RM_EXIT_OUTSIDE,
	    "can't listen on %s:%d: %s", address, port, why);
}

static int
bind_socket(const struct evutil_addrinfo *info)
{
	int fd = socket(
	    info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1;
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, info->ai_addr, (socklen_t)info->ai_addrlen) != 0 ||
	    listen(fd, 256) != 0) {
		int number = errno;
		close(fd);
		errno = number;
		return -1;
	}
	return fd;
}

static int
port_of(int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} name = { .v6 = { 0 } };
	socklen_t len = sizeof(name);
	getsockname(fd, &name.any, &len);
	return ntohs(name.any.sa_family == AF_INET6 ? name.v6.sin6_port
						    : name.v4.sin_port);
}

int
rm_server_listen(struct rm_server *server, const char *address, int port,
    struct rm_error *err)
{
	char service[16];
	snprintf(service, sizeof(service), "%d", port);
	struct evutil_addrinfo *info = NULL, hints = { .ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = EVUTIL_AI_PASSIVE };
	int rc = evutil_getaddrinfo(address, service, &hints, &info);
	if (rc != 0) {
		errno = EADDRNOTAVAIL;
		return listen_failed(
		    address, port, evutil_gai_strerror(rc), err);
	}
	int fd = bind_socket(info);
	evutil_freeaddrinfo(info);
	if (fd < 0)
		return listen_failed(address, port, strerror(errno), err);
	if (rm_http_clients_accept(server->clients, fd) != 0) {
		close(fd);
		return listen_failed(address, port, "no event", err);
	}
	return port_of(fd);
}

int
rm_server_accept(struct rm_server *server, int fd, struct rm_error *err)
{
	if (rm_http_clients_accept(server->clients, fd) == 0)
		return 0;
	return rm_error_set(err, RM_EXIT_OUTSIDE, "can't accept clients");
}

void
rm_server_free(struct rm_server *server)
{
	if (server == NULL)
		return;
	struct rm_request *request, *next;
	LIST_FOREACH_SAFE (request, &server->requests, entry, next) {
		unwatch_close(request);
		if (evhttp_request_get_connection(request->req) == NULL)
			evhttp_request_free(request->req);
		request_free(request);
	}
	rm_http_clients_free(server->clients);
	evhttp_free(server->http);
	free(server);
}

const char *
rm_request_method(const struct rm_request *request)
{
	enum evhttp_cmd_type type = evhttp_request_get_command(request->req);
	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++)
		if (methods[i].type == type)
			return methods[i].name;
	return "";
}

const char *
rm_request_path(const struct rm_request *request)
{
	return request->path;
}

const char *
rm_request_param(const struct rm_request *request, const char *name)
{
	return rm_http_texts_find(request->params, name);
}

const char *
rm_request_query(const struct rm_request *request, const char *name)
{
	return rm_http_texts_find(request->queries, name);
}

const char *
rm_request_header(const struct rm_request *request, const char *name)
{
	return evhttp_find_header(
	    evhttp_request_get_input_headers(request->req), name);
}

const char *
rm_request_body(const struct rm_request *request, size_t *len)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(request->req);
	size_t n = evbuffer_get_length(in);
	if (len != NULL)
		*len = n;
	return n > 0 ? (const char *)evbuffer_pullup(in, -1) : "";
}

const char *
rm_request_target(const struct rm_request *request)
{
	const char *uri = evhttp_request_get_uri(request->req);
	/* One that a proxy is asked for begins with its scheme. */
	const char *host = strstr(uri, "://");
	if (uri[0] == '/' || host == NULL)
		return uri;
	return host + 3 + strcspn(host + 3, "/?");
}

void
rm_request_headers(const struct rm_request *request,
    void (*each)(void *arg, const char *name, const char *value), void *arg)
{
	struct evkeyvalq *headers = evhttp_request_get_input_headers(
	    request->req);
	struct evkeyval *header;
	TAILQ_FOREACH (header, headers, next)
		each(arg, header->key, header->value);
}

const char *
rm_request_peer(const struct rm_request *request)
{
	char *address = NULL;
	ev_uint16_t port;
	struct evhttp_connection *connection = evhttp_request_get_connection(
	    request->req);
	if (connection != NULL)
		evhttp_connection_get_peer(connection, &address, &port);
	return address != NULL ? address : "";
}

void
rm_request_add_header(
    struct rm_request *request, const char *name, const char *value)
{
	evhttp_add_header(
	    evhttp_request_get_output_headers(request->req), name, value);
}

/* Ready for evhttp's answer; false when there is nobody to be answered. */
static bool
begin(struct rm_request *request, const char *type)
{
	if (evhttp_request_get_connection(request->req) == NULL) {
		evhttp_request_free(request->req);
		request_free(request);
		return false;
	}
	if (type != NULL)
		rm_request_add_header(request, "Content-Type", type);
	return true;
}

/* Consumes out, which is empty for an answer to HEAD. */
static void
send_reply(struct rm_request *request, int status, struct evbuffer *out)
{
	struct evhttp_request *req = request->req;
	unwatch_close(request);
	request_free(request);
	evhttp_send_reply(req, status, NULL, out);
	evbuffer_free(out);
}

static bool
is_head(struct rm_request *request, size_t len)
{
	if (evhttp_request_get_command(request->req) != EVHTTP_REQ_HEAD)
		return false;
	char length[32];
	snprintf(length, sizeof(length), "%zu", len);
	rm_request_add_header(request, "Content-Length", length);
	return true;
}

void
rm_reply(struct rm_request *request, int status, const char *type,
    const void *body, size_t len)
{
	if (!begin(request, type))
		return;
	struct evbuffer *out = evbuffer_new();
	if (!is_head(request, len) && len > 0)
		evbuffer_add(out, body, len);
	send_reply(request, status, out);
}

/* ---- files where the kernel can't send them by itself ---- */

#define PIECE ((size_t)256 << 10)

struct pump {
	struct rm_request *request;
	int fd;
	size_t left;
};

static void
pump_free(void *arg)
{
	struct pump *pump = arg;
	close(pump->fd);
	free(pump);
}

/* The next piece, when the one before has been taken. */
static void
pump_more(struct evhttp_connection *connection, void *arg)
{
	(void)connection;
	struct pump *pump = arg;
	struct rm_request *request = pump->request;
	struct evbuffer *out = evbuffer_new();
	size_t want = pump->left < PIECE ? pump->left : PIECE;
	int n = want > 0 ? evbuffer_read(out, pump->fd, (int)want) : 0;
	pump->left -= n > 0 ? (size_t)n : pump->left;
	if (n > 0) {
		evhttp_send_reply_chunk_with_cb(
		    request->req, out, pump_more, pump);
	} else if (want > 0) {
		/* It was cut short: the client must not take it for whole. */
		rm_request_abort(request);
		pump_free(pump);
	} else {
		rm_stream_end(request);
		pump_free(pump);
	}
	evbuffer_free(out);
}

static void
reply_pumped(struct rm_request *request, int status, int fd, size_t len)
{
	char length[32];
	struct pump *pump = rm_alloc(sizeof(*pump));
	*pump = (struct pump){ request, fd, len };
	snprintf(length, sizeof(length), "%zu", len);
	rm_request_add_header(request, "Content-Length", length);
	rm_stream_begin(request, status, NULL, pump_free, pump);
	pump_more(NULL, pump);
}

void
rm_reply_file(struct rm_request *request, int status, const char *type, int fd,
    size_t len)
{
	if (!begin(request, type)) {
		close(fd);
		return;
	}
	bool head = evhttp_request_get_command(request->req) == EVHTTP_REQ_HEAD;
	if (request->server->tls && !head && len > 0) {
		reply_pumped(request, status, fd, len);
		return;
	}
	struct evbuffer *out = evbuffer_new();
	/* So that it is sent, not mapped: a file may be cut short meanwhile. */
	evbuffer_set_flags(out, EVBUFFER_FLAG_DRAINS_TO_FD);
	if (is_head(request, len) || len == 0 ||
	    evbuffer_add_file(out, fd, 0, (ev_off_t)len) != 0)
		close(fd);
	send_reply(request, status, out);
}

void
rm_reply_text(struct rm_request *request, int status, const char *text)
{
	rm_reply(
	    request, status, "text/plain; charset=utf-8", text, strlen(text));
}

void
rm_reply_json(struct rm_request *request, int status, jv body)
{
	struct rm_str text = { 0 };
	rm_json_write(&text, body);
	rm_str_puts(&text, "\n");
	rm_reply(request, status, "application/json", text.text, text.len);
	rm_str_free(&text);
}

static void
close_connection(struct rm_request *request)
{
	struct evhttp_connection *connection = evhttp_request_get_connection(
	    request->req);
	if (connection != NULL)
		evhttp_connection_free(connection); /* connection_closed() */
	else
		connection_closed(request);
}

/* evhttp does not read while it answers, so it would see the end of a peer
 * only at the next write. */
static void
peer_spoke(evutil_socket_t fd, short what, void *arg)
{
	struct rm_request *request = arg;
	char byte;
	if (what & EV_CLOSED ||
	    recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0)
		close_connection(request);
}

static void
close_now(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	close_connection(arg);
}

static void
close_soon(struct rm_request *request)
{
	if (request->event != NULL)
		event_free(request->event);
	request->event = event_new(
	    request->server->loop, -1, 0, close_now, request);
	event_active(request->event, EV_TIMEOUT, 0);
}

/* A peer that is gone without a word takes nothing, but the kernel does for it
 * for a quarter of an hour; tcp(7). */
static void
limit_silence(int fd)
{
	unsigned milliseconds = IDLE_SECONDS * 1000;
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds,
	    sizeof(milliseconds));
}

static void
watch_peer(struct rm_request *request, struct evhttp_connection *connection)
{
	struct event_base *loop = request->server->loop;
	short end = event_base_get_features(loop) & EV_FEATURE_EARLY_CLOSE
			? EV_CLOSED
			: EV_READ;
	evutil_socket_t fd = bufferevent_getfd(
	    evhttp_connection_get_bufferevent(connection));
	if (request->event != NULL)
		return;
	limit_silence(fd);
	request->event = event_new(loop, fd, end, peer_spoke, request);
	event_add(request->event, NULL);
}

void
rm_request_on_close(
    struct rm_request *request, void (*on_close)(void *arg), void *arg)
{
	struct evhttp_connection *connection = evhttp_request_get_connection(
	    request->req);
	request->told = true;
	request->on_close = on_close;
	request->arg = arg;
	if (connection != NULL)
		watch_peer(request, connection);
	else
		close_soon(request);
}

void
rm_stream_begin(struct rm_request *request, int status, const char *type,
    void (*on_close)(void *arg), void *arg)
{
	struct evhttp_connection *connection = evhttp_request_get_connection(
	    request->req);
	rm_request_on_close(request, on_close, arg);
	if (connection == NULL)
		return;
	if (type != NULL)
		rm_request_add_header(request, "Content-Type", type);
	evhttp_send_reply_start(request->req, status, NULL);
	/* There may be nothing to say for long, and nothing more to hear. */
	static const struct timeval taken = { .tv_sec = IDLE_SECONDS };
	bufferevent_set_timeouts(
	    evhttp_connection_get_bufferevent(connection), NULL, &taken);
}

void
rm_stream_send(struct rm_request *request, const void *data, size_t len)
{
	if (len == 0)
		return;
	struct evbuffer *out = evbuffer_new();
	evbuffer_add(out, data, len);
	evhttp_send_reply_chunk(request->req, out);
	evbuffer_free(out);
}

size_t
rm_stream_pending(const struct rm_request *request)
{
	struct evhttp_connection *connection = evhttp_request_get_connection(
	    request->req);
	if (connection == NULL)
		return 0;
	return evbuffer_get_length(bufferevent_get_output(
	    evhttp_connection_get_bufferevent(connection)));
}

void
rm_stream_end(struct rm_request *request)
{
	struct evhttp_request *req = request->req;
	struct evhttp_connection *connection = evhttp_request_get_connection(
	    req);
	const struct timeval idle = request->server->idle;
	unwatch_close(request);
	request_free(request);
	if (connection != NULL)
		bufferevent_set_timeouts(
		    evhttp_connection_get_bufferevent(connection), &idle,
		    &idle);
	evhttp_send_reply_end(req);
}

void
rm_request_abort(struct rm_request *request)
{
	/* evhttp may be in the middle of this connection. */
	request->told = true;
	request->on_close = NULL;
	close_soon(request);
}
