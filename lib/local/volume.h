/*
 * Where persistent volumes lie on this machine, laid out as by a real agent:
 * <work_dir>/volumes/roles/<role>/<persistence id>; on a PATH disk below its
 * root; a MOUNT disk is its root.
 */
#ifndef RM_LOCAL_VOLUME_H
#define RM_LOCAL_VOLUME_H

#include "local/agent.h"

/* The caller's. */
char *rm_local_volume_path(
    const struct rm_local_agent *agent, const struct rm_identity *volume);

/* Hooks of struct rm_local_hooks. */
int rm_local_volume_create(
    struct rm_local_agent *agent, jv resource, struct rm_error *err);
void rm_local_volume_destroy(struct rm_local_agent *agent, jv resource);

/* mkdir -p. */
int rm_local_make_directories(const char *path, struct rm_error *err);

#endif
