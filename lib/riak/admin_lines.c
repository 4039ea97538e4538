#include "riak/admin_lines.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "riak/term.h"

#define WRAPPED 20000 /* lines that one term may take */

static char *
clean(const char *from, size_t len)
{
	while (len > 0 && (from[len - 1] == ' ' || from[len - 1] == '\t' ||
			      from[len - 1] == '\r'))
		len--;
	char *line = rm_alloc(len + 1);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)from[i];
		line[i] = c == '\t' || (c >= ' ' && c != 127) ? from[i] : '?';
	}
	return line;
}

void
rm_admin_lines_split(struct rm_admin_lines *l, const char *text, size_t len)
{
	size_t room = 0;
	for (const char *end = text + len; text < end;) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		if (stop == NULL)
			stop = end;
		if (l->count == room) {
			room = room * 2 + 64;
			l->lines = rm_realloc(
			    l->lines, room * sizeof(*l->lines));
		}
		l->lines[l->count++] = clean(text, (size_t)(stop - text));
		text = stop + 1;
	}
}

void
rm_admin_lines_free(struct rm_admin_lines *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->lines[i]);
	free(l->lines);
	*l = (struct rm_admin_lines){ 0 };
}

const char *
rm_admin_peek(const struct rm_admin_lines *l)
{
	return l->at < l->count ? l->lines[l->at] : NULL;
}

const char *
rm_admin_next(struct rm_admin_lines *l)
{
	return l->at < l->count ? l->lines[l->at++] : NULL;
}

void
rm_admin_skip_empty(struct rm_admin_lines *l)
{
	while (l->at < l->count && *l->lines[l->at] == '\0')
		l->at++;
}

bool
rm_admin_at_end(struct rm_admin_lines *l)
{
	rm_admin_skip_empty(l);
	return l->at == l->count;
}

const char *
rm_admin_take(struct rm_admin_lines *l, const char *prefix)
{
	rm_admin_skip_empty(l);
	const char *line = rm_admin_peek(l);
	size_t len = strlen(prefix);
	if (line == NULL || strncmp(line, prefix, len) != 0)
		return NULL;
	l->at++;
	return line + len;
}

bool
rm_admin_take_title(struct rm_admin_lines *l, const char *title)
{
	rm_admin_skip_empty(l);
	const char *line = rm_admin_peek(l);
	if (line == NULL)
		return false;
	size_t left = strspn(line, "="), len = strlen(title);
	const char *word = line + left;
	if (left == 0 || word[0] != ' ' || strncmp(word + 1, title, len) != 0)
		return false;
	const char *right = word + 1 + len;
	if (right[0] != ' ' || right[1] != '=' ||
	    right[1 + strspn(right + 1, "=")] != '\0')
		return false;
	l->at++;
	return true;
}

bool
rm_admin_take_rule(struct rm_admin_lines *l)
{
	rm_admin_skip_empty(l);
	const char *line = rm_admin_peek(l);
	if (line == NULL || strspn(line, "-") < 10 ||
	    line[strspn(line, "-")] != '\0')
		return false;
	l->at++;
	return true;
}

/* What counting brackets needs to know from line to line. */
struct nesting {
	int depth;
	char quote; /* the one that is open, or 0 */
};

static void
nest(struct nesting *n, const char *p)
{
	for (; *p != '\0'; p++) {
		if (*p == '\\' && p[1] != '\0')
			p++;
		else if (n->quote != 0)
			n->quote = *p == n->quote ? '\0' : n->quote;
		else if (*p == '\'' || *p == '"')
			n->quote = *p;
		else if (strchr("[{(", *p) != NULL)
			n->depth++;
		else if (strchr("]})", *p) != NULL)
			n->depth--;
	}
}

static bool
is_struct(const struct rm_term *t)
{
	if (t->kind != RM_TERM_TUPLE || t->count != 2 ||
	    t->items[0].kind != RM_TERM_ATOM ||
	    strcmp(t->items[0].text, "struct") != 0 ||
	    t->items[1].kind != RM_TERM_LIST)
		return false;
	for (size_t i = 0; i < t->items[1].count; i++) {
		const struct rm_term *pair = &t->items[1].items[i];
		if (pair->kind != RM_TERM_TUPLE || pair->count != 2 ||
		    pair->items[0].text == NULL)
			return false;
	}
	return true;
}

static jv
from_number(const char *text)
{
	char *end;
	errno = 0;
	double n = strtod(text, &end);
	/* 16#ff and what a double can't hold stay words. */
	if (*end != '\0' || errno != 0 || !isfinite(n) || fabs(n) > 1e15)
		return jv_string(text);
	return jv_number(n);
}

