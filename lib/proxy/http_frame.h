/*
 * Where HTTP/1 messages begin and end (RFC 9112), and nothing more: a proxy
 * passes bodies on as they are. Strict where two readers might disagree about
 * an end (request smuggling): lines end with CRLF alone, chunk sizes are plain
 * hexadecimal. Pure.
 */
#ifndef RM_PROXY_HTTP_FRAME_H
#define RM_PROXY_HTTP_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * The length of the head that begins here, its empty line included; 0 when
 * more is needed, -1 when a line ends in another way than CRLF. *scanned is 0
 * at first and remembers what was looked at between calls.
 */
ssize_t rm_http_head_end(const char *data, size_t len, size_t *scanned);

enum rm_http_body_kind {
	RM_HTTP_NONE, /* no body */
	RM_HTTP_LENGTH,
	RM_HTTP_CHUNKED,
	RM_HTTP_CLOSE, /* an answer until its connection ends */
};

/* A body on its way. All zero is none. */
struct rm_http_body {
	enum rm_http_body_kind kind;
	uint64_t left; /* LENGTH: to come; CHUNKED: of this chunk */
	int state; /* CHUNKED: of http_frame.c */
	unsigned line; /* CHUNKED: bytes of the line so far */
	unsigned trailer; /* CHUNKED: bytes of trailers so far */
	bool done;
};

void rm_http_body_start(
    struct rm_http_body *body, enum rm_http_body_kind kind, uint64_t length);
/* How many of these bytes are the body's, -1 when they can't be. done is set
 * once it is whole (never for CLOSE). */
ssize_t rm_http_body_take(
    struct rm_http_body *body, const char *data, size_t len);

/* Plain decimal digits, and nothing else. -1: not that, or too large. */
int rm_http_length(const char *text, size_t len, uint64_t *length);

#endif
