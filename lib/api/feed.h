/*
 * The streams of GET …/events: to each who listens first what there is, then
 * what changes, a line of JSON each. A subject, such as a node, is told whole,
 * as it is now; what changed and changed back within a tenth of a second was
 * not told. rm-api(8) has the lines.
 */
#ifndef RM_API_FEED_H
#define RM_API_FEED_H

#include "api/api.h"

/* More streams than this are refused. */
#define RM_FEED_STREAMS 64
/* A reader that has this much more to take than what there was at first is
 * cut: 1 MiB. */
#define RM_FEED_BEHIND ((size_t)1 << 20)

struct rm_feed;

struct rm_feed *rm_feed_new(struct rm_api *api);
/* Accepts NULL. Before the server's end, which closes the streams. */
void rm_feed_free(struct rm_feed *feed);
/* A record has changed, by its path; NULL: the connection to ZooKeeper. */
void rm_feed_look(struct rm_feed *feed, const char *path);
/* How many listen. */
size_t rm_feed_streams(const struct rm_feed *feed);

#endif
