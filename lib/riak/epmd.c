#include "riak/epmd.h"

#include <string.h>

#include "base/utf8.h"

#define REPLY_ALIVE2   121
#define REPLY_PORT2    119
#define REPLY_ALIVE2_X 118

/* Of ALIVE2: what stands before the name; with the two lengths. */
#define ALIVE2_HEAD  11
#define ALIVE2_FIXED 13

static uint16_t
get16(const unsigned char *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void
put8(struct rm_str *to, unsigned n)
{
	unsigned char byte = (unsigned char)n;
	rm_str_add(to, &byte, 1);
}

static void
put16(struct rm_str *to, unsigned n)
{
	put8(to, n >> 8);
	put8(to, n & 0xff);
}

static void
put32(struct rm_str *to, uint32_t n)
{
	put16(to, n >> 16);
	put16(to, n & 0xffff);
}

/* How many characters; -1 if it is not UTF-8. */
static int
characters(const unsigned char *p, size_t len)
{
	int count = 0;
	for (size_t i = 0; i < len; count++) {
		size_t n = rm_utf8_length(p + i, len - i);
		if (n == 0)
			return -1;
		i += n;
	}
	return count;
}

int
rm_epmd_request_size(const unsigned char *bytes, size_t len)
{
	if (len < 2)
		return 0;
	int size = get16(bytes) + 2;
	return size < 3 || size > RM_EPMD_REQUEST_MAX ? -1 : size;
}

static int
parse_alive2(struct rm_epmd_request *r, unsigned char *body, size_t len)
{
	/* As in epmd, an empty name passes when anything follows. */
	if (len <= ALIVE2_FIXED)
		return -1;
	size_t name_len = get16(body + 9);
	if (name_len + ALIVE2_FIXED > len)
		return -1;
	unsigned char *name = body + ALIVE2_HEAD;
	size_t extra_len = get16(name + name_len);
	if (extra_len + name_len + ALIVE2_FIXED > len)
		return -1;
	if (memchr(name, '\0', name_len) != NULL)
		return -1;

	int chars = characters(name, name_len);
	r->refused = chars < 0 || chars > RM_EPMD_NAME_CHARS ||
		     name_len > RM_EPMD_BYTES_MAX ||
		     extra_len > RM_EPMD_BYTES_MAX;
	r->node = (struct rm_epmd_node){
		.name = (const char *)name,
		.extra = name + name_len + 2,
		.extra_len = (uint16_t)extra_len,
		.port = get16(body + 1),
		.type = body[3],
		.protocol = body[4],
		.highest = get16(body + 5),
		.lowest = get16(body + 7),
	};
	name[name_len] = '\0';
	return 0;
}

static int
parse_port2(struct rm_epmd_request *r, unsigned char *body, size_t len)
{
	if (body[len - 1] == '\0')
		len--;
	if (len <= 1 || memchr(body + 1, '\0', len - 1) != NULL)
		return -1;
	int chars = characters(body + 1, len - 1);
	/* epmd counts the end of the name too. */
	if (chars < 0 || chars + 1 > RM_EPMD_NAME_CHARS)
		return -1;
	body[len] = '\0';
	r->node.name = (const char *)body + 1;
	return 0;
}

static int
parse_names(struct rm_epmd_request *r, unsigned char *body, size_t len)
{
	r->cluster = len == 2 && body[1] == '@';
	return 0;
}

static int
parse_bare(struct rm_epmd_request *r, unsigned char *body, size_t len)
{
	(void)r;
	(void)body;
	(void)len;
	return 0;
}

static int
parse_stop(struct rm_epmd_request *r, unsigned char *body, size_t len)
{
	if (len <= 1)
		return -1;
	body[len] = '\0';
	r->node.name = (const char *)body + 1;
	return 0;
}

int
rm_epmd_request_parse(
    struct rm_epmd_request *request, unsigned char *body, size_t len)
{
	static const struct {
		enum rm_epmd_code code;
		int (*parse)(struct rm_epmd_request *, unsigned char *, size_t);
	} table[] = {
		{ RM_EPMD_ALIVE2, parse_alive2 },
		{ RM_EPMD_PORT2, parse_port2 },
		{ RM_EPMD_NAMES, parse_names },
		{ RM_EPMD_DUMP, parse_bare },
		{ RM_EPMD_KILL, parse_bare },
		{ RM_EPMD_STOP, parse_stop },
	};
	*request = (struct rm_epmd_request){ 0 };
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		if (body[0] != table[i].code)
			continue;
		request->code = table[i].code;
		return table[i].parse(request, body, len);
	}
	return -1;
}

