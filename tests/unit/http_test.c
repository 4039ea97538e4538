#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/exit.h"
#include "base/json.h"
#include "base/log.h"
#include "io/http_client.h"
#include "io/http_server.h"
#include "io/loop.h"

static struct event_base *loop;
static struct rm_http *http;
static struct rm_server *server;
static int port;

/* ---- what the server does ---- */

static struct rm_request *streaming;
static int stream_closes;

static void
echo(struct rm_request *request, void *arg)
{
	size_t len;
	const char *body = rm_request_body(request, &len);
	const char *name = rm_request_param(request, "name");
	const char *rest = rm_request_param(request, "*");
	const char *q = rm_request_query(request, "q");
	const char *header = rm_request_header(request, "X-Word");
	assert_ptr_equal(arg, &loop);
	char *text = rm_format("%s %s name=%s rest=%s q=%s word=%s body=%.*s",
	    rm_request_method(request), rm_request_path(request),
	    name != NULL ? name : "-", rest != NULL ? rest : "-",
	    q != NULL ? q : "-", header != NULL ? header : "-", (int)len, body);
	rm_request_add_header(request, "X-Peer", rm_request_peer(request));
	rm_reply_text(request, 200, text);
	free(text);
}

static void
json(struct rm_request *request, void *arg)
{
	(void)arg;
	rm_reply_json(
	    request, 409, JV_OBJECT(jv_string("why"), jv_string("not now")));
}

static void
stream_closed(void *arg)
{
	assert_ptr_equal(arg, &stream_closes);
	stream_closes++;
	streaming = NULL;
}

static void
stream(struct rm_request *request, void *arg)
{
	(void)arg;
	streaming = request;
	rm_stream_begin(
	    request, 200, "text/plain", stream_closed, &stream_closes);
	rm_stream_send(request, "one\n", 4);
}

static void
cut(struct rm_request *request, void *arg)
{
	(void)arg;
	rm_request_abort(request);
}

static struct rm_request *pending;

static void
later(struct rm_request *request, void *arg)
{
	(void)arg;
	pending = request;
}

static const struct rm_route routes[] = {
	{ "GET", "/echo", echo },
	{ "PUT", "/echo/:name", echo },
	{ "DELETE", "/echo/:name", echo },
	{ "POST", "/files/*", echo },
	{ "*", "/any", echo },
	{ "GET", "/json", json },
	{ "POST", "/stream", stream },
	{ "GET", "/cut", cut },
	{ "GET", "/later", later },
	{ NULL },
};

static int
set_up(void **state)
{
	(void)state;
	struct rm_error err = { 0 };
	rm_log_open("http_test", RM_LOG_TEXT, RM_LOG_WARN);
	loop = rm_loop_new(false, &err);
	http = rm_http_new(loop, &err);
	server = rm_server_new(loop, routes, &loop, &err);
	port = rm_server_listen(server, "127.0.0.1", 0, &err);
	return port <= 0;
}

static int
tear_down(void **state)
{
	(void)state;
	rm_http_free(http);
	rm_server_free(server);
	event_base_free(loop);
	return 0;
}

/* ---- one request and its answer ---- */

struct answer {
	int done;
	bool failed, maybe_seen;
	int status, headers_calls;
	struct rm_error failure;
	struct rm_str body, data;
	char header[64];
	const char *want_header;
	int abort_data;
};

static void
on_done(void *arg, const struct rm_http_response *response,
    const struct rm_error *failure)
{
	struct answer *answer = arg;
	answer->done++;
	answer->failed = failure != NULL;
	if (failure != NULL)
		answer->failure = *failure;
	answer->maybe_seen = response->maybe_seen;
	answer->status = response->status;
	rm_str_clear(&answer->body);
	rm_str_add(&answer->body, response->body, response->body_len);
	const char *header = answer->want_header != NULL
				 ? rm_http_header(response, answer->want_header)
				 : NULL;
	snprintf(answer->header, sizeof(answer->header), "%s",
	    header != NULL ? header : "-");
}

