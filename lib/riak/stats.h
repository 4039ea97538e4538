/*
 * What a Riak node's HTTP /stats says of its ring. Pure.
 */
#ifndef RM_RIAK_STATS_H
#define RM_RIAK_STATS_H

#include "base/json.h"

/* Both borrow the answer of /stats. The members' names; the caller's, invalid
 * where it has none. */
jv rm_stats_members(jv stats);
/* How many partitions the node owns; -1 where it can't be told. */
int rm_stats_partitions(jv stats, const char *node);

#endif
