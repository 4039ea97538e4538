#include "proxy/http_head.h"

#include <string.h>
#include <strings.h>

/* What was seen of the fields that decide. */
struct seen {
	struct rm_http_head *head;
	struct rm_http_refusal *refusal;
	bool request;
	unsigned hosts, lengths, codings, connections;
	bool chunked, close, keep_alive;
};

static int
refuse(struct rm_http_refusal *refusal, int status, const char *why)
{
	refusal->status = status;
	refusal->why = why;
	return -1;
}

/* A byte of a token (RFC 9110, 5.6.2). */
static bool
is_token(unsigned char c)
{
	static const bool no[128] = { ['"'] = true,
		['('] = true,
		[')'] = true,
		[','] = true,
		['/'] = true,
		[':'] = true,
		[';'] = true,
		['<'] = true,
		['='] = true,
		['>'] = true,
		['?'] = true,
		['@'] = true,
		['['] = true,
		['\\'] = true,
		[']'] = true,
		['{'] = true,
		['}'] = true };
	return c > ' ' && c < 127 && !no[c];
}

static bool
same(const char *text, size_t len, const char *word)
{
	return strlen(word) == len && strncasecmp(text, word, len) == 0;
}

/* Fields that a Connection names are dropped too, but not those that frame
 * or route the message, which are no hop's own. */
static void
drop_named(struct rm_http_head *head, const char *name, size_t len)
{
	static const char *const kept[] = { "content-length",
		"transfer-encoding", "host", "x-forwarded-for", "forwarded",
		NULL };
	for (size_t i = 0; kept[i] != NULL; i++)
		if (same(name, len, kept[i]))
			return;
	for (unsigned i = 0; i < head->count; i++) {
		struct rm_http_field *f = &head->fields[i];
		if (f->name_len == len &&
		    strncasecmp(head->text + f->name, name, len) == 0)
			f->drop = true;
	}
}

static int
on_connection(struct seen *seen, struct rm_http_field *field)
{
	field->drop = true;
	seen->connections++;
	return 0;
}

static int
on_drop(struct seen *seen, struct rm_http_field *field)
{
	(void)seen;
	field->drop = true;
	return 0;
}

/* The same length twice is passed on once (RFC 9112, 6.3). */
static int
on_length(struct seen *seen, struct rm_http_field *field)
{
	uint64_t length;
	if (rm_http_length(seen->head->text + field->value, field->value_len,
		&length) != 0)
		return refuse(seen->refusal, 400, "bad Content-Length");
	if (seen->lengths++ == 0)
		seen->head->length = length;
	else if (seen->head->length != length)
		return refuse(seen->refusal, 400, "two Content-Lengths");
	else
		field->drop = true;
	return 0;
}

static int
on_coding(struct seen *seen, struct rm_http_field *field)
{
	if (seen->codings++ > 0)
		return refuse(seen->refusal, 400, "two Transfer-Encodings");
	if (!same(seen->head->text + field->value, field->value_len, "chunked"))
		return refuse(seen->refusal, 501, "unknown Transfer-Encoding");
	seen->chunked = true;
	return 0;
}

static int
on_host(struct seen *seen, struct rm_http_field *field)
{
	(void)field;
	if (seen->request && seen->hosts++ > 0)
		return refuse(seen->refusal, 400, "two Hosts");
	return 0;
}

static int
on_expect(struct seen *seen, struct rm_http_field *field)
{
	if (!seen->request)
		return 0;
	if (!same(seen->head->text + field->value, field->value_len,
		"100-continue"))
		return refuse(seen->refusal, 417, "unknown Expect");
	seen->head->expects = true;
	return 0;
}

static const struct {
	const char *name;
	int (*handle)(struct seen *seen, struct rm_http_field *field);
} known[] = {
	{ "connection", on_connection },
	{ "content-length", on_length },
	{ "transfer-encoding", on_coding },
	{ "host", on_host },
	{ "expect", on_expect },
	{ "keep-alive", on_drop },
	{ "proxy-connection", on_drop },
	{ "upgrade", on_drop },
	{ "te", on_drop },
};

