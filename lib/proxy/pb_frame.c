#include "proxy/pb_frame.h"

#include <string.h>

/* Riak's requests (riak.proto, riak_kv.proto): those that are not here change
 * something, or are unknown, and have one answer. */
static const struct request {
	int code;
	unsigned traits;
	unsigned stream; /* field that asks for many answers */
	bool always; /* has many answers */
	unsigned done; /* field of the answer that is the last */
} requests[] = {
	{ 1, RM_PB_READ, 0, false, 0 }, /* ping */
	{ 3, RM_PB_READ, 0, false, 0 }, /* get client id */
	{ 5, RM_PB_BOUND, 0, false, 0 }, /* set client id */
	{ 7, RM_PB_READ, 0, false, 0 }, /* server info */
	{ 9, RM_PB_READ, 0, false, 0 }, /* get */
	{ 15, RM_PB_READ, 3, false, 2 }, /* list buckets */
	{ 17, RM_PB_READ, 0, true, 2 }, /* list keys */
	{ 19, RM_PB_READ, 0, false, 0 }, /* get bucket */
	{ 23, 0, 0, true, 3 }, /* mapreduce */
	{ 25, RM_PB_READ, 10, false, 4 }, /* secondary index */
	{ 27, RM_PB_READ, 0, false, 0 }, /* search */
	{ 31, RM_PB_READ, 0, false, 0 }, /* get bucket type */
	{ 33, RM_PB_READ, 0, false, 0 }, /* preference list */
	{ 40, RM_PB_READ, 0, true, 3 }, /* fold of a bucket */
	{ 52, RM_PB_READ, 0, false, 0 }, /* counter */
	{ 54, RM_PB_READ, 0, false, 0 }, /* search index */
	{ 58, RM_PB_READ, 0, false, 0 }, /* search schema */
	{ 70, RM_PB_READ, 0, false, 0 }, /* coverage */
	{ 80, RM_PB_READ, 0, false, 0 }, /* data type */
	{ 253, RM_PB_BOUND, 0, false, 0 }, /* authentication */
	{ RM_PB_START_TLS, RM_PB_BOUND, 0, false, 0 },
};

static const struct request *
find(int code)
{
	static const struct request other = { 0 };
	for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++)
		if (requests[i].code == code)
			return &requests[i];
	return &other;
}

unsigned
rm_pb_traits(int code)
{
	return find(code)->traits;
}

unsigned
rm_pb_stream_field(int code, bool *always)
{
	const struct request *request = find(code);
	*always = request->always;
	return request->stream;
}

unsigned
rm_pb_done_field(int code)
{
	return find(code)->done;
}

/* Where in a message. */
enum { TAG, VARINT, LENGTH, SKIP };

static void
tag_read(struct rm_pb_flag *flag)
{
	flag->tag = flag->value;
	switch (flag->tag & 7) {
	case 0:
		flag->state = VARINT;
		break;
	case 1:
		flag->skip = 8;
		flag->state = SKIP;
		break;
	case 2:
		flag->state = LENGTH;
		break;
	case 5:
		flag->skip = 4;
		flag->state = SKIP;
		break;
	default:
		flag->broken = true;
	}
}

static void
varint_read(struct rm_pb_flag *flag)
{
	if (flag->state == TAG) {
		tag_read(flag);
	} else if (flag->state == VARINT) {
		if (flag->tag >> 3 == flag->field)
			flag->found = flag->value != 0;
		flag->state = TAG;
	} else {
		flag->skip = flag->value;
		flag->state = flag->skip > 0 ? SKIP : TAG;
	}
	flag->value = 0;
	flag->shift = 0;
}

static void
flag_look(struct rm_pb_flag *flag, const char *data, size_t len)
{
	size_t at = 0;
	if (flag->field == 0)
		return;
	while (at < len && !flag->broken) {
		if (flag->state == SKIP) {
			size_t n = len - at < flag->skip ? len - at
							 : (size_t)flag->skip;
			at += n;
			flag->skip -= n;
			if (flag->skip == 0)
				flag->state = TAG;
			continue;
		}
		unsigned char c = (unsigned char)data[at++];
		if (flag->shift > 63) {
			flag->broken = true;
			return;
		}
		flag->value |= (uint64_t)(c & 0x7f) << flag->shift;
		flag->shift += 7;
		if (c < 0x80)
			varint_read(flag);
	}
}

static enum rm_pb_event
take_head(struct rm_pb_frame *frame, const char *data, size_t len, size_t *took)
{
	size_t n = sizeof(frame->head) - frame->head_len;
	if (n > len)
		n = len;
	memcpy(frame->head + frame->head_len, data, n);
	frame->head_len += (unsigned)n;
	*took = n;
	if (frame->head_len >= 4) {
		uint32_t length = (uint32_t)frame->head[0] << 24 |
				  (uint32_t)frame->head[1] << 16 |
				  (uint32_t)frame->head[2] << 8 |
				  frame->head[3];
		if (length == 0 || length > INT32_MAX)
			return RM_PB_BROKEN;
		frame->left = length - 1;
	}
	return frame->head_len == sizeof(frame->head) ? RM_PB_BEGAN
						      : RM_PB_MORE;
}

enum rm_pb_event
rm_pb_frame_take(
    struct rm_pb_frame *frame, const char *data, size_t len, size_t *took)
{
	*took = 0;
	if (frame->head_len < sizeof(frame->head)) {
		if (len == 0)
			return RM_PB_MORE;
		if (frame->head_len == 0)
			frame->flag = (struct rm_pb_flag){ 0 };
		return take_head(frame, data, len, took);
	}
	size_t n = len < frame->left ? len : frame->left;
	flag_look(&frame->flag, data, n);
	frame->left -= (uint32_t)n;
	*took = n;
	if (frame->left > 0)
		return RM_PB_MORE;
	frame->head_len = 0;
	return RM_PB_ENDED;
}

bool
rm_pb_frame_between(const struct rm_pb_frame *frame)
{
	return frame->head_len == 0;
}

void
rm_pb_error_make(struct rm_str *to, const char *text)
{
	size_t len = strlen(text) < 120 ? strlen(text) : 120;
	const unsigned char head[] = { 0, 0, 0, (unsigned char)(len + 5),
		RM_PB_ERROR, 0x0a, (unsigned char)len };
	rm_str_add(to, head, sizeof(head));
	rm_str_add(to, text, len);
	rm_str_add(to, "\x10\x00", 2); /* its number, 0 */
}
