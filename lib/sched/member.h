/*
 * What rm-cluster's steps share about the members of one cluster's ring: what
 * their executors say, and the orders that they are given. Pure.
 */
#ifndef RM_SCHED_MEMBER_H
#define RM_SCHED_MEMBER_H

#include <jv.h>
#include <stdbool.h>

#include "state/model.h"
#include "stream/stage.h"

/* An order that was refused is given again after so many seconds. */
#define RM_MEMBER_RETRY 10.0
/* A ring takes so long, at most, to tell of what was committed. */
#define RM_MEMBER_SPREAD 30.0

/* One cluster, while it is looked at. */
struct rm_member_ring {
	struct rm_model *model;
	struct rm_stage *stage;
	const char *cluster;
	struct rm_entries nodes; /* the cluster's, and perhaps others; borrowed */
	double now;
	bool awaited; /* one that others are to join is not up, and may be */
	struct rm_entry *seed; /* NULL: none is up */
	jv members; /* names, as the seed sees them; owned */
};

/* Finds the seed (membership.h, 1), and with it the members. */
void rm_member_ring_open(struct rm_member_ring *ring);
void rm_member_ring_close(struct rm_member_ring *ring);

/* Its executor says that it is ready, and speaks of its newest task. */
bool rm_member_ready(const struct rm_entry *node);
/* The ring that a ready node sees has others in it. */
bool rm_member_joined(const struct rm_entry *node);
/* The ring that a ready node sees is itself alone. */
bool rm_member_alone(const struct rm_entry *node);
int rm_member_ring_size(const struct rm_entry *node);
/* Partitions to move, as it sees it; -1: not known. */
double rm_member_transfers(const struct rm_entry *node);
/* Its Erlang name; the caller's. */
char *rm_member_name(const struct rm_entry *node);
/* The name by which a ring lists the node; the caller's, NULL: it does not. */
char *rm_member_listed(jv names, const char *key);
/* Others wait to join it: when it is to leave, those who are to run and have no
 * ring of several; those whose join is staged in any case. */
bool rm_member_is_needed(
    const struct rm_model *model, const struct rm_entry *node);
/* Whether a ready node of its cluster that is to stay lists the node. */
bool rm_member_is_listed(
    const struct rm_model *model, const struct rm_entry *node);
/* Whether one may: they do, or were told to let it in, or none that is up can
 * tell, and one that was a member is not up. What the node had must not go
 * then. */
bool rm_member_may_be_listed(const struct rm_model *model,
    const struct rm_entry *node, double now);

bool rm_member_in_ring(
    const struct rm_member_ring *ring, const struct rm_entry *node);
bool rm_member_of(
    const struct rm_member_ring *ring, const struct rm_entry *node);

enum rm_member_answer {
	RM_MEMBER_NOT_ORDERED,
	RM_MEMBER_WAITING,
	RM_MEMBER_DONE,
	RM_MEMBER_REFUSED,
};
/* How it is with the node's order of that verb; verb NULL: of any. */
enum rm_member_answer rm_member_answer(
    const struct rm_entry *node, const char *verb);
/* The order that stands has these arguments; borrows. */
bool rm_member_told(const struct rm_entry *node, jv arguments);
/* Its order was given so many seconds ago. */
bool rm_member_due(const struct rm_member_ring *ring,
    const struct rm_entry *node, double wait);
/* Consumes arguments. */
void rm_member_order(struct rm_member_ring *ring, struct rm_entry *node,
    const char *verb, jv arguments);
/* Tells the node to do it, once, and again when it refused. True when it has
 * been done. Consumes arguments. */
bool rm_member_has_done(struct rm_member_ring *ring, struct rm_entry *node,
    const char *verb, jv arguments);

#endif