static jv
from_term(const struct rm_term *t)
{
	jv v = jv_array();
	switch (t->kind) {
	case RM_TERM_ATOM:
		jv_free(v);
		return strcmp(t->text, "true") == 0    ? jv_true()
		       : strcmp(t->text, "false") == 0 ? jv_false()
						       : jv_string(t->text);
	case RM_TERM_NUMBER:
		jv_free(v);
		return from_number(t->text);
	case RM_TERM_NONE:
	case RM_TERM_STRING:
	case RM_TERM_BINARY:
		jv_free(v);
		return jv_string(t->text != NULL ? t->text : "");
	case RM_TERM_TUPLE:
	case RM_TERM_LIST:
	case RM_TERM_MAP:
		break;
	}
	if (is_struct(t)) {
		jv_free(v);
		v = jv_object();
		for (size_t i = 0; i < t->items[1].count; i++) {
			const struct rm_term *pair = t->items[1].items[i].items;
			v = jv_object_set(
			    v, jv_string(pair[0].text), from_term(&pair[1]));
		}
		return v;
	}
	for (size_t i = 0; i < t->count; i++)
		v = jv_array_append(v, from_term(&t->items[i]));
	return v;
}

/* The words of a term that goes on while brackets are open; false when the
 * text ends before they do. */
static bool
gather(struct rm_admin_lines *l, const char *first, struct rm_str *words)
{
	struct nesting n = { 0 };
	rm_str_puts(words, first);
	nest(&n, first);
	for (int i = 0; n.depth > 0 || n.quote != 0; i++) {
		const char *line = rm_admin_next(l);
		if (line == NULL || i == WRAPPED)
			return false;
		line += strspn(line, " ");
		rm_str_puts(words, n.quote != 0 ? "" : " ");
		rm_str_puts(words, line);
		nest(&n, line);
	}
	return words->len > 0;
}

jv
rm_admin_term(struct rm_admin_lines *l, const char *first)
{
	struct rm_str words = { 0 };
	struct rm_term term = { 0 };
	jv value = jv_invalid();
	if (gather(l, first, &words)) {
		size_t len = words.len;
		rm_str_puts(&words, ".");
		if (rm_term_parse(&term, words.text, words.len, NULL) == 0)
			value = from_term(&term);
		else
			value = jv_string_sized(words.text, (int)len);
	}
	rm_term_free(&term);
	rm_str_free(&words);
	return value;
}

jv
rm_admin_names(struct rm_admin_lines *l, const char *first)
{
	jv names = rm_admin_term(l, first);
	bool good = jv_get_kind(names) == JV_KIND_ARRAY;
	if (good)
		jv_array_foreach (names, i, name) {
			good = good && jv_get_kind(name) == JV_KIND_STRING;
			jv_free(name);
		}
	if (good)
		return names;
	jv_free(names);
	return jv_invalid();
}

jv
rm_admin_name(const char *text, char end, const char **rest)
{
	bool quoted = *text == '\'';
	text += quoted;
	char ends[] = { quoted ? '\'' : end, '\0' };
	size_t len = strcspn(text, ends);
	const char *behind = text + len;
	if (len == 0 || (quoted && *behind++ != '\'') || *behind != end)
		return jv_invalid();
	if (rest != NULL)
		*rest = behind + (end != '\0');
	return jv_string_sized(text, (int)len);
}

long
rm_admin_whole(const char *text)
{
	char *end;
	errno = 0;
	if (!isdigit((unsigned char)*text))
		return -1;
	long n = strtol(text, &end, 10);
	return errno != 0 || end[strspn(end, " ")] != '\0' ? -1 : n;
}

jv
rm_admin_index(const char *text, size_t len)
{
	if (len == 0 || len > 60)
		return jv_invalid();
	for (size_t i = 0; i < len; i++)
		if (!isdigit((unsigned char)text[i]))
			return jv_invalid();
	return jv_string_sized(text, (int)len);
}

/* A number as Riak writes it, without sign, exponent or nan; or -1. */
static double
decimal(const char *text, const char **end)
{
	size_t len = strspn(text, "0123456789.");
	*end = text + len;
	char *stop;
	if (len == 0 || len > 30)
		return -1;
	double n = strtod(text, &stop);
	return stop == *end ? n : -1;
}

jv
rm_admin_percent(const char *text)
{
	const char *end;
	if (strcmp(text, "--") == 0)
		return jv_null();
	double n = decimal(text, &end);
	if (n < 0 || (*end != '\0' && strcmp(end, "%") != 0))
		return jv_invalid();
	return jv_number(n);
}

jv
rm_admin_seconds(const char *text)
{
	static const struct {
		const char *name;
		double millionths;
	} units[] = {
		{ " us", 1 },
		{ " ms", 1e3 },
		{ " s", 1e6 },
		{ " min", 6e7 },
		{ " hr", 3.6e9 },
		{ " d", 8.64e10 },
	};
	const char *end;
	if (strcmp(text, "--") == 0)
		return jv_null();
	double n = decimal(text, &end);
	for (size_t i = 0; n >= 0 && i < sizeof(units) / sizeof(*units); i++)
		if (strcmp(end, units[i].name) == 0)
			return jv_number(round(n * units[i].millionths) / 1e6);
	return jv_invalid();
}

void
rm_admin_lines_join(
    const struct rm_admin_lines *l, struct rm_str *to, size_t most)
{
	size_t before = to->len;
	for (size_t i = l->at; i < l->count && to->len - before < most; i++) {
		const char *line = l->lines[i];
		line += strspn(line, " ");
		size_t len = strlen(line);
		if (len == 0)
			continue;
		if (to->len > before)
			rm_str_puts(to, " ");
		size_t room = most - (to->len - before);
		rm_str_add(to, line, len < room ? len : room);
	}
}
