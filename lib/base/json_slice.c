#include "base/json_slice.h"

#include <string.h>

struct scan {
	const char *at, *end;
};

static void
skip_space(struct scan *in)
{
	while (in->at < in->end && (*in->at == ' ' || *in->at == '\n' ||
				       *in->at == '\t' || *in->at == '\r'))
		in->at++;
}

static bool
take(struct scan *in, char c)
{
	skip_space(in);
	if (in->at == in->end || *in->at != c)
		return false;
	in->at++;
	return true;
}

static bool
is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
	       (c >= 'A' && c <= 'F');
}

static bool
scan_escape(struct scan *in)
{
	if (in->at == in->end || *in->at == '\0' ||
	    strchr("\"\\/bfnrtu", *in->at) == NULL)
		return false;
	if (*in->at++ != 'u')
		return true;
	for (int i = 0; i < 4; i++)
		if (in->at == in->end || !is_hex(*in->at++))
			return false;
	return true;
}

/* Behind the opening quote. */
static bool
scan_string(struct scan *in)
{
	while (in->at < in->end) {
		unsigned char c = (unsigned char)*in->at++;
		if (c == '"')
			return true;
		if (c < 0x20 || (c == '\\' && !scan_escape(in)))
			return false;
	}
	return false;
}

static bool
scan_digits(struct scan *in)
{
	const char *from = in->at;
	while (in->at < in->end && *in->at >= '0' && *in->at <= '9')
		in->at++;
	return in->at > from;
}

static bool
scan_number(struct scan *in)
{
	if (*in->at == '-')
		in->at++;
	if (in->at < in->end && *in->at == '0')
		in->at++;
	else if (!scan_digits(in))
		return false;
	if (in->at < in->end && *in->at == '.') {
		in->at++;
		if (!scan_digits(in))
			return false;
	}
	if (in->at < in->end && (*in->at == 'e' || *in->at == 'E')) {
		in->at++;
		if (in->at < in->end && (*in->at == '+' || *in->at == '-'))
			in->at++;
		return scan_digits(in);
	}
	return true;
}

static bool
scan_word(struct scan *in, const char *word)
{
	size_t n = strlen(word);
	if ((size_t)(in->end - in->at) < n || memcmp(in->at, word, n) != 0)
		return false;
	in->at += n;
	return true;
}

static bool
scan_scalar(struct scan *in)
{
	if (in->at == in->end)
		return false;
	switch (*in->at) {
	case '"':
		in->at++;
		return scan_string(in);
	case 't':
		return scan_word(in, "true");
	case 'f':
		return scan_word(in, "false");
	case 'n':
		return scan_word(in, "null");
	default:
		return scan_number(in);
	}
}

static bool
scan_key(struct scan *in)
{
	return take(in, '"') && scan_string(in) && take(in, ':');
}

/* One value of any depth; the brackets that are open are kept in `close`. */
static bool
scan_value(struct scan *in)
{
	char close[RM_JSON_DEPTH_MAX] = { 0 };
	size_t depth = 0;
	do {
		skip_space(in);
		if (in->at < in->end && (*in->at == '{' || *in->at == '[')) {
			if (depth == RM_JSON_DEPTH_MAX)
				return false;
			bool object = *in->at++ == '{';
			close[depth] = object ? '}' : ']';
			if (!take(in, close[depth])) {
				depth++;
				if (object && !scan_key(in))
					return false;
				continue;
			}
		} else if (!scan_scalar(in)) {
			return false;
		}
		while (depth > 0 && !take(in, ',')) {
			if (!take(in, close[depth - 1]))
				return false;
			depth--;
		}
		if (depth > 0 && close[depth - 1] == '}' && !scan_key(in))
			return false;
	} while (depth > 0);
	return true;
}

int
rm_json_walk_begin(struct rm_json_walk *walk, struct rm_slice text)
{
	struct scan in = { text.at, text.at + text.len };
	skip_space(&in);
	if (in.at == in.end || (*in.at != '{' && *in.at != '['))
		return -1;
	*walk = (struct rm_json_walk){ .at = in.at + 1,
		.end = in.end,
		.close = *in.at == '{' ? '}' : ']' };
	return 0;
}

/* Behind the last member or element: nothing may follow. */
static int
finish(struct scan *in)
{
	skip_space(in);
	return in->at == in->end ? 0 : -1;
}

int
rm_json_walk_next(
    struct rm_json_walk *walk, struct rm_slice *key, struct rm_slice *value)
{
	struct scan in = { walk->at, walk->end };
	if (take(&in, walk->close))
		return finish(&in);
	if (walk->begun && !take(&in, ','))
		return -1;
	*key = (struct rm_slice){ 0 };
	if (walk->close == '}') {
		skip_space(&in);
		const char *from = in.at + 1;
		if (!take(&in, '"') || !scan_string(&in))
			return -1;
		*key = (struct rm_slice){ from, (size_t)(in.at - 1 - from) };
		if (!take(&in, ':'))
			return -1;
	}
	skip_space(&in);
	value->at = in.at;
	if (!scan_value(&in))
		return -1;
	value->len = (size_t)(in.at - value->at);
	walk->begun = true;
	walk->at = in.at;
	return 1;
}

bool
rm_slice_is(struct rm_slice slice, const char *text)
{
	return slice.at != NULL && slice.len == strlen(text) &&
	       memcmp(slice.at, text, slice.len) == 0;
}

struct rm_slice
rm_slice_string(struct rm_slice value)
{
	if (value.len < 2 || value.at[0] != '"' ||
	    memchr(value.at, '\\', value.len) != NULL)
		return (struct rm_slice){ 0 };
	return (struct rm_slice){ value.at + 1, value.len - 2 };
}
