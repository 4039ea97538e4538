#include "riak/epmd_cluster.h"

#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/log.h"
#include "base/str.h"
#include "io/loop.h"
#include "io/zk.h"
#include "io/zk_tree.h"
#include "riak/epmd_claim.h"

struct rm_epmd_cluster {
	struct rm_epmd_cluster_options options;
	struct rm_zk *zk;
	struct rm_zk_tree *tree;
	struct rm_epmd_claims *claims;
	char *root, *directory; /* the framework's; of the records, below it */
	struct rm_zk_tree_part parts[2];
	struct rm_hash view; /* of struct rm_epmd_record */
};

static struct rm_epmd_record *
view_find(const struct rm_epmd_cluster *k, const char *name)
{
	struct rm_hash_link *link = rm_hash_find(&k->view, name);
	return link == NULL ? NULL
			    : RM_HASH_ENTRY(link, struct rm_epmd_record, link);
}

static void
view_drop(struct rm_epmd_cluster *k, const char *name)
{
	struct rm_epmd_record *r = view_find(k, name);
	if (r == NULL)
		return;
	rm_hash_remove(&k->view, &r->link);
	free(r);
}

static bool
published_here(const struct rm_epmd_cluster *k, const struct rm_epmd_record *r)
{
	return r->cepmd_port == k->options.port &&
	       strcmp(r->host, k->options.host) == 0;
}

/*
 * A record that this daemon's forerunner left stays in the view until its
 * node, which lives, registers here again; a record of ours need not be.
 */
static void
record_there(struct rm_epmd_cluster *k, struct rm_epmd_record *r)
{
	bool ours = published_here(k, r);
	view_drop(k, r->node.name);
	if (!ours)
		rm_epmd_claims_taken(k->claims, r);
	if (ours && rm_epmd_claims_has(k->claims, r->node.name)) {
		free(r);
		return;
	}
	rm_hash_add(&k->view, &r->link);
}

static void
tree_change(void *arg, const char *path, const char *value, size_t len,
    const struct rm_zk_stat *stat)
{
	(void)stat;
	struct rm_epmd_cluster *k = arg;
	const char *key = strrchr(path, '/');
	key = key != NULL ? key + 1 : path;
	struct rm_error err = { 0 };
	if (value != NULL) {
		struct rm_epmd_record *r = rm_epmd_record_parse(
		    key, value, len, &err);
		if (r != NULL)
			record_there(k, r);
		else
			rm_log_warn("%s/%s", k->directory, err.text);
		return;
	}
	char *name = rm_epmd_record_name(key);
	if (name == NULL)
		return;
	view_drop(k, name);
	rm_epmd_claims_vanished(k->claims, name);
	free(name);
}

static void
tree_complete(void *arg)
{
	struct rm_epmd_cluster *k = arg;
	if (k->options.on_complete != NULL)
		k->options.on_complete(k->options.arg);
}

static void
tree_unreadable(void *arg, const char *path, enum rm_zk_result why)
{
	(void)arg;
	rm_log_warn("can't read %s: %s", path, rm_zk_words(why));
}

static void
on_session(void *arg, enum rm_zk_session state)
{
	struct rm_epmd_cluster *k = arg;
	switch (state) {
	case RM_ZK_CONNECTED:
		rm_log_info("connected to ZooKeeper session=%llx",
		    (unsigned long long)rm_zk_session_id(k->zk));
		break;
	case RM_ZK_SUSPENDED:
		rm_log_warn(
		    "ZooKeeper is away; answering from the last view names=%zu",
		    k->view.count);
		break;
	case RM_ZK_RENEWED:
		rm_log_warn("the ZooKeeper session was lost; registering "
			    "again in a new one session=%llx names=%zu",
		    (unsigned long long)rm_zk_session_id(k->zk),
		    rm_epmd_claims_count(k->claims));
		break;
	}
	rm_epmd_claims_session(k->claims, state);
	rm_zk_tree_session(k->tree, state);
}

