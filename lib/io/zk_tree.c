#include "io/zk_tree.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/str.h"
#include "io/loop.h"

/* Seconds between two readings of a directory: where much comes and goes,
 * reading it at each change would cost ZooKeeper more than the changes do. */
#define CALM 0.02

/* A directory, a child of one, or a leaf. */
struct item {
	TAILQ_ENTRY(item) entry; /* of its siblings, sorted by name */
	struct rm_zk_tree *tree;
	struct item *parent; /* NULL: of the table */
	const struct rm_zk_tree_part *part;
	TAILQ_HEAD(items, item) children;

	/* Where the reading of it is. */
	bool reading;
	bool again; /* changed while it was read */
	bool lost; /* to be read when there is a connection */
	bool settled; /* read once since it came, or since the session */
	int changes; /* a directory's, when it was read last */
	double read_at; /* when that began, rm_now() */
	bool due; /* a directory's: to be read when the tree is calm */

	/* What the owner of the tree was told. */
	enum { ABSENT, PRESENT, UNREADABLE } told;
	long long czxid, mzxid;
	char name[]; /* of a child: its path is made when it is needed */
};

struct rm_zk_tree {
	struct rm_zk *zk;
	char *root;
	struct rm_zk_tree_events events;
	struct items items;
	struct rm_timer calm;
	size_t unsettled;
	bool complete;
};

static void read_item(struct item *item);

static bool
is_directory(const struct item *item)
{
	return item->parent == NULL && !item->part->leaf;
}

/* The path below the root; the caller's. */
static char *
below(const struct item *item)
{
	const char *part = item->part->path;
	if (item->parent == NULL)
		return rm_strdup(part);
	return rm_format("%s%s%s", part, *part != '\0' ? "/" : "", item->name);
}

/* The whole path; the caller's. */
static char *
path_of(const struct item *item)
{
	char *rest = below(item);
	char *path = rm_format(
	    "%s%s%s", item->tree->root, *rest != '\0' ? "/" : "", rest);
	free(rest);
	return path;
}

static void
tell(struct item *item, const char *value, size_t len,
    const struct rm_zk_stat *stat)
{
	char *path = below(item);
	item->tree->events.change(
	    item->tree->events.arg, path, value, len, stat);
	free(path);
}

static void
unsettle(struct item *item)
{
	if (item->settled)
		item->tree->unsettled++;
	item->settled = false;
}

static void
settle(struct item *item)
{
	struct rm_zk_tree *tree = item->tree;
	if (item->settled)
		return;
	item->settled = true;
	if (--tree->unsettled > 0 || tree->complete)
		return;
	tree->complete = true;
	if (tree->events.complete != NULL)
		tree->events.complete(tree->events.arg);
}

static struct item *
item_new(struct rm_zk_tree *tree, struct item *parent,
    const struct rm_zk_tree_part *part, const char *name)
{
	size_t size = strlen(name) + 1;
	struct item *item = rm_alloc(sizeof(*item) + size);
	memcpy(item->name, name, size);
	item->tree = tree;
	item->parent = parent;
	item->part = part;
	TAILQ_INIT(&item->children);
	tree->unsettled++;
	return item;
}

static void
item_free(struct item *item)
{
	rm_zk_forget(item->tree->zk, item);
	free(item);
}

static void
tell_gone(struct item *item)
{
	if (item->told != ABSENT)
		tell(item, NULL, 0, NULL);
	item->told = ABSENT;
}

static void
tell_value(struct item *item, const char *value, size_t len,
    const struct rm_zk_stat *stat)
{
	if (item->told == PRESENT && item->czxid == stat->czxid &&
	    item->mzxid == stat->mzxid)
		return;
	item->told = PRESENT;
	item->czxid = stat->czxid;
	item->mzxid = stat->mzxid;
	tell(item, value, len, stat);
}

