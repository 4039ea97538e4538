/*
 * The ring as a picture in the page: each partition in its place, in the
 * colour of its owner; and as text, for who can't see it. Pure.
 */
#ifndef RM_API_PAGE_RING_H
#define RM_API_PAGE_RING_H

#include <jv.h>

#include "base/str.h"

/* The rules of the owners' colours, in light and dark: eight that also those
 * tell apart who see no red or green (Okabe and Ito, "Color Universal Design"),
 * each whole, as an inner half and as an outer half of the ring. */
extern const char rm_page_ring_style[];

/* "o3 h1": the classes of the index-th node of a cluster. Static buffer. */
const char *rm_page_ring_classes(int index);

/* cluster: its key. ring: as rm_owners_ring() makes it; nodes: an array of
 * {"key",…}, in the order of their colours. Nothing when nothing is known.
 * Borrows. */
void rm_page_ring_put(
    struct rm_str *html, const char *cluster, jv ring, jv nodes);

#endif
