/*
 * The records that live with the executor's session in ZooKeeper:
 * members/<key>, what it sees of its Riak, and while that is ready
 * coordinator/coordinatedNodes/<task>, for clients (rm-records(5)).
 */
#ifndef RM_EXECUTOR_RECORDS_H
#define RM_EXECUTOR_RECORDS_H

#include <jv.h>
#include <stdbool.h>

#include "executor/task.h"
#include "io/zk.h"

struct rm_records;

/* Borrows all. config_digest: of the templates that were rendered. */
struct rm_records *rm_records_new(
    struct rm_zk *zk, const struct rm_task *task, const char *config_digest);
void rm_records_session(struct rm_records *records, enum rm_zk_session state);
/* health: NULL while it is ready, else why not. */
void rm_records_ready(
    struct rm_records *records, bool ready, const char *health);
/* What it sees of its cluster; -1 where it is unknown. */
struct rm_records_ring {
	jv members; /* names, borrowed; invalid: unknown */
	int partitions, transfers;
	jv owns; /* numbers of those partitions, likewise */
	bool leaving;
};
void rm_records_ring(
    struct rm_records *records, const struct rm_records_ring *ring);
/* How it is with an order, consumed. done: what was known of transfers is so
 * no more. */
void rm_records_order(struct rm_records *records, jv order, bool done);
/* Takes them away. Accepts NULL. */
void rm_records_free(struct rm_records *records);

#endif
