#include "proxy/pb_queue.h"

#include <stdlib.h>
#include <string.h>

/* What is kept of one request, and of all requests of a connection. */
#define ONE_MAX ((size_t)4 << 10)
#define ALL_MAX ((size_t)16 << 10)

void
rm_pb_queue_init(struct rm_pb_queue *queue)
{
	*queue = (struct rm_pb_queue){ 0 };
	TAILQ_INIT(&queue->requests);
}

void
rm_pb_queue_free(struct rm_pb_queue *queue)
{
	while (queue->count > 0)
		rm_pb_queue_pop(queue);
}

struct rm_pb_request *
rm_pb_queue_first(const struct rm_pb_queue *queue)
{
	return TAILQ_FIRST(&queue->requests);
}

struct rm_pb_request *
rm_pb_queue_begin(
    struct rm_pb_queue *queue, struct rm_pb_frame *frame, uint64_t start)
{
	int code = frame->head[4];
	size_t room = sizeof(frame->head) + frame->left;
	bool read = (rm_pb_traits(code) & RM_PB_READ) != 0 && room <= ONE_MAX &&
		    queue->saved + room <= ALL_MAX;
	struct rm_pb_request *request = rm_alloc(
	    sizeof(*request) + (read ? room : 0));
	request->code = code;
	request->read = read;
	request->start = start;
	request->room = read ? room : 0;
	queue->saved += request->room;
	frame->flag.field = rm_pb_stream_field(code, &request->many);
	TAILQ_INSERT_TAIL(&queue->requests, request, entry);
	queue->count++;
	if (read) {
		memcpy(request->saved, frame->head, sizeof(frame->head));
		request->len = sizeof(frame->head);
	}
	return request;
}

void
rm_pb_queue_more(struct rm_pb_queue *queue, struct rm_pb_frame *frame,
    const char *data, size_t len, bool whole)
{
	struct rm_pb_request *request = TAILQ_LAST(
	    &queue->requests, rm_pb_requests);
	if (request == NULL)
		return;
	if (request->read && request->len + len <= request->room) {
		memcpy(request->saved + request->len, data, len);
		request->len += len;
	}
	if (whole && frame->flag.found)
		request->many = true;
}

void
rm_pb_queue_pop(struct rm_pb_queue *queue)
{
	struct rm_pb_request *request = TAILQ_FIRST(&queue->requests);
	TAILQ_REMOVE(&queue->requests, request, entry);
	queue->count--;
	queue->saved -= request->room;
	free(request);
}

bool
rm_pb_queue_replay(
    struct rm_pb_queue *queue, uint64_t sent, struct rm_spill *waiting)
{
	struct rm_pb_request *request;
	struct rm_spill all = { 0 };
	TAILQ_FOREACH (request, &queue->requests, entry)
		if (request->answered ||
		    (request->start < sent && !request->read))
			return false;
	uint64_t unsent = sent; /* where what waits is taken up */
	TAILQ_FOREACH (request, &queue->requests, entry) {
		struct rm_pb_request *next = TAILQ_NEXT(request, entry);
		uint64_t end = next != NULL ? next->start : sent + waiting->len;
		if (request->start >= sent)
			break;
		request->start = all.len;
		rm_spill_add(&all, request->saved, request->len);
		if (end > unsent)
			unsent = end;
	}
	uint64_t moved = all.len;
	for (; request != NULL; request = TAILQ_NEXT(request, entry))
		request->start = request->start - unsent + moved;
	if (waiting->len > 0)
		rm_spill_add(&all,
		    waiting->data + waiting->at + (unsent - sent),
		    waiting->len - (size_t)(unsent - sent));
	rm_spill_free(waiting);
	*waiting = all;
	return true;
}
