#include "io/zk_tree.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/str.h"

/* A directory, a child of one, or a leaf. */
struct item {
	TAILQ_ENTRY(item) entry; /* of its siblings, sorted by name */
	struct rm_zk_tree *tree;
	struct item *parent; /* NULL: of the table */
	const struct rm_zk_tree_part *part;
	char *path; /* whole */
	const char *name; /* the path's last part */
	TAILQ_HEAD(items, item) children;

	/* Where the reading of it is. */
	bool reading;
	bool again; /* changed while it was read */
	bool lost; /* to be read when there is a connection */
	bool settled; /* read once since it came, or since the session */

	/* What the owner of the tree was told. */
	enum { ABSENT, PRESENT, UNREADABLE } told;
	long long czxid, mzxid;
};

struct rm_zk_tree {
	struct rm_zk *zk;
	char *root;
	struct rm_zk_tree_events events;
	struct items items;
	size_t unsettled;
	bool complete;
};

static void read_item(struct item *item);

static bool
is_directory(const struct item *item)
{
	return item->parent == NULL && !item->part->leaf;
}

/* The path below the root. */
static const char *
below(const struct item *item)
{
	const char *path = item->path + strlen(item->tree->root);
	return *path == '/' ? path + 1 : path;
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

/* Consumes path. */
static struct item *
item_new(struct rm_zk_tree *tree, struct item *parent,
    const struct rm_zk_tree_part *part, char *path)
{
	struct item *item = rm_alloc(sizeof(*item));
	item->tree = tree;
	item->parent = parent;
	item->part = part;
	item->path = path;
	item->name = strrchr(path, '/') + 1;
	TAILQ_INIT(&item->children);
	tree->unsettled++;
	return item;
}

static void
item_free(struct item *item)
{
	rm_zk_forget(item->tree->zk, item);
	free(item->path);
	free(item);
}

static void
tell_gone(struct item *item)
{
	if (item->told != ABSENT)
		item->tree->events.change(
		    item->tree->events.arg, below(item), NULL, 0, NULL);
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
	item->tree->events.change(
	    item->tree->events.arg, below(item), value, len, stat);
}

static void
tell_unreadable(struct item *item, enum rm_zk_result why)
{
	if (item->told == UNREADABLE)
		return;
	item->told = UNREADABLE;
	if (item->tree->events.unreadable != NULL)
		item->tree->events.unreadable(
		    item->tree->events.arg, below(item), why);
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
	(void)path;
	read_item(arg);
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
	rm_zk_exists(item->tree->zk, item->path, changed, awaited, item);
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
	struct item *child = item_new(directory->tree, directory,
	    directory->part, rm_format("%s/%s", directory->path, name));
	if (before != NULL)
		TAILQ_INSERT_BEFORE(before, child, entry);
	else
		TAILQ_INSERT_TAIL(&directory->children, child, entry);
	read_item(child);
}

/* Both are sorted, so one pass tells what is new and what is gone. */
static void
compare_children(struct item *directory, const char *const *names, size_t count)
{
	struct item *child = TAILQ_FIRST(&directory->children);
	size_t i = 0;
	while (child != NULL || i < count) {
		int order = child == NULL ? 1
			    : i == count  ? -1
					  : strcmp(child->name, names[i]);
		struct item *next = child != NULL ? TAILQ_NEXT(child, entry)
						  : NULL;
		if (order < 0) {
			drop(child);
			child = next;
		} else if (order > 0) {
			add_child(directory, child, names[i++]);
		} else {
			/* One that is not watched may have gone and come back
			 * under the same name. */
			if (directory->part->wants == RM_ZK_TREE_ONCE)
				read_item(child);
			child = next;
			i++;
		}
	}
}

static void
got_names(
    void *arg, enum rm_zk_result result, const char *const *names, size_t count)
{
	struct item *item = arg;
	if (!was_read(item, result))
		return;
	if (result == RM_ZK_OK) {
		item->told = ABSENT; /* of a directory only UNREADABLE is told
				      */
		compare_children(item, names, count);
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
	struct rm_zk *zk = item->tree->zk;
	bool once = item->part->wants == RM_ZK_TREE_ONCE &&
		    item->parent != NULL;
	if (is_directory(item))
		rm_zk_list(zk, item->path, changed, got_names, item);
	else
		rm_zk_get(
		    zk, item->path, once ? NULL : changed, got_value, item);
}

struct rm_zk_tree *
rm_zk_tree_new(struct rm_zk *zk, const char *root,
    const struct rm_zk_tree_part *parts, const struct rm_zk_tree_events *events)
{
	struct rm_zk_tree *tree = rm_alloc(sizeof(*tree));
	tree->zk = zk;
	tree->root = rm_strdup(root);
	tree->events = *events;
	TAILQ_INIT(&tree->items);
	for (; parts->path != NULL; parts++) {
		struct item *item = item_new(tree, NULL, parts,
		    parts->path[0] == '\0'
			? rm_strdup(root)
			: rm_format("%s/%s", root, parts->path));
		TAILQ_INSERT_TAIL(&tree->items, item, entry);
		read_item(item);
	}
	return tree;
}

static void
read_after(struct item *item, enum rm_zk_session state)
{
	if (state == RM_ZK_RENEWED)
		unsettle(item);
	if (state == RM_ZK_RENEWED || item->lost)
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
	free(tree->root);
	free(tree);
}