static int
on_headers(void *arg, const struct rm_http_response *response)
{
	struct answer *answer = arg;
	answer->headers_calls++;
	answer->status = response->status;
	return 0;
}

static int
on_data(void *arg, const char *data, size_t len)
{
	struct answer *answer = arg;
	rm_str_add(&answer->data, data, len);
	return answer->abort_data ? -1 : 0;
}

static void
wakes(void *arg)
{
	(void)arg;
}

#define run_until(seconds, condition)                                          \
	do {                                                                   \
		struct rm_timer timer = { 0 };                                 \
		double end = rm_now() + (seconds);                             \
		rm_timer_init(&timer, loop, wakes, NULL);                      \
		while (!(condition)) {                                         \
			if (rm_now() > end)                                    \
				fail_msg("waited in vain: %s", #condition);    \
			rm_timer_set(&timer, 0.02);                            \
			event_base_loop(loop, EVLOOP_ONCE);                    \
		}                                                              \
		rm_timer_free(&timer);                                         \
	} while (0)

static struct rm_http_call *
begin(struct answer *answer, const struct rm_http_request *template, int to,
    const char *path)
{
	struct rm_error err = { 0 };
	struct rm_http_request request = *template;
	char url[256];
	snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", to, path);
	request.url = url;
	request.arg = answer;
	request.on_done = on_done;
	struct rm_http_call *call = rm_http_send(http, &request, &err);
	if (call == NULL)
		fail_msg("%s", err.text);
	assert_int_equal(answer->done, 0);
	return call;
}

static void
ask(struct answer *answer, const char *method, const char *path,
    const char *body)
{
	static const char *const headers[] = { "X-Word: yes", NULL };
	answer->done = 0;
	begin(answer,
	    &(struct rm_http_request){ .method = method,
		.headers = headers,
		.body = body,
		.body_len = body != NULL ? strlen(body) : 0,
		.timeout = 10 },
	    port, path);
	run_until(10, answer->done == 1);
}

static void
answer_free(struct answer *answer)
{
	rm_str_free(&answer->body);
	rm_str_free(&answer->data);
}

static void
requests_are_routed(void **state)
{
	(void)state;
	static const struct {
		const char *method, *path, *body;
		int status;
		const char *answer;
	} table[] = {
		{ "GET", "/echo", NULL, 200,
		    "GET /echo name=- rest=- q=- word=yes body=" },
		{ "GET", "/echo?q=a%20b+c&x", NULL, 200,
		    "GET /echo name=- rest=- q=a b c word=yes body=" },
		{ "PUT", "/echo/kv%2fx", "hello", 200,
		    "PUT /echo/kv/x name=kv/x rest=- q=- word=yes "
		    "body=hello" },
		{ "DELETE", "/echo/kv", NULL, 200,
		    "DELETE /echo/kv name=kv rest=- q=- word=yes body=" },
		{ "POST", "/files/a/b?q=", "", 200,
		    "POST /files/a/b name=- rest=a/b q= word=yes body=" },
		{ "PATCH", "/any", "x", 200,
		    "PATCH /any name=- rest=- q=- word=yes body=x" },
		{ "HEAD", "/echo", NULL, 200, "" },
		{ "GET", "/none", NULL, 404, "{\"error\":\"no such path\"}\n" },
		{ "GET", "/echo/", NULL, 404,
		    "{\"error\":\"no such path\"}\n" },
		{ "PUT", "/echo/a/b", NULL, 404,
		    "{\"error\":\"no such path\"}\n" },
		{ "POST", "/echo", "x", 405,
		    "{\"error\":\"method not allowed\"}\n" },
		{ "GET", "/echo?q=%00", NULL, 400,
		    "{\"error\":\"a zero byte in the URL\"}\n" },
		{ "GET", "/json", NULL, 409, "{\"why\":\"not now\"}\n" },
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct answer answer = { 0 };
		ask(&answer, table[i].method, table[i].path, table[i].body);
		assert_false(answer.failed);
		assert_int_equal(answer.status, table[i].status);
		assert_string_equal(answer.body.text, table[i].answer);
		answer_free(&answer);
	}
}

static void
headers_come_through(void **state)
{
	(void)state;
	struct answer answer = { .want_header = "x-peer" };
	ask(&answer, "GET", "/echo", NULL);
	assert_string_equal(answer.header, "127.0.0.1");
	answer.want_header = "ALLOW";
	ask(&answer, "GET", "/echo/x", NULL);
	assert_int_equal(answer.status, 405);
	assert_string_equal(answer.header, "PUT, DELETE");
	answer_free(&answer);
}

static void
large_bodies_are_refused(void **state)
{
	(void)state;
	size_t size = (size_t)17 << 20;
	char *body = rm_alloc(size + 1);
	memset(body, 'x', size);
	struct answer answer = { 0 };
	ask(&answer, "POST", "/any", body);
	assert_int_equal(answer.status, 413);
	/* The server lives on. */
	ask(&answer, "GET", "/echo", NULL);
	assert_int_equal(answer.status, 200);
	free(body);
	answer_free(&answer);
}

static void
large_answers_are_refused(void **state)
{
	(void)state;
	struct answer answer = { 0 };
	begin(&answer,
	    &(struct rm_http_request){ .body_limit = 10, .timeout = 5 }, port,
	    "/echo");
	run_until(5, answer.done);
	assert_true(answer.failed);
	assert_true(answer.maybe_seen);
	assert_non_null(strstr(answer.failure.text, "too large"));
	answer_free(&answer);
}

static void
answers_may_come_later(void **state)
{
	(void)state;
	struct answer answer = { 0 };
	pending = NULL;
	begin(
	    &answer, &(struct rm_http_request){ .timeout = 5 }, port, "/later");
	run_until(5, pending != NULL);
	rm_reply_text(pending, 200, "now");
	run_until(5, answer.done);
	assert_string_equal(answer.body.text, "now");
	/* Also when the client has given up. */
	struct answer lost = { 0 };
	pending = NULL;
	struct rm_http_call *call = begin(
	    &lost, &(struct rm_http_request){ .timeout = 5 }, port, "/later");
	run_until(5, pending != NULL);
	rm_http_cancel(call);
	for (int i = 0; i < 20; i++)
		event_base_loop(loop, EVLOOP_NONBLOCK);
	rm_reply_text(pending, 200, "too late");
	for (int i = 0; i < 20; i++)
		event_base_loop(loop, EVLOOP_NONBLOCK);
	assert_int_equal(lost.done, 0);
	answer_free(&answer);
}

static const struct rm_http_request to_stream = {
	.method = "POST", .on_headers = on_headers, .on_data = on_data
};

static void
streams_flow(void **state)
{
	(void)state;
	struct answer answer = { 0 };
	struct rm_http_call *call = begin(&answer, &to_stream, port, "/stream");
	run_until(5, answer.data.len == 4);
	assert_int_equal(answer.headers_calls, 1);
	assert_int_equal(answer.status, 200);
	rm_http_pause(call, true);
	rm_stream_send(streaming, "two\n", 4);
	for (int i = 0; i < 50; i++)
		event_base_loop(loop, EVLOOP_NONBLOCK);
	assert_int_equal(answer.data.len, 4);
	rm_http_pause(call, false);
	run_until(5, answer.data.len == 8);
	assert_int_equal(rm_stream_pending(streaming), 0);
	rm_stream_end(streaming);
	run_until(5, answer.done);
	assert_false(answer.failed);
	assert_string_equal(answer.data.text, "one\ntwo\n");
	assert_int_equal(stream_closes, 0);
	answer_free(&answer);
}

/* Only a client's own silence is limited. */
static void
answers_and_streams_may_be_silent(void **state)
{
	(void)state;
	struct answer answer = { 0 }, other = { 0 };
	double since = rm_now();
	rm_server_idle(server, 0.3);
	pending = NULL;
	begin(&answer, &to_stream, port, "/stream");
	begin(
	    &other, &(struct rm_http_request){ .timeout = 5 }, port, "/later");
	run_until(5, answer.data.len == 4 && pending != NULL);
	run_until(5, rm_now() - since > 1);
	assert_false(answer.done);
	assert_false(other.done);
	rm_stream_send(streaming, "two\n", 4);
	rm_reply_text(pending, 200, "now");
	run_until(5, answer.data.len == 8 && other.done);
	assert_string_equal(other.body.text, "now");
	rm_stream_end(streaming);
	run_until(5, answer.done);
	assert_false(answer.failed);
	assert_int_equal(stream_closes, 0);
	answer_free(&answer);
	answer_free(&other);
}

/* When the stream has ended the next request has its time limit again. */
static void
silence_after_a_stream_is_limited(void **state)
{
	(void)state;
	static const char asked[] = "POST /stream HTTP/1.1\r\nHost: h\r\n"
				    "Content-Length: 0\r\n\r\n";
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	char text[1024];
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	rm_server_idle(server, 0.3);
	streaming = NULL;
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(
	    write(fd, asked, sizeof(asked) - 1), sizeof(asked) - 1);
	run_until(5, streaming != NULL);
	rm_stream_end(streaming);
	ssize_t n = -1;
	run_until(5, (n = recv(fd, text, sizeof(text), MSG_DONTWAIT)) == 0);
	close(fd);
}

/* Silence is not all that is limited: a request has its time too, and each one
 * anew. */
static void
requests_that_trickle_are_left(void **state)
{
	(void)state;
	static const char asked[] = "GET /json HTTP/1.1\r\nHost: h\r\n\r\n";
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	char text[1024];
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	rm_server_idle(server, 0.5);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	double began = rm_now();
	for (int i = 0; i < 2; i++) {
		run_until(5, rm_now() > began + 0.4 + i * 0.4);
		assert_int_equal(
		    write(fd, asked, sizeof(asked) - 1), sizeof(asked) - 1);
		run_until(5, recv(fd, text, sizeof(text), MSG_DONTWAIT) > 0);
	}
	began = rm_now();
	ssize_t n = -1;
	for (size_t i = 0; n != 0 && i < sizeof(asked); i++) {
		send(fd, asked + i, 1, MSG_NOSIGNAL);
		run_until(5, (n = recv(fd, text, 1, MSG_DONTWAIT)) == 0 ||
				 rm_now() > began + 0.2 * (double)(i + 1));
	}
	assert_int_equal(n, 0);
	assert_true(rm_now() > began + 0.8);
	close(fd);
}

/* A paused client that does not read fills the server's buffer, and no more
 * than the socket takes is lost to it. */
static void
streams_tell_what_is_pending(void **state)
{
	(void)state;
	struct answer answer = { 0 };
	struct rm_http_call *call = begin(&answer, &to_stream, port, "/stream");
	run_until(5, answer.data.len == 4);
	rm_http_pause(call, true);
	size_t size = (size_t)16 << 20;
	char *lump = rm_alloc(size);
	rm_stream_send(streaming, lump, size);
	for (int i = 0; i < 50; i++)
		event_base_loop(loop, EVLOOP_NONBLOCK);
	assert_true(rm_stream_pending(streaming) > size / 2);
	rm_http_pause(call, false);
	run_until(10, answer.data.len == size + 4);
	rm_stream_end(streaming);
	run_until(5, answer.done);
	free(lump);
	answer_free(&answer);
}

static void
streams_notice_their_peer_going(void **state)
{
	(void)state;
	struct answer answer = { 0 };
	stream_closes = 0;
	struct rm_http_call *call = begin(&answer, &to_stream, port, "/stream");
	run_until(5, answer.data.len == 4);
	rm_http_cancel(call);
	run_until(5, stream_closes == 1);
	assert_int_equal(answer.done, 0);
	/* And when on_data has had enough. */
	struct answer enough = { .abort_data = 1 };
	begin(&enough, &to_stream, port, "/stream");
	run_until(5, enough.done && stream_closes == 2);
	assert_true(enough.failed);
	answer_free(&answer);
	answer_free(&enough);
}

static void
cut_streams_are_failures(void **state)
{
	(void)state;
	struct answer answer = { 0 };
	begin(&answer, &to_stream, port, "/stream");
	run_until(5, answer.data.len == 4);
	rm_request_abort(streaming);
	run_until(5, answer.done);
	assert_true(answer.failed);
	assert_int_equal(answer.failure.code, RM_EXIT_OUTSIDE);
	answer_free(&answer);
}

/* maybe_seen is false only when no byte of the request can have arrived. */
static void
failures_tell_what_was_seen(void **state)
{
	(void)state;
	struct answer answer = { 0 };
	ask(&answer, "GET", "/cut", NULL);
	assert_true(answer.failed);
	assert_true(answer.maybe_seen);

	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	getsockname(fd, (struct sockaddr *)&at, &len);
	struct answer refused = { 0 };
	begin(&refused, &(struct rm_http_request){ .timeout = 5 },
	    ntohs(at.sin_port), "/");
	run_until(5, refused.done);
	assert_true(refused.failed);
	assert_false(refused.maybe_seen);
	assert_non_null(strstr(refused.failure.text, "GET http://127.0.0.1:"));

	/* It takes the connection and says nothing. */
	assert_int_equal(listen(fd, 1), 0);
	struct answer silent = { 0 };
	begin(&silent,
	    &(struct rm_http_request){
		.method = "POST", .body = "x", .body_len = 1, .timeout = 0.3 },
	    ntohs(at.sin_port), "/");
	run_until(5, silent.done);
	assert_true(silent.failed);
	assert_true(silent.maybe_seen);
	assert_int_equal(silent.status, 0);
	close(fd);
	answer_free(&answer);
	answer_free(&refused);
	answer_free(&silent);
}

/* A process that answers the first request and none after it, on one
 * connection or several; writes a byte for each to `tell`. */
static void
serve_once(int listener, int tell)
{
	static const char
	    ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
	char request[1024];
	for (int served = 0;; served++) {
		int fd = accept(listener, NULL, NULL);
		while (read(fd, request, sizeof(request)) > 0) {
			if (write(tell, "x", 1) < 0 || served > 0)
				break;
			if (write(fd, ok, sizeof(ok) - 1) < 0)
				break;
			served++;
		}
		close(fd);
	}
}

/* curl would send a request again when a connection it used before is dead. */
static void
posts_are_sent_once(void **state)
{
	(void)state;
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	getsockname(fd, (struct sockaddr *)&at, &len);
	listen(fd, 8);
	int told[2];
	assert_int_equal(pipe(told), 0);
	pid_t pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve_once(fd, told[1]);
		_exit(0);
	}
	close(told[1]);
	struct rm_http_request post = {
		.method = "POST", .body = "x", .body_len = 1, .timeout = 5
	};
	struct answer first = { 0 }, second = { 0 };
	begin(&first, &post, ntohs(at.sin_port), "/");
	run_until(5, first.done);
	assert_int_equal(first.status, 200);
	begin(&second, &post, ntohs(at.sin_port), "/");
	run_until(5, second.done);
	assert_true(second.failed);
	assert_true(second.maybe_seen);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	char arrived[8];
	assert_int_equal(read(told[0], arrived, sizeof(arrived)), 2);
	close(told[0]);
	close(fd);
	answer_free(&first);
	answer_free(&second);
}

