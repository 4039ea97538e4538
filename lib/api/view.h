/*
 * What rm-api knows: a framework's records as they are, followed in
 * ZooKeeper. While ZooKeeper is away it is what it was.
 */
#ifndef RM_API_VIEW_H
#define RM_API_VIEW_H

#include <event2/event.h>
#include <jv.h>
#include <stdbool.h>

#include "base/error.h"
#include "io/zk.h"
#include "state/model.h"

struct rm_view;

struct rm_view_options {
	const char *zk, *auth_file;
	double timeout; /* of the session */
	const char *framework;
	/* After each change: of a record, by its path below the root; NULL: of
	 * the connection, or all is known now. */
	void (*changed)(void *arg, const char *path);
	/* What is in a directory can't be known: it may not be listed. */
	void (*refused)(void *arg, const struct rm_error *err);
	void *arg;
};

struct rm_view *rm_view_new(struct event_base *loop,
    const struct rm_view_options *options, struct rm_error *err);
void rm_view_free(struct rm_view *view);

/* For what is written; one session of several. */
struct rm_zk *rm_view_zk(const struct rm_view *view);
/* "/riak/frameworks/<framework>" */
const char *rm_view_root(const struct rm_view *view);
bool rm_view_connected(const struct rm_view *view);
/* All that there was has been read once. */
bool rm_view_complete(const struct rm_view *view);

const struct rm_model *rm_view_model(const struct rm_view *view);
/* The record of who leads; borrowed, invalid when nobody does. */
jv rm_view_scheduler(const struct rm_view *view);
/* Whether the newest task of a node takes requests of clients. */
bool rm_view_serves(const struct rm_view *view, const struct rm_entry *node);

#endif
