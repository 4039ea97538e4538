/*
 * Who owns which partition of a cluster's ring, from what the members say.
 * While partitions move a member does not know its own, so what each said last
 * is kept, and told apart. Pure.
 */
#ifndef RM_API_OWNERS_H
#define RM_API_OWNERS_H

#include <jv.h>

#include "state/model.h"

/* *owners is an object {NODE: [partition, …]}: what each said last. A record
 * has changed, by its path; NULL: all may have. */
void rm_owners_look(jv *owners, const struct rm_model *model, const char *path);

/* {"size": of the ring, 0 when nothing is known of it; "transfers": under way
 * in the cluster, or null; "owners": {NODE: {"owns": [ascending], "count": how
 * many it says that it has, or null, "now": whether that is so now}},
 * "nobodys": [partition, …]}.
 * Of two that claim one partition it is whose word is newer. */
jv rm_owners_ring(jv owners, const struct rm_model *model, const char *cluster);

#endif