static int
know(struct seen *seen, struct rm_http_field *field)
{
	const char *name = seen->head->text + field->name;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if ((name[0] | 0x20) == known[i].name[0] &&
		    same(name, field->name_len, known[i].name))
			return known[i].handle(seen, field);
	return 0;
}

/* One line without its CRLF, at offset `at`. */
static int
parse_field(struct seen *seen, unsigned at, unsigned len)
{
	struct rm_http_head *head = seen->head;
	const char *line = head->text + at;
	unsigned name = 0, value, end = len;
	while (name < len && is_token((unsigned char)line[name]))
		name++;
	/* So a folded line and a blank before the colon are refused too. */
	if (name == 0 || name == len || line[name] != ':')
		return refuse(seen->refusal, 400, "bad header line");
	if (head->count == RM_HTTP_FIELDS_MAX)
		return refuse(seen->refusal, 431, "too many headers");
	for (value = name + 1; value < len; value++)
		if (line[value] != ' ' && line[value] != '\t')
			break;
	while (end > value && (line[end - 1] == ' ' || line[end - 1] == '\t'))
		end--;
	for (unsigned i = value; i < end; i++) {
		unsigned char c = (unsigned char)line[i];
		if ((c < ' ' && c != '\t') || c == 127)
			return refuse(
			    seen->refusal, 400, "control byte in a header");
	}
	struct rm_http_field *field = &head->fields[head->count++];
	*field = (struct rm_http_field){ .name = at,
		.name_len = name,
		.value = at + value,
		.value_len = end - value };
	return know(seen, field);
}

/* What a Connection says, and what it names. */
static void
read_connection(struct seen *seen, const struct rm_http_field *field)
{
	const char *p = seen->head->text + field->name;
	if (!same(p, field->name_len, "connection"))
		return;
	p = seen->head->text + field->value;
	const char *end = p + field->value_len;
	while (p < end) {
		while (p < end && !is_token((unsigned char)*p))
			p++;
		const char *word = p;
		while (p < end && is_token((unsigned char)*p))
			p++;
		size_t len = (size_t)(p - word);
		if (same(word, len, "close"))
			seen->close = true;
		else if (same(word, len, "keep-alive"))
			seen->keep_alive = true;
		else if (len > 0)
			drop_named(seen->head, word, len);
	}
}

static int
parse_fields(struct seen *seen, unsigned at, size_t len)
{
	struct rm_http_head *head = seen->head;
	head->count = 0;
	while (at + 2 < len) {
		const char *lf = memchr(head->text + at, '\n', len - at);
		unsigned end = (unsigned)(lf - head->text) - 1;
		if (parse_field(seen, at, end - at) != 0)
			return -1;
		at = end + 2;
	}
	for (unsigned i = 0; seen->connections > 0 && i < head->count; i++)
		read_connection(seen, &head->fields[i]);
	if (seen->lengths > 0 && seen->codings > 0)
		return refuse(seen->refusal, 400,
		    "both Content-Length and Transfer-Encoding");
	head->keep = !seen->close && (head->minor > 0 || seen->keep_alive);
	return 0;
}

/* "HTTP/1.x" at p; its minor version, or -1 and a refusal. */
static int
version(const char *p, size_t len, struct rm_http_refusal *refusal)
{
	if (len == 8 && memcmp(p, "HTTP/1.", 7) == 0 &&
	    (p[7] == '0' || p[7] == '1'))
		return p[7] - '0';
	bool other = len == 8 && memcmp(p, "HTTP/", 5) == 0 && p[6] == '.';
	return refuse(refusal, other ? 505 : 400,
	    other ? "HTTP version not supported" : "bad request line");
}

static int
check_target(const struct rm_http_head *to, struct rm_http_refusal *refusal)
{
	const char *target = to->text + to->target;
	for (unsigned i = 0; i < to->target_len; i++)
		if ((unsigned char)target[i] <= ' ' || target[i] == 127)
			return refuse(refusal, 400, "bad request line");
	if (same(to->text, to->method_len, "CONNECT"))
		return refuse(refusal, 405, "CONNECT is not for this proxy");
	if (target[0] == '/' || (to->target_len == 1 && *target == '*' &&
				    same(to->text, to->method_len, "OPTIONS")))
		return 0;
	if (to->target_len > 7 && strncasecmp(target, "http://", 7) == 0)
		return 0;
	return refuse(refusal, 400, "bad request target");
}

