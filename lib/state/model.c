#include "state/model.h"

#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/json.h"
#include "base/str.h"
#include "mesos/task_state.h"

#define CLOCKS_DIFFER 60.0 /* of two schedulers' machines, at most */
#define LONG_PAST     1.0 /* not 0, which is never */

static void
entry_init(struct rm_entry *entry, const char *key, size_t own_size)
{
	entry->key = rm_strdup(key);
	for (int k = 0; k < RM_RECORD_KINDS; k++)
		entry->cells[k] = (struct rm_cell){ jv_invalid(), -1, NULL, -1 };
	entry->own = own_size > 0 ? rm_alloc(own_size) : NULL;
}

static void
cell_set(struct rm_cell *cell, jv value, int version, const char *error)
{
	jv_free(cell->value);
	free(cell->error);
	cell->value = value;
	cell->version = version;
	cell->error = error != NULL ? rm_strdup(error) : NULL;
}

static void
entry_free(struct rm_entry *entry)
{
	for (int k = 0; k < RM_RECORD_KINDS; k++)
		cell_set(&entry->cells[k], jv_invalid(), -1, NULL);
	free(entry->key);
	free(entry->own);
}

void
rm_model_init(struct rm_model *model, unsigned own_kinds, size_t own_size,
    size_t own_cluster_size)
{
	*model = (struct rm_model){ .own_kinds = own_kinds,
		.own_size = own_size,
		.own_cluster_size = own_cluster_size };
	entry_init(&model->framework, "", 0);
}

static void
entries_free(struct rm_entries *entries)
{
	for (size_t i = 0; i < entries->count; i++) {
		entry_free(entries->items[i]);
		free(entries->items[i]);
	}
	free(entries->items);
}

void
rm_model_free(struct rm_model *model)
{
	entries_free(&model->nodes);
	entries_free(&model->clusters);
	entries_free(&model->volumes);
	entry_free(&model->framework);
}

