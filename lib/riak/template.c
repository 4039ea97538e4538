#include "riak/template.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/exit.h"

struct tag {
	const char *name;
	int len; /* of the name */
	char sigil; /* '#', '!', …, or 0 */
	const char *end; /* behind the closing braces */
};

static const char *
skip_space(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	return p;
}

static bool
closed(const char *p, const char *end, int braces)
{
	if (end - p < braces)
		return false;
	for (int i = 0; i < braces; i++)
		if (p[i] != '}')
			return false;
	return true;
}

static const char *
name_end(const char *p, const char *end)
{
	if (p < end && (isalpha((unsigned char)*p) || *p == '_'))
		while (p < end && (isalnum((unsigned char)*p) || *p == '_' ||
				      *p == '-' || *p == '.'))
			p++;
	return p;
}

/* Whether a tag begins at p, where "{{" is. */
static bool
tag_at(const char *p, const char *end, struct tag *tag)
{
	int braces = end - p > 2 && p[2] == '{' ? 3 : 2;
	p = skip_space(p + braces, end);
	*tag = (struct tag){ 0 };
	if (p < end && *p != '\0' && strchr("#^/>!&.", *p) != NULL)
		tag->sigil = *p++;
	if (tag->sigil == '!') {
		tag->end = memmem(p, (size_t)(end - p), "}}", 2);
		if (tag->end != NULL)
			tag->end += 2;
		return tag->end != NULL;
	}
	tag->name = p = skip_space(p, end);
	p = name_end(p, end);
	tag->len = (int)(p - tag->name);
	p = skip_space(p, end);
	tag->end = p + braces;
	return tag->len > 0 && closed(p, end, braces);
}

static const char *
lookup(const struct rm_template_var *vars, const struct tag *tag)
{
	for (; vars->name != NULL; vars++)
		if (strncasecmp(vars->name, tag->name, (size_t)tag->len) == 0 &&
		    vars->name[tag->len] == '\0')
			return vars->value;
	return NULL;
}

static int
line_of(const char *text, const char *at)
{
	int line = 1;
	for (; text < at; text++)
		line += *text == '\n';
	return line;
}

static int
expand(struct rm_str *out, const struct tag *tag, int line,
    const struct rm_template_var *vars, struct rm_error *err)
{
	if (tag->sigil == '!')
		return 0;
	if (tag->sigil != 0 && tag->sigil != '.' && tag->sigil != '&')
		return rm_error_set(err, RM_EXIT_USAGE,
		    "line %d: {{%c%.*s}}: only variables are known here", line,
		    tag->sigil, tag->len, tag->name);
	const char *value = lookup(vars, tag);
	if (value == NULL)
		return rm_error_set(err, RM_EXIT_USAGE,
		    "line %d: unknown variable {{%.*s}}", line, tag->len,
		    tag->name);
	rm_str_puts(out, value);
	return 0;
}

int
rm_template_render(struct rm_str *out, const char *text, size_t len,
    const struct rm_template_var *vars, struct rm_error *err)
{
	const char *p = text, *end = text + len;
	while (p < end) {
		const char *open = memmem(p, (size_t)(end - p), "{{", 2);
		rm_str_add(out, p, (size_t)((open ? open : end) - p));
		if (open == NULL)
			break;
		struct tag tag;
		if (!tag_at(open, end, &tag)) {
			rm_str_add(out, open, 1);
			p = open + 1;
			continue;
		}
		if (expand(out, &tag, line_of(text, open), vars, err) != 0)
			return -1;
		p = tag.end;
	}
	return 0;
}
