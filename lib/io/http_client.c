#include "io/http_client.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/exit.h"
#include "base/list.h"
#include "base/str.h"
#include "io/loop.h"

#define CONNECT_TIMEOUT 5.0
#define BODY_LIMIT      ((size_t)16 << 20)
#define HEADERS_LIMIT   ((size_t)64 << 10)

struct rm_http {
	struct event_base *loop;
	CURLM *multi;
	struct rm_timer timer; /* curl's */
	struct rm_timer resume; /* calls that were paused go on */
	LIST_HEAD(, rm_http_call) calls;
	bool settling; /* in the callbacks of calls that are done */
	bool dying; /* freed meanwhile */
};

struct rm_http_call {
	LIST_ENTRY(rm_http_call) entry;
	struct rm_http *http;
	CURL *easy;
	struct curl_slist *headers;
	struct rm_http_request request; /* callbacks and limits only */
	char *what; /* "GET http://…", for errors */
	char error[CURL_ERROR_SIZE];
	struct rm_str got_headers; /* NUL-terminated lines */
	struct rm_str body;
	struct rm_http_response response;
	bool headers_told;
	bool too_large;
	bool paused, resuming;
};

/* The events of one socket of curl's. */
struct watch {
	struct rm_http *http;
	struct event *event;
};

static void settle(struct rm_http *http);

static void
socket_ready(evutil_socket_t fd, short what, void *arg)
{
	struct watch *watch = arg;
	struct rm_http *http = watch->http;
	int running, flags = (what & EV_READ ? CURL_CSELECT_IN : 0) |
			     (what & EV_WRITE ? CURL_CSELECT_OUT : 0);
	curl_multi_socket_action(http->multi, fd, flags, &running);
	settle(http);
}

static void
unwatch(struct rm_http *http, curl_socket_t fd, struct watch *watch)
{
	if (watch == NULL)
		return;
	curl_multi_assign(http->multi, fd, NULL);
	event_free(watch->event);
	free(watch);
}

static int
socket_wanted(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket)
{
	(void)easy;
	struct rm_http *http = arg;
	unwatch(http, fd, socket);
	if (what == CURL_POLL_REMOVE)
		return 0;
	short events = (short)((what & CURL_POLL_IN ? EV_READ : 0) |
			       (what & CURL_POLL_OUT ? EV_WRITE : 0) |
			       EV_PERSIST);
	struct watch *watch = rm_alloc(sizeof(*watch));
	watch->http = http;
	watch->event = event_new(http->loop, fd, events, socket_ready, watch);
	event_add(watch->event, NULL);
	curl_multi_assign(http->multi, fd, watch);
	return 0;
}

static int
timer_wanted(CURLM *multi, long milliseconds, void *arg)
{
	(void)multi;
	struct rm_http *http = arg;
	if (milliseconds < 0)
		rm_timer_stop(&http->timer);
	else
		rm_timer_set(&http->timer, (double)milliseconds / 1000);
	return 0;
}

static void
timer_fires(void *arg)
{
	struct rm_http *http = arg;
	int running;
	curl_multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	settle(http);
}

static void
resume_fires(void *arg)
{
	struct rm_http *http = arg;
	struct rm_http_call *call;
	LIST_FOREACH (call, &http->calls, entry) {
		if (!call->resuming)
			continue;
		call->resuming = false;
		curl_easy_pause(call->easy, CURLPAUSE_CONT);
	}
	settle(http);
}

struct rm_http *
rm_http_new(struct event_base *loop, struct rm_error *err)
{
	static bool initialised;
	if (!initialised && curl_global_init(CURL_GLOBAL_SSL) != 0) {
		rm_error_set(err, RM_EXIT_OUTSIDE, "can't start libcurl");
		return NULL;
	}
	initialised = true;
	struct rm_http *http = rm_alloc(sizeof(*http));
	http->loop = loop;
	http->multi = curl_multi_init();
	if (http->multi == NULL) {
		free(http);
		rm_error_set(err, RM_EXIT_OUTSIDE, "can't start libcurl");
		return NULL;
	}
	LIST_INIT(&http->calls);
	rm_timer_init(&http->timer, loop, timer_fires, http);
	rm_timer_init(&http->resume, loop, resume_fires, http);
	curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, socket_wanted);
	curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
	curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, timer_wanted);
	curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
	curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, 8L);
	curl_multi_setopt(
	    http->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
	return http;
}

void
rm_http_free(struct rm_http *http)
{
	struct rm_http_call *call, *next;
	if (http == NULL)
		return;
	LIST_FOREACH_SAFE (call, &http->calls, entry, next)
		rm_http_cancel(call);
	http->dying = true;
	if (http->settling)
		return;
	curl_multi_cleanup(http->multi);
	rm_timer_free(&http->timer);
	rm_timer_free(&http->resume);
	free(http);
}