/* Where key is or would be. strverscmp gives the natural order of numbers. */
static size_t
position(const struct rm_entries *entries, const char *key, bool *found)
{
	size_t low = 0, high = entries->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strverscmp(entries->items[middle]->key, key);
		if (order == 0) {
			*found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*found = false;
	return low;
}

static struct rm_entry *
lookup(const struct rm_entries *entries, const char *key)
{
	bool found;
	size_t at = position(entries, key, &found);
	return found ? entries->items[at] : NULL;
}

static struct rm_entry *
lookup_or_add(struct rm_entries *entries, const char *key, size_t own_size)
{
	bool found;
	size_t at = position(entries, key, &found);
	if (found)
		return entries->items[at];
	if (entries->count == entries->room) {
		entries->room = entries->room > 0 ? entries->room * 2 : 16;
		entries->items = rm_realloc(
		    entries->items, entries->room * sizeof(*entries->items));
	}
	memmove(entries->items + at + 1, entries->items + at,
	    (entries->count - at) * sizeof(*entries->items));
	entries->items[at] = rm_alloc(sizeof(struct rm_entry));
	entry_init(entries->items[at], key, own_size);
	entries->count++;
	return entries->items[at];
}

struct rm_entry *
rm_model_node(const struct rm_model *model, const char *key)
{
	return lookup(&model->nodes, key);
}

struct rm_entry *
rm_model_cluster(const struct rm_model *model, const char *key)
{
	return lookup(&model->clusters, key);
}

static struct rm_entry *
entry_of(struct rm_model *model, enum rm_record_kind kind, const char *name)
{
	switch (rm_record_table[kind].of) {
	case RM_OF_CLUSTER:
		return lookup_or_add(
		    &model->clusters, name, model->own_cluster_size);
	case RM_OF_NODE:
		return lookup_or_add(&model->nodes, name, model->own_size);
	case RM_OF_VOLUME:
		return lookup_or_add(&model->volumes, name, 0);
	case RM_OF_FRAMEWORK:
		break;
	}
	return &model->framework;
}

/* A record that is there and is no object can't be read either. */
static void
put(struct rm_entry *entry, enum rm_record_kind kind, jv line, jv value)
{
	struct rm_cell *cell = &entry->cells[kind];
	int version = (int)rm_json_whole(
	    rm_json_number(line, "version", -1), -1);
	const char *error = rm_json_text(line, "error", NULL);
	jv_kind shape = jv_get_kind(value);
	if (error == NULL && shape != JV_KIND_OBJECT && shape != JV_KIND_NULL)
		error = "not an object";
	if (shape != JV_KIND_OBJECT || error != NULL) {
		jv_free(value);
		value = jv_invalid();
	}
	cell_set(cell, value, version, error);
	/* Asked for at every tick, of every node. */
	const char *task = rm_json_text(cell->value, "task_id", NULL);
	cell->task_time = task != NULL ? rm_task_id_time(task, entry->key) : -1;

	entry->broken = false;
	for (int k = 0; k < RM_RECORD_KINDS; k++)
		entry->broken |= entry->cells[k].error != NULL;
}

int
rm_model_take(struct rm_model *model, jv line, struct rm_entry **entry,
    struct rm_error *err)
{
	if (entry != NULL)
		*entry = NULL;
	bool write = rm_json_has(line, "write");
	const char *path = rm_json_text(line, write ? "write" : "record", NULL);
	if (path == NULL)
		return rm_error_set(err, RM_EXIT_REJECTED, "lacks a path");
	if (!write && path[0] == '\0') {
		model->complete = true;
		return 0;
	}
	jv value = rm_json_get(line, "value");
	if (!jv_is_valid(value) && (write || !rm_json_has(line, "error"))) {
		jv_free(value);
		return rm_error_set(
		    err, RM_EXIT_REJECTED, "%s: lacks value", path);
	}
	enum rm_record_kind kind;
	const char *name;
	bool known = rm_record_parse(path, &kind, &name);
	bool echo = known && !write && model->complete &&
		    (model->own_kinds & 1U << kind);
	if (!known || echo) {
		jv_free(value);
		return 0;
	}
	struct rm_entry *found = entry_of(model, kind, name);
	put(found, kind, line, value);
	if (entry != NULL)
		*entry = found;
	return 0;
}

void
rm_model_sweep(struct rm_model *model)
{
	struct rm_entries *nodes = &model->nodes;
	size_t kept = 0;
	for (size_t i = 0; i < nodes->count; i++) {
		struct rm_entry *entry = nodes->items[i];
		bool empty = !entry->broken;
		for (int k = 0; empty && k < RM_RECORD_KINDS; k++)
			empty = !jv_is_valid(entry->cells[k].value);
		if (empty) {
			entry_free(entry);
			free(entry);
		} else {
			nodes->items[kept++] = entry;
		}
	}
	nodes->count = kept;
}

jv
rm_entry_value(const struct rm_entry *entry, enum rm_record_kind kind)
{
	return entry->cells[kind].value;
}

bool
rm_entry_has(const struct rm_entry *entry, enum rm_record_kind kind)
{
	return jv_is_valid(entry->cells[kind].value) ||
	       entry->cells[kind].error != NULL;
}

const char *
rm_entry_text(const struct rm_entry *entry, enum rm_record_kind kind,
    const char *field, const char *fallback)
{
	return rm_json_text(entry->cells[kind].value, field, fallback);
}

double
rm_entry_number(const struct rm_entry *entry, enum rm_record_kind kind,
    const char *field, double fallback)
{
	return rm_json_number(entry->cells[kind].value, field, fallback);
}

double
rm_entry_time(const struct rm_entry *entry, enum rm_record_kind kind,
    const char *field, double fallback, double now)
{
	double at = rm_entry_number(entry, kind, field, fallback);
	return at > now + CLOCKS_DIFFER ? LONG_PAST : at;
}

double
rm_model_setting(
    const struct rm_model *model, const char *path, double fallback)
{
	jv v = rm_json_path(
	    rm_entry_value(&model->framework, RM_RECORD_SETTINGS), path);
	double n = jv_get_kind(v) == JV_KIND_NUMBER ? jv_number_value(v)
						    : fallback;
	jv_free(v);
	return n;
}

const char *
rm_model_setting_text(
    const struct rm_model *model, const char *path, const char *fallback)
{
	const char *text = rm_json_path_text(
	    rm_entry_value(&model->framework, RM_RECORD_SETTINGS), path);
	return text != NULL ? text : fallback;
}

bool
rm_model_frozen(const struct rm_model *model)
{
	return !model->complete || model->framework.broken ||
	       !jv_is_valid(
		   rm_entry_value(&model->framework, RM_RECORD_SETTINGS));
}
