#include "api/commit.h"

#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/list.h"
#include "base/str.h"
#include "io/loop.h"
#include "state/record.h"

#define TRIES       40
#define RETRY_AFTER 0.05 /* seconds; the view catches up meanwhile */
#define CATCH_UP    2.0 /* and at most this long before the answer */

struct rm_commit {
	LIST_ENTRY(rm_commit) entry;
	struct rm_api *api;
	struct rm_commit_options how;
	struct rm_change change;
	struct rm_timer timer;
	bool surprise; /* the secret was not as expected */
	bool stored; /* waits for the view */
	int tries;
};

static void try(void *arg);

static void
commit_free(struct rm_commit *commit)
{
	LIST_REMOVE(commit, entry);
	rm_zk_forget(rm_view_zk(commit->api->view), commit);
	rm_timer_free(&commit->timer);
	rm_change_free(&commit->change);
	free(commit);
}

static void
finish(struct rm_commit *commit, const struct rm_error *failure)
{
	struct rm_commit_options how = commit->how;
	commit_free(commit);
	how.done(how.arg, failure);
}

static void
fail(struct rm_commit *commit, int code, const char *why)
{
	struct rm_error err = { 0 };
	rm_error_set(&err, code, "%s", why);
	finish(commit, &err);
}

/* The version that the view holds of a record; -1 when it is absent, -2 when
 * the view does not follow it. */
static int
known_version(const struct rm_view *view, const char *path)
{
	enum rm_record_kind kind;
	const char *name;
	path += strlen(rm_view_root(view)) + 1;
	if (!rm_record_parse(path, &kind, &name) ||
	    !rm_record_table[kind].streamed)
		return -2;
	const struct rm_model *model = rm_view_model(view);
	const struct rm_entry *entry = rm_record_table[kind].of == RM_OF_CLUSTER
					   ? rm_model_cluster(model, name)
					   : rm_model_node(model, name);
	return entry != NULL && rm_entry_has(entry, kind)
		   ? entry->cells[kind].version
		   : -1;
}

static bool
caught_up(const struct rm_commit *commit)
{
	for (size_t i = 0; i < commit->change.count; i++) {
		const struct rm_zk_op *op = &commit->change.ops[i];
		int known = known_version(commit->api->view, op->path);
		bool late = op->kind == RM_ZK_OP_CREATE   ? known == -1
			    : op->kind == RM_ZK_OP_SET    ? known == op->version
			    : op->kind == RM_ZK_OP_DELETE ? known >= 0
							  : false;
		if (late)
			return false;
	}
	return true;
}

static void
timed_out(void *arg)
{
	finish(arg, NULL); /* it is done all the same */
}

static void
wait_for_view(struct rm_commit *commit)
{
	commit->stored = true;
	if (caught_up(commit)) {
		finish(commit, NULL);
		return;
	}
	rm_timer_free(&commit->timer);
	rm_timer_init(&commit->timer, commit->api->loop, timed_out, commit);
	rm_timer_set(&commit->timer, CATCH_UP);
}

static void
again(struct rm_commit *commit, enum rm_zk_result why)
{
	if (++commit->tries < TRIES)
		rm_timer_set(&commit->timer, RETRY_AFTER);
	else
		fail(commit, RM_EXIT_CONFLICT,
		    why == RM_ZK_NO_NODE ? "the framework's records are going"
					 : "others keep changing this: try "
					   "again");
}

static void
make_parent(struct rm_commit *commit, const char *path)
{
	char *parent = rm_strdup(path);
	*strrchr(parent, '/') = '\0';
	rm_zk_create(rm_view_zk(commit->api->view), parent, "", 0,
	    RM_ZK_PARENTS, NULL, NULL);
	free(parent);
}

static void
note_surprise(struct rm_commit *commit, const struct rm_zk_op *op)
{
	if (op != NULL && known_version(commit->api->view, op->path) == -2)
		commit->surprise = true;
}

static void
was_stored(void *arg, enum rm_zk_result result, int failed)
{
	struct rm_commit *commit = arg;
	const struct rm_zk_op *op = failed >= 0 ? &commit->change.ops[failed]
						: NULL;
	switch (result) {
	case RM_ZK_OK:
		wait_for_view(commit);
		return;
	case RM_ZK_NO_NODE:
		if (op != NULL && op->kind == RM_ZK_OP_CREATE)
			make_parent(commit, op->path);
		else
			note_surprise(commit, op);
		again(commit, result);
		return;
	case RM_ZK_NODE_EXISTS:
		note_surprise(commit, op);
		again(commit, result);
		return;
	case RM_ZK_BAD_VERSION:
		again(commit, result);
		return;
	case RM_ZK_LOST:
		fail(commit, RM_EXIT_OUTSIDE,
		    "ZooKeeper was lost meanwhile: it may have been done, or "
		    "not");
		return;
	default:
		fail(commit, RM_EXIT_OUTSIDE, rm_zk_words(result));
	}
}

static void
try(void *arg)
{
	struct rm_commit *commit = arg;
	struct rm_error err = { 0 };
	const struct rm_store store = { .root = (char *)(uintptr_t)rm_view_root(
					    commit->api->view) };
	rm_change_free(&commit->change);
	if (!rm_view_connected(commit->api->view))
		fail(commit, RM_EXIT_OUTSIDE,
		    "no connection to ZooKeeper: nothing was changed");
	else if (commit->how.make(commit->how.arg, &store, commit->surprise,
		     &commit->change, &err) != 0)
		finish(commit, &err);
	else if (commit->change.count == 0)
		finish(commit, NULL);
	else
		rm_zk_multi(rm_view_zk(commit->api->view), commit->change.ops,
		    commit->change.count, was_stored, commit);
}

void
rm_commit_start(struct rm_api *api, const struct rm_commit_options *how)
{
	struct rm_commit *commit = rm_alloc(sizeof(*commit));
	commit->api = api;
	commit->how = *how;
	LIST_INSERT_HEAD(&api->commits, commit, entry);
	rm_timer_init(&commit->timer, api->loop, try, commit);
	try(commit);
}

void
rm_commit_look(struct rm_api *api)
{
	struct rm_commit *commit, *next;
	LIST_FOREACH_SAFE (commit, &api->commits, entry, next)
		if (commit->stored && caught_up(commit))
			finish(commit, NULL);
}

void
rm_commit_drop_all(struct rm_api *api)
{
	struct rm_commit *commit, *next;
	LIST_FOREACH_SAFE (commit, &api->commits, entry, next)
		commit_free(commit);
}
