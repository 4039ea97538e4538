#include "proxy/http_frame.h"

#include <string.h>

/* A size with extensions, and all trailers together. */
#define LINE_MAX    4096
#define TRAILER_MAX 65536

ssize_t
rm_http_head_end(const char *data, size_t len, size_t *scanned)
{
	size_t at = *scanned;
	while (at < len) {
		const char *lf = memchr(data + at, '\n', len - at);
		if (lf == NULL)
			break;
		size_t n = (size_t)(lf - data);
		if (n == 0 || data[n - 1] != '\r')
			return -1;
		if (n == 1 || (n >= 3 && data[n - 2] == '\n'))
			return (ssize_t)n + 1;
		at = n + 1;
	}
	*scanned = len;
	return 0;
}

int
rm_http_length(const char *text, size_t len, uint64_t *length)
{
	uint64_t n = 0;
	if (len == 0 || len > 18)
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		n = n * 10 + (uint64_t)(text[i] - '0');
	}
	*length = n;
	return 0;
}

/* Of a chunked body (RFC 9112, 7.1). */
enum state {
	SIZE, /* at least no digit yet */
	SIZE_MORE,
	EXTENSION,
	SIZE_LF,
	DATA,
	DATA_CR,
	DATA_LF,
	TRAILER, /* at the start of a line */
	TRAILER_LINE,
	TRAILER_LINE_LF,
	END_LF,
};

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* No control byte may hide in a line; a tab is none. */
static bool
plain(char c)
{
	return (unsigned char)c >= ' ' ? c != 0x7f : c == '\t';
}

static int
size_byte(struct rm_http_body *b, char c)
{
	int n = digit(c);
	if (n >= 0) {
		if (b->left >> 56 != 0)
			return -1;
		b->left = b->left << 4 | (uint64_t)n;
		return SIZE_MORE;
	}
	if (b->state == SIZE)
		return -1;
	if (c == '\r')
		return SIZE_LF;
	return c == ';' ? EXTENSION : -1;
}

static int
line_byte(struct rm_http_body *b, char c)
{
	if (c == '\r')
		return b->state == EXTENSION ? SIZE_LF : TRAILER_LINE_LF;
	return plain(c) ? b->state : -1;
}

/* The state after one byte that is not chunk data; -1: there is none. */
static int
next_state(struct rm_http_body *b, char c)
{
	switch ((enum state)b->state) {
	case SIZE:
	case SIZE_MORE:
		return size_byte(b, c);
	case EXTENSION:
	case TRAILER_LINE:
		return line_byte(b, c);
	case SIZE_LF:
		b->line = 0;
		if (c != '\n')
			return -1;
		return b->left > 0 ? DATA : TRAILER;
	case DATA_CR:
		return c == '\r' ? DATA_LF : -1;
	case DATA_LF:
		return c == '\n' ? SIZE : -1;
	case TRAILER:
		if (c == '\r')
			return END_LF;
		/* No folded line, and none without a name. */
		return plain(c) && c != ' ' && c != '\t' && c != ':'
			   ? TRAILER_LINE
			   : -1;
	case TRAILER_LINE_LF:
		return c == '\n' ? TRAILER : -1;
	case END_LF:
		b->done = c == '\n';
		return b->done ? END_LF : -1;
	case DATA:
		break;
	}
	return -1;
}

static bool
too_long(struct rm_http_body *b)
{
	if (b->state >= TRAILER)
		return ++b->trailer > TRAILER_MAX;
	if (b->state <= EXTENSION)
		return ++b->line > LINE_MAX;
	return false;
}

static ssize_t
take_chunks(struct rm_http_body *b, const char *data, size_t len)
{
	size_t at = 0;
	while (at < len && !b->done) {
		if (b->state == DATA) {
			size_t n = len - at;
			if (n > b->left)
				n = (size_t)b->left;
			b->left -= n;
			at += n;
			if (b->left == 0)
				b->state = DATA_CR;
			continue;
		}
		int next = next_state(b, data[at++]);
		if (next < 0 || too_long(b))
			return -1;
		b->state = next;
	}
	return (ssize_t)at;
}

void
rm_http_body_start(
    struct rm_http_body *body, enum rm_http_body_kind kind, uint64_t length)
{
	*body = (struct rm_http_body){ .kind = kind };
	if (kind == RM_HTTP_LENGTH)
		body->left = length;
	body->done = kind == RM_HTTP_NONE ||
		     (kind == RM_HTTP_LENGTH && length == 0);
}

ssize_t
rm_http_body_take(struct rm_http_body *body, const char *data, size_t len)
{
	if (body->done)
		return 0;
	if (body->kind == RM_HTTP_CHUNKED)
		return take_chunks(body, data, len);
	if (body->kind == RM_HTTP_LENGTH) {
		if (len > body->left)
			len = (size_t)body->left;
		body->left -= len;
		body->done = body->left == 0;
	}
	return (ssize_t)len;
}
