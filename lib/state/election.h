/*
 * Who leads: ephemeral sequence nodes below <root>/election, the lowest leads
 * (ZooKeeper's recipe: each watches the one before it, so that a change wakes
 * one). The path of our node is what `--fence` names: a write that checks it
 * in its multi-op can't succeed after we have lost.
 */
#ifndef RM_STATE_ELECTION_H
#define RM_STATE_ELECTION_H

#include <stdbool.h>

#include "io/zk.h"

struct rm_election;

struct rm_election_events {
	/* Ours is the lowest now. fence is its whole path, borrowed until
	 * lost. */
	void (*leading)(void *arg, const char *fence);
	/* We led, or stood by, and our node is gone: a new session, or somebody
	 * deleted it. It stands again by itself, at the end of the line. */
	void (*lost)(void *arg);
	/* Standing by behind `ahead` others; may be NULL. */
	void (*waiting)(void *arg, int ahead);
	/* ZooKeeper lets us neither look nor stand: it can't be won. err says
	 * where (RM_EXIT_USAGE). */
	void (*refused)(void *arg, const struct rm_error *err);
	void *arg;
};

/* Borrows zk; root is the framework's path; who is the node's value, JSON
 * such as {"host":"a","pid":1}. Call rm_election_session() from on_session
 * with every state. */
struct rm_election *rm_election_new(struct rm_zk *zk, const char *root,
    const char *who, const struct rm_election_events *events);
void rm_election_session(struct rm_election *e, enum rm_zk_session state);
bool rm_election_leads(const struct rm_election *e);
/* Gives up: deletes our node (best effort) and frees. Close zk right after,
 * before the loop runs again: answers may be on their way. */
void rm_election_free(struct rm_election *e);

#endif
