#include "io/zk_ephemeral.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"

struct rm_zk_ephemeral {
	struct rm_zk *zk;
	char *path, *value;
	void (*ready)(void *arg);
	void *arg;
	bool busy; /* an operation is under way */
	bool there; /* in this session, as far as we know */
	bool stale; /* what is there is not the value */
	bool watched; /* we shall hear when it goes */
	bool established; /* was there once */
	bool superseded; /* by another session, for good */
};

static void act(struct rm_zk_ephemeral *e);
static void watch(struct rm_zk_ephemeral *e);

/* What to do after an operation that did not do it. */
static void
failed(struct rm_zk_ephemeral *e, enum rm_zk_result result)
{
	if (result == RM_ZK_LOST) /* the next session state acts */
		return;
	rm_log_warn("%s: %s", e->path, rm_zk_words(result));
}

static void
changed(void *arg, const char *path)
{
	(void)path;
	struct rm_zk_ephemeral *e = arg;
	e->watched = false;
	watch(e);
}

static void
give_up(struct rm_zk_ephemeral *e)
{
	e->there = false;
	e->superseded = true;
	rm_log_warn("%s: taken over by another", e->path);
}

static void
was_watched(void *arg, enum rm_zk_result result, const char *value, size_t len,
    const struct rm_zk_stat *stat)
{
	(void)value;
	(void)len;
	struct rm_zk_ephemeral *e = arg;
	if (result == RM_ZK_LOST) {
		e->watched = false;
	} else if (result == RM_ZK_NO_NODE) {
		e->there = false;
		act(e);
	} else if (result == RM_ZK_OK && e->there &&
		   stat->owner != rm_zk_session_id(e->zk)) {
		give_up(e);
	}
}

static void
watch(struct rm_zk_ephemeral *e)
{
	if (!e->there || e->watched)
		return;
	e->watched = true;
	rm_zk_exists(e->zk, e->path, changed, was_watched, e);
}

static void
was_set(void *arg, enum rm_zk_result result, const char *path)
{
	(void)path;
	struct rm_zk_ephemeral *e = arg;
	e->busy = false;
	if (result == RM_ZK_NO_NODE)
		e->there = false;
	if (result != RM_ZK_OK)
		e->stale = true;
	if (result == RM_ZK_OK || result == RM_ZK_NO_NODE)
		act(e);
	else
		failed(e, result);
}

static void
is_there(struct rm_zk_ephemeral *e)
{
	e->there = e->established = true;
	watch(e);
	act(e);
	if (e->ready != NULL)
		e->ready(e->arg);
}

static void
was_replaced(void *arg, enum rm_zk_result result, int op)
{
	(void)op;
	struct rm_zk_ephemeral *e = arg;
	e->busy = false;
	if (result == RM_ZK_OK)
		is_there(e);
	else if (result == RM_ZK_NO_NODE || result == RM_ZK_BAD_VERSION)
		act(e);
	else
		failed(e, result);
}

/* In one step, so that whoever made it finds ours, not nothing. */
static void
replace(struct rm_zk_ephemeral *e, int version)
{
	const struct rm_zk_op ops[] = {
		{ .kind = RM_ZK_OP_DELETE,
		    .path = e->path,
		    .version = version },
		{ .kind = RM_ZK_OP_CREATE,
		    .path = e->path,
		    .value = e->value,
		    .len = strlen(e->value),
		    .flags = RM_ZK_EPHEMERAL },
	};
	e->busy = true;
	e->stale = false;
	rm_zk_multi(e->zk, ops, 2, was_replaced, e);
}

static void
was_found(void *arg, enum rm_zk_result result, const char *value, size_t len,
    const struct rm_zk_stat *stat)
{
	(void)value;
	(void)len;
	struct rm_zk_ephemeral *e = arg;
	e->busy = false;
	if (result == RM_ZK_OK && stat->owner == rm_zk_session_id(e->zk)) {
		/* Made by a create whose answer was lost. */
		e->stale = true;
		is_there(e);
	} else if (result == RM_ZK_OK && e->established &&
		   !rm_zk_is_ours(e->zk, stat->owner)) {
		give_up(e);
	} else if (result == RM_ZK_OK) {
		replace(e, stat->version);
	} else if (result == RM_ZK_NO_NODE) {
		act(e);
	} else {
		failed(e, result);
	}
}

static void
was_created(void *arg, enum rm_zk_result result, const char *path)
{
	(void)path;
	struct rm_zk_ephemeral *e = arg;
	e->busy = false;
	if (result == RM_ZK_OK) {
		is_there(e);
	} else if (result == RM_ZK_NODE_EXISTS) {
		e->busy = true;
		rm_zk_exists(e->zk, e->path, NULL, was_found, e);
	} else {
		failed(e, result);
	}
}

static void
act(struct rm_zk_ephemeral *e)
{
	if (e->busy || e->superseded || (e->there && !e->stale) ||
	    !rm_zk_connected(e->zk))
		return;
	e->busy = true;
	e->stale = false;
	if (e->there)
		rm_zk_set(
		    e->zk, e->path, e->value, strlen(e->value), -1, was_set, e);
	else
		rm_zk_create(e->zk, e->path, e->value, strlen(e->value),
		    RM_ZK_EPHEMERAL | RM_ZK_PARENTS, was_created, e);
}

struct rm_zk_ephemeral *
rm_zk_ephemeral_new(struct rm_zk *zk, const char *path, const char *value,
    void (*ready)(void *arg), void *arg)
{
	struct rm_zk_ephemeral *e = rm_alloc(sizeof(*e));
	e->zk = zk;
	e->path = rm_strdup(path);
	e->value = rm_strdup(value);
	e->ready = ready;
	e->arg = arg;
	act(e);
	return e;
}

void
rm_zk_ephemeral_set(struct rm_zk_ephemeral *e, const char *value)
{
	if (strcmp(e->value, value) == 0)
		return;
	free(e->value);
	e->value = rm_strdup(value);
	e->stale = true;
	act(e);
}

void
rm_zk_ephemeral_session(struct rm_zk_ephemeral *e, enum rm_zk_session state)
{
	if (state == RM_ZK_SUSPENDED)
		return;
	if (state == RM_ZK_RENEWED)
		e->there = e->watched = false;
	watch(e);
	act(e);
}

void
rm_zk_ephemeral_free(struct rm_zk_ephemeral *e)
{
	if (e == NULL)
		return;
	if (e->there || (e->busy && !e->superseded))
		rm_zk_delete(e->zk, e->path, -1, NULL, NULL);
	rm_zk_forget(e->zk, e);
	free(e->path);
	free(e->value);
	free(e);
}
