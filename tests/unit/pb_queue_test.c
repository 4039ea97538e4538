#include "proxy/pb_queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PING "\0\0\0\1\1"
#define GET  "\0\0\0\7\x09\x0a\1b\x12\1k"
#define PUT  "\0\0\0\4\x0b\x0a\1b"

/* Whole or partial requests, put into the queue in pieces. */
static uint64_t
feed(struct rm_pb_queue *queue, struct rm_pb_frame *frame, const char *bytes,
    size_t len, size_t piece, uint64_t passed)
{
	for (size_t at = 0; at < len;) {
		size_t n = len - at < piece ? len - at : piece, done = 0;
		enum rm_pb_event event = RM_PB_ENDED;
		while (event != RM_PB_MORE) {
			unsigned held = frame->head_len;
			size_t took;
			event = rm_pb_frame_take(
			    frame, bytes + at + done, n - done, &took);
			if (event == RM_PB_BROKEN)
				return UINT64_MAX;
			if (event == RM_PB_BEGAN)
				rm_pb_queue_begin(
				    queue, frame, passed + at + done - held);
			else if (held == 5)
				rm_pb_queue_more(queue, frame,
				    bytes + at + done, took,
				    event == RM_PB_ENDED);
			done += took;
		}
		at += n;
	}
	return passed + len;
}

static void
frames(void **state)
{
	(void)state;
	for (size_t piece = 1; piece < 25; piece++) {
		struct rm_pb_queue queue;
		struct rm_pb_frame frame = { 0 };
		static const char bytes[] = PING GET PUT PING;
		rm_pb_queue_init(&queue);
		feed(&queue, &frame, bytes, sizeof(bytes) - 1, piece, 0);
		assert_int_equal(queue.count, 4);
		assert_true(rm_pb_frame_between(&frame));
		static const int codes[] = { 1, 9, 11, 1 };
		static const uint64_t starts[] = { 0, 5, 16, 24 };
		for (size_t i = 0; i < 4; i++) {
			struct rm_pb_request *r = rm_pb_queue_first(&queue);
			assert_int_equal(r->code, codes[i]);
			assert_int_equal(r->start, starts[i]);
			assert_int_equal(r->read, codes[i] != 11);
			rm_pb_queue_pop(&queue);
		}
		assert_int_equal(queue.saved, 0);
		rm_pb_queue_free(&queue);
	}
}

static void
broken(void **state)
{
	(void)state;
	struct rm_pb_frame frame = { 0 };
	size_t took;
	assert_int_equal(
	    rm_pb_frame_take(&frame, "\0\0\0\0", 4, &took), RM_PB_BROKEN);
	frame = (struct rm_pb_frame){ 0 };
	assert_int_equal(
	    rm_pb_frame_take(&frame, "\x80\0\0\0", 4, &took), RM_PB_BROKEN);
}

/* Which answers are many messages, and which is the last of them. */
static void
streams(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		size_t len;
		bool many;
	} table[] = {
		{ "\0\0\0\1\x0f", 5, false }, /* list buckets */
		{ "\0\0\0\3\x0f\x18\1", 7, true }, /* stream = 3 */
		{ "\0\0\0\3\x0f\x18\0", 7, false },
		{ "\0\0\0\7\x0f\x22\2\x18\1\x10\1", 11, false },
		{ "\0\0\0\4\x11\x0a\1b", 8, true }, /* list keys */
		{ "\0\0\0\6\x19\x0a\1b\x50\1", 10, true }, /* index, 10 */
		{ "\0\0\0\x08\x19\x0d\1\2\3\4\x50\1", 12, true },
		{ "\0\0\0\2\x19\x07", 6, false }, /* no message */
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		for (size_t piece = 1; piece < 13; piece++) {
			struct rm_pb_queue queue;
			struct rm_pb_frame frame = { 0 };
			rm_pb_queue_init(&queue);
			feed(&queue, &frame, table[i].bytes, table[i].len,
			    piece, 0);
			assert_int_equal(queue.count, 1);
			assert_int_equal(
			    rm_pb_queue_first(&queue)->many, table[i].many);
			rm_pb_queue_free(&queue);
		}
	assert_int_equal(rm_pb_done_field(17), 2);
}

/* Node lost after `sent` bytes of `bytes`: what the next one is told. */
static void
replays(void **state)
{
	(void)state;
	static const char bytes[] = GET PING PUT GET "\0\0\0\7\x09\x0a\1";
	size_t len = sizeof(bytes) - 1, put = 16;
	for (size_t sent = 0; sent <= len; sent++) {
		struct rm_pb_queue queue;
		struct rm_pb_frame frame = { 0 };
		struct rm_spill waiting = { 0 };
		rm_pb_queue_init(&queue);
		feed(&queue, &frame, bytes, len, 100, 0);
		rm_spill_add(&waiting, bytes + sent, len - sent);
		bool again = rm_pb_queue_replay(&queue, sent, &waiting);
		/* Once the first byte of the PUT was sent, no more. */
		assert_int_equal(again, sent <= put);
		assert_int_equal(waiting.len, again ? len : len - sent);
		if (again) {
			uint64_t start = 0;
			struct rm_pb_request *r;
			static const unsigned lens[] = { 11, 5, 8, 11, 8 };
			size_t i = 0;
			assert_memory_equal(
			    rm_spill_bytes(&waiting), bytes, len);
			TAILQ_FOREACH (r, &queue.requests, entry) {
				assert_int_equal(r->start, start);
				start += lens[i++];
			}
		}
		rm_spill_free(&waiting);
		rm_pb_queue_free(&queue);
	}
}

static void
answered_is_over(void **state)
{
	(void)state;
	struct rm_pb_queue queue;
	struct rm_pb_frame frame = { 0 };
	struct rm_spill waiting = { 0 };
	rm_pb_queue_init(&queue);
	feed(&queue, &frame, GET, 11, 100, 0);
	rm_pb_queue_first(&queue)->answered = true;
	assert_false(rm_pb_queue_replay(&queue, 11, &waiting));
	rm_pb_queue_free(&queue);
	/* A large one is not kept. */
	static char large[20000] = "\0\0\x4e\x1c\x09";
	frame = (struct rm_pb_frame){ 0 };
	feed(&queue, &frame, large, sizeof(large), 20000, 0);
	assert_int_equal(queue.count, 1);
	assert_false(rm_pb_queue_replay(&queue, 20000, &waiting));
	rm_pb_queue_free(&queue);
}

static void
errors(void **state)
{
	(void)state;
	struct rm_str out = { 0 };
	rm_pb_error_make(&out, "no_type");
	/* as a real Riak has it: captures, RpbErrorResp */
	assert_int_equal(out.len, 16);
	assert_memory_equal(
	    out.text, "\x00\x00\x00\x0c\x00\x0a\x07no_type\x10\x00", 16);
	rm_str_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames),
		cmocka_unit_test(broken),
		cmocka_unit_test(streams),
		cmocka_unit_test(replays),
		cmocka_unit_test(answered_is_over),
		cmocka_unit_test(errors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
