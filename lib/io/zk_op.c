#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/str.h"
#include "io/zk.h"
#include "io/zk_handle.h"

/* One operation under way: freed by its one completion. */
struct zk_op {
	STAILQ_ENTRY(zk_op) entry; /* when it failed before it was sent */
	LIST_ENTRY(zk_op) all;
	struct rm_zk *zk;
	bool forgotten;
	enum { OP_GET, OP_LIST, OP_COUNTED, OP_DONE, OP_MULTI } kind;
	union {
		rm_zk_on_get *get;
		rm_zk_on_list *list;
		rm_zk_on_counted *counted;
		rm_zk_on_done *done;
		rm_zk_on_multi *multi;
	} call;
	void *arg;
	char *path;
	struct zk_watch *watch;
	enum rm_zk_result result; /* of one that failed early */
	struct rm_str value; /* create: kept for the second try */
	int flags;
	int no_parent; /* why it could not be created */
	zoo_op_result_t *results; /* multi */
	int count;
};

struct zk_watch {
	LIST_ENTRY(zk_watch) entry;
	struct rm_zk *zk;
	rm_zk_on_change *fired;
	void *arg;
};

static void
watch_free(struct zk_watch *watch)
{
	if (watch == NULL)
		return;
	LIST_REMOVE(watch, entry);
	free(watch);
}

void
zk_watches_free(struct rm_zk *zk)
{
	struct zk_watch *watch, *next;
	LIST_FOREACH_SAFE (watch, &zk->watches, entry, next)
		watch_free(watch);
}

static void
watch_fires(
    zhandle_t *handle, int type, int state, const char *path, void *context)
{
	(void)handle;
	(void)state;
	struct zk_watch *watch = context;
	/* Every watch hears of the session too, and stays. */
	if (type == ZOO_SESSION_EVENT)
		return;
	rm_zk_on_change *fired = watch->fired;
	void *arg = watch->arg;
	bool closing = watch->zk->closing;
	watch_free(watch);
	if (!closing && fired != NULL)
		fired(arg, path);
}

void
rm_zk_forget(struct rm_zk *zk, const void *arg)
{
	struct zk_op *op;
	struct zk_watch *watch;
	LIST_FOREACH (op, &zk->ops, all)
		if (op->arg == arg)
			op->forgotten = true;
	LIST_FOREACH (watch, &zk->watches, entry)
		if (watch->arg == arg)
			watch->fired = NULL;
}

static struct zk_op *
op_new(struct rm_zk *zk, const char *path, rm_zk_on_change *fired, void *arg)
{
	struct zk_op *op = rm_alloc(sizeof(*op));
	op->zk = zk;
	LIST_INSERT_HEAD(&zk->ops, op, all);
	op->arg = arg;
	op->path = path != NULL ? rm_strdup(path) : NULL;
	if (fired != NULL) {
		op->watch = rm_alloc(sizeof(*op->watch));
		op->watch->zk = zk;
		op->watch->fired = fired;
		op->watch->arg = arg;
		LIST_INSERT_HEAD(&zk->watches, op->watch, entry);
	}
	return op;
}

static void
op_free(struct zk_op *op)
{
	LIST_REMOVE(op, all);
	rm_str_free(&op->value);
	free(op->results);
	free(op->path);
	free(op);
}

/* The library did not keep the watch of an operation that failed. */
static bool
open_for_answer(struct zk_op *op, bool watched)
{
	if (!watched)
		watch_free(op->watch);
	return !op->zk->closing && !op->forgotten;
}

/* To be told as failed by the next turn. */
static void
op_refused(struct zk_op *op, enum rm_zk_result result)
{
	watch_free(op->watch);
	op->watch = NULL;
	op->result = result;
	STAILQ_INSERT_TAIL(&op->zk->failed, op, entry);
	event_active(op->zk->kick, EV_TIMEOUT, 0);
}

static void
op_sent(struct zk_op *op, int rc)
{
	if (rc != ZOK)
		op_refused(op, zk_result(rc));
	else /* some of it may wait for the socket */
		event_active(op->zk->kick, EV_TIMEOUT, 0);
}

