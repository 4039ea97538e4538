/*
 * The messages of Erlang's port mapper: parsed and built, no I/O.
 *
 * Source: Erlang's distribution protocol (ERTS User's Guide, "EPMD
 * Protocol"), and the epmd of OTP 25 where that is silent: what it refuses,
 * what it answers with silence. A request is a length (2 bytes) and a body;
 * a reply has no length. Numbers are big-endian.
 *
 * Two requests are our own, for peers on the same host. Both have the form
 * of a stock request, so that a stock port mapper answers them too:
 *
 *   look-up of NAME@HOST: when no name of just that spelling is registered,
 *     NAME is looked up in the cluster, on any host. The reply is a stock
 *     one with the bare name; its extra is the address of the node's host,
 *     or empty, when only HOST itself can tell. HOST may be empty.
 *   names with the body "n@": the names of the cluster. The reply is a stock
 *     one whose lines are "name NAME@HOST at port PORT".
 */
#ifndef RM_RIAK_EPMD_H
#define RM_RIAK_EPMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum rm_epmd_code {
	RM_EPMD_ALIVE2 = 120,
	RM_EPMD_PORT2 = 122,
	RM_EPMD_NAMES = 110,
	RM_EPMD_DUMP = 100,
	RM_EPMD_KILL = 107,
	RM_EPMD_STOP = 115,
};

/* A request with its length is at most this long. */
#define RM_EPMD_REQUEST_MAX 3059
/* Limits of a name, in characters and bytes, and of extra data. */
#define RM_EPMD_NAME_CHARS 255
#define RM_EPMD_BYTES_MAX  1020

/* What a node tells when it registers, and others are told about it. */
struct rm_epmd_node {
	const char *name; /* borrowed, NUL-terminated, UTF-8 */
	const void *extra; /* borrowed */
	uint16_t extra_len;
	uint16_t port, highest, lowest;
	uint8_t type; /* 77 normal, 72 hidden; any other is kept as it is */
	uint8_t protocol; /* 0: TCP */
};

struct rm_epmd_request {
	enum rm_epmd_code code;
	struct rm_epmd_node node; /* ALIVE2: all; PORT2, STOP: its name */
	bool refused; /* ALIVE2: over a limit, or not UTF-8: result 1 */
	bool cluster; /* NAMES: "n@" */
};

/*
 * How long the request at bytes is, its length included: 0 while that can't
 * be told yet, -1 when the connection ends without a reply.
 */
int rm_epmd_request_size(const unsigned char *bytes, size_t len);

/*
 * Parses a body of len > 0 bytes, in place: it is changed, must have room for
 * one byte more, and the request points into it. Returns -1 when the
 * connection ends without a reply.
 */
int rm_epmd_request_parse(
    struct rm_epmd_request *request, unsigned char *body, size_t len);

/* Replies. */
void rm_epmd_put_alive2(
    struct rm_str *to, uint16_t highest, bool refused, uint32_t creation);
void rm_epmd_put_port2(struct rm_str *to, const struct rm_epmd_node *node);
void rm_epmd_put_port2_none(struct rm_str *to);
/* What NAMES and DUMP begin with: the port that the peer connected to. */
void rm_epmd_put_port(struct rm_str *to, uint16_t port);
/* host: NULL for a stock line. */
void rm_epmd_put_name(
    struct rm_str *to, const struct rm_epmd_node *node, const char *host);
void rm_epmd_put_active(
    struct rm_str *to, const struct rm_epmd_node *node, int fd);
void rm_epmd_put_old(
    struct rm_str *to, const struct rm_epmd_node *node, int fd);

/* Requests with a text: PORT2 with a name, NAMES with "" or "@". */
void rm_epmd_put_request(
    struct rm_str *to, enum rm_epmd_code code, const char *text);
/*
 * Parses a whole reply 119, in place as above. Returns 0, 1 when there is no
 * such name, or -1 when this is no such reply.
 */
int rm_epmd_port2_parse(
    struct rm_epmd_node *node, unsigned char *reply, size_t len);

#endif
