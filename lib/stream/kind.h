/*
 * What a line of the stream is, told from its first bytes and without parsing
 * it: {"<kind>":"<value>",…. rm-stream(5) describes every kind.
 */
#ifndef RM_STREAM_KIND_H
#define RM_STREAM_KIND_H

#include <stdbool.h>
#include <stddef.h>

enum rm_kind {
	RM_KIND_NONE, /* no line of ours */
	RM_KIND_EVENT, /* value: the Mesos event's type */
	RM_KIND_TICK, /* value: empty; the line's number is the time */
	RM_KIND_RECORD, /* value: the znode's path below the framework's */
	RM_KIND_WRITE, /* value: the same */
	RM_KIND_PLAN, /* value: the agent's id */
	RM_KIND_CALL, /* value: the Mesos call's type */
};

struct rm_head {
	enum rm_kind kind;
	const char *value; /* borrowed from the line, not NUL-terminated */
	size_t len;
};

/* White space where JSON allows it is accepted; a value with an escape in it
 * is cut there, since none that we look for has one. */
struct rm_head rm_kind_of(const char *line, size_t len);

/* Whether the value is text, or begins with it when text ends in a slash
 * ("nodes/"); NULL matches all. */
bool rm_head_is(const struct rm_head *head, const char *text);

const char *rm_kind_name(enum rm_kind kind);

#endif