static void
op_failed(struct zk_op *op)
{
	if (open_for_answer(op, false)) {
		if (op->kind == OP_GET)
			op->call.get(op->arg, op->result, NULL, 0, NULL);
		else if (op->kind == OP_LIST)
			op->call.list(op->arg, op->result, NULL, 0);
		else if (op->kind == OP_COUNTED)
			op->call.counted(op->arg, op->result, NULL, 0, 0);
		else if (op->kind == OP_MULTI && op->call.multi != NULL)
			op->call.multi(op->arg, op->result, -1);
		else if (op->kind == OP_DONE && op->call.done != NULL)
			op->call.done(op->arg, op->result, op->path);
	}
	op_free(op);
}

void
zk_ops_fail(struct rm_zk *zk)
{
	/* Only those that are there now: a callback may add another. */
	struct zk_ops now = STAILQ_HEAD_INITIALIZER(now);
	STAILQ_CONCAT(&now, &zk->failed);
	while (!STAILQ_EMPTY(&now)) {
		struct zk_op *op = STAILQ_FIRST(&now);
		STAILQ_REMOVE_HEAD(&now, entry);
		op_failed(op);
	}
}

static struct rm_zk_stat
stat_of(const struct Stat *stat)
{
	return (struct rm_zk_stat){
		.version = stat->version,
		.czxid = stat->czxid,
		.mzxid = stat->mzxid,
		.owner = stat->ephemeralOwner,
		.children = stat->numChildren,
	};
}

static void
get_done(int rc, const char *value, int len, const struct Stat *stat,
    const void *data)
{
	struct zk_op *op = (struct zk_op *)(uintptr_t)data;
	if (open_for_answer(op, rc == ZOK)) {
		if (rc == ZOK) {
			struct rm_zk_stat st = stat_of(stat);
			rm_str_add(
			    &op->value, value, len > 0 ? (size_t)len : 0);
			op->call.get(op->arg, RM_ZK_OK, op->value.text,
			    op->value.len, &st);
		} else {
			op->call.get(op->arg, zk_result(rc), NULL, 0, NULL);
		}
	}
	op_free(op);
}

