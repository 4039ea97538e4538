#include "state/write_line.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/json_slice.h"
#include "base/utf8.h"
#include "state/record.h"

static int
reject(struct rm_error *err, const char *why)
{
	return rm_error_set(err, RM_EXIT_REJECTED, "%s", why);
}

static bool
is_utf8(const char *text, size_t len)
{
	const unsigned char *p = (const unsigned char *)text;
	for (size_t i = 0, n; i < len; i += n)
		if ((n = rm_utf8_length(p + i, len - i)) == 0)
			return false;
	return true;
}

static int
take_path(struct rm_slice value, bool deletes, struct rm_write_line *write,
    struct rm_error *err)
{
	struct rm_slice path = rm_slice_string(value);
	enum rm_record_kind kind;
	const char *name;
	if (path.at == NULL || path.len >= sizeof(write->path))
		return reject(err, "not the path of a record");
	memcpy(write->path, path.at, path.len);
	write->path[path.len] = '\0';
	if (!rm_record_parse(write->path, &kind, &name))
		return rm_error_set(err, RM_EXIT_REJECTED,
		    "%s: not the path of a record", write->path);
	/* A destroyed cluster takes its secret with it. */
	if (kind == RM_RECORD_SECRET && deletes)
		return 0;
	if (!rm_record_table[kind].streamed || rm_record_table[kind].ephemeral)
		return rm_error_set(err, RM_EXIT_REJECTED,
		    "%s: no stage writes that", write->path);
	return 0;
}

static int
take_version(
    struct rm_slice value, struct rm_write_line *write, struct rm_error *err)
{
	char text[16];
	char *end;
	if (value.len == 0 || value.len >= sizeof(text))
		return reject(err, "version is not a whole number");
	memcpy(text, value.at, value.len);
	text[value.len] = '\0';
	long version = strtol(text, &end, 10);
	if (*end != '\0' || version < 0 || version > INT_MAX)
		return reject(err, "version is not a whole number");
	write->version = (int)version;
	return 0;
}

static int
take_value(
    struct rm_slice value, struct rm_write_line *write, struct rm_error *err)
{
	if (rm_slice_is(value, "null"))
		return 0;
	if (value.len == 0 || value.at[0] != '{')
		return rm_error_set(err, RM_EXIT_REJECTED,
		    "%s: value is neither an object nor null", write->path);
	write->value = value.at;
	write->len = value.len;
	return 0;
}

int
rm_write_line_parse(const char *line, size_t len, struct rm_write_line *write,
    struct rm_error *err)
{
	struct rm_json_walk walk;
	struct rm_slice key, value, path = { 0 }, what = { 0 }, version = { 0 };
	int more;
	*write = (struct rm_write_line){ .version = -1 };
	if (rm_json_walk_begin(&walk, (struct rm_slice){ line, len }) != 0)
		return reject(err, "not JSON");
	while ((more = rm_json_walk_next(&walk, &key, &value)) == 1) {
		if (rm_slice_is(key, "write"))
			path = value;
		else if (rm_slice_is(key, "value"))
			what = value;
		else if (rm_slice_is(key, "version"))
			version = value;
	}
	if (more != 0 || !is_utf8(line, len))
		return reject(err, "not JSON");
	if (take_path(path, rm_slice_is(what, "null"), write, err) != 0)
		return -1;
	if (what.at == NULL)
		return rm_error_set(
		    err, RM_EXIT_REJECTED, "%s: lacks value", write->path);
	if (version.at != NULL && take_version(version, write, err) != 0)
		return rm_error_prefix(err, "%s", write->path);
	return take_value(what, write, err);
}
