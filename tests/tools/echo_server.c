/*
 * echo_server PORT: an HTTP server that answers with what it was asked, as
 * JSON; and as a Riak or an executor would on a few paths.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "io/http_server.h"
#include "io/loop.h"

static const struct {
	const char *path;
	int status;
	const char *body;
} canned[] = {
	{ "/status", 200, "{\"nodes\":[],\"valid\":0}" },
	{ "/ringready", 503, "{\"error\":\"not ready yet\"}" },
	{ "/transfers", 200, "{\"transfers\":{\"active\":[]}}" },
	{ "/log", 200, "{\"files\":[\"console.log\"]}" },
	{ "/config", 200, "\"nodename = n@h\\n\"" },
	{ "/overrides", 200,
	    "\"3: nodename = riak@127.0.0.1 -> n@h\\n\"" },
	{ "/types", 200, "[{\"id\":\"default\",\"props\":{}}]" },
};

static void
add_header(void *arg, const char *name, const char *value)
{
	jv *headers = arg;
	*headers = rm_json_set(*headers, name, jv_string(value));
}

static void
gone(void *arg)
{
	(void)arg;
}

/* Ten million bytes, whose length is not told. */
static void
stream(struct rm_request *request)
{
	char piece[10000];
	memset(piece, 'x', sizeof(piece));
	rm_stream_begin(request, 200, "text/plain", gone, NULL);
	for (int i = 0; i < 1000; i++)
		rm_stream_send(request, piece, sizeof(piece));
	rm_stream_end(request);
}

/* A text as text; consumes. */
static void
reply(struct rm_request *request, int status, jv value)
{
	if (jv_get_kind(value) != JV_KIND_STRING) {
		rm_reply_json(request, status, value);
		return;
	}
	rm_reply_text(request, status, jv_string_value(value));
	jv_free(value);
}

static void
echo(struct rm_request *request, void *arg)
{
	(void)arg;
	const char *target = rm_request_target(request);
	if (strcmp(target, "/stream") == 0) {
		stream(request);
		return;
	}
	if (strncmp(target, "/log/", 5) == 0) {
		rm_reply_text(request, 200, target);
		return;
	}
	rm_request_add_header(request, "X-Riak-Vclock", "abc");
	for (size_t i = 0; i < sizeof(canned) / sizeof(*canned); i++)
		if (strcmp(target, canned[i].path) == 0) {
			reply(request, canned[i].status,
			    jv_parse(canned[i].body));
			return;
		}
	size_t len;
	const char *body = rm_request_body(request, &len);
	jv headers = jv_object();
	rm_request_headers(request, add_header, &headers);
	rm_reply_json(request, 200,
	    JV_OBJECT(jv_string("method"),
		jv_string(rm_request_method(request)), jv_string("path"),
		jv_string(target), jv_string("body"),
		jv_string_sized(body, (int)len), jv_string("headers"),
		headers));
}

int
main(int argc, char **argv)
{
	static const struct rm_route routes[] = {
		{ "*", "/", echo },
		{ "*", "/*", echo },
		{ NULL },
	};
	struct rm_error err = { 0 };
	struct event_base *loop = rm_loop_new(false, &err);
	struct rm_server *server = loop != NULL
				       ? rm_server_new(loop, routes, NULL, &err)
				       : NULL;
	if (argc != 2 || server == NULL ||
	    rm_server_listen(server, "127.0.0.1", atoi(argv[1]), &err) < 0) {
		fprintf(stderr, "echo_server: %s\n", err.text);
		return 1;
	}
	event_base_dispatch(loop);
	return 0;
}
