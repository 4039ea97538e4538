/*
 * The names that this port mapper wants in ZooKeeper, and what it takes to
 * get and keep them there, over lost connections and sessions.
 *
 * Each claim is stepped towards what is wanted, one operation at a time;
 * whatever becomes unknown (an answer that was lost, a record that went) is
 * found out by trying to create the record again.
 */
#ifndef RM_RIAK_EPMD_CLAIM_H
#define RM_RIAK_EPMD_CLAIM_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>

#include "io/zk.h"
#include "riak/epmd_cluster.h"

struct rm_epmd_claims;

struct rm_epmd_claims_options {
	const char *directory; /* whole path; copied, as host is */
	const char *host;
	int port;
};

/* Borrows zk; close it before the claims are freed. */
struct rm_epmd_claims *rm_epmd_claims_new(struct event_base *loop,
    struct rm_zk *zk, const struct rm_epmd_claims_options *options);
void rm_epmd_claims_free(struct rm_epmd_claims *claims);
void rm_epmd_claims_on_verdict(
    struct rm_epmd_claims *claims, rm_epmd_on_verdict *verdict, void *arg);

enum rm_epmd_claim rm_epmd_claims_add(
    struct rm_epmd_claims *claims, struct rm_epmd_name *name);
void rm_epmd_claims_release(
    struct rm_epmd_claims *claims, struct rm_epmd_name *name);

/* Wanted here; and not beaten by another's. */
bool rm_epmd_claims_has(const struct rm_epmd_claims *claims, const char *name);
bool rm_epmd_claims_owns(const struct rm_epmd_claims *claims, const char *name);
size_t rm_epmd_claims_count(const struct rm_epmd_claims *claims);

/* What the view shows: a record of another daemon; none any more. */
void rm_epmd_claims_taken(
    struct rm_epmd_claims *claims, const struct rm_epmd_record *by);
void rm_epmd_claims_vanished(struct rm_epmd_claims *claims, const char *name);
void rm_epmd_claims_session(
    struct rm_epmd_claims *claims, enum rm_zk_session state);

#endif
