/*
 * What Riak's member-status and transfers (shapes: rm-riak(1)) mean for who
 * waits for a change to be over. Pure; all borrow.
 */
#ifndef RM_EXECUTOR_MEMBERS_H
#define RM_EXECUTOR_MEMBERS_H

#include <jv.h>
#include <stdbool.h>

/* "valid", "joining", …, into word; false: there is no such member. */
bool rm_members_status(jv status, const char *node, char word[16]);
/* It is on its way out: leaving or exiting. */
bool rm_members_leaving(jv status, const char *node);
/* Nothing is to change owner, join, or leave what it owns: only then do no
 * transfers mean that all is done. */
bool rm_members_settled(jv status);
/* The names without those whose join is only staged; the caller's. */
jv rm_members_joined(jv names, jv status);

/* The numbers of the partitions that it owns, of Riak's partitions; the
 * caller's. */
jv rm_members_owns(jv partitions);

/* Partitions that wait for their handoff, and those under way. */
int rm_members_transfers(jv transfers);

#endif
