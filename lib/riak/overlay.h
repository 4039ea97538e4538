/*
 * What of riak.conf is ours whatever the user's says: names, ports and the
 * place of the data. The user's text comes first and ours is appended, for
 * the last setting of a key counts. Pure.
 */
#ifndef RM_RIAK_OVERLAY_H
#define RM_RIAK_OVERLAY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/str.h"
#include "riak/conf.h"

/* One run of a node. Borrowed. */
struct rm_overlay {
	const char *node; /* its Erlang name */
	const char *cookie;
	const char *address; /* listeners bind to it */
	const char *data_dir; /* "../data" */
	int http, pb, handoff, disterl, cluster_manager; /* ports */
	/* Whether this Riak has a key: some are newer than others, and an
	 * unknown one is an error there. NULL: it has all. */
	bool (*known)(void *arg, const char *key);
	void *arg;
};

/*
 * Refuses what we can't make good: data off the volume, and another listener
 * on a port of ours. Error: "line 12: bitcask.data_root = /srv/x: data must
 * lie below ../data, say $(platform_data_dir)/…".
 */
int rm_overlay_check(const struct rm_overlay *overlay,
    const struct rm_conf *conf, struct rm_error *err);

/* Appends our settings, a comment line before them. */
void rm_overlay_write(struct rm_str *to, const struct rm_overlay *overlay);

/* Appends a line for each setting of the user's that ours overrides:
 * "12: handoff.port = 8099 -> 31002". The cookie is not told. */
void rm_overlay_diff(struct rm_str *to, const struct rm_overlay *overlay,
    const struct rm_conf *conf);

#endif
