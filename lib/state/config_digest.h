/*
 * What a node's configuration was made of, in short: rm-launch writes it into
 * the task's record, rm-executor into the member's, so that the two can be
 * compared. Pure.
 */
#ifndef RM_STATE_CONFIG_DIGEST_H
#define RM_STATE_CONFIG_DIGEST_H

#include <jv.h>

/* Borrows a cluster's record. SHA-256, hexadecimal, of
 * [riak_version,riak_config,advanced_config]; the caller's. */
char *rm_config_digest(jv cluster);

#endif