static void
exists_done(int rc, const struct Stat *stat, const void *data)
{
	struct zk_op *op = (struct zk_op *)(uintptr_t)data;
	if (open_for_answer(op, rc == ZOK || rc == ZNONODE)) {
		struct rm_zk_stat st = { 0 };
		if (rc == ZOK)
			st = stat_of(stat);
		op->call.get(
		    op->arg, zk_result(rc), NULL, 0, rc == ZOK ? &st : NULL);
	}
	op_free(op);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
list_done(int rc, const struct String_vector *names, const struct Stat *stat,
    const void *data)
{
	struct zk_op *op = (struct zk_op *)(uintptr_t)data;
	if (open_for_answer(op, rc == ZOK)) {
		size_t count = rc == ZOK ? (size_t)names->count : 0;
		if (count > 0)
			qsort(
			    names->data, count, sizeof(*names->data), by_name);
		const char *const *sorted = count > 0 ? (const char *const *)
							    names->data
						      : NULL;
		if (op->kind == OP_LIST)
			op->call.list(op->arg, zk_result(rc), sorted, count);
		else
			op->call.counted(op->arg, zk_result(rc), sorted, count,
			    rc == ZOK ? stat->cversion : 0);
	}
	op_free(op);
}

static void
finish(struct zk_op *op, int rc, const char *path)
{
	if (open_for_answer(op, true) && op->call.done != NULL)
		op->call.done(op->arg, zk_result(rc),
		    rc == ZOK && path != NULL ? path : op->path);
	op_free(op);
}

static void
set_done(int rc, const struct Stat *stat, const void *data)
{
	(void)stat;
	finish((struct zk_op *)(uintptr_t)data, rc, NULL);
}

static void
delete_done(int rc, const void *data)
{
	finish((struct zk_op *)(uintptr_t)data, rc, NULL);
}

void
rm_zk_get(struct rm_zk *zk, const char *path, rm_zk_on_change *fired,
    rm_zk_on_get *done, void *arg)
{
	struct zk_op *op = op_new(zk, path, fired, arg);
	op->kind = OP_GET;
	op->call.get = done;
	op_sent(op, zk->handle == NULL ? ZINVALIDSTATE
				       : zoo_awget(zk->handle, path,
					     fired != NULL ? watch_fires : NULL,
					     op->watch, get_done, op));
}

void
rm_zk_exists(struct rm_zk *zk, const char *path, rm_zk_on_change *fired,
    rm_zk_on_get *done, void *arg)
{
	struct zk_op *op = op_new(zk, path, fired, arg);
	op->kind = OP_GET;
	op->call.get = done;
	op_sent(op, zk->handle == NULL ? ZINVALIDSTATE
				       : zoo_awexists(zk->handle, path,
					     fired != NULL ? watch_fires : NULL,
					     op->watch, exists_done, op));
}

static void
list(struct zk_op *op)
{
	struct rm_zk *zk = op->zk;
	op_sent(op, zk->handle == NULL
			? ZINVALIDSTATE
			: zoo_awget_children2(zk->handle, op->path,
			      op->watch != NULL ? watch_fires : NULL, op->watch,
			      list_done, op));
}

void
rm_zk_list(struct rm_zk *zk, const char *path, rm_zk_on_change *fired,
    rm_zk_on_list *done, void *arg)
{
	struct zk_op *op = op_new(zk, path, fired, arg);
	op->kind = OP_LIST;
	op->call.list = done;
	list(op);
}

void
rm_zk_list_counted(struct rm_zk *zk, const char *path, rm_zk_on_change *fired,
    rm_zk_on_counted *done, void *arg)
{
	struct zk_op *op = op_new(zk, path, fired, arg);
	op->kind = OP_COUNTED;
	op->call.counted = done;
	list(op);
}

static void create_done(int rc, const char *path, const void *data);

static int
mode_of(int flags)
{
	return (flags & RM_ZK_EPHEMERAL ? ZOO_EPHEMERAL : 0) |
	       (flags & RM_ZK_SEQUENCE ? ZOO_SEQUENCE : 0);
}

static int
create(struct zk_op *op)
{
	struct rm_zk *zk = op->zk;
	if (zk->handle == NULL)
		return ZINVALIDSTATE;
	return zoo_acreate(zk->handle, op->path, op->value.text,
	    (int)op->value.len, zk_acl(zk, op->path), mode_of(op->flags),
	    create_done, op);
}

/* The node itself will tell whether it worked, but not why not. */
static void
parent_done(int rc, const char *path, const void *data)
{
	(void)path;
	struct zk_op *op = (struct zk_op *)(uintptr_t)data;
	if (rc == ZNOAUTH)
		op->no_parent = rc;
}

/* All of them at once: a session's operations are done in order. */
static void
create_parents(struct zk_op *op)
{
	struct rm_zk *zk = op->zk;
	char *parent = rm_strdup(op->path);
	for (char *slash = strchr(parent + 1, '/'); slash != NULL;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		zoo_acreate(zk->handle, parent, "", 0, zk_acl(zk, parent), 0,
		    parent_done, op);
		*slash = '/';
	}
	free(parent);
}

static void
create_done(int rc, const char *path, const void *data)
{
	struct zk_op *op = (struct zk_op *)(uintptr_t)data;
	if (rc != ZNONODE || !(op->flags & RM_ZK_PARENTS) || op->zk->closing) {
		finish(op, rc == ZNONODE && op->no_parent ? op->no_parent : rc,
		    path);
		return;
	}
	op->flags &= ~RM_ZK_PARENTS;
	create_parents(op);
	op_sent(op, create(op));
}

static struct zk_op *
done_op(struct rm_zk *zk, const char *path, rm_zk_on_done *done, void *arg)
{
	struct zk_op *op = op_new(zk, path, NULL, arg);
	op->kind = OP_DONE;
	op->call.done = done;
	return op;
}

void
rm_zk_create(struct rm_zk *zk, const char *path, const char *value, size_t len,
    int flags, rm_zk_on_done *done, void *arg)
{
	struct zk_op *op = done_op(zk, path, done, arg);
	op->flags = flags;
	if (len > RM_ZK_VALUE_MAX) {
		op_refused(op, RM_ZK_TOO_LARGE);
		return;
	}
	rm_str_add(&op->value, value, len);
	op_sent(op, create(op));
}

void
rm_zk_set(struct rm_zk *zk, const char *path, const char *value, size_t len,
    int version, rm_zk_on_done *done, void *arg)
{
	struct zk_op *op = done_op(zk, path, done, arg);
	if (len > RM_ZK_VALUE_MAX)
		op_refused(op, RM_ZK_TOO_LARGE);
	else
		op_sent(
		    op, zk->handle == NULL
			    ? ZINVALIDSTATE
			    : zoo_aset(zk->handle, path, len > 0 ? value : "",
				  (int)len, version, set_done, op));
}

void
rm_zk_delete(struct rm_zk *zk, const char *path, int version,
    rm_zk_on_done *done, void *arg)
{
	struct zk_op *op = done_op(zk, path, done, arg);
	op_sent(op, zk->handle == NULL ? ZINVALIDSTATE
				       : zoo_adelete(zk->handle, path, version,
					     delete_done, op));
}

static void
protect_done(int rc, const void *data)
{
	finish((struct zk_op *)(uintptr_t)data, rc, NULL);
}

void
rm_zk_protect(
    struct rm_zk *zk, const char *path, rm_zk_on_done *done, void *arg)
{
	struct zk_op *op = done_op(zk, path, done, arg);
	struct ACL_vector acl = *zk_acl(
	    zk, path); /* the library's is not const */
	op_sent(op, zk->handle == NULL ? ZINVALIDSTATE
				       : zoo_aset_acl(zk->handle, path, -1,
					     &acl, protect_done, op));
}

/* Behind the one that failed all have ZRUNTIMEINCONSISTENCY, before it 0. */
static int
failed_index(const struct zk_op *op, enum rm_zk_result result)
{
	if (result == RM_ZK_OK || result == RM_ZK_LOST)
		return -1;
	for (int i = 0; i < op->count; i++)
		if (op->results[i].err != ZOK &&
		    op->results[i].err != ZRUNTIMEINCONSISTENCY)
			return i;
	return -1;
}

static void
multi_done(int rc, const void *data)
{
	struct zk_op *op = (struct zk_op *)(uintptr_t)data;
	enum rm_zk_result result = zk_result(rc);
	if (open_for_answer(op, true) && op->call.multi != NULL)
		op->call.multi(op->arg, result, failed_index(op, result));
	op_free(op);
}

static void
op_init(struct rm_zk *zk, zoo_op_t *to, const struct rm_zk_op *from)
{
	const char *value = from->len > 0 ? from->value : "";
	switch (from->kind) {
	case RM_ZK_OP_CREATE:
		zoo_create_op_init(to, from->path, value, (int)from->len,
		    zk_acl(zk, from->path), mode_of(from->flags), NULL, 0);
		break;
	case RM_ZK_OP_SET:
		zoo_set_op_init(
		    to, from->path, value, (int)from->len, from->version, NULL);
		break;
	case RM_ZK_OP_DELETE:
		zoo_delete_op_init(to, from->path, from->version);
		break;
	case RM_ZK_OP_CHECK:
		zoo_check_op_init(to, from->path, from->version);
		break;
	}
}

static int
multi(struct zk_op *op, const struct rm_zk_op *ops, size_t count)
{
	if (op->zk->handle == NULL)
		return ZINVALIDSTATE;
	op->count = (int)count;
	op->results = rm_alloc(count * sizeof(*op->results));
	zoo_op_t *raw = rm_alloc(count * sizeof(*raw));
	for (size_t i = 0; i < count; i++)
		op_init(op->zk, &raw[i], &ops[i]);
	int rc = zoo_amulti(
	    op->zk->handle, (int)count, raw, op->results, multi_done, op);
	free(raw);
	return rc;
}

void
rm_zk_multi(struct rm_zk *zk, const struct rm_zk_op *ops, size_t count,
    rm_zk_on_multi *done, void *arg)
{
	struct zk_op *op = op_new(zk, NULL, NULL, arg);
	op->kind = OP_MULTI;
	op->call.multi = done;
	size_t size = 0;
	for (size_t i = 0; i < count; i++)
		size += ops[i].len;
	if (size > RM_ZK_VALUE_MAX)
		op_refused(op, RM_ZK_TOO_LARGE);
	else
		op_sent(op, multi(op, ops, count));
}