static void
tell_unreadable(struct item *item, enum rm_zk_result why)
{
	if (item->told == UNREADABLE)
		return;
	item->told = UNREADABLE;
	if (item->tree->events.unreadable == NULL)
		return;
	char *path = below(item);
	item->tree->events.unreadable(item->tree->events.arg, path, why);
	free(path);
}

/* It is gone: told, and forgotten where a directory will name it again. */
static void
drop(struct item *item)
{
	tell_gone(item);
	settle(item);
	if (item->parent == NULL)
		return;
	TAILQ_REMOVE(&item->parent->children, item, entry);
	item_free(item);
}

static void
changed(void *arg, const char *path)
{
	struct item *item = arg;
	(void)path;
	if (!is_directory(item) || rm_now() - item->read_at >= CALM) {
		read_item(item);
		return;
	}
	item->due = true;
	if (!rm_timer_armed(&item->tree->calm))
		rm_timer_set(&item->tree->calm, CALM);
}

static void
read_due(void *arg)
{
	struct rm_zk_tree *tree = arg;
	struct item *item;
	TAILQ_FOREACH (item, &tree->items, entry) {
		if (item->due)
			read_item(item);
		item->due = false;
	}
}

/* The end of one reading; false when there is nothing to be told of it. */
static bool
was_read(struct item *item, enum rm_zk_result result)
{
	item->reading = false;
	bool again = item->again || result == RM_ZK_LOST;
	item->again = false;
	if (result == RM_ZK_LOST && !rm_zk_connected(item->tree->zk))
		item->lost = true;
	else if (again)
		read_item(item);
	return !again;
}

/* The answer to the watch that waits for a znode to be created, or for one
 * that can't be read to be written. */
static void
awaited(void *arg, enum rm_zk_result result, const char *value, size_t len,
    const struct rm_zk_stat *stat)
{
	(void)value;
	(void)len;
	(void)stat;
	struct item *item = arg;
	if (!was_read(item, result))
		return;
	if (result == RM_ZK_OK && item->told != UNREADABLE)
		read_item(item); /* created in between */
	else
		settle(item);
}

static void
await(struct item *item)
{
	item->reading = true;
	char *path = path_of(item);
	rm_zk_exists(item->tree->zk, path, changed, awaited, item);
	free(path);
}

static void
got_value(void *arg, enum rm_zk_result result, const char *value, size_t len,
    const struct rm_zk_stat *stat)
{
	struct item *item = arg;
	if (!was_read(item, result))
		return;
	if (result == RM_ZK_OK) {
		tell_value(item, value, len, stat);
		settle(item);
	} else if (result != RM_ZK_NO_NODE) {
		tell_unreadable(item, result);
		await(item);
	} else if (item->parent != NULL) {
		drop(item);
	} else {
		tell_gone(item);
		await(item);
	}
}

static void
add_child(struct item *directory, struct item *before, const char *name)
{
	struct item *child = item_new(
	    directory->tree, directory, directory->part, name);
	if (before != NULL)
		TAILQ_INSERT_BEFORE(before, child, entry);
	else
		TAILQ_INSERT_TAIL(&directory->children, child, entry);
	read_item(child);
}

/* Both are sorted, so one pass tells what is new and what is gone. Returns how
 * many were. */
static int
compare_children(struct item *directory, const char *const *names, size_t count)
{
	struct item *child = TAILQ_FIRST(&directory->children);
	size_t i = 0;
	int differ = 0;
	while (child != NULL || i < count) {
		int order = child == NULL ? 1
			    : i == count  ? -1
					  : strcmp(child->name, names[i]);
		struct item *next = child != NULL ? TAILQ_NEXT(child, entry)
						  : NULL;
		differ += order != 0;
		if (order < 0) {
			drop(child);
			child = next;
		} else if (order > 0) {
			add_child(directory, child, names[i++]);
		} else {
			child = next;
			i++;
		}
	}
	return differ;
}