static void
bad_urls_are_told(void **state)
{
	(void)state;
	static const char *const urls[] = { "", "ftp://x/", "http://",
		"127.0.0.1:80", "http://a b/" };
	for (size_t i = 0; i < sizeof(urls) / sizeof(*urls); i++) {
		struct rm_error err = { 0 };
		struct rm_http_request request = { .url = urls[i] };
		assert_null(rm_http_send(http, &request, &err));
		assert_int_equal(err.code, RM_EXIT_USAGE);
	}
}

static void
busy_ports_are_told(void **state)
{
	(void)state;
	struct rm_error err = { 0 };
	assert_int_equal(rm_server_listen(server, "127.0.0.1", port, &err), -1);
	char text[128];
	snprintf(text, sizeof(text),
	    "can't listen on 127.0.0.1:%d: Address already in use", port);
	assert_string_equal(err.text, text);
	assert_int_equal(rm_server_listen(server, "192.0.2.1", 0, &err), -1);
	assert_int_equal(err.code, RM_EXIT_USAGE);
}

static struct answer freed_in_done;

static void
free_all(void *arg, const struct rm_http_response *response,
    const struct rm_error *failure)
{
	(void)response;
	(void)failure;
	struct rm_http **other = arg;
	freed_in_done.done++;
	rm_http_free(*other);
	*other = NULL;
}

