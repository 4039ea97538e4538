/*
 * The heads of HTTP/1 requests and answers, as a proxy needs them: what ends
 * the message, what becomes of the connection, and the head as it is passed
 * on, without what concerns one hop only (RFC 9110, 7.6.1). What two readers
 * might take differently is refused (RFC 9112, 3.2, 5.1, 6.3, 11.2). Pure.
 */
#ifndef RM_PROXY_HTTP_HEAD_H
#define RM_PROXY_HTTP_HEAD_H

#include "base/str.h"
#include "proxy/http_frame.h"

/* A field of the head that was parsed, by offsets into it. */
struct rm_http_field {
	unsigned name, name_len, value, value_len;
	bool drop; /* of one hop: not passed on */
};

#define RM_HTTP_FIELDS_MAX 256

struct rm_http_head {
	const char *text; /* borrowed: what was parsed */
	int minor; /* HTTP/1.minor */
	bool keep; /* the sender keeps its connection */
	enum rm_http_body_kind body;
	uint64_t length; /* of a RM_HTTP_LENGTH body */
	/* Of a request. Safe: GET, HEAD, OPTIONS (RFC 9110, 9.2.1). */
	unsigned method_len, target, target_len;
	bool safe, is_head, expects;
	/* Of an answer. */
	int status;
	unsigned reason, reason_len;

	unsigned count;
	struct rm_http_field fields[RM_HTTP_FIELDS_MAX];
};

/* Why a head was refused: the status to answer with and words for people. */
struct rm_http_refusal {
	int status;
	const char *why; /* static */
};

/* head is a whole one, as rm_http_head_end() found it. Empty lines before a
 * request are not part of it. Returns -1 and says why. */
int rm_http_request_parse(struct rm_http_head *to, const char *head, size_t len,
    struct rm_http_refusal *refusal);
/* `to_head` is an answer to HEAD, minor the request's version. */
int rm_http_answer_parse(struct rm_http_head *to, const char *head, size_t len,
    bool to_head, int minor, struct rm_http_refusal *refusal);

/* Appends the head that goes to a node: peer (an address) is told in an
 * X-Forwarded-For and a Forwarded (RFC 7239) of its own, behind those that
 * came. */
void rm_http_request_write(
    struct rm_str *to, const struct rm_http_head *head, const char *peer);
/* Appends the head that goes to a client which speaks HTTP/1.minor and whose
 * connection is kept or not. */
void rm_http_answer_write(
    struct rm_str *to, const struct rm_http_head *head, int minor, bool keep);

/* An answer of ours, of plain text; extra is whole lines, or "". */
void rm_http_answer_make(struct rm_str *to, int status, const char *text,
    const char *extra, bool keep, bool to_head);

#endif
