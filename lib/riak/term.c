#include "riak/term.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/str.h"

#define DEPTH 64

struct reader {
	const char *p, *end;
	int line, depth;
	struct rm_error *err;
};

static int read_term(struct reader *r, struct rm_term *term);

static int
fail(struct reader *r, const char *what)
{
	return rm_error_set(
	    r->err, RM_EXIT_REJECTED, "line %d: %s", r->line, what);
}

static void
skip(struct reader *r)
{
	for (; r->p < r->end; r->p++) {
		if (*r->p == '%')
			while (r->p < r->end && *r->p != '\n')
				r->p++;
		if (r->p == r->end || !isspace((unsigned char)*r->p))
			return;
		r->line += *r->p == '\n';
	}
}

/* The next character behind blanks, or 0. */
static char
peek(struct reader *r)
{
	skip(r);
	return r->p < r->end ? *r->p : '\0';
}

static bool
take(struct reader *r, const char *word)
{
	skip(r);
	size_t len = strlen(word);
	if ((size_t)(r->end - r->p) < len || memcmp(r->p, word, len) != 0)
		return false;
	r->p += len;
	return true;
}

/* Behind a backslash. Numeric escapes are kept as they are spelled: no path
 * of ours needs one, and one that has it is not the path we look for. */
static void
read_escape(struct reader *r, struct rm_str *to)
{
	static const char from[] = "nrtesbfvd";
	static const char into[] = "\n\r\t\033 \b\f\v\177";
	const char *known = memchr(from, *r->p, sizeof(from) - 1);
	if (*r->p == 'x' || isdigit((unsigned char)*r->p))
		rm_str_puts(to, "\\");
	if (known != NULL)
		rm_str_add(to, &into[known - from], 1);
	else
		rm_str_add(to, r->p, 1);
	r->line += *r->p++ == '\n';
}

static int
read_quoted(struct reader *r, char quote, struct rm_str *to)
{
	while (r->p < r->end && *r->p != quote) {
		if (*r->p == '\\' && r->p + 1 < r->end) {
			r->p++;
			read_escape(r, to);
			continue;
		}
		r->line += *r->p == '\n';
		rm_str_add(to, r->p++, 1);
	}
	if (r->p == r->end)
		return fail(r, "a string is not closed");
	r->p++;
	return 0;
}

/* Strings side by side are one. */
static int
read_string(struct reader *r, struct rm_term *term)
{
	struct rm_str text = { 0 };
	int rc = 0;
	while (rc == 0 && take(r, "\""))
		rc = read_quoted(r, '"', &text);
	term->text = rm_str_take(&text);
	return rc;
}

static int
read_atom(struct reader *r, struct rm_term *term)
{
	struct rm_str text = { 0 };
	int rc = 0;
	if (*r->p == '\'') {
		r->p++;
		rc = read_quoted(r, '\'', &text);
	} else {
		const char *from = r->p;
		while (r->p < r->end &&
		       (isalnum((unsigned char)*r->p) || *r->p == '_' ||
			   *r->p == '@' || (unsigned char)*r->p >= 0x80))
			r->p++;
		rm_str_add(&text, from, (size_t)(r->p - from));
	}
	/* fun module:name/2 stands for itself. */
	if (rc == 0 && text.text != NULL && strcmp(text.text, "fun") == 0)
		while (r->p < r->end && strchr(",]}", *r->p) == NULL)
			rm_str_add(&text, r->p++, 1);
	term->text = rm_str_take(&text);
	return rc;
}

/* "." belongs to a number only before a digit: else it ends the term. */
static int
read_number(struct reader *r, struct rm_term *term)
{
	const char *from = r->p++;
	while (r->p < r->end &&
	       (isalnum((unsigned char)*r->p) || *r->p == '#' || *r->p == '_' ||
		   (*r->p == '.' && r->p + 1 < r->end &&
		       isdigit((unsigned char)r->p[1])) ||
		   (*r->p == '-' && (r->p[-1] == 'e' || r->p[-1] == 'E'))))
		r->p++;
	struct rm_str text = { 0 };
	rm_str_add(&text, from, (size_t)(r->p - from));
	term->text = rm_str_take(&text);
	return 0;
}

