/*
 * The same operations for programs that do one thing and end (rm-state get):
 * they run the loop until the answer is there or the deadline has passed.
 * Errors are RM_EXIT_OUTSIDE, RM_EXIT_TIMEOUT, or RM_EXIT_NO for no such
 * node, and name the path.
 */
#ifndef RM_IO_ZK_WAIT_H
#define RM_IO_ZK_WAIT_H

#include "base/str.h"
#include "io/zk.h"

struct rm_zk_wait {
	struct event_base *loop;
	struct rm_zk *zk;
	double deadline; /* seconds each; 0: 15 */
};

/* Until connected. */
int rm_zk_wait_open(struct rm_zk_wait *wait, struct event_base *loop,
    const struct rm_zk_options *options, double deadline, struct rm_error *err);
void rm_zk_wait_close(struct rm_zk_wait *wait);
/* Replaces what value holds. stat may be NULL. */
int rm_zk_wait_get(struct rm_zk_wait *wait, const char *path,
    struct rm_str *value, struct rm_zk_stat *stat, struct rm_error *err);
/* names: NULL-terminated, sorted; free with rm_zk_wait_names_free(). */
int rm_zk_wait_list(struct rm_zk_wait *wait, const char *path, char ***names,
    struct rm_error *err);
void rm_zk_wait_names_free(char **names);
/* err says which op failed and why; BAD_VERSION, NODE_EXISTS and a failed
 * CHECK are RM_EXIT_CONFLICT. */
int rm_zk_wait_multi(struct rm_zk_wait *wait, const struct rm_zk_op *ops,
    size_t count, struct rm_error *err);
/* Creates, with parents. NODE_EXISTS is RM_EXIT_CONFLICT. */
int rm_zk_wait_create(struct rm_zk_wait *wait, const char *path,
    const char *value, size_t len, int flags, struct rm_error *err);
int rm_zk_wait_set(struct rm_zk_wait *wait, const char *path, const char *value,
    size_t len, int version, struct rm_error *err);
int rm_zk_wait_protect(
    struct rm_zk_wait *wait, const char *path, struct rm_error *err);
int rm_zk_wait_delete(struct rm_zk_wait *wait, const char *path, int version,
    struct rm_error *err);

#endif
