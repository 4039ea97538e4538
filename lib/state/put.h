/*
 * rm-state put: a record by hand, checked and completed by its kind.
 */
#ifndef RM_STATE_PUT_H
#define RM_STATE_PUT_H

#include <jv.h>

#include "state/record.h"
#include "state/store.h"

/* Consumes value. */
int rm_put(struct rm_store *store, const struct rm_state_options *options,
    const char *key, jv value, struct rm_error *err);

/* What keeps a record from being changed by hand: 0, or -1 and err. Takes the
 * guard for a kind that a stage writes. */
int rm_put_allowed(struct rm_store *store, const char *key,
    enum rm_record_kind *kind, const char **name, struct rm_error *err);

#endif
