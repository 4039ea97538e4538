#include "riak/epmd_names.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

void
rm_epmd_names_init(struct rm_epmd_names *names)
{
	*names = (struct rm_epmd_names){ 0 };
	TAILQ_INIT(&names->active);
	TAILQ_INIT(&names->old);
}

static struct rm_epmd_name *
name_of(const struct rm_epmd_names *names, const char *text)
{
	struct rm_hash_link *link = rm_hash_find(&names->table, text);
	return link == NULL ? NULL
			    : RM_HASH_ENTRY(link, struct rm_epmd_name, link);
}

static struct rm_epmd_name *
copy_of(const struct rm_epmd_node *node)
{
	size_t len = strlen(node->name) + 1;
	struct rm_epmd_name *n = rm_alloc(sizeof(*n) + len + node->extra_len);
	memcpy(n->bytes, node->name, len);
	if (node->extra_len > 0)
		memcpy(n->bytes + len, node->extra, node->extra_len);
	n->node = *node;
	n->node.name = n->bytes;
	n->node.extra = n->bytes + len;
	n->link.key = n->bytes;
	return n;
}

static void
forget(struct rm_epmd_names *names, struct rm_epmd_name *name)
{
	TAILQ_REMOVE(&names->old, name, order);
	names->old_count--;
	rm_hash_remove(&names->table, &name->link);
	free(name);
}

struct rm_epmd_name *
rm_epmd_names_add(struct rm_epmd_names *names, const struct rm_epmd_node *node,
    uint32_t clock)
{
	struct rm_epmd_name *before = name_of(names, node->name);
	if (before != NULL && !before->old)
		return NULL;
	struct rm_epmd_name *name = copy_of(node);
	name->counter = before != NULL ? before->counter + 1 : clock;
	if (name->counter == 0)
		name->counter = 1;
	if (before != NULL)
		forget(names, before);
	rm_hash_add(&names->table, &name->link);
	TAILQ_INSERT_HEAD(&names->active, name, order);
	names->active_count++;
	return name;
}

void
rm_epmd_names_remove(struct rm_epmd_names *names, struct rm_epmd_name *name)
{
	TAILQ_REMOVE(&names->active, name, order);
	names->active_count--;
	name->old = true;
	name->owner = NULL;
	TAILQ_INSERT_TAIL(&names->old, name, order);
	names->old_count++;
	if (names->old_count > RM_EPMD_NAMES_OLD)
		forget(names, TAILQ_FIRST(&names->old));
}

struct rm_epmd_name *
rm_epmd_names_find(const struct rm_epmd_names *names, const char *text)
{
	struct rm_epmd_name *name = name_of(names, text);
	return name != NULL && !name->old && !name->waiting ? name : NULL;
}

uint32_t
rm_epmd_name_creation(const struct rm_epmd_name *name)
{
	return name->node.highest >= 6 ? name->counter
				       : (name->counter - 1) % 3 + 1;
}

static void
free_all(struct rm_epmd_order *order)
{
	struct rm_epmd_name *name;
	while ((name = TAILQ_FIRST(order)) != NULL) {
		TAILQ_REMOVE(order, name, order);
		free(name);
	}
}

void
rm_epmd_names_free(struct rm_epmd_names *names)
{
	free_all(&names->active);
	free_all(&names->old);
	rm_hash_free(&names->table);
	rm_epmd_names_init(names);
}