/*
 * Children that are not watched may go and come back under the same name
 * between two readings. Where more came and went than can be seen, those
 * that were there before are read again.
 */
static void
compare_counted(
    struct item *directory, const char *const *names, size_t count, int changes)
{
	struct item *last = TAILQ_LAST(&directory->children, items), *child;
	unsigned since = (unsigned)changes - (unsigned)directory->changes;
	bool known = last != NULL;
	directory->changes = changes;
	unsigned seen = (unsigned)compare_children(directory, names, count);
	if (!known || since == seen ||
	    directory->part->wants != RM_ZK_TREE_ONCE)
		return;
	TAILQ_FOREACH (child, &directory->children, entry)
		if (!child->reading)
			read_item(child);
}

static void
got_names(void *arg, enum rm_zk_result result, const char *const *names,
    size_t count, int changes)
{
	struct item *item = arg;
	if (!was_read(item, result))
		return;
	if (result == RM_ZK_OK) {
		item->told = ABSENT; /* of a directory only UNREADABLE is told
				      */
		compare_counted(item, names, count, changes);
		settle(item);
	} else if (result == RM_ZK_NO_NODE) {
		item->told = ABSENT;
		compare_children(item, NULL, 0);
		await(item);
	} else {
		tell_unreadable(item, result);
		await(item);
	}
}

static void
read_item(struct item *item)
{
	if (item->reading) {
		item->again = true;
		return;
	}
	item->reading = true;
	item->lost = false;
	item->read_at = rm_now();
	struct rm_zk *zk = item->tree->zk;
	char *path = path_of(item);
	bool once = item->part->wants == RM_ZK_TREE_ONCE &&
		    item->parent != NULL;
	if (is_directory(item))
		rm_zk_list_counted(zk, path, changed, got_names, item);
	else
		rm_zk_get(zk, path, once ? NULL : changed, got_value, item);
	free(path);
}

struct rm_zk_tree *
rm_zk_tree_new(struct rm_zk *zk, const char *root,
    const struct rm_zk_tree_part *parts, const struct rm_zk_tree_events *events)
{
	struct rm_zk_tree *tree = rm_alloc(sizeof(*tree));
	tree->zk = zk;
	tree->root = rm_strdup(root);
	tree->events = *events;
	rm_timer_init(&tree->calm, rm_zk_loop(zk), read_due, tree);
	TAILQ_INIT(&tree->items);
	for (; parts->path != NULL; parts++) {
		struct item *item = item_new(tree, NULL, parts, "");
		TAILQ_INSERT_TAIL(&tree->items, item, entry);
		read_item(item);
	}
	return tree;
}

static void
read_after(struct item *item, enum rm_zk_session state)
{
	/* What is not watched has lost no watch. */
	bool watched = item->parent == NULL ||
		       item->part->wants != RM_ZK_TREE_ONCE;
	if (state == RM_ZK_RENEWED && watched)
		unsettle(item);
	if ((state == RM_ZK_RENEWED && watched) || item->lost)
		read_item(item);
}

void
rm_zk_tree_session(struct rm_zk_tree *tree, enum rm_zk_session state)
{
	struct item *item, *child;
	if (state == RM_ZK_SUSPENDED)
		return;
	TAILQ_FOREACH (item, &tree->items, entry) {
		read_after(item, state);
		TAILQ_FOREACH (child, &item->children, entry)
			read_after(child, state);
	}
}

void
rm_zk_tree_free(struct rm_zk_tree *tree)
{
	struct item *item, *child;
	if (tree == NULL)
		return;
	while ((item = TAILQ_FIRST(&tree->items)) != NULL) {
		while ((child = TAILQ_FIRST(&item->children)) != NULL) {
			TAILQ_REMOVE(&item->children, child, entry);
			item_free(child);
		}
		TAILQ_REMOVE(&tree->items, item, entry);
		item_free(item);
	}
	rm_timer_free(&tree->calm);
	free(tree->root);
	free(tree);
}
