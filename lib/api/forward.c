/* Requests that are passed on to Riak's HTTP port. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/api.h"
#include "api/handlers.h"
#include "api/shape.h"
#include "base/json.h"
#include "base/str.h"
#include "io/loop.h"

#define DEADLINE 3600 /* seconds; a listing of keys takes long */
#define PENDING  ((size_t)1 << 20) /* bytes that the client may lag behind */
#define LOOK     0.02 /* seconds between looks at a client that lags */

struct rm_api_forward {
	LIST_ENTRY(rm_api_forward) entry;
	struct rm_request *request;
	struct rm_http_call *call;
	struct rm_timer look;
	struct rm_str body; /* when its length was told */
	bool streaming, gone;
	int status;
};

static const char *const hop_by_hop[] = { "Connection", "Keep-Alive",
	"Proxy-Authenticate", "Proxy-Authorization", "TE", "Trailer",
	"Transfer-Encoding", "Upgrade", "Content-Length", "Host", "Expect",
	NULL };

static bool
is_one_of(const char *const *names, const char *name, size_t len)
{
	for (; *names != NULL; names++)
		if (strlen(*names) == len &&
		    strncasecmp(*names, name, len) == 0)
			return true;
	return false;
}

static void
forward_free(struct rm_api_forward *f)
{
	LIST_REMOVE(f, entry);
	rm_timer_free(&f->look);
	rm_str_free(&f->body);
	free(f);
}

void
rm_api_forwards_free(struct rm_api *api)
{
	struct rm_api_forward *f;
	while ((f = LIST_FIRST(&api->forwards)) != NULL) {
		rm_http_cancel(f->call);
		forward_free(f);
	}
}

/* ---- the answer ---- */

static void
look(void *arg)
{
	struct rm_api_forward *f = arg;
	if (f->gone) {
		rm_http_cancel(f->call);
		forward_free(f);
	} else if (rm_stream_pending(f->request) > PENDING / 4) {
		rm_timer_set(&f->look, LOOK);
	} else {
		rm_http_pause(f->call, false);
	}
}

static void
client_gone(void *arg)
{
	struct rm_api_forward *f = arg;
	f->gone = true;
	f->request = NULL;
	rm_timer_set(&f->look, 0); /* the call may be in the midst of it */
}

static void
copy_headers(struct rm_api_forward *f, const struct rm_http_response *response)
{
	for (const char *line = rm_http_next_header(response, NULL);
	     line != NULL; line = rm_http_next_header(response, line)) {
		size_t len = strcspn(line, ":");
		if (line[len] != ':' || is_one_of(hop_by_hop, line, len))
			continue;
		char *name = rm_format("%.*s", (int)len, line);
		rm_request_add_header(f->request, name,
		    line + len + 1 + strspn(line + len + 1, " \t"));
		free(name);
	}
}

static int
got_headers(void *arg, const struct rm_http_response *response)
{
	struct rm_api_forward *f = arg;
	if (f->gone)
		return -1;
	f->status = response->status;
	bool whole = rm_http_header(response, "Content-Length") != NULL ||
		     response->status == 204 || response->status == 304 ||
		     strcmp(rm_request_method(f->request), "HEAD") == 0;
	copy_headers(f, response);
	if (!whole) {
		f->streaming = true;
		rm_stream_begin(
		    f->request, response->status, NULL, client_gone, f);
	}
	return 0;
}

static int
got_data(void *arg, const char *data, size_t len)
{
	struct rm_api_forward *f = arg;
	if (f->gone)
		return 0;
	if (!f->streaming) {
		rm_str_add(&f->body, data, len);
		return 0;
	}
	rm_stream_send(f->request, data, len);
	if (rm_stream_pending(f->request) > PENDING) {
		rm_http_pause(f->call, true);
		rm_timer_set(&f->look, LOOK);
	}
	return 0;
}

static void
finished(void *arg, const struct rm_http_response *response,
    const struct rm_error *failure)
{
	struct rm_api_forward *f = arg;
	if (f->gone) {
		forward_free(f);
		return;
	}
	const char *length = rm_http_header(response, "Content-Length");
	bool head = strcmp(rm_request_method(f->request), "HEAD") == 0;
	if (f->streaming && failure != NULL)
		rm_request_abort(f->request);
	else if (f->streaming)
		rm_stream_end(f->request);
	else if (failure != NULL)
		rm_api_refuse_as(f->request, 502, "%s", failure->text);
	else
		rm_reply(f->request, f->status, NULL, f->body.text,
		    head && length != NULL ? strtoul(length, NULL, 10)
					   : f->body.len);
	forward_free(f);
}

