#include "state/record_line.h"

#include <string.h>

#include "base/json.h"
#include "base/json_slice.h"
#include "base/utf8.h"

static void
add_text(struct rm_str *to, const char *text)
{
	rm_json_write(to, jv_string(text));
}

const char *
rm_record_value_wrong(const char *value, size_t len)
{
	struct rm_json_walk walk;
	struct rm_slice key, member;
	const unsigned char *p = (const unsigned char *)value;
	int more;
	if (len == 0)
		return "empty";
	for (size_t i = 0, n; i < len; i += n)
		if ((n = rm_utf8_length(p + i, len - i)) == 0)
			return "not UTF-8";
	if (rm_json_walk_begin(&walk, (struct rm_slice){ value, len }) != 0)
		return "not a JSON object";
	while ((more = rm_json_walk_next(&walk, &key, &member)) == 1)
		if (key.at == NULL)
			return "not a JSON object";
	if (more != 0)
		return "not JSON";
	return walk.close == '}' ? NULL : "not a JSON object";
}

void
rm_record_value_add(struct rm_str *to, const char *value, size_t len)
{
	jv parsed;
	bool lines = memchr(value, '\n', len) != NULL ||
		     memchr(value, '\r', len) != NULL;
	if (lines && rm_json_parse(value, len, &parsed, NULL) == 0)
		rm_json_write(to, parsed);
	else
		rm_str_add(to, value, len);
}

void
rm_record_line_error(struct rm_str *to, const char *path, const char *why)
{
	rm_str_puts(to, "{\"record\":");
	add_text(to, path);
	rm_str_puts(to, ",\"error\":");
	add_text(to, why);
	rm_str_puts(to, "}");
}

void
rm_record_line(struct rm_str *to, const char *path, const char *value,
    size_t len, int version)
{
	const char *wrong = value != NULL ? rm_record_value_wrong(value, len)
					  : NULL;
	rm_str_puts(to, "{\"record\":");
	add_text(to, path);
	if (value == NULL) {
		rm_str_puts(to, ",\"value\":null}");
		return;
	}
	rm_str_puts(to, wrong != NULL ? ",\"error\":" : ",\"value\":");
	if (wrong != NULL)
		add_text(to, wrong);
	else
		rm_record_value_add(to, value, len);
	rm_str_printf(to, ",\"version\":%d}", version);
}
