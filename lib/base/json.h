/*
 * JSON values are libjq's jv; this adds what libjq 1.6 leaves to its users.
 *
 * Ownership is libjq's: every jv_* and every rm_json_* function consumes the
 * jv that it is given, except where "borrows" is said. A `const char *` got
 * from a borrowed value lives as long as that value.
 */
#ifndef RM_BASE_JSON_H
#define RM_BASE_JSON_H

#include <jv.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/str.h"

/*
 * One JSON text and nothing after it. Stricter than jv_parse: invalid UTF-8
 * and a bare nan are errors, not silent changes. On failure returns -1 and
 * sets err (RM_EXIT_REJECTED).
 */
int rm_json_parse(
    const char *text, size_t len, jv *value, struct rm_error *err);

/* Reads a whole file ("-" is stdin); errors name it. */
int rm_json_read(const char *path, jv *value, struct rm_error *err);

/* Borrow the object. A missing member, or one of another kind, gives the
 * fallback (for text NULL may be one). */
const char *rm_json_text(jv object, const char *key, const char *fallback);
double rm_json_number(jv object, const char *key, double fallback);
bool rm_json_bool(jv object, const char *key, bool fallback);
bool rm_json_has(jv object, const char *key);

/* A number without its fraction; the fallback for one that is past what a
 * double tells apart (2^53), or none at all: a cast of it would be undefined. */
long rm_json_whole(double n, long fallback);

/* Borrows the object; the result is the caller's, invalid where missing. */
jv rm_json_get(jv object, const char *key);
/* A member that is an array; an empty one where it is none. Borrows. */
jv rm_json_array(jv object, const char *key);
/* Follows a dotted path, "subscribed.framework_id.value"; borrows. */
jv rm_json_path(jv value, const char *path);
/* The text at a path, or NULL; borrows. */
const char *rm_json_path_text(jv value, const char *path);

/* Consumes object and value. An invalid value leaves the object as it is. */
jv rm_json_set(jv object, const char *key, jv value);
/* Borrows both. */
bool rm_json_equal(jv a, jv b);

/* Appends the compact form; consumes. */
void rm_json_write(struct rm_str *to, jv value);

#endif