void
rm_epmd_put_alive2(
    struct rm_str *to, uint16_t highest, bool refused, uint32_t creation)
{
	put8(to, highest >= 6 ? REPLY_ALIVE2_X : REPLY_ALIVE2);
	put8(to, refused);
	if (refused)
		creation = 99;
	if (highest >= 6)
		put32(to, creation);
	else
		put16(to, creation & 0xffff);
}

void
rm_epmd_put_port2(struct rm_str *to, const struct rm_epmd_node *node)
{
	size_t len = strlen(node->name);
	put8(to, REPLY_PORT2);
	put8(to, 0);
	put16(to, node->port);
	put8(to, node->type);
	put8(to, node->protocol);
	put16(to, node->highest);
	put16(to, node->lowest);
	put16(to, (unsigned)len);
	rm_str_add(to, node->name, len);
	put16(to, node->extra_len);
	rm_str_add(to, node->extra, node->extra_len);
}

void
rm_epmd_put_port2_none(struct rm_str *to)
{
	put8(to, REPLY_PORT2);
	put8(to, 1);
}

void
rm_epmd_put_port(struct rm_str *to, uint16_t port)
{
	put32(to, port);
}

void
rm_epmd_put_name(
    struct rm_str *to, const struct rm_epmd_node *node, const char *host)
{
	rm_str_puts(to, "name ");
	rm_str_puts(to, node->name);
	if (host != NULL) {
		rm_str_puts(to, "@");
		rm_str_puts(to, host);
	}
	rm_str_printf(to, " at port %d\n", node->port);
}

void
rm_epmd_put_active(struct rm_str *to, const struct rm_epmd_node *node, int fd)
{
	rm_str_puts(to, "active name     <");
	rm_str_puts(to, node->name);
	rm_str_printf(to, "> at port %d, fd = %d\n", node->port, fd);
	put8(to, 0);
}

void
rm_epmd_put_old(struct rm_str *to, const struct rm_epmd_node *node, int fd)
{
	rm_str_puts(to, "old/unused name <");
	rm_str_puts(to, node->name);
	rm_str_printf(to, ">, port = %d, fd = %d \n", node->port, fd);
	put8(to, 0);
}

void
rm_epmd_put_request(struct rm_str *to, enum rm_epmd_code code, const char *text)
{
	put16(to, (unsigned)(1 + strlen(text)));
	put8(to, code);
	rm_str_puts(to, text);
}

int
rm_epmd_port2_parse(struct rm_epmd_node *node, unsigned char *reply, size_t len)
{
	if (len < 2 || reply[0] != REPLY_PORT2)
		return -1;
	if (reply[1] != 0)
		return len == 2 ? 1 : -1;
	if (len < 14)
		return -1;
	size_t name_len = get16(reply + 10);
	if (len < 14 + name_len)
		return -1;
	size_t extra_len = get16(reply + 12 + name_len);
	if (len != 14 + name_len + extra_len ||
	    memchr(reply + 12, '\0', name_len) != NULL)
		return -1;
	*node = (struct rm_epmd_node){
		.name = (const char *)reply + 12,
		.extra = reply + 14 + name_len,
		.extra_len = (uint16_t)extra_len,
		.port = get16(reply + 2),
		.type = reply[4],
		.protocol = reply[5],
		.highest = get16(reply + 6),
		.lowest = get16(reply + 8),
	};
	reply[12 + name_len] = '\0';
	return 0;
}
