/*
 * A change that a request asks for: made from what is known, stored if that
 * still holds, made anew if it does not; and answered when what is known has
 * caught up, so that who is told "done" finds it done.
 */
#ifndef RM_API_COMMIT_H
#define RM_API_COMMIT_H

#include "api/api.h"
#include "state/change.h"
#include "state/store.h"

struct rm_commit_options {
	/* Adds the ops, from the view as it is now; no ops: nothing is to be
	 * done. May be called again, with surprise when the cluster's secret,
	 * which is not in the view, was there and should not be, or the other
	 * way round. -1 and err is the end. Of the store there is the root
	 * alone. */
	int (*make)(void *arg, const struct rm_store *store, bool surprise,
	    struct rm_change *change, struct rm_error *err);
	/* Once, last; failure is NULL when it is done. */
	void (*done)(void *arg, const struct rm_error *failure);
	void *arg;
};

/* done may be called from inside of this. */
void rm_commit_start(struct rm_api *api, const struct rm_commit_options *how);
/* The view has changed. */
void rm_commit_look(struct rm_api *api);
/* Those under way end without done. */
void rm_commit_drop_all(struct rm_api *api);

#endif
