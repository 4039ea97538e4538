#include "proxy/http_head.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Parses a request's head as a session does; its status, 0 for good. */
static int
parse(struct rm_http_head *head, const char *text)
{
	struct rm_http_refusal refusal = { 0 };
	size_t scanned = 0;
	ssize_t end = rm_http_head_end(text, strlen(text), &scanned);
	if (end < 0)
		return 400;
	assert_int_equal(end, strlen(text));
	if (rm_http_request_parse(head, text, (size_t)end, &refusal) == 0)
		return 0;
	assert_non_null(refusal.why);
	return refusal.status;
}

#define HOST "Host: h\r\n"

static void
requests(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int status;
	} table[] = {
		{ "GET / HTTP/1.1\r\n" HOST "\r\n", 0 },
		{ "GET / HTTP/1.0\r\n\r\n", 0 },
		{ "OPTIONS * HTTP/1.1\r\n" HOST "\r\n", 0 },
		{ "GET http://h/x HTTP/1.1\r\n" HOST "\r\n", 0 },
		{ "GET /\xc3\xa4 HTTP/1.1\r\n" HOST "\r\n", 0 },
		{ "PUT / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\n", 0 },
		{ "PUT / HTTP/1.1\r\n" HOST "Content-Length:5 \t\r\n\r\n", 0 },
		{ "PUT / HTTP/1.1\r\n" HOST
		  "Content-Length: 5\r\nContent-Length: 5\r\n\r\n",
		    0 },
		{ "PUT / HTTP/1.1\r\n" HOST
		  "Transfer-Encoding: Chunked\r\n\r\n",
		    0 },
		/* who is meant, and by what */
		{ "GET / HTTP/1.1\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\n" HOST HOST "\r\n", 400 },
		{ "GET / HTTP/2.0\r\n" HOST "\r\n", 505 },
		{ "GET / HTTP/1.2\r\n" HOST "\r\n", 505 },
		{ "GET / http/1.1\r\n" HOST "\r\n", 400 },
		{ "GET  / HTTP/1.1\r\n" HOST "\r\n", 400 },
		{ "GET / HTTP/1.1 \r\n" HOST "\r\n", 400 },
		{ "GET /a b HTTP/1.1\r\n" HOST "\r\n", 400 },
		{ "GET /\ta HTTP/1.1\r\n" HOST "\r\n", 400 },
		{ "GET x HTTP/1.1\r\n" HOST "\r\n", 400 },
		{ "GET /\r\n\r\n", 400 },
		{ "G(T / HTTP/1.1\r\n" HOST "\r\n", 400 },
		{ " GET / HTTP/1.1\r\n" HOST "\r\n", 400 },
		{ "CONNECT h:1 HTTP/1.1\r\n" HOST "\r\n", 405 },
		/* two ways to end it */
		{ "PUT / HTTP/1.1\r\n" HOST
		  "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
		    400 },
		{ "PUT / HTTP/1.1\r\n" HOST
		  "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
		    400 },
		{ "PUT / HTTP/1.1\r\n" HOST
		  "Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
		    400 },
		{ "PUT / HTTP/1.1\r\n" HOST "Content-Length: 5, 5\r\n\r\n",
		    400 },
		{ "PUT / HTTP/1.1\r\n" HOST "Content-Length: +5\r\n\r\n", 400 },
		{ "PUT / HTTP/1.1\r\n" HOST "Content-Length: -5\r\n\r\n", 400 },
		{ "PUT / HTTP/1.1\r\n" HOST "Content-Length: 0x5\r\n\r\n",
		    400 },
		{ "PUT / HTTP/1.1\r\n" HOST "Content-Length: \r\n\r\n", 400 },
		{ "PUT / HTTP/1.1\r\n" HOST
		  "Content-Length: 99999999999999999999\r\n\r\n",
		    400 },
		{ "PUT / HTTP/1.1\r\n" HOST "Content-Length : 5\r\n\r\n", 400 },
		{ "PUT / HTTP/1.1\r\n" HOST
		  "X: a\r\n Content-Length: 5\r\n\r\n",
		    400 },
		{ "PUT / HTTP/1.1\r\n" HOST
		  "Transfer-Encoding: gzip, chunked\r\n\r\n",
		    501 },
		{ "PUT / HTTP/1.1\r\n" HOST
		  "Transfer-Encoding: chunked, chunked\r\n\r\n",
		    501 },
		{ "PUT / HTTP/1.1\r\n" HOST
		  "Transfer-Encoding: xchunked\r\n\r\n",
		    501 },
		{ "PUT / HTTP/1.1\r\n" HOST "Transfer-Encoding: "
		  "chunked\r\nTransfer-Encoding: identity\r\n\r\n",
		    400 },
		{ "PUT / HTTP/1.1\r\n" HOST
		  "Transfer-Encoding:\vchunked\r\n\r\n",
		    400 },
		{ "PUT / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400 },
		{ "PUT / HTTP/1.1\r\n" HOST
		  "Transfer-Encoding : chunked\r\n\r\n",
		    400 },
		/* lines */
		{ "GET / HTTP/1.1\n" HOST "\r\n", 400 },
		{ "GET / HTTP/1.1\r\nHost: h\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nHost: h\r\n\n", 400 },
		{ "GET / HTTP/1.1\r\nHost: h\rX: y\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\n" HOST "X: \x01\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\n" HOST "nocolon\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\n" HOST ": x\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\n" HOST "Expect: magic\r\n\r\n", 417 },
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct rm_http_head head;
		int status = parse(&head, table[i].text);
		if (status != table[i].status)
			fail_msg("%d, not %d: %s", status, table[i].status,
			    table[i].text);
	}
}

