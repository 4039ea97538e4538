/*
 * A log file that grows, and is rotated by renaming: what is added to it is
 * passed on to a descriptor of ours, within a second, each byte once. Where
 * the descriptor takes no more for now, the rest waits in the file.
 */
#ifndef RM_EXECUTOR_FOLLOW_H
#define RM_EXECUTOR_FOLLOW_H

#include <event2/event.h>

struct rm_follow;

/* From the beginning of path, which need not be there yet. copy_to: borrowed. */
struct rm_follow *rm_follow_new(
    struct event_base *loop, const char *path, int copy_to);
/* Takes what is there now, as far as the descriptor does: nothing more will
 * be written. Accepts NULL. */
void rm_follow_drain(struct rm_follow *follow);
void rm_follow_free(struct rm_follow *follow);

#endif