/* <<"text"/utf8>>, <<1,2>>: of the latter no text is left. */
static int
read_binary(struct reader *r, struct rm_term *term)
{
	struct rm_str text = { 0 };
	int rc = 0;
	while (rc == 0 && !take(r, ">>")) {
		if (take(r, "\""))
			rc = read_quoted(r, '"', &text);
		else if (peek(r) != '\0' && *r->p != '<')
			r->p++;
		else
			rc = fail(r, "a binary is not closed");
	}
	term->text = rm_str_take(&text);
	return rc;
}

static struct rm_term *
add_item(struct rm_term *term, size_t *room)
{
	if (term->count == *room) {
		*room = *room > 0 ? 2 * *room : 4;
		term->items = rm_realloc(
		    term->items, *room * sizeof(*term->items));
	}
	term->items[term->count] = (struct rm_term){ 0 };
	return &term->items[term->count++];
}

/* Items up to the closing word; pairs: "=>" stands between every two. */
static int
read_items(
    struct reader *r, struct rm_term *term, const char *close, bool pairs)
{
	size_t room = 0;
	if (take(r, close))
		return 0;
	for (;;) {
		if (read_term(r, add_item(term, &room)) != 0)
			return -1;
		if (pairs && term->count % 2 == 1) {
			if (!take(r, "=>"))
				return fail(r, "=> is missing");
		} else if (take(r, close)) {
			return 0;
		} else if (!take(r, ",") &&
			   !(term->kind == RM_TERM_LIST && take(r, "|"))) {
			return fail(r, "a comma is missing");
		}
	}
}

static int
read_inner(struct reader *r, struct rm_term *term)
{
	char c = peek(r);
	if (take(r, "<<")) {
		term->kind = RM_TERM_BINARY;
		return read_binary(r, term);
	}
	if (take(r, "#{")) {
		term->kind = RM_TERM_MAP;
		return read_items(r, term, "}", true);
	}
	if (c == '{' || c == '[') {
		r->p++;
		term->kind = c == '{' ? RM_TERM_TUPLE : RM_TERM_LIST;
		return read_items(r, term, c == '{' ? "}" : "]", false);
	}
	if (c == '"') {
		term->kind = RM_TERM_STRING;
		return read_string(r, term);
	}
	if (isdigit((unsigned char)c) || c == '-' || c == '+' || c == '$') {
		term->kind = RM_TERM_NUMBER;
		return read_number(r, term);
	}
	if (islower((unsigned char)c) || c == '\'' ||
	    (unsigned char)c >= 0x80) {
		term->kind = RM_TERM_ATOM;
		return read_atom(r, term);
	}
	return fail(r, c == '\0' ? "it ends too early" : "not a term");
}

static int
read_term(struct reader *r, struct rm_term *term)
{
	if (++r->depth > DEPTH)
		return fail(r, "nested too deep");
	int rc = read_inner(r, term);
	r->depth--;
	return rc;
}

int
rm_term_parse(
    struct rm_term *term, const char *text, size_t len, struct rm_error *err)
{
	struct reader r = { text, text + len, 1, 0, err };
	*term = (struct rm_term){ 0 };
	if (memchr(text, '\0', len) != NULL)
		return fail(&r, "a NUL in the text");
	int rc = read_term(&r, term);
	if (rc == 0 && !take(&r, "."))
		rc = fail(&r, "the full stop is missing");
	else if (rc == 0 && peek(&r) != '\0')
		rc = fail(&r, "more than one term");
	if (rc != 0)
		rm_term_free(term);
	return rc;
}

void
rm_term_free(struct rm_term *term)
{
	for (size_t i = 0; i < term->count; i++)
		rm_term_free(&term->items[i]);
	free(term->items);
	free(term->text);
	*term = (struct rm_term){ 0 };
}
