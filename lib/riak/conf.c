#include "riak/conf.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/str.h"

#define SHOWN 40 /* bytes of a bad line in an error */

struct span {
	const char *from, *to;
};

static struct span
trimmed(const char *from, const char *to)
{
	while (from < to && (*from == ' ' || *from == '\t'))
		from++;
	while (to > from && (to[-1] == ' ' || to[-1] == '\t' || to[-1] == '\r'))
		to--;
	return (struct span){ from, to };
}

static char *
copied(struct span s)
{
	struct rm_str text = { 0 };
	rm_str_add(&text, s.from, (size_t)(s.to - s.from));
	return rm_str_take(&text);
}

/* One or more words of letters, digits, '-', '_' and "\.", dots between. */
static bool
is_key(struct span s)
{
	bool word = false;
	for (const char *p = s.from; p < s.to; p++) {
		if (*p == '\\' && p + 1 < s.to && p[1] == '.') {
			p++;
			word = true;
		} else if (*p == '.') {
			if (!word)
				return false;
			word = false;
		} else if (isalnum((unsigned char)*p) || *p == '-' ||
			   *p == '_') {
			word = true;
		} else {
			return false;
		}
	}
	return word;
}

static bool
is_include(struct span s)
{
	static const char word[] = "include";
	size_t len = sizeof(word) - 1;
	return (size_t)(s.to - s.from) > len &&
	       memcmp(s.from, word, len) == 0 &&
	       (s.from[len] == ' ' || s.from[len] == '\t');
}

static void
add(struct rm_conf *conf, struct span key, struct span value, int line)
{
	if (conf->count == conf->room) {
		conf->room = conf->room > 0 ? 2 * conf->room : 32;
		conf->settings = rm_realloc(
		    conf->settings, conf->room * sizeof(*conf->settings));
	}
	conf->settings[conf->count++] = (struct rm_conf_setting){ copied(key),
		copied(value), line };
}

static int
parse_line(
    struct rm_conf *conf, struct span raw, int line, struct rm_error *err)
{
	size_t len = (size_t)(raw.to - raw.from);
	const char *comment = memchr(raw.from, '#', len);
	struct span s = trimmed(raw.from, comment != NULL ? comment : raw.to);
	if (s.from == s.to || is_include(s))
		return 0;
	const char *equals = memchr(s.from, '=', (size_t)(s.to - s.from));
	if (equals != NULL && memchr(raw.from, '\0', len) == NULL) {
		struct span key = trimmed(s.from, equals);
		struct span value = trimmed(equals + 1, s.to);
		if (is_key(key) && value.from < value.to) {
			add(conf, key, value, line);
			return 0;
		}
	}
	return rm_error_set(err, RM_EXIT_USAGE, "line %d: not a setting: %.*s",
	    line, s.to - s.from > SHOWN ? SHOWN : (int)(s.to - s.from), s.from);
}

int
rm_conf_parse(
    struct rm_conf *conf, const char *text, size_t len, struct rm_error *err)
{
	const char *end = text + len;
	for (int line = 1; text < end; line++) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		struct span raw = { text, newline != NULL ? newline : end };
		if (parse_line(conf, raw, line, err) != 0)
			return -1;
		text = newline != NULL ? newline + 1 : end;
	}
	return 0;
}

void
rm_conf_free(struct rm_conf *conf)
{
	for (size_t i = 0; i < conf->count; i++) {
		free(conf->settings[i].key);
		free(conf->settings[i].value);
	}
	free(conf->settings);
	*conf = (struct rm_conf){ 0 };
}

const struct rm_conf_setting *
rm_conf_find(const struct rm_conf *conf, const char *key)
{
	for (size_t i = conf->count; i-- > 0;)
		if (strcmp(conf->settings[i].key, key) == 0)
			return &conf->settings[i];
	return NULL;
}

bool
rm_conf_superseded(
    const struct rm_conf *conf, const struct rm_conf_setting *setting)
{
	return rm_conf_find(conf, setting->key) != setting;
}

/* Behind the part that begins at p: its dot or the end. */
static const char *
part_end(const char *p)
{
	while (*p != '\0' && *p != '.')
		p += p[0] == '\\' && p[1] != '\0' ? 2 : 1;
	return p;
}

bool
rm_conf_key_matches(const char *pattern, const char *key)
{
	for (;;) {
		const char *p = part_end(pattern), *k = part_end(key);
		bool same = p - pattern == k - key &&
			    memcmp(pattern, key, (size_t)(p - pattern)) == 0;
		if (*p != *k || (!same && *pattern != '$'))
			return false;
		if (*p == '\0')
			return true;
		pattern = p + 1;
		key = k + 1;
	}
}
