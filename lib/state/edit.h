/*
 * rm-state get, put, ls and rm: single records, by hand. Each returns the
 * program's exit code.
 */
#ifndef RM_STATE_EDIT_H
#define RM_STATE_EDIT_H

#include "state/store.h"

/* keys end with NULL. */
int rm_edit_get(const struct rm_state_options *options, char **keys);
/* file "-" is standard input. */
int rm_edit_put(
    const struct rm_state_options *options, const char *key, const char *file);
/* dir NULL: all records. */
int rm_edit_ls(const struct rm_state_options *options, const char *dir);
/* All or none. */
int rm_edit_rm(const struct rm_state_options *options, char **keys);

#endif