/* Takes it out of curl's hands. */
static void
detach(struct rm_http_call *call)
{
	LIST_REMOVE(call, entry);
	curl_multi_remove_handle(call->http->multi, call->easy);
}

static void
call_free(struct rm_http_call *call)
{
	curl_easy_cleanup(call->easy);
	curl_slist_free_all(call->headers);
	rm_str_free(&call->got_headers);
	rm_str_free(&call->body);
	free(call->what);
	free(call);
}

void
rm_http_cancel(struct rm_http_call *call)
{
	if (call == NULL)
		return;
	detach(call);
	call_free(call);
}

void
rm_http_pause(struct rm_http_call *call, bool paused)
{
	if (call->paused == paused)
		return;
	call->paused = paused;
	call->resuming = !paused;
	/* Going on calls on_data, so it does that from the loop. */
	if (paused)
		curl_easy_pause(call->easy, CURLPAUSE_RECV);
	else
		rm_timer_set(&call->http->resume, 0);
}

const char *
rm_http_header(const struct rm_http_response *response, const char *name)
{
	if (response->call == NULL)
		return NULL;
	const struct rm_str *lines = &response->call->got_headers;
	size_t n = strlen(name);
	for (size_t at = 0; at < lines->len;
	     at += strlen(lines->text + at) + 1) {
		const char *line = lines->text + at;
		if (strncasecmp(line, name, n) == 0 && line[n] == ':')
			return line + n + 1 + strspn(line + n + 1, " \t");
	}
	return NULL;
}

const char *
rm_http_next_header(const struct rm_http_response *response, const char *line)
{
	if (response->call == NULL || response->call->got_headers.len == 0)
		return NULL;
	const struct rm_str *lines = &response->call->got_headers;
	const char *next = line == NULL ? lines->text : line + strlen(line) + 1;
	return next < lines->text + lines->len ? next : NULL;
}

/* Status and headers are final: tell them, once. */
static int
tell_headers(struct rm_http_call *call)
{
	if (call->headers_told)
		return 0;
	call->headers_told = true;
	if (call->request.on_headers == NULL)
		return 0;
	return call->request.on_headers(call->request.arg, &call->response);
}

static size_t
got_header(char *data, size_t size, size_t count, void *arg)
{
	struct rm_http_call *call = arg;
	size_t len = size * count, trimmed = len;
	while (trimmed > 0 &&
	       (data[trimmed - 1] == '\n' || data[trimmed - 1] == '\r'))
		trimmed--;
	if (call->headers_told) /* a trailer */
		return len;
	if (trimmed == 0) {
		long status = 0;
		curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
		call->response.status = (int)status;
		if (status < 200)
			return len;
		return tell_headers(call) == 0 ? len : 0;
	}
	if (trimmed >= 5 && memcmp(data, "HTTP/", 5) == 0)
		rm_str_clear(&call->got_headers);
	if (call->got_headers.len + trimmed > HEADERS_LIMIT) {
		call->too_large = true;
		return 0;
	}
	rm_str_add(&call->got_headers, data, trimmed);
	rm_str_add(&call->got_headers, "", 1);
	return len;
}

static size_t
got_data(char *data, size_t size, size_t count, void *arg)
{
	struct rm_http_call *call = arg;
	size_t len = size * count;
	if (call->request.on_data != NULL)
		return call->request.on_data(call->request.arg, data, len) == 0
			   ? len
			   : CURL_WRITEFUNC_ERROR;
	if (call->body.len + len > call->request.body_limit) {
		call->too_large = true;
		return CURL_WRITEFUNC_ERROR;
	}
	rm_str_add(&call->body, data, len);
	return len;
}

/* A connection that was refused, never found or whose TLS failed has not
 * carried a byte of the request; where curl's code leaves it open, the count
 * of bytes written tells. */
static bool
maybe_seen(struct rm_http_call *call, CURLcode code)
{
	long sent = 0;
	switch (code) {
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
		return false;
	default:
		curl_easy_getinfo(call->easy, CURLINFO_REQUEST_SIZE, &sent);
		return sent > 0;
	}
}

static void
finish(struct rm_http_call *call, CURLcode code)
{
	struct rm_error failure = { 0 };
	if (code != CURLE_OK) {
		call->response.maybe_seen = maybe_seen(call, code);
		const char *why = call->too_large ? "the answer is too large"
				  : call->error[0] != '\0'
				      ? call->error
				      : curl_easy_strerror(code);
		rm_error_set(
		    &failure, RM_EXIT_OUTSIDE, "%s: %s", call->what, why);
	}
	detach(call);
	call->response.body = call->body.text != NULL ? call->body.text : "";
	call->response.body_len = call->body.len;
	if (call->request.on_done != NULL)
		call->request.on_done(call->request.arg, &call->response,
		    code == CURLE_OK ? NULL : &failure);
	call_free(call);
}

/* Ends the calls that curl says are done. Their callbacks may send, cancel
 * others and free http. */
