#include "state/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "io/loop.h"
#include "io/zk_tree.h"
#include "state/record.h"

struct taking {
	struct rm_store *store;
	struct rm_snapshot *snapshot;
	struct rm_error *err;
	bool done, failed;
};

static void
add(struct rm_snapshot *snapshot, const char *path, const char *value,
    size_t len, int version)
{
	if (snapshot->count == snapshot->room) {
		snapshot->room = snapshot->room > 0 ? 2 * snapshot->room : 64;
		snapshot->items = rm_realloc(
		    snapshot->items, snapshot->room * sizeof(*snapshot->items));
	}
	struct rm_snapshot_item *item = &snapshot->items[snapshot->count++];
	*item = (struct rm_snapshot_item){
		.path = rm_strdup(path), .len = len, .version = version
	};
	if (value == NULL)
		return;
	item->value = rm_alloc(len + 1);
	memcpy(item->value, value, len);
}

static int
by_path(const void *a, const void *b)
{
	const struct rm_snapshot_item *one = a, *other = b;
	return strverscmp(one->path, other->path);
}

static void
on_change(void *arg, const char *path, const char *value, size_t len,
    const struct rm_zk_stat *stat)
{
	struct taking *taking = arg;
	if (value != NULL)
		add(taking->snapshot, path, value, len, stat->version);
}

static void
on_unreadable(void *arg, const char *path, enum rm_zk_result why)
{
	struct taking *taking = arg;
	enum rm_record_kind kind;
	const char *name;
	if (rm_record_parse(path, &kind, &name)) {
		add(taking->snapshot, path, NULL, 0, -1);
		return;
	}
	taking->failed = true;
	rm_error_set(taking->err, RM_EXIT_USAGE, "%s/%s: %s",
	    taking->store->root, path, rm_zk_words(why));
}

static void
on_complete(void *arg)
{
	struct taking *taking = arg;
	taking->done = true;
}

static void
wakes(void *arg)
{
	(void)arg;
}

static void
run(struct taking *taking)
{
	struct rm_store *store = taking->store;
	struct rm_timer timer = { 0 };
	double end = rm_now() + store->wait.deadline;
	rm_timer_init(&timer, store->loop, wakes, NULL);
	rm_timer_set(&timer, store->wait.deadline);
	while (!taking->done && !taking->failed && rm_now() < end)
		if (event_base_loop(store->loop, EVLOOP_ONCE) != 0)
			break;
	rm_timer_free(&timer);
	if (taking->done || taking->failed)
		return;
	taking->failed = true;
	rm_error_set(taking->err, RM_EXIT_TIMEOUT,
	    "%s: no answer from ZooKeeper", store->root);
}

int
rm_snapshot_take(struct rm_store *store, bool ephemeral,
    struct rm_snapshot *snapshot, struct rm_error *err)
{
	struct taking taking = {
		.store = store, .snapshot = snapshot, .err = err
	};
	const struct rm_zk_tree_events events = { .change = on_change,
		.complete = on_complete,
		.unreadable = on_unreadable,
		.arg = &taking };
	struct rm_zk_tree_part parts[RM_RECORD_KINDS + 1] = { 0 };
	size_t n = 0;
	for (int k = 0; k < RM_RECORD_KINDS; k++) {
		const struct rm_record_info *info = &rm_record_table[k];
		if (info->ephemeral && !ephemeral)
			continue;
		parts[n].path = info->dir;
		parts[n].wants = RM_ZK_TREE_ONCE; /* no watches */
		parts[n++].leaf = info->of == RM_OF_FRAMEWORK;
	}
	store->tree = rm_zk_tree_new(
	    store->wait.zk, store->root, parts, &events);
	run(&taking);
	rm_zk_tree_free(store->tree);
	store->tree = NULL;
	if (snapshot->count > 0)
		qsort(snapshot->items, snapshot->count,
		    sizeof(*snapshot->items), by_path);
	return taking.failed ? -1 : 0;
}

const struct rm_snapshot_item *
rm_snapshot_find(const struct rm_snapshot *snapshot, const char *path)
{
	struct rm_snapshot_item key = { .path = (char *)(uintptr_t)path };
	if (snapshot->count == 0)
		return NULL;
	return bsearch(&key, snapshot->items, snapshot->count,
	    sizeof(*snapshot->items), by_path);
}

void
rm_snapshot_free(struct rm_snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->count; i++) {
		free(snapshot->items[i].path);
		free(snapshot->items[i].value);
	}
	free(snapshot->items);
	*snapshot = (struct rm_snapshot){ 0 };
}
