/*
 * A framework as the master knows it: who it is, whether its scheduler is
 * connected, and what belongs to it.
 */
#ifndef RM_LOCAL_FRAMEWORK_H
#define RM_LOCAL_FRAMEWORK_H

#include "local/local.h"

/* Of FrameworkInfo.capabilities; others are kept in info. */
enum rm_local_capability {
	RM_CAN_PARTITIONS = 1, /* PARTITION_AWARE */
	RM_CAN_ROLES = 2, /* MULTI_ROLE */
	RM_CAN_REFINE = 4, /* RESERVATION_REFINEMENT */
	RM_CAN_REGIONS = 8, /* REGION_AWARE */
};

struct rm_local_framework {
	TAILQ_ENTRY(rm_local_framework) entry;
	struct rm_hash_link link; /* by id */
	struct rm_local *local;
	char *id;
	jv info; /* FrameworkInfo, in Mesos's order, with its id */
	unsigned can;
	jv roles; /* array of text */
	jv suppressed; /* object: roles without offers */
	bool connected, removed;
	bool fresh; /* the allocator has not seen it since the last election */
	struct rm_local_sink sink;
	char stream_id[RM_UUID_SIZE];
	double registered, reregistered, unregistered; /* wall */
	double heartbeat_at, remove_at; /* monotonic; 0: never */

	struct rm_local_offers offers;
	struct rm_hash tasks; /* of struct rm_local_task, by id */
	jv operations; /* array: feedback without acknowledgement */
	jv completed; /* array: what /state shows of tasks that are done */
};

struct rm_local_framework *rm_local_framework_find(
    const struct rm_local *local, const char *id);
/* info is complete and consumed. */
struct rm_local_framework *rm_local_framework_new(
    struct rm_local *local, jv info);
/* Another FrameworkInfo of the same framework; consumed. */
void rm_local_framework_set_info(struct rm_local_framework *f, jv info);
/* Why this FrameworkInfo is none, as an ERROR event says it; NULL: it is
 * one. The caller's. */
char *rm_local_framework_fault(jv info);

/* Consumes; lost when no scheduler is connected. */
void rm_local_framework_send(struct rm_local_framework *f, jv event);
/* A scheduler has subscribed: takes over the sink, sends SUBSCRIBED. One that
 * was connected gets an ERROR and its end. */
void rm_local_framework_connect(struct rm_local_framework *f,
    const struct rm_local_sink *sink, const char *stream_id);
/* Its connection is gone; offers go back, the failover timeout runs. */
void rm_local_framework_disconnect(struct rm_local_framework *f);
/* Its connection breaks, on our side. */
void rm_local_framework_cut(struct rm_local_framework *f);
/* TEARDOWN, or the failover timeout has passed. */
void rm_local_framework_remove(struct rm_local_framework *f);
void rm_local_framework_free(struct rm_local_framework *f);

/* Roles that may get offers; "" suppresses or revives all. Borrows roles: an
 * array, or invalid. */
void rm_local_framework_suppress(
    struct rm_local_framework *f, jv roles, bool suppressed);

#endif
