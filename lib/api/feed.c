#include "api/feed.h"

#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "api/shape.h"
#include "base/json.h"
#include "base/list.h"
#include "base/log.h"
#include "io/loop.h"

/* What came together is told together. */
#define GATHER 0.1
/* Seconds between heartbeats, unless the client says. */
#define HEARTBEAT      15
#define HEARTBEAT_MOST 60

struct stream {
	LIST_ENTRY(stream) entry;
	struct rm_feed *feed;
	struct rm_request *request;
	char *cluster; /* NULL: all */
	struct rm_timer heartbeat;
	double every;
	size_t allowed; /* bytes that may wait for the reader */
};

struct rm_feed {
	struct rm_api *api;
	LIST_HEAD(, stream) streams;
	size_t count;
	/* What the streams have been told, an object of subjects: "node
	 * riak-kv-1" is {"event","cluster","node","now"}. While nobody listens
	 * it is empty. */
	jv told;
	jv dirty; /* an object, of clusters to look at */
	bool all; /* look at everything */
	struct rm_timer gather;
};

/* ---- a stream ---- */

static void
forget(struct rm_feed *feed)
{
	jv_free(feed->told);
	jv_free(feed->dirty);
	feed->told = jv_object();
	feed->dirty = jv_object();
}

static void
stream_free(struct stream *stream)
{
	struct rm_feed *feed = stream->feed;
	LIST_REMOVE(stream, entry);
	rm_timer_free(&stream->heartbeat);
	free(stream->cluster);
	free(stream);
	if (--feed->count > 0)
		return;
	/* Nobody is left for whom it has to be kept. */
	rm_timer_stop(&feed->gather);
	forget(feed);
}

static void
on_close(void *arg)
{
	stream_free(arg);
}

static void
stream_send(struct stream *stream, const struct rm_str *lines)
{
	rm_stream_send(stream->request, lines->text, lines->len);
	if (rm_stream_pending(stream->request) <= stream->allowed)
		return;
	rm_log_warn("events: a reader is too slow, and cut peer=%s",
	    rm_request_peer(stream->request));
	rm_request_abort(stream->request);
	stream_free(stream);
}

/* Consumes fields. */
static void
add_line(struct rm_str *lines, const char *event, jv fields)
{
	jv line = JV_OBJECT(jv_string("event"), jv_string(event),
	    jv_string("at"), jv_number(rm_stream_now()));
	rm_json_write(lines, jv_object_merge(line, fields));
	rm_str_puts(lines, "\n");
}

static void
on_heartbeat(void *arg)
{
	struct stream *stream = arg;
	struct rm_str lines = { 0 };
	rm_timer_set(&stream->heartbeat, stream->every);
	add_line(&lines, "heartbeat", jv_object());
	stream_send(stream, &lines);
	rm_str_free(&lines);
}

/* ---- what is told ---- */

/* Whether a stream is told of a subject; one of no cluster is for all. */
static bool
concerns(const struct stream *stream, jv subject)
{
	const char *cluster = rm_json_text(subject, "cluster", NULL);
	return stream->cluster == NULL || cluster == NULL ||
	       strcmp(stream->cluster, cluster) == 0;
}

static void
add_subject(struct rm_str *lines, jv subject)
{
	add_line(lines, rm_json_text(subject, "event", ""),
	    jv_object_delete(jv_copy(subject), jv_string("event")));
}

static void
tell_all(struct rm_feed *feed, jv subject)
{
	struct rm_str lines = { 0 };
	struct stream *stream = LIST_FIRST(&feed->streams), *next;
	add_subject(&lines, subject);
	for (; stream != NULL; stream = next) {
		next = LIST_NEXT(stream, entry);
		if (concerns(stream, subject))
			stream_send(stream, &lines);
	}
	rm_str_free(&lines);
}

/* "node riak-kv-1"; the caller's. */
static char *
name_of(jv subject)
{
	return rm_format("%s %s", rm_json_text(subject, "event", ""),
	    rm_json_text(
		subject, "node", rm_json_text(subject, "cluster", "")));
}

/* Consumes subject. One that is gone is told once, with null, and forgotten;
 * one that never was is not told. */
static void
tell(struct rm_feed *feed, jv subject)
{
	char *name = name_of(subject);
	jv before = rm_json_get(feed->told, name);
	bool gone = !rm_json_has(subject, "now");
	if (gone)
		subject = rm_json_set(subject, "now", jv_null());
	bool news = jv_is_valid(before) ? !rm_json_equal(before, subject)
					: !gone;
	jv_free(before);
	if (news && gone)
		feed->told = jv_object_delete(feed->told, jv_string(name));
	else if (news)
		feed->told = rm_json_set(feed->told, name, jv_copy(subject));
	if (news)
		tell_all(feed, subject);
	jv_free(subject);
	free(name);
}