static int
follow(struct rm_epmd_cluster *k, struct rm_error *err)
{
	k->parts[0] = (struct rm_zk_tree_part){ .path = k->directory,
		.wants = RM_ZK_TREE_ONCE };
	const struct rm_zk_tree_events events = {
		.change = tree_change,
		.complete = tree_complete,
		.unreadable = tree_unreadable,
		.arg = k,
	};
	k->tree = rm_zk_tree_new(k->zk, k->root, k->parts, &events);
	if (k->tree == NULL)
		return rm_error_set(
		    err, RM_EXIT_OUTSIDE, "can't follow %s", k->root);
	return 0;
}

struct rm_epmd_cluster *
rm_epmd_cluster_new(struct event_base *loop,
    const struct rm_epmd_cluster_options *options, struct rm_error *err)
{
	struct rm_epmd_cluster *k = rm_alloc(sizeof(*k));
	k->options = *options;
	k->root = rm_format("/riak/frameworks/%s", options->framework);
	k->directory = rm_format("cepmd/%s", options->cluster);
	const struct rm_zk_options zk = {
		.hosts = options->hosts,
		.timeout = options->timeout,
		.auth_file = options->auth_file,
		.patient = true,
		.on_session = on_session,
		.arg = k,
	};
	char *path = rm_format("%s/%s", k->root, k->directory);
	const struct rm_epmd_claims_options claims = {
		.directory = path,
		.host = options->host,
		.port = options->port,
	};
	k->zk = rm_zk_open(loop, &zk, err);
	if (k->zk != NULL)
		k->claims = rm_epmd_claims_new(loop, k->zk, &claims);
	free(path);
	if (k->claims == NULL || follow(k, err) != 0) {
		rm_epmd_cluster_free(k);
		return NULL;
	}
	return k;
}

void
rm_epmd_cluster_free(struct rm_epmd_cluster *k)
{
	if (k == NULL)
		return;
	if (k->tree != NULL)
		rm_zk_tree_free(k->tree);
	if (k->zk != NULL)
		rm_zk_close(k->zk);
	rm_epmd_claims_free(k->claims);
	struct rm_hash_link *link;
	while ((link = rm_hash_next(&k->view, NULL)) != NULL)
		view_drop(k, link->key);
	rm_hash_free(&k->view);
	free(k->root);
	free(k->directory);
	free(k);
}

void
rm_epmd_cluster_on_verdict(
    struct rm_epmd_cluster *k, rm_epmd_on_verdict *verdict, void *arg)
{
	rm_epmd_claims_on_verdict(k->claims, verdict, arg);
}

enum rm_epmd_claim
rm_epmd_cluster_claim(struct rm_epmd_cluster *k, struct rm_epmd_name *name)
{
	const char *text = name->node.name;
	const char *only = k->options.publish;
	/* A znode needs a name. */
	if (*text == '\0' || (only != NULL && strcmp(only, text) != 0))
		return RM_EPMD_GRANTED;
	const struct rm_epmd_record *r = view_find(k, text);
	bool ours = r != NULL && published_here(k, r);
	if (r != NULL && !ours && rm_zk_connected(k->zk)) {
		rm_log_warn(
		    "refused, taken elsewhere name=%s host=%s", text, r->host);
		return RM_EPMD_REFUSED;
	}
	if (ours)
		view_drop(k, text);
	return rm_epmd_claims_add(k->claims, name);
}

void
rm_epmd_cluster_release(struct rm_epmd_cluster *k, struct rm_epmd_name *name)
{
	rm_epmd_claims_release(k->claims, name);
}

bool
rm_epmd_cluster_owns(const struct rm_epmd_cluster *k, const char *name)
{
	return rm_epmd_claims_owns(k->claims, name);
}

const struct rm_epmd_record *
rm_epmd_cluster_find(const struct rm_epmd_cluster *k, const char *name)
{
	return view_find(k, name);
}

const struct rm_epmd_record *
rm_epmd_cluster_next(
    const struct rm_epmd_cluster *k, const struct rm_epmd_record *after)
{
	struct rm_hash_link *link = rm_hash_next(
	    &k->view, after != NULL ? &after->link : NULL);
	return link == NULL ? NULL
			    : RM_HASH_ENTRY(link, struct rm_epmd_record, link);
}