static void
too_many(void **state)
{
	(void)state;
	struct rm_str text = { 0 };
	struct rm_http_head head;
	rm_str_puts(&text, "GET / HTTP/1.1\r\n" HOST);
	for (int i = 0; i < RM_HTTP_FIELDS_MAX - 1; i++)
		rm_str_printf(&text, "X%d: y\r\n", i);
	rm_str_puts(&text, "\r\n");
	assert_int_equal(parse(&head, text.text), 0);
	text.len -= 2;
	rm_str_puts(&text, "One: more\r\n\r\n");
	assert_int_equal(parse(&head, text.text), 431);
	rm_str_free(&text);
}

static void
what_it_means(void **state)
{
	(void)state;
	struct rm_http_head head;
	parse(&head, "GET / HTTP/1.1\r\n" HOST "\r\n");
	assert_true(head.safe && head.keep && !head.is_head);
	assert_int_equal(head.body, RM_HTTP_NONE);
	parse(&head, "HEAD / HTTP/1.1\r\n" HOST "Connection: Close\r\n\r\n");
	assert_true(head.safe && !head.keep && head.is_head);
	parse(&head, "get / HTTP/1.1\r\n" HOST "\r\n");
	assert_false(head.safe);
	parse(&head, "PUT / HTTP/1.1\r\n" HOST "Content-Length: 7\r\n"
		     "Expect: 100-Continue\r\n\r\n");
	assert_true(!head.safe && head.expects);
	assert_int_equal(head.body, RM_HTTP_LENGTH);
	assert_int_equal(head.length, 7);
	parse(&head,
	    "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n");
	assert_int_equal(head.body, RM_HTTP_CHUNKED);
	parse(&head, "GET / HTTP/1.0\r\n\r\n");
	assert_true(!head.keep && head.minor == 0);
	parse(&head, "GET / HTTP/1.0\r\nConnection: foo, Keep-Alive\r\n\r\n");
	assert_true(head.keep);
}

static void
passes_requests(void **state)
{
	(void)state;
	static const char *const table[][2] = {
		{ "GET /a?b HTTP/1.1\r\nhOsT:  h \r\nX-Riak-Vclock: "
		  "a85\r\n\r\n",
		    "GET /a?b HTTP/1.1\r\nhOsT: h\r\nX-Riak-Vclock: a85\r\n"
		    "X-Forwarded-For: 10.0.0.9\r\n"
		    "Forwarded: for=10.0.0.9\r\n\r\n" },
		/* what is of one hop stays behind, and what Connection names,
		 * but not what frames the message */
		{ "PUT / HTTP/1.1\r\n" HOST "Connection: close, X-One, "
		  "Content-Length, host\r\nX-One: 1\r\nX-Two: 2\r\n"
		  "Keep-Alive: 5\r\nTE: trailers\r\nUpgrade: h2c\r\n"
		  "Content-Length: 5\r\n\r\n",
		    "PUT / HTTP/1.1\r\n" HOST
		    "X-Two: 2\r\nContent-Length: 5\r\n"
		    "X-Forwarded-For: 10.0.0.9\r\n"
		    "Forwarded: for=10.0.0.9\r\n\r\n" },
		{ "PUT / HTTP/1.1\r\n" HOST
		  "Content-Length: 5\r\nContent-Length: 5\r\n\r\n",
		    "PUT / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n"
		    "X-Forwarded-For: 10.0.0.9\r\n"
		    "Forwarded: for=10.0.0.9\r\n\r\n" },
		{ "GET / HTTP/1.0\r\nConnection: keep-alive\r\n"
		  "X-Forwarded-For: 1.2.3.4\r\n\r\n",
		    "GET / HTTP/1.0\r\nX-Forwarded-For: 1.2.3.4\r\n"
		    "X-Forwarded-For: 10.0.0.9\r\n"
		    "Forwarded: for=10.0.0.9\r\nConnection: close\r\n\r\n" },
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct rm_http_head head;
		struct rm_str out = { 0 };
		assert_int_equal(parse(&head, table[i][0]), 0);
		rm_http_request_write(&out, &head, "10.0.0.9");
		assert_string_equal(out.text, table[i][1]);
		rm_str_free(&out);
	}
}