static void
client_is_freed_in_its_callback(void **state)
{
	(void)state;
	struct rm_http *other = rm_http_new(loop, NULL);
	char url[64];
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/echo", port);
	struct rm_http_request request = {
		.url = url, .on_done = free_all, .arg = &other
	};
	rm_http_send(other, &request, NULL);
	rm_http_send(other, &request, NULL);
	run_until(5, freed_in_done.done);
	assert_null(other);
	for (int i = 0; i < 20; i++)
		event_base_loop(loop, EVLOOP_NONBLOCK);
	assert_int_equal(freed_in_done.done, 1);
}

/* Bytes that are no HTTP end their own connection. */
static void
nonsense_hurts_nobody(void **state)
{
	(void)state;
	static const char *const lumps[] = { "\r\n\r\n", "GET\r\n\r\n",
		"GET / HTTP/9.9\r\n\r\n", "\x80\xff\x00\x01",
		"POST /any HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
		"POST /any HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz",
		"GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n" };
	for (size_t i = 0; i < sizeof(lumps) / sizeof(*lumps); i++) {
		struct sockaddr_in at = { .sin_family = AF_INET,
			.sin_port = htons((unsigned short)port) };
		at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		int fd = socket(AF_INET, SOCK_STREAM, 0);
		assert_int_equal(
		    connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
		assert_true(write(fd, lumps[i], strlen(lumps[i])) >= 0);
		for (int n = 0; n < 20; n++)
			event_base_loop(loop, EVLOOP_NONBLOCK);
		close(fd);
		struct answer answer = { 0 };
		ask(&answer, "GET", "/echo", NULL);
		assert_int_equal(answer.status, 200);
		answer_free(&answer);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_routed),
		cmocka_unit_test(headers_come_through),
		cmocka_unit_test(large_bodies_are_refused),
		cmocka_unit_test(large_answers_are_refused),
		cmocka_unit_test(answers_may_come_later),
		cmocka_unit_test(streams_flow),
		cmocka_unit_test(silence_after_a_stream_is_limited),
		cmocka_unit_test(answers_and_streams_may_be_silent),
		cmocka_unit_test(requests_that_trickle_are_left),
		cmocka_unit_test(streams_tell_what_is_pending),
		cmocka_unit_test(streams_notice_their_peer_going),
		cmocka_unit_test(cut_streams_are_failures),
		cmocka_unit_test(failures_tell_what_was_seen),
		cmocka_unit_test(posts_are_sent_once),
		cmocka_unit_test(bad_urls_are_told),
		cmocka_unit_test(busy_ports_are_told),
		cmocka_unit_test(client_is_freed_in_its_callback),
		cmocka_unit_test(nonsense_hurts_nobody),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
