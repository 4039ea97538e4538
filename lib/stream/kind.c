#include "stream/kind.h"

#include <string.h>

static const char *const names[] = {
	[RM_KIND_NONE] = "none",
	[RM_KIND_EVENT] = "event",
	[RM_KIND_TICK] = "tick",
	[RM_KIND_RECORD] = "record",
	[RM_KIND_WRITE] = "write",
	[RM_KIND_PLAN] = "plan",
	[RM_KIND_CALL] = "call",
};

const char *
rm_kind_name(enum rm_kind kind)
{
	return names[kind];
}

struct cursor {
	const char *at, *end;
};

/* Skips white space, then the character c. */
static bool
skip(struct cursor *in, char c)
{
	while (in->at < in->end &&
	       (*in->at == ' ' || *in->at == '\t' || *in->at == '\r'))
		in->at++;
	if (in->at == in->end || *in->at != c)
		return false;
	in->at++;
	return true;
}

static bool
quoted(struct cursor *in, const char **text, size_t *len)
{
	if (!skip(in, '"'))
		return false;
	*text = in->at;
	while (in->at < in->end && *in->at != '"' && *in->at != '\\')
		in->at++;
	*len = (size_t)(in->at - *text);
	if (in->at < in->end && *in->at == '"')
		in->at++;
	return true;
}

struct rm_head
rm_kind_of(const char *line, size_t len)
{
	struct rm_head head = { RM_KIND_NONE, line, 0 };
	struct cursor in = { line, line + len };
	const char *key;
	size_t key_len;
	if (!skip(&in, '{') || !quoted(&in, &key, &key_len) || !skip(&in, ':'))
		return head;
	for (size_t i = 1; i < sizeof(names) / sizeof(*names); i++)
		if (strlen(names[i]) == key_len &&
		    memcmp(names[i], key, key_len) == 0)
			head.kind = (enum rm_kind)i;
	if (!quoted(&in, &head.value, &head.len))
		head.len = 0;
	return head;
}

bool
rm_head_is(const struct rm_head *head, const char *text)
{
	if (text == NULL)
		return true;
	size_t n = strlen(text);
	bool prefix = n > 0 && text[n - 1] == '/';
	return (prefix ? head->len > n : head->len == n) &&
	       memcmp(head->value, text, n) == 0;
}
