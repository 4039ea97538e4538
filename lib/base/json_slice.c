#include "base/json_slice.h"

#include <string.h>

static struct rm_json_cursor
cursor(const char *at, const char *end)
{
	return (struct rm_json_cursor){ at, end, RM_JSON_DEPTH_MAX, true };
}

int
rm_json_walk_begin(struct rm_json_walk *walk, struct rm_slice text)
{
	struct rm_json_cursor in = cursor(text.at, text.at + text.len);
	rm_json_skip_space(&in);
	if (in.at == in.end || (*in.at != '{' && *in.at != '['))
		return -1;
	*walk = (struct rm_json_walk){ .at = in.at + 1,
		.end = in.end,
		.close = *in.at == '{' ? '}' : ']' };
	return 0;
}

int
rm_json_walk_next(
    struct rm_json_walk *walk, struct rm_slice *key, struct rm_slice *value)
{
	struct rm_json_cursor in = cursor(walk->at, walk->end);
	if (rm_json_take(&in, walk->close))
		return rm_json_ends(&in) ? 0 : -1;
	if (walk->begun && !rm_json_take(&in, ','))
		return -1;
	*key = (struct rm_slice){ 0 };
	if (walk->close == '}') {
		rm_json_skip_space(&in);
		const char *from = in.at + 1;
		if (!rm_json_take(&in, '"') || !rm_json_skip_string(&in))
			return -1;
		*key = (struct rm_slice){ from, (size_t)(in.at - 1 - from) };
		if (!rm_json_take(&in, ':'))
			return -1;
	}
	rm_json_skip_space(&in);
	if (!rm_json_read_value(&in, value))
		return -1;
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
