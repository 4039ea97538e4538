/*
 * The protocol-buffers framer and the requests kept from it: in pieces the
 * same as at once, and what is told to another node is what was told to the
 * first. The first byte says how much of it was sent.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/pb_queue.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* How many bytes were passed on. */
static size_t
feed(struct rm_pb_queue *queue, const char *data, size_t size, size_t piece)
{
	struct rm_pb_frame frame = { 0 };
	size_t passed = 0;
	for (size_t at = 0; at < size;) {
		size_t n = size - at < piece ? size - at : piece, done = 0;
		enum rm_pb_event event = RM_PB_ENDED;
		while (event != RM_PB_MORE) {
			unsigned held = frame.head_len;
			size_t took;
			event = rm_pb_frame_take(
			    &frame, data + at + done, n - done, &took);
			if (event == RM_PB_BROKEN)
				return passed;
			if (took > n - done)
				abort();
			if (event == RM_PB_BEGAN) {
				rm_pb_queue_begin(queue, &frame, passed);
				passed += held;
			} else if (held == sizeof(frame.head)) {
				rm_pb_queue_more(queue, &frame,
				    data + at + done, took,
				    event == RM_PB_ENDED);
			}
			if (event == RM_PB_BEGAN || held == sizeof(frame.head))
				passed += took;
			done += took;
		}
		at += n;
	}
	return passed;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	const char *text = (const char *)data + 1;
	size_t len = size - 1;
	struct rm_pb_queue a, b;
	rm_pb_queue_init(&a);
	rm_pb_queue_init(&b);
	size_t passed = feed(&a, text, len, len > 0 ? len : 1);
	if (feed(&b, text, len, 1) != passed || a.count != b.count)
		abort();
	struct rm_pb_request *x = rm_pb_queue_first(&a),
			     *y = rm_pb_queue_first(&b);
	for (; x != NULL; x = TAILQ_NEXT(x, entry), y = TAILQ_NEXT(y, entry))
		if (x->code != y->code || x->many != y->many ||
		    x->start != y->start || x->len != y->len ||
		    memcmp(x->saved, y->saved, x->len) != 0)
			abort();
	size_t sent = *data < passed ? *data : passed;
	struct rm_spill waiting = { 0 };
	rm_spill_add(&waiting, text + sent, passed - sent);
	if (rm_pb_queue_replay(&a, sent, &waiting) &&
	    (waiting.len != passed ||
		(passed > 0 &&
		    memcmp(rm_spill_bytes(&waiting), text, passed) != 0)))
		abort();
	rm_spill_free(&waiting);
	rm_pb_queue_free(&a);
	rm_pb_queue_free(&b);
	return 0;
}
