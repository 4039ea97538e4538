/*
 * JSON walked as text: the members of an object or the elements of an array,
 * each as the bytes it was written in, without building values. For what is
 * passed on as it came, and may be megabytes. Pure, linear, no allocation.
 *
 * Grammar: RFC 8259, up to RM_JSON_DEPTH_MAX deep. Strings are not asked to be
 * UTF-8.
 */
#ifndef RM_BASE_JSON_SLICE_H
#define RM_BASE_JSON_SLICE_H

#include "base/json_cursor.h"

struct rm_json_walk {
	const char *at, *end;
	char close; /* the bracket that ends it */
	bool begun;
};

/* text is an object or an array; white space around it is allowed. Returns
 * -1 when it begins with neither bracket. */
int rm_json_walk_begin(struct rm_json_walk *walk, struct rm_slice text);

/*
 * 1: the next member or element; key is what stands between its quotes,
 * escapes not resolved (at NULL in an array), value is without white space
 * around it. 0: the end, and nothing behind it. -1: not JSON. All is known to
 * be JSON once the walk has come to 0.
 */
int rm_json_walk_next(
    struct rm_json_walk *walk, struct rm_slice *key, struct rm_slice *value);

bool rm_slice_is(struct rm_slice slice, const char *text);
/* What stands between the quotes of a JSON string without escapes; at NULL
 * when the value is none. */
struct rm_slice rm_slice_string(struct rm_slice value);

#endif
