/*
 * JSON read from its text in one pass: every byte is looked at once, nothing is
 * built but what a reader keeps. For the few members of large values that are
 * wanted by name. Pure, linear, no allocation.
 *
 * It takes plain JSON only: the grammar of RFC 8259, no escapes of surrogates,
 * keys without escapes, no member that is wanted twice, texts that are wanted
 * without escapes, at most `room` brackets in one another. What it refuses is
 * not wrong for that: a caller asks libjq (base/json.h), which takes all that
 * this does, and gives the same values for it. UTF-8 is the caller's to check
 * (base/utf8.h).
 */
#ifndef RM_BASE_JSON_CURSOR_H
#define RM_BASE_JSON_CURSOR_H

#include <stdbool.h>
#include <stddef.h>

/* Borrowed bytes, not NUL-terminated. */
struct rm_slice {
	const char *at;
	size_t len;
};

/* The most that a cursor may have. libjq 1.6 counts a member twice, and takes
 * 256. */
#define RM_JSON_DEPTH_MAX   256
#define RM_JSON_DEPTH_PLAIN 100

/* Where it stands after a failure is where the text went wrong, about. */
struct rm_json_cursor {
	const char *at, *end;
	unsigned room; /* brackets that may still be opened */
	bool surrogates; /* may be written as escapes */
};

/* Reads one value, at in->at, and stops behind it; false: not plain. */
typedef bool rm_json_reader(struct rm_json_cursor *in, void *to);

/* A member that is wanted: its reader gets the address `offset` bytes into
 * what the object is read to. */
struct rm_json_member {
	const char *name;
	rm_json_reader *read;
	size_t offset;
};

struct rm_json_cursor rm_json_cursor(const char *text, size_t len);

/* Members that are not in the table are passed over; of those that are, a
 * missing one leaves its place alone. At most 32 are in a table. */
bool rm_json_read_object(struct rm_json_cursor *in,
    const struct rm_json_member *members, size_t count, void *to);
/* Every element to the same place. */
bool rm_json_read_array(
    struct rm_json_cursor *in, rm_json_reader *read, void *to);
bool rm_json_skip(struct rm_json_cursor *in);
/* Nothing but white space is left. */
bool rm_json_ends(struct rm_json_cursor *in);

/* Readers. struct rm_slice: what stands between a string's quotes; a value
 * as it is written. double: as libjq has it. */
rm_json_reader rm_json_read_text, rm_json_read_value, rm_json_read_double;

/* Parts of the grammar: a character behind white space; what follows the
 * opening quote of a string, with its closing one. */
bool rm_json_take(struct rm_json_cursor *in, char c);
bool rm_json_skip_string(struct rm_json_cursor *in);
void rm_json_skip_space(struct rm_json_cursor *in);

#endif
