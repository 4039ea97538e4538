/*
 * Keeps one ephemeral znode there: creates it (with its parents), writes it
 * again when the value changes, and creates it anew in a new session or when
 * somebody deleted it. One left by an earlier session (same path) is replaced;
 * when ours is replaced in that way, its successor is left alone.
 */
#ifndef RM_IO_ZK_EPHEMERAL_H
#define RM_IO_ZK_EPHEMERAL_H

#include "io/zk.h"

struct rm_zk_ephemeral;

/* ready is called after each time it came to be there; may be NULL. */
struct rm_zk_ephemeral *rm_zk_ephemeral_new(struct rm_zk *zk, const char *path,
    const char *value, void (*ready)(void *arg), void *arg);
void rm_zk_ephemeral_set(struct rm_zk_ephemeral *e, const char *value);
void rm_zk_ephemeral_session(
    struct rm_zk_ephemeral *e, enum rm_zk_session state);
/* Deletes the znode, if it is ours still (best effort), and forgets it. */
void rm_zk_ephemeral_free(struct rm_zk_ephemeral *e);

#endif