/* now is consumed; invalid: there is none. */
static void
tell_of(struct rm_feed *feed, const char *event, const char *cluster,
    const char *node, jv now)
{
	jv subject = JV_OBJECT(jv_string("event"), jv_string(event));
	if (cluster != NULL)
		subject = rm_json_set(subject, "cluster", jv_string(cluster));
	if (node != NULL)
		subject = rm_json_set(subject, "node", jv_string(node));
	tell(feed, rm_json_set(subject, "now", now));
}

/* ---- subjects ---- */

static void
look_at_framework(struct rm_feed *feed)
{
	/* How many nodes are what is for the nodes' own lines. */
	tell_of(feed, "framework", NULL, NULL,
	    jv_object_delete(rm_api_framework(feed->api), jv_string("nodes")));
}

/* What its executor sees of a node's Riak; the task's own is left out. */
static jv
member_now(const struct rm_entry *node)
{
	static const char *const fields[] = { "ready", "health", "members",
		"partitions", "owns", "transfers", "leaving" };
	jv record = rm_entry_value(node, RM_RECORD_MEMBER);
	if (!jv_is_valid(record))
		return jv_invalid();
	jv now = jv_object();
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		now = rm_json_set(
		    now, fields[i], rm_json_get(record, fields[i]));
	return now;
}

static void
look_at_node(struct rm_feed *feed, const char *cluster, jv status)
{
	const char *key = rm_json_text(status, "key", "");
	const struct rm_entry *node = rm_model_node(
	    rm_view_model(feed->api->view), key);
	tell_of(feed, "node", cluster, key,
	    jv_object_delete(jv_copy(status), jv_string("key")));
	tell_of(feed, "member", cluster, key,
	    node != NULL ? member_now(node) : jv_invalid());
}

/* Of a cluster's nodes those that are there no more. */
static void
forget_nodes(struct rm_feed *feed, const char *cluster)
{
	const struct rm_model *model = rm_view_model(feed->api->view);
	jv told = jv_copy(feed->told);
	jv_object_foreach (told, name, subject) {
		const char *node = rm_json_text(subject, "node", NULL);
		const char *of = rm_json_text(subject, "cluster", "");
		if (node != NULL && strcmp(of, cluster) == 0 &&
		    !rm_shape_is_of(rm_model_node(model, node), cluster))
			tell_of(feed, rm_json_text(subject, "event", ""),
			    cluster, node, jv_invalid());
		jv_free(name);
		jv_free(subject);
	}
	jv_free(told);
}

static void
look_at_cluster(struct rm_feed *feed, const char *key)
{
	const struct rm_entry *cluster = rm_model_cluster(
	    rm_view_model(feed->api->view), key);
	bool is = rm_shape_is_cluster(cluster);
	jv status = is ? rm_shape_status(feed->api->view, cluster)
		       : jv_invalid();
	jv nodes = is ? rm_json_get(status, "nodes") : jv_array();
	if (is) {
		status = jv_object_delete(status, jv_string("nodes"));
		status = jv_object_delete(status, jv_string("name"));
	}
	jv rollout = is ? rm_shape_rollout(cluster) : jv_invalid();
	tell_of(feed, "cluster", key, NULL, status);
	jv_array_foreach (nodes, i, node) {
		look_at_node(feed, key, node);
		jv_free(node);
	}
	jv_free(nodes);
	forget_nodes(feed, key);
	tell_of(feed, "rollout", key, NULL, rollout);
}

/* Tells what has changed of what may have. */
static void
look(struct rm_feed *feed)
{
	const struct rm_model *model = rm_view_model(feed->api->view);
	jv dirty = feed->dirty;
	feed->dirty = jv_object();
	if (feed->all)
		for (size_t i = 0; i < model->clusters.count; i++)
			dirty = rm_json_set(
			    dirty, model->clusters.items[i]->key, jv_true());
	feed->all = false;
	look_at_framework(feed);
	jv_object_foreach (dirty, key, value) {
		look_at_cluster(feed, jv_string_value(key));
		jv_free(key);
		jv_free(value);
	}
	jv_free(dirty);
}

static void
on_gather(void *arg)
{
	look(arg);
}

/* The cluster of a node's record: that of the model, or the one told last. */
static char *
cluster_of(const struct rm_feed *feed, const char *node)
{
	const struct rm_entry *entry = rm_model_node(
	    rm_view_model(feed->api->view), node);
	if (rm_shape_is_node(entry))
		return rm_strdup(
		    rm_entry_text(entry, RM_RECORD_NODE, "cluster", ""));
	char *name = rm_format("node %s", node);
	jv told = rm_json_get(feed->told, name);
	char *cluster = jv_is_valid(told)
			    ? rm_strdup(rm_json_text(told, "cluster", ""))
			    : NULL;
	jv_free(told);
	free(name);
	return cluster;
}