static void
settle(struct rm_http *http)
{
	CURLMsg *message;
	int left;
	http->settling = true;
	while (!http->dying &&
	       (message = curl_multi_info_read(http->multi, &left)) != NULL) {
		if (message->msg != CURLMSG_DONE)
			continue;
		struct rm_http_call *call = NULL;
		CURLcode code = message->data.result;
		curl_easy_getinfo(
		    message->easy_handle, CURLINFO_PRIVATE, (char **)&call);
		finish(call, code);
	}
	http->settling = false;
	if (http->dying)
		rm_http_free(http);
}

static void
set_method(CURL *easy, const struct rm_http_request *request)
{
	const char *method = request->method != NULL ? request->method : "GET";
	bool head = strcmp(method, "HEAD") == 0;
	bool again = head || strcmp(method, "GET") == 0 || request->repeatable;
	if (head)
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	if (request->body != NULL || strcmp(method, "POST") == 0 ||
	    strcmp(method, "PUT") == 0) {
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
		    (curl_off_t)request->body_len);
		curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS,
		    request->body != NULL ? request->body : "");
	}
	if (!head)
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
	/* curl sends a request again, whatever its method, when a connection
	 * it used before turns out to be dead. */
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, again ? 0L : 1L);
	curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, again ? 0L : 1L);
}

static void
set_peer(CURL *easy, const struct rm_http_request *request)
{
	double connect = request->connect_timeout > 0 ? request->connect_timeout
						      : CONNECT_TIMEOUT;
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(
	    easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "riak-mesos/" RM_VERSION);
	curl_easy_setopt(
	    easy, CURLOPT_CONNECTTIMEOUT_MS, (long)(connect * 1000));
	curl_easy_setopt(
	    easy, CURLOPT_TIMEOUT_MS, (long)(request->timeout * 1000));
	if (request->ca_file != NULL)
		curl_easy_setopt(easy, CURLOPT_CAINFO, request->ca_file);
	if (request->cert_file != NULL)
		curl_easy_setopt(easy, CURLOPT_SSLCERT, request->cert_file);
	if (request->key_file != NULL)
		curl_easy_setopt(easy, CURLOPT_SSLKEY, request->key_file);
	curl_easy_setopt(
	    easy, CURLOPT_SSL_VERIFYPEER, request->insecure ? 0L : 1L);
	curl_easy_setopt(
	    easy, CURLOPT_SSL_VERIFYHOST, request->insecure ? 0L : 2L);
	if (request->unix_socket != NULL)
		curl_easy_setopt(
		    easy, CURLOPT_UNIX_SOCKET_PATH, request->unix_socket);
	if (request->user != NULL) {
		curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
		curl_easy_setopt(easy, CURLOPT_USERNAME, request->user);
		curl_easy_setopt(easy, CURLOPT_PASSWORD,
		    request->password != NULL ? request->password : "");
	}
}

static void
set_call(struct rm_http_call *call, const struct rm_http_request *request)
{
	CURL *easy = call->easy;
	set_peer(easy, request);
	set_method(easy, request);
	/* Neither wait for a 100, nor say what the caller did not. */
	call->headers = curl_slist_append(NULL, "Expect:");
	if (request->body == NULL)
		call->headers = curl_slist_append(
		    call->headers, "Content-Type:");
	for (const char *const *header = request->headers;
	     header != NULL && *header != NULL; header++)
		call->headers = curl_slist_append(call->headers, *header);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, call->headers);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->error);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, got_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, call);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, got_data);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
}

static bool
url_is_good(const char *url)
{
	CURLU *parsed = curl_url();
	CURLUcode code = curl_url_set(parsed, CURLUPART_URL, url, 0);
	curl_url_cleanup(parsed);
	return code == CURLUE_OK && (strncmp(url, "http://", 7) == 0 ||
					strncmp(url, "https://", 8) == 0);
}

struct rm_http_call *
rm_http_send(struct rm_http *http, const struct rm_http_request *request,
    struct rm_error *err)
{
	if (!url_is_good(request->url)) {
		rm_error_set(
		    err, RM_EXIT_USAGE, "%s: not an HTTP URL", request->url);
		return NULL;
	}
	struct rm_http_call *call = rm_alloc(sizeof(*call));
	call->http = http;
	call->request = *request;
	if (call->request.body_limit == 0)
		call->request.body_limit = BODY_LIMIT;
	call->response.call = call;
	call->what = rm_format("%s %s",
	    request->method != NULL ? request->method : "GET", request->url);
	call->easy = curl_easy_init();
	if (call->easy == NULL ||
	    curl_easy_setopt(call->easy, CURLOPT_URL, request->url) != 0) {
		rm_error_set(
		    err, RM_EXIT_OUTSIDE, "%s: can't be sent", call->what);
		call_free(call);
		return NULL;
	}
	set_call(call, request);
	LIST_INSERT_HEAD(&http->calls, call, entry);
	curl_multi_add_handle(http->multi, call->easy);
	return call;
}
