/*
 * rm-api(8): the original's REST API. One server, what it knows (view), and
 * what it changes (commit); the handlers are in the files named after what
 * they are about.
 */
#ifndef RM_API_API_H
#define RM_API_API_H

#include <stdbool.h>
#include <sys/queue.h>

#include "api/view.h"
#include "io/http_client.h"
#include "io/http_server.h"

struct rm_api_options {
	struct rm_view_options view; /* changed and arg are set by rm_api_new */
	const char *addresses; /* "127.0.0.1,10.0.0.1" */
	int port; /* 0: a free one */
	const char *static_dir; /* or NULL */
	const char *token; /* or NULL: changes come from loopback */
	bool open; /* changes come from anywhere */
	struct rm_tls_files tls; /* without cert: none */
};

struct rm_api {
	struct rm_api_options options;
	struct event_base *loop;
	struct rm_view *view;
	struct rm_feed *feed;
	jv owners; /* of partitions: api/owners.h */
	struct rm_http *http;
	struct rm_server *server;
	struct rm_tls *tls; /* or NULL */
	struct event *reload;
	int port;
	struct rm_error trouble; /* why it ended by itself */
	LIST_HEAD(, rm_commit) commits;
	LIST_HEAD(, rm_api_forward) forwards;
	LIST_HEAD(, rm_api_question) questions;
	unsigned turn; /* of the nodes that a cluster's requests go to */
};

struct rm_api *rm_api_new(struct event_base *loop,
    const struct rm_api_options *options, struct rm_error *err);
void rm_api_free(struct rm_api *api);
int rm_api_port(const struct rm_api *api);
/* What ended the loop; its code is 0 when nothing did. Borrowed. */
const struct rm_error *rm_api_trouble(const struct rm_api *api);

/* {"success":true}; and an error of the application, which the original's
 * clients expect with status 200. */
void rm_api_done(struct rm_request *request);
void rm_api_refuse(struct rm_request *request, const struct rm_error *err);
void rm_api_refuse_as(struct rm_request *request, int status, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));

/* GET /api/v1/framework; the caller's. */
jv rm_api_framework(const struct rm_api *api);

/* Whether the peer may do what not everybody may; false: it was told. */
bool rm_api_allow(const struct rm_api *api, struct rm_request *request);

/* What the path names. NULL: it is answered that there is no such thing. A
 * node may be named with its host, riak-kv-1@host. */
struct rm_entry *rm_api_cluster(struct rm_api *api, struct rm_request *request);
struct rm_entry *rm_api_node(struct rm_api *api, struct rm_request *request);

#endif
