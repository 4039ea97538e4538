/*
 * The kinds of records of a framework, in one table: rm-records(5). A path is
 * below the framework's znode: "settings", "nodes/riak-kv-1".
 */
#ifndef RM_STATE_RECORD_H
#define RM_STATE_RECORD_H

#include <stdbool.h>

enum rm_record_kind {
	RM_RECORD_SETTINGS,
	RM_RECORD_FRAMEWORK,
	RM_RECORD_CLUSTER,
	RM_RECORD_NODE,
	RM_RECORD_RESERVATION,
	RM_RECORD_TASK,
	RM_RECORD_STATUS,
	RM_RECORD_ORDER,
	RM_RECORD_ROLLOUT,
	RM_RECORD_MEMBER,
	RM_RECORD_VERDICT,
	RM_RECORD_ORPHAN,
	RM_RECORD_SECRET,
	RM_RECORD_KINDS
};

/* What a record's name, the part behind the slash, is the key of. */
enum rm_record_of {
	RM_OF_FRAMEWORK, /* no name: a single znode */
	RM_OF_CLUSTER,
	RM_OF_NODE,
	RM_OF_VOLUME,
};

struct rm_record_info {
	const char *dir; /* "nodes"; of a single one the whole path */
	enum rm_record_of of;
	const char *writer; /* the stage that writes it; NULL: people, rm-api */
	bool ephemeral; /* lives with its writer's session */
	bool streamed; /* rm-state watch brings it */
};

extern const struct rm_record_info rm_record_table[RM_RECORD_KINDS];

/* Splits a path. *name is borrowed from it ("" for a single one). False when
 * it is no record of ours. */
bool rm_record_parse(
    const char *path, enum rm_record_kind *kind, const char **name);

/* Whether text can be a key: letters, digits, '-', '_', '.', and a letter or
 * digit first; at most 128 bytes. */
bool rm_record_key_ok(const char *text);

/* "<framework>-<cluster>-<n>": the n, or -1 when key is not that. */
long rm_record_node_number(
    const char *key, const char *framework, const char *cluster);

#endif