static int
request_line(
    struct rm_http_head *to, size_t len, struct rm_http_refusal *refusal)
{
	const char *line = to->text;
	size_t method = 0;
	while (method < len && is_token((unsigned char)line[method]))
		method++;
	const char *space = method > 0 && method < len && line[method] == ' '
				? memchr(
				      line + method + 1, ' ', len - method - 1)
				: NULL;
	if (space == NULL || space == line + method + 1)
		return refuse(refusal, 400, "bad request line");
	to->method_len = (unsigned)method;
	to->target = (unsigned)method + 1;
	to->target_len = (unsigned)(space - line) - to->target;
	to->minor = version(
	    space + 1, len - (size_t)(space + 1 - line), refusal);
	if (to->minor < 0)
		return -1;
	/* Methods are told apart by case (RFC 9110, 9.1). */
	to->is_head = method == 4 && memcmp(line, "HEAD", 4) == 0;
	to->safe = to->is_head || (method == 3 && !memcmp(line, "GET", 3)) ||
		   (method == 7 && !memcmp(line, "OPTIONS", 7));
	return check_target(to, refusal);
}

static size_t
line_length(const char *head, size_t len)
{
	const char *lf = memchr(head, '\n', len);
	return (size_t)(lf - head) - 1;
}

/* All but the fields, which are many and say themselves what is in them. */
static void
clear(struct rm_http_head *head, const char *text)
{
	memset(head, 0, offsetof(struct rm_http_head, fields));
	head->text = text;
}

int
rm_http_request_parse(struct rm_http_head *to, const char *head, size_t len,
    struct rm_http_refusal *refusal)
{
	struct seen seen = { .head = to, .refusal = refusal, .request = true };
	clear(to, head);
	size_t line = line_length(head, len);
	if (request_line(to, line, refusal) != 0 ||
	    parse_fields(&seen, (unsigned)line + 2, len) != 0)
		return -1;
	if (to->minor > 0 && seen.hosts == 0)
		return refuse(refusal, 400, "no Host");
	if (to->minor == 0 && seen.chunked)
		return refuse(refusal, 400, "Transfer-Encoding in HTTP/1.0");
	to->body = seen.chunked       ? RM_HTTP_CHUNKED
		   : seen.lengths > 0 ? RM_HTTP_LENGTH
				      : RM_HTTP_NONE;
	if (to->minor == 0)
		to->expects = false; /* RFC 9110, 10.1.1 */
	return 0;
}

static int
status_line(
    struct rm_http_head *to, size_t len, struct rm_http_refusal *refusal)
{
	const char *line = to->text;
	if (len < 12 || (to->minor = version(line, 8, refusal)) < 0 ||
	    line[8] != ' ' || (len > 12 && line[12] != ' '))
		return refuse(refusal, 502, "bad status line");
	for (size_t i = 9; i < 12; i++) {
		if (line[i] < '0' || line[i] > '9')
			return refuse(refusal, 502, "bad status line");
		to->status = to->status * 10 + line[i] - '0';
	}
	for (size_t i = 12; i < len; i++)
		if ((unsigned char)line[i] < ' ' && line[i] != '\t')
			return refuse(refusal, 502, "bad status line");
	if (to->status < 100 || to->status == 101)
		return refuse(refusal, 502, "unexpected status");
	to->reason = len > 13 ? 13 : (unsigned)len;
	to->reason_len = (unsigned)len - to->reason;
	return 0;
}

/* RFC 9112, 6.3. */
static enum rm_http_body_kind
answer_body(
    const struct rm_http_head *to, const struct seen *seen, bool to_head)
{
	if (to_head || to->status < 200 || to->status == 204 ||
	    to->status == 304)
		return RM_HTTP_NONE;
	if (seen->chunked)
		return RM_HTTP_CHUNKED;
	return seen->lengths > 0 ? RM_HTTP_LENGTH : RM_HTTP_CLOSE;
}

