/*
 * The page that people look at: clusters, their nodes, the rollout under way
 * and how the ring is shared out, made from the API's own documents. It is
 * whole without a script; with one it is put in place anew every two seconds.
 * Pure.
 */
#ifndef RM_API_PAGE_H
#define RM_API_PAGE_H

#include <jv.h>

#include "base/str.h"

/* framework: as GET /api/v1/framework has it, "streams", how many streams of
 * events are open, and "record", the scheduler's, if there is one. clusters: an array of
 * {"status","rollout","partitions"}: as GET …/status and …/rollout have them
 * (rollout may be null), and what each node owns, {"riak-kv-1":22,…}.
 * Borrowed. */
void rm_page_write(struct rm_str *html, jv framework, jv clusters);

#endif
