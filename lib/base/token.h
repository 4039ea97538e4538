/*
 * What shows that one program of ours asks another about a task: the
 * HMAC-SHA-256 (RFC 2104) of the task's id under the key of its cluster, as
 * lower-case hex. Sent as "Authorization: Bearer TOKEN".
 */
#ifndef RM_BASE_TOKEN_H
#define RM_BASE_TOKEN_H

/* The caller's. */
char *rm_token_make(const char *key, const char *task_id);

#endif