static void
mark(struct rm_feed *feed, const char *path)
{
	enum rm_record_kind kind;
	const char *name = strrchr(path, '/');
	char *cluster = NULL;
	if (name == NULL)
		return; /* the framework's */
	name++;
	if (!rm_record_parse(path, &kind, &name)) {
		/* coordinator/coordinatedNodes/<key>.<ms> */
		const char *dot = strrchr(name, '.');
		char *key = rm_format("%.*s",
		    dot != NULL ? (int)(dot - name) : (int)strlen(name), name);
		cluster = cluster_of(feed, key);
		free(key);
	} else if (rm_record_table[kind].of == RM_OF_CLUSTER) {
		cluster = rm_strdup(name);
	} else if (rm_record_table[kind].of == RM_OF_NODE) {
		cluster = cluster_of(feed, name);
	}
	if (cluster != NULL)
		feed->dirty = rm_json_set(feed->dirty, cluster, jv_true());
	free(cluster);
}

/* ---- the whole ---- */

void
rm_feed_look(struct rm_feed *feed, const char *path)
{
	if (feed == NULL || feed->count == 0)
		return;
	if (path != NULL)
		mark(feed, path);
	if (!rm_timer_armed(&feed->gather))
		rm_timer_set(&feed->gather, GATHER);
}

struct rm_feed *
rm_feed_new(struct rm_api *api)
{
	struct rm_feed *feed = rm_alloc(sizeof(*feed));
	feed->api = api;
	feed->told = jv_object();
	feed->dirty = jv_object();
	LIST_INIT(&feed->streams);
	rm_timer_init(&feed->gather, api->loop, on_gather, feed);
	return feed;
}

void
rm_feed_free(struct rm_feed *feed)
{
	struct stream *stream, *next;
	if (feed == NULL)
		return;
	LIST_FOREACH_SAFE (stream, &feed->streams, entry, next)
		stream_free(stream);
	rm_timer_free(&feed->gather);
	jv_free(feed->told);
	jv_free(feed->dirty);
	free(feed);
}

size_t
rm_feed_streams(const struct rm_feed *feed)
{
	return feed->count;
}

/* ---- requests ---- */

/* What there is, to one; "current" ends it. */
static void
begin(struct rm_feed *feed, struct stream *stream)
{
	struct rm_str lines = { 0 };
	rm_stream_begin(
	    stream->request, 200, "application/x-ndjson", on_close, stream);
	jv names = jv_keys(jv_copy(feed->told));
	jv_array_foreach (names, i, name) {
		jv subject = jv_object_get(jv_copy(feed->told), name);
		if (concerns(stream, subject))
			add_subject(&lines, subject);
		jv_free(subject);
	}
	jv_free(names);
	add_line(&lines, "current", jv_object());
	stream->allowed = lines.len + RM_FEED_BEHIND;
	stream_send(stream, &lines);
	rm_str_free(&lines);
}

/* Seconds; 0: refused. */
static double
heartbeat_of(struct rm_request *request)
{
	const char *text = rm_request_query(request, "heartbeat");
	char *end = NULL;
	double every = text != NULL ? strtod(text, &end) : HEARTBEAT;
	if (text == NULL || (*text != '\0' && *end == '\0' && every >= 1 &&
				every <= HEARTBEAT_MOST))
		return every;
	rm_api_refuse_as(request, 400,
	    "heartbeat: not a number of seconds from 1 to %d", HEARTBEAT_MOST);
	return 0;
}

static void
open_stream(
    struct rm_feed *feed, struct rm_request *request, const char *cluster)
{
	double every = heartbeat_of(request);
	if (every == 0)
		return;
	if (feed->count >= RM_FEED_STREAMS) {
		rm_api_refuse_as(request, 503,
		    "%d streams of events are open: no more", RM_FEED_STREAMS);
		return;
	}
	/* What others are told of a change they are told before. */
	if (feed->count == 0) {
		forget(feed);
		feed->all = true;
	}
	look(feed);
	struct stream *stream = rm_alloc(sizeof(*stream));
	stream->feed = feed;
	stream->request = request;
	stream->cluster = cluster != NULL ? rm_strdup(cluster) : NULL;
	stream->every = every;
	rm_timer_init(
	    &stream->heartbeat, feed->api->loop, on_heartbeat, stream);
	rm_timer_set(&stream->heartbeat, every);
	LIST_INSERT_HEAD(&feed->streams, stream, entry);
	feed->count++;
	begin(feed, stream);
}

void
rm_api_get_events(struct rm_request *request, void *arg)
{
	struct rm_api *api = arg;
	const char *key = rm_request_param(request, "cluster");
	const struct rm_entry *cluster = key == NULL
					     ? NULL
					     : rm_model_cluster(
						   rm_view_model(api->view),
						   key);
	rm_request_add_header(request, "Cache-Control", "no-store");
	if (key != NULL && !rm_shape_is_cluster(cluster))
		rm_api_refuse_as(request, 404, "no such cluster: %s", key);
	else if (strcmp(rm_request_method(request), "HEAD") == 0)
		rm_reply(request, 200, "application/x-ndjson", "", 0);
	else
		open_stream(api->feed, request, key);
}
