/*
 * The master's place in ZooKeeper (high-availability.md): an ephemeral znode
 * json.info_NNNNNNNNNN below the group's path; the lowest number leads, the
 * others answer 307.
 */
#ifndef RM_LOCAL_ANNOUNCE_H
#define RM_LOCAL_ANNOUNCE_H

#include "local/daemon.h"

struct rm_local_announce *rm_local_announce_new(
    struct rm_local_daemon *daemon, const char *zk, struct rm_error *err);
/* The master has another id: another znode. */
void rm_local_announce_again(struct rm_local_announce *announce);
/* Gone at once. Accepts NULL. */
void rm_local_announce_free(struct rm_local_announce *announce);

#endif
