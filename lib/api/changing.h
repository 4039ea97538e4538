/*
 * What requests that change something share: one of them, from its body to
 * its answer. What it makes it makes from the records as they are known now,
 * again if they have changed meanwhile (commit.h).
 */
#ifndef RM_API_CHANGING_H
#define RM_API_CHANGING_H

#include <jv.h>
#include <stdbool.h>

#include "api/api.h"
#include "state/intent.h"

struct rm_api_change;
typedef int rm_api_make(struct rm_api_change *c, const struct rm_store *store,
    bool surprise, struct rm_change *change, struct rm_error *err);

struct rm_api_change {
	struct rm_api *api;
	struct rm_request *request;
	rm_api_make *make;
	const char *what; /* for the log */
	char *cluster, *node; /* keys; node may be NULL */
	jv fields; /* of the cluster's record: what is to be set */
	bool force;
	bool fresh; /* a path that the original had not: real status codes */
	long count;

	/* PUT of many: the rest of the document, and what came of it. */
	jv todo, results;
};

struct rm_api_change *rm_api_change_new(struct rm_api *api,
    struct rm_request *request, const char *what, rm_api_make *make);
/* Stores it and answers; or answers failure. Frees it in the end. */
void rm_api_change_start(struct rm_api_change *c);
void rm_api_change_fail(
    struct rm_api_change *c, const struct rm_error *failure);

/* A record as it is known. Borrowed. */
struct rm_intent_record rm_api_known(
    const struct rm_entry *entry, enum rm_record_kind kind);
/* c->cluster's; NULL and err when there is none, it can't be read, or it is
 * being destroyed. */
const struct rm_entry *rm_api_cluster_that_stays(
    const struct rm_api_change *c, struct rm_error *err);
/* The cluster's record with some fields set; consumes fields. */
int rm_api_store_fields(const struct rm_entry *cluster, jv fields,
    const struct rm_store *store, struct rm_change *change,
    struct rm_error *err);
/* The node's record with one field set; consumes value. */
int rm_api_store_node(const struct rm_api_change *c,
    const struct rm_entry *node, const char *field, jv value,
    const struct rm_store *store, struct rm_change *change,
    struct rm_error *err);
/* The number that the cluster's next node gets: above all that are there. */
long rm_api_next_number(
    const struct rm_api_change *c, const struct rm_entry *cluster);

#endif
