#include "base/json.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/utf8.h"

/* What jv_parse takes silently: wrong UTF-8 and nan outside of strings. */
static int
check_text(const char *text, size_t len, struct rm_error *err)
{
	const unsigned char *p = (const unsigned char *)text;
	bool in_string = false;
	for (size_t i = 0; i < len;) {
		if (p[i] >= 0x80 || p[i] == 0) {
			size_t n = p[i] == 0 ? 0 : rm_utf8_length(p + i, len - i);
			if (n == 0)
				return rm_error_set(err, RM_EXIT_REJECTED,
				    "not UTF-8 at byte %zu", i + 1);
			i += n;
			continue;
		}
		if (in_string && p[i] == '\\')
			i++;
		else if (p[i] == '"')
			in_string = !in_string;
		else if (!in_string && (p[i] == 'n' || p[i] == 'N') &&
			 i + 1 < len && (p[i + 1] == 'a' || p[i + 1] == 'A'))
			return rm_error_set(err, RM_EXIT_REJECTED,
			    "not JSON: nan at byte %zu", i + 1);
		i++;
	}
	return 0;
}

int
rm_json_parse(const char *text, size_t len, jv *value, struct rm_error *err)
{
	if (check_text(text, len, err) != 0)
		return -1;
	jv parsed = jv_parse_sized(text, (int)len);
	if (jv_is_valid(parsed)) {
		*value = parsed;
		return 0;
	}
	jv why = jv_invalid_get_msg(parsed);
	const char *words = jv_get_kind(why) == JV_KIND_STRING
				? jv_string_value(why)
				: "empty";
	/* libjq adds "(while parsing '<the whole text>')". */
	const char *end = strstr(words, " (while parsing");
	rm_error_set(err, RM_EXIT_REJECTED, "not JSON: %.*s",
	    end != NULL ? (int)(end - words) : (int)strlen(words), words);
	jv_free(why);
	return -1;
}

static int
read_all(int fd, struct rm_str *into)
{
	char chunk[16384];
	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return (int)n;
		rm_str_add(into, chunk, (size_t)n);
	}
}

int
rm_json_read(const char *path, jv *value, struct rm_error *err)
{
	bool standard = strcmp(path, "-") == 0;
	const char *name = standard ? "standard input" : path;
	int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	struct rm_str text = { 0 };
	int rc = fd < 0 ? -1 : read_all(fd, &text);
	if (rc != 0)
		rm_error_set(
		    err, RM_EXIT_USAGE, "%s: %s", name, strerror(errno));
	else if ((rc = rm_json_parse(text.text != NULL ? text.text : "",
		      text.len, value, err)) != 0)
		rm_error_prefix(err, "%s", name);
	rm_str_free(&text);
	if (fd >= 0 && !standard)
		close(fd);
	return rc;
}

jv
rm_json_get(jv object, const char *key)
{
	if (jv_get_kind(object) != JV_KIND_OBJECT)
		return jv_invalid();
	return jv_object_get(jv_copy(object), jv_string(key));
}

bool
rm_json_has(jv object, const char *key)
{
	jv v = rm_json_get(object, key);
	bool has = jv_is_valid(v);
	jv_free(v);
	return has;
}

const char *
rm_json_text(jv object, const char *key, const char *fallback)
{
	jv v = rm_json_get(object, key);
	const char *text = jv_get_kind(v) == JV_KIND_STRING ? jv_string_value(v)
							    : fallback;
	jv_free(v); /* the object still holds it */
	return text;
}

double
rm_json_number(jv object, const char *key, double fallback)
{
	jv v = rm_json_get(object, key);
	double n = jv_get_kind(v) == JV_KIND_NUMBER ? jv_number_value(v)
						    : fallback;
	jv_free(v);
	return n;
}

long
rm_json_whole(double n, long fallback)
{
	return fabs(n) <= 0x1p53 ? (long)n : fallback;
}

bool
rm_json_bool(jv object, const char *key, bool fallback)
{
	jv v = rm_json_get(object, key);
	jv_kind kind = jv_get_kind(v);
	jv_free(v);
	return kind == JV_KIND_TRUE    ? true
	       : kind == JV_KIND_FALSE ? false
				       : fallback;
}

jv
rm_json_array(jv object, const char *key)
{
	jv array = rm_json_get(object, key);
	if (jv_get_kind(array) == JV_KIND_ARRAY)
		return array;
	jv_free(array);
	return jv_array();
}

jv
rm_json_path(jv value, const char *path)
{
	jv at = jv_copy(value);
	while (*path != '\0') {
		size_t n = strcspn(path, ".");
		if (jv_get_kind(at) != JV_KIND_OBJECT) {
			jv_free(at);
			return jv_invalid();
		}
		at = jv_object_get(at, jv_string_sized(path, (int)n));
		path += n + (path[n] == '.');
	}
	return at;
}

const char *
rm_json_path_text(jv value, const char *path)
{
	jv v = rm_json_path(value, path);
	const char *text = jv_get_kind(v) == JV_KIND_STRING ? jv_string_value(v)
							    : NULL;
	jv_free(v);
	return text;
}

jv
rm_json_set(jv object, const char *key, jv value)
{
	if (!jv_is_valid(value)) {
		jv_free(value);
		return object;
	}
	return jv_object_set(object, jv_string(key), value);
}

bool
rm_json_equal(jv a, jv b)
{
	return jv_equal(jv_copy(a), jv_copy(b)) != 0;
}

void
rm_json_write(struct rm_str *to, jv value)
{
	jv text = jv_dump_string(value, 0);
	rm_str_add(to, jv_string_value(text),
	    (size_t)jv_string_length_bytes(jv_copy(text)));
	jv_free(text);
}