static void
answers(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool to_head;
		int minor; /* of the request */
		int body; /* -1: refused */
		const char *kept, *closed;
	} table[] = {
		{ "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", false, 1,
		    RM_HTTP_LENGTH,
		    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n",
		    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
		    "Connection: close\r\n\r\n" },
		{ "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n", false,
		    1, RM_HTTP_NONE, "HTTP/1.1 204 No Content\r\n\r\n", NULL },
		{ "HTTP/1.1 100 Continue\r\n\r\n", false, 1, RM_HTTP_NONE,
		    "HTTP/1.1 100 Continue\r\n\r\n",
		    "HTTP/1.1 100 Continue\r\n\r\n" },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", true,
		    1, RM_HTTP_NONE, NULL, NULL },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
		    false, 1, RM_HTTP_CHUNKED, NULL, NULL },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
		    false, 0, -1, NULL, NULL },
		{ "HTTP/1.0 200 OK\r\n\r\n", false, 0, RM_HTTP_CLOSE, NULL,
		    "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", false, 0,
		    RM_HTTP_LENGTH,
		    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
		    "Connection: keep-alive\r\n\r\n",
		    NULL },
		{ "HTTP/1.1 304\r\n\r\n", false, 1, RM_HTTP_NONE,
		    "HTTP/1.1 304 \r\n\r\n", NULL },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
		  "Content-Length: 3\r\n\r\n",
		    false, 1, -1, NULL, NULL },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
		  "Transfer-Encoding: chunked\r\n\r\n",
		    false, 1, -1, NULL, NULL },
		{ "HTTP/1.1 101 Switching\r\n\r\n", false, 1, -1, NULL, NULL },
		{ "HTTP/1.1 2x0 OK\r\n\r\n", false, 1, -1, NULL, NULL },
		{ "HTTP/1.1 2000 OK\r\n\r\n", false, 1, -1, NULL, NULL },
		{ "ICY 200 OK\r\n\r\n", false, 1, -1, NULL, NULL },
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct rm_http_head head;
		struct rm_http_refusal refusal;
		int rc = rm_http_answer_parse(&head, table[i].text,
		    strlen(table[i].text), table[i].to_head, table[i].minor,
		    &refusal);
		if ((rc == 0 ? (int)head.body : -1) != table[i].body)
			fail_msg("%d: %s", rc, table[i].text);
		const char *const wanted[] = { table[i].closed, table[i].kept };
		for (int keep = 0; keep < 2; keep++) {
			struct rm_str out = { 0 };
			if (wanted[keep] == NULL)
				continue;
			rm_http_answer_write(&out, &head, table[i].minor, keep);
			assert_string_equal(out.text, wanted[keep]);
			rm_str_free(&out);
		}
	}
}

static void
own_answers(void **state)
{
	(void)state;
	struct rm_str out = { 0 };
	rm_http_answer_make(
	    &out, 503, "why", "Retry-After: 2\r\n", false, false);
	assert_string_equal(out.text,
	    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\n"
	    "Content-Type: text/plain\r\nContent-Length: 4\r\n"
	    "Connection: close\r\n\r\nwhy\n");
	rm_str_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests),
		cmocka_unit_test(too_many),
		cmocka_unit_test(what_it_means),
		cmocka_unit_test(passes_requests),
		cmocka_unit_test(answers),
		cmocka_unit_test(own_answers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