/* ---- the request ---- */

struct lines {
	char **items;
	size_t count;
	bool keep_authorization; /* it was not for us */
};

static void
add_line(void *arg, const char *name, const char *value)
{
	struct lines *lines = arg;
	if (is_one_of(hop_by_hop, name, strlen(name)) || *value == '\0' ||
	    (strcasecmp(name, "Authorization") == 0 &&
		!lines->keep_authorization))
		return;
	lines->items = rm_realloc(
	    lines->items, (lines->count + 2) * sizeof(*lines->items));
	lines->items[lines->count++] = rm_format("%s: %s", name, value);
	lines->items[lines->count] = NULL;
}

static void
lines_free(struct lines *lines)
{
	for (size_t i = 0; i < lines->count; i++)
		free(lines->items[i]);
	free(lines->items);
}

/* What is behind /riak/nodes/NODE. */
static const char *
rest_of(const char *target)
{
	for (int i = 0; i < 3; i++)
		target += 1 + strcspn(target + 1, "/?");
	return *target == '/' ? target + 1 : target;
}

static void
pass_on(struct rm_api *api, struct rm_request *request, const char *address,
    int port)
{
	struct rm_error err = { 0 };
	struct rm_api_forward *f = rm_alloc(sizeof(*f));
	struct lines lines = { .keep_authorization = api->options.token ==
						     NULL };
	rm_request_headers(request, add_line, &lines);
	LIST_INSERT_HEAD(&api->forwards, f, entry);
	f->request = request;
	rm_timer_init(&f->look, api->loop, look, f);
	size_t len;
	const char *body = rm_request_body(request, &len);
	char *url = rm_format("http://%s:%d/%s", address, port,
	    rest_of(rm_request_target(request)));
	const struct rm_http_request call = {
		.method = rm_request_method(request),
		.url = url,
		.headers = (const char *const *)lines.items,
		.body = len > 0 ? body : NULL,
		.body_len = len,
		.timeout = DEADLINE,
		.on_headers = got_headers,
		.on_data = got_data,
		.on_done = finished,
		.arg = f,
	};
	f->call = rm_http_send(api->http, &call, &err);
	if (f->call != NULL) {
		rm_request_on_close(request, client_gone, f);
	} else {
		rm_api_refuse_as(request, 502, "%s", err.text);
		forward_free(f);
	}
	free(url);
	lines_free(&lines);
}

static void
pass_to(
    struct rm_api *api, struct rm_request *request, const struct rm_entry *node)
{
	jv task = rm_entry_value(node, RM_RECORD_TASK);
	jv ports = rm_json_get(task, "ports");
	int port = (int)rm_json_whole(rm_json_number(ports, "http", 0), 0);
	const char *address = rm_shape_address(node);
	jv_free(ports);
	if (port > 0 && address != NULL)
		pass_on(api, request, address, port);
	else
		rm_api_refuse_as(
		    request, 503, "node %s has no task", node->key);
}

void
rm_api_forward_node(struct rm_request *request, void *arg)
{
	const struct rm_entry *node = rm_api_node(arg, request);
	if (node != NULL)
		pass_to(arg, request, node);
}

void
rm_api_forward_cluster(struct rm_request *request, void *arg)
{
	struct rm_api *api = arg;
	const struct rm_model *model = rm_view_model(api->view);
	const char *cluster = rm_request_param(request, "cluster");
	size_t count = model->nodes.count;
	for (size_t i = 0; i < count; i++) {
		size_t at = (api->turn + i) % count;
		const struct rm_entry *node = model->nodes.items[at];
		if (!rm_shape_is_of(node, cluster) ||
		    !rm_view_serves(api->view, node))
			continue;
		api->turn = (unsigned)at + 1;
		pass_to(api, request, node);
		return;
	}
	bool there = rm_shape_is_cluster(rm_model_cluster(model, cluster));
	rm_api_refuse_as(request, there ? 503 : 404,
	    there ? "no node of cluster %s serves" : "no such cluster: %s",
	    cluster);
}
