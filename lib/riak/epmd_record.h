/*
 * A registered node as other hosts see it: the record cepmd/<cluster>/<name>
 * of rm-records(5), and the name of its znode.
 */
#ifndef RM_RIAK_EPMD_RECORD_H
#define RM_RIAK_EPMD_RECORD_H

#include "base/error.h"
#include "base/hash.h"
#include "base/str.h"
#include "riak/epmd.h"

struct rm_epmd_record {
	struct rm_hash_link link; /* by name */
	struct rm_epmd_node node; /* extra is not kept: NULL */
	const char *host; /* where its host is reached */
	int cepmd_port; /* with host: whose record it is */
	double since; /* wall clock; when the name was registered there */
	char bytes[]; /* name and host */
};

/*
 * Reads a record. key is the znode's name, which wins over what the value
 * says. NULL when it is no such record; free() it.
 */
struct rm_epmd_record *rm_epmd_record_parse(
    const char *key, const char *value, size_t len, struct rm_error *err);

/* Appends the JSON. */
void rm_epmd_record_write(struct rm_str *to, const struct rm_epmd_node *node,
    uint32_t creation, const char *host, int cepmd_port, double since);

/*
 * Appends the znode's name: bytes that are not letters, digits, "-", "_" or
 * "@", or a "." behind the first place, are written as %XX (ZooKeeper refuses
 * some).
 */
void rm_epmd_record_key(struct rm_str *to, const char *name);
/* Back again; the caller's. NULL for what that can't have written. */
char *rm_epmd_record_name(const char *key);

#endif
