/*
 * The requests of one connection that are not answered yet, in order, with
 * what is needed to send them again. Positions count the bytes that were
 * passed on to the present node. Pure.
 */
#ifndef RM_PROXY_PB_QUEUE_H
#define RM_PROXY_PB_QUEUE_H

#include <sys/queue.h>

#include "proxy/pb_frame.h"
#include "proxy/spill.h"

struct rm_pb_request {
	TAILQ_ENTRY(rm_pb_request) entry;
	int code;
	double began; /* the session's */
	uint64_t bytes; /* of its answer so far; likewise */
	bool read; /* may be sent again, and saved is all of it so far */
	bool many; /* its answer is many messages */
	bool answered; /* something of its answer has come */
	uint64_t start; /* where it begins */
	size_t len, room;
	char saved[];
};

struct rm_pb_queue {
	TAILQ_HEAD(rm_pb_requests, rm_pb_request) requests;
	unsigned count;
	size_t saved; /* bytes kept by all of them */
};

void rm_pb_queue_init(struct rm_pb_queue *queue);
void rm_pb_queue_free(struct rm_pb_queue *queue);

struct rm_pb_request *rm_pb_queue_first(const struct rm_pb_queue *queue);
/* Its code is known: frame just gave RM_PB_BEGAN. */
struct rm_pb_request *rm_pb_queue_begin(
    struct rm_pb_queue *queue, struct rm_pb_frame *frame, uint64_t start);
/* More of the last one; whole: that was its end. */
void rm_pb_queue_more(struct rm_pb_queue *queue, struct rm_pb_frame *frame,
    const char *data, size_t len, bool whole);
/* The first one is answered. */
void rm_pb_queue_pop(struct rm_pb_queue *queue);

/* The node is lost after it had `sent` bytes. Replaces what waits (the bytes
 * behind those) by all that another node has to be told; false: something was
 * sent that must not be sent twice, and nothing is changed. */
bool rm_pb_queue_replay(
    struct rm_pb_queue *queue, uint64_t sent, struct rm_spill *waiting);

#endif
