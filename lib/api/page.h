/*
 * The page that people look at: clusters, their nodes, the rollout under way
 * and the ring, made from the API's own documents. It is whole without a
 * script; with one it is put in place anew when something changes. Pure.
 */
#ifndef RM_API_PAGE_H
#define RM_API_PAGE_H

#include <jv.h>

#include "base/str.h"

/* framework: as GET /api/v1/framework has it, "streams", how many streams of
 * events are open, and "record", the scheduler's, if there is one. clusters: an
 * array of {"status","rollout","ring"}: as GET …/status and …/rollout have them
 * (rollout may be null), and as rm_owners_ring() makes it. Borrowed. */
void rm_page_write(struct rm_str *html, jv framework, jv clusters);

#endif