int
rm_http_answer_parse(struct rm_http_head *to, const char *head, size_t len,
    bool to_head, int minor, struct rm_http_refusal *refusal)
{
	struct seen seen = { .head = to, .refusal = refusal };
	clear(to, head);
	size_t line = line_length(head, len);
	if (status_line(to, line, refusal) != 0)
		return -1;
	if (parse_fields(&seen, (unsigned)line + 2, len) != 0) {
		refusal->status = 502;
		return -1;
	}
	to->body = answer_body(to, &seen, to_head);
	if (to->body == RM_HTTP_CHUNKED && (minor == 0 || to->minor == 0))
		return refuse(refusal, 502, "chunks in HTTP/1.0");
	return 0;
}

static void
write_fields(struct rm_str *to, const struct rm_http_head *head)
{
	for (unsigned i = 0; i < head->count; i++) {
		const struct rm_http_field *f = &head->fields[i];
		if (f->drop)
			continue;
		rm_str_add(to, head->text + f->name, f->name_len);
		rm_str_add(to, ": ", 2);
		rm_str_add(to, head->text + f->value, f->value_len);
		rm_str_add(to, "\r\n", 2);
	}
}

void
rm_http_request_write(
    struct rm_str *to, const struct rm_http_head *head, const char *peer)
{
	rm_str_add(to, head->text, head->target + head->target_len);
	rm_str_add(to, head->minor > 0 ? " HTTP/1.1\r\n" : " HTTP/1.0\r\n", 11);
	write_fields(to, head);
	rm_str_add(to, "X-Forwarded-For: ", 17);
	rm_str_puts(to, peer);
	/* RFC 7239, 6: the colons of IPv6 want brackets and quotes. */
	bool quoted = strchr(peer, ':') != NULL;
	rm_str_puts(
	    to, quoted ? "\r\nForwarded: for=\"[" : "\r\nForwarded: for=");
	rm_str_puts(to, peer);
	rm_str_puts(to, quoted ? "]\"" : "");
	rm_str_puts(
	    to, head->minor > 0 ? "\r\n\r\n" : "\r\nConnection: close\r\n\r\n");
}

void
rm_http_answer_write(
    struct rm_str *to, const struct rm_http_head *head, int minor, bool keep)
{
	const char *code = head->text + 9;
	rm_str_add(to, "HTTP/1.1 ", 9);
	rm_str_add(to, code, 3);
	rm_str_add(to, " ", 1);
	rm_str_add(to, head->text + head->reason, head->reason_len);
	rm_str_add(to, "\r\n", 2);
	write_fields(to, head);
	if (head->status >= 200 && !keep)
		rm_str_puts(to, "Connection: close\r\n");
	else if (head->status >= 200 && minor == 0)
		rm_str_puts(to, "Connection: keep-alive\r\n");
	rm_str_add(to, "\r\n", 2);
}

static const char *
reason(int status)
{
	static const struct {
		int status;
		const char *text;
	} reasons[] = {
		{ 400, "Bad Request" },
		{ 403, "Forbidden" },
		{ 405, "Method Not Allowed" },
		{ 408, "Request Timeout" },
		{ 417, "Expectation Failed" },
		{ 431, "Request Header Fields Too Large" },
		{ 501, "Not Implemented" },
		{ 502, "Bad Gateway" },
		{ 503, "Service Unavailable" },
		{ 504, "Gateway Timeout" },
		{ 505, "HTTP Version Not Supported" },
	};
	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].text;
	return "";
}

void
rm_http_answer_make(struct rm_str *to, int status, const char *text,
    const char *extra, bool keep, bool to_head)
{
	rm_str_printf(to,
	    "HTTP/1.1 %d %s\r\n%sContent-Type: text/plain\r\n"
	    "Content-Length: %zu\r\nConnection: %s\r\n\r\n",
	    status, reason(status), extra, strlen(text) + 1,
	    keep ? "keep-alive" : "close");
	if (!to_head)
		rm_str_printf(to, "%s\n", text);
}
