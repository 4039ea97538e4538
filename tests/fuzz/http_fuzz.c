/*
 * The HTTP framer: requests and answers, whole and in pieces. What is read in
 * pieces must end where it ends when read at once, and a head that is passed
 * on must be read in the same way again: what a node gets can't hold another
 * request than the one that was seen here.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/http_head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Where the body ends; -1: bad, -2: not whole. */
static ssize_t
body_end(
    const struct rm_http_head *head, const char *data, size_t len, size_t piece)
{
	struct rm_http_body body;
	size_t at = 0;
	rm_http_body_start(&body, head->body, head->length);
	while (at < len && !body.done) {
		size_t n = len - at < piece ? len - at : piece;
		ssize_t took = rm_http_body_take(&body, data + at, n);
		if (took < 0)
			return -1;
		if ((size_t)took > n || (took == 0 && !body.done))
			abort();
		at += (size_t)took;
	}
	return body.done ? (ssize_t)at : -2;
}

static void
pass_on(const struct rm_http_head *head)
{
	struct rm_str out = { 0 };
	struct rm_http_head again;
	struct rm_http_refusal refusal;
	size_t scanned = 0;
	rm_http_request_write(&out, head, "127.0.0.1");
	if (rm_http_head_end(out.text, out.len, &scanned) != (ssize_t)out.len)
		abort();
	/* There may be a field too many now, and no other reason. */
	if (rm_http_request_parse(&again, out.text, out.len, &refusal) != 0) {
		if (refusal.status != 431)
			abort();
	} else if (again.body != head->body || again.length != head->length ||
		   again.method_len != head->method_len ||
		   again.safe != head->safe) {
		abort();
	}
	rm_str_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rm_http_head head;
	struct rm_http_refusal refusal;
	const char *text = (const char *)data;
	size_t scanned = 0, slowly = 0;
	ssize_t end = rm_http_head_end(text, size, &scanned), step = 0;
	for (size_t n = 1; n <= size && step == 0; n++)
		step = rm_http_head_end(text, n, &slowly);
	if (step != end)
		abort();
	if (end <= 0)
		return 0;
	if (rm_http_request_parse(&head, text, (size_t)end, &refusal) == 0) {
		ssize_t all = body_end(
		    &head, text + end, size - (size_t)end, size);
		if (body_end(&head, text + end, size - (size_t)end, 1) != all ||
		    body_end(&head, text + end, size - (size_t)end, 3) != all)
			abort();
		pass_on(&head);
	}
	for (int i = 0; i < 4; i++) {
		struct rm_str out = { 0 };
		if (rm_http_answer_parse(&head, text, (size_t)end, i & 1,
			i >> 1, &refusal) == 0) {
			rm_http_answer_write(&out, &head, i >> 1, i & 1);
			scanned = 0;
			if (rm_http_head_end(out.text, out.len, &scanned) !=
			    (ssize_t)out.len)
				abort();
		}
		rm_str_free(&out);
	}
	return 0;
}
