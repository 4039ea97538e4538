/*
 * What a pure stage knows of the records: fed with record and write lines,
 * asked by node, cluster or path. After the snapshot a stage trusts its memory
 * of the kinds that it, or a stage before it, writes, and ignores their echo:
 * it is late, and would bring back what has been written over.
 */
#ifndef RM_STATE_MODEL_H
#define RM_STATE_MODEL_H

#include <jv.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "state/record.h"

/* One record. Absent: value is invalid and error NULL. */
struct rm_cell {
	jv value; /* object; invalid when absent or unreadable */
	int version; /* -1 when not known (our own write) */
	char *error; /* why it can't be read, or NULL */
	long long task_time; /* of its task_id, in ms; -1: it has none */
};

/* All records of one key: of a node, of a cluster, or of the framework. */
struct rm_entry {
	char *key;
	struct rm_cell cells[RM_RECORD_KINDS];
	bool broken; /* some record of it can't be read: it is frozen */
	void *own; /* the stage's; zeroed, own_size bytes */
};

struct rm_entries {
	struct rm_entry **items; /* in natural order: kv-2 before kv-10 */
	size_t count, room;
};

/* What a later stage has written reaches a stage through ZooKeeper, within so
 * many seconds: until then what seems not to be there may be. */
#define RM_MODEL_SETTLE 10.0

/* Kinds that have been written behind each stage. */
#define RM_WRITES_STATUS (1U << RM_RECORD_STATUS | 1U << RM_RECORD_FRAMEWORK)
#define RM_WRITES_CLUSTER                                                      \
	(RM_WRITES_STATUS | 1U << RM_RECORD_ORDER | 1U << RM_RECORD_ROLLOUT)
#define RM_WRITES_OFFER                                                        \
	(RM_WRITES_CLUSTER | 1U << RM_RECORD_RESERVATION |                     \
	    1U << RM_RECORD_VERDICT | 1U << RM_RECORD_ORPHAN)
#define RM_WRITES_LAUNCH (RM_WRITES_OFFER | 1U << RM_RECORD_TASK)

struct rm_model {
	unsigned own_kinds; /* bit per kind that comes by writes: RM_WRITES_… */
	size_t own_size; /* of entry->own, of nodes */
	size_t own_cluster_size; /* the same of clusters */
	bool complete; /* the snapshot has ended */
	struct rm_entry framework; /* settings and framework */
	struct rm_entries nodes, clusters, volumes;
};

void rm_model_init(struct rm_model *model, unsigned own_kinds, size_t own_size,
    size_t own_cluster_size);
void rm_model_free(struct rm_model *model);

/*
 * Takes a record or write line; borrows it. *entry (may be NULL) gets what it
 * was about; NULL when that is nothing (the snapshot's end, an ignored echo, a
 * kind that we do not know). -1: the line lacks something.
 */
int rm_model_take(struct rm_model *model, jv line, struct rm_entry **entry,
    struct rm_error *err);

/* NULL when nothing is known of that key. */
struct rm_entry *rm_model_node(const struct rm_model *model, const char *key);
struct rm_entry *rm_model_cluster(
    const struct rm_model *model, const char *key);

/* Forgets nodes that have no record left. Never call it while iterating. */
void rm_model_sweep(struct rm_model *model);

/* Borrowed until the record changes; invalid when absent. */
jv rm_entry_value(const struct rm_entry *entry, enum rm_record_kind kind);
bool rm_entry_has(const struct rm_entry *entry, enum rm_record_kind kind);
const char *rm_entry_text(const struct rm_entry *entry,
    enum rm_record_kind kind, const char *field, const char *fallback);
double rm_entry_number(const struct rm_entry *entry, enum rm_record_kind kind,
    const char *field, double fallback);
/* A moment, to be compared with now. One of more than a minute ahead was told
 * by a clock that was set back since: it counts as long past, lest what waits
 * for it waits for hours. */
double rm_entry_time(const struct rm_entry *entry, enum rm_record_kind kind,
    const char *field, double fallback, double now);

/* Of settings; dotted paths. */
double rm_model_setting(
    const struct rm_model *model, const char *path, double fallback);
const char *rm_model_setting_text(
    const struct rm_model *model, const char *path, const char *fallback);

/* No settings, or settings or framework can't be read: nothing may be done. */
bool rm_model_frozen(const struct rm_model *model);

#endif
