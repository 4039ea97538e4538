/*
 * Where Riak's protocol-buffers messages begin and end (length, 4 bytes, big-
 * endian, counts the code; code, 1 byte; message), what a proxy may do with
 * each kind of request, and when its answer is whole. Pure.
 */
#ifndef RM_PROXY_PB_FRAME_H
#define RM_PROXY_PB_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/str.h"

enum rm_pb_code {
	RM_PB_ERROR = 0,
	RM_PB_PING = 1,
	RM_PB_PONG = 2,
	RM_PB_START_TLS = 255,
};

/* Kinds of requests. */
enum rm_pb_trait {
	RM_PB_READ = 1, /* changes nothing: may be sent again */
	RM_PB_BOUND = 2, /* changes the connection: what follows on it has to
			    go the same way */
};
unsigned rm_pb_traits(int code);

/*
 * Finds a flag, field number `field`, at the top of a message while it passes
 * by (the encoding is protobuf.dev's "wire format"). All zero looks for
 * nothing.
 */
struct rm_pb_flag {
	unsigned field; /* 0: none is looked for */
	bool found; /* it is there, and not 0 */
	bool broken; /* not a message: nothing more is looked at */
	int state;
	unsigned shift;
	uint64_t value; /* of the varint under way */
	uint64_t skip;
	uint64_t tag;
};

/* One direction of a connection. All zero is before the first message. */
struct rm_pb_frame {
	unsigned char head[5];
	unsigned head_len;
	uint32_t left; /* of the message, behind its code */
	struct rm_pb_flag flag;
};

enum rm_pb_event {
	RM_PB_MORE, /* all was taken, the message goes on */
	RM_PB_BEGAN, /* its code is known: frame->head[4], frame->left */
	RM_PB_ENDED, /* the next byte is another message's */
	RM_PB_BROKEN, /* of length 0, or 2 GiB and more */
};
/* Takes bytes up to the next event; *took says how many. After BEGAN of a
 * message with nothing behind its code the next call takes none and ENDED
 * comes. */
enum rm_pb_event rm_pb_frame_take(
    struct rm_pb_frame *frame, const char *data, size_t len, size_t *took);
/* Between two messages. */
bool rm_pb_frame_between(const struct rm_pb_frame *frame);

/* Which flag of this request makes its answer many messages; of its answer,
 * which flag ends them. 0: none. always: without a flag. */
unsigned rm_pb_stream_field(int code, bool *always);
unsigned rm_pb_done_field(int code);

/* Appends RpbErrorResp. */
void rm_pb_error_make(struct rm_str *to, const char *text);

#endif
