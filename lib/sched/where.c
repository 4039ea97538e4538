#include "sched/where.h"

#include <ctype.h>
#include <jq.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "base/exit.h"
#include "base/str.h"

struct rm_where {
	jq_state *jq;
	char *text;
};

/* jq's words that reach beyond the input, or end the program. */
static const char *const refused[] = { "now", "localtime", "strflocaltime",
	"env", "ENV", "input", "inputs", "input_filename",
	"input_line_number", "debug", "stderr", "halt", "halt_error", "import",
	"include", "modulemeta", "get_search_list" };

#define NESTED 64 /* interpolations in one another */

/* Where in the program text we are. */
struct scan {
	const char *at;
	bool quoted; /* in a string */
	int depth; /* of interpolations */
	bool lost; /* there are more than can be told apart */
	int open[NESTED]; /* parentheses open in each */
};

static bool
word_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static void
scan_string(struct scan *s)
{
	if (*s->at == '\\' && s->at[1] == '(') {
		s->lost = s->depth + 1 == NESTED;
		s->depth += !s->lost;
		s->open[s->depth] = 0;
		s->quoted = false;
		s->at += 2;
	} else if (*s->at == '\\' && s->at[1] != '\0') {
		s->at += 2;
	} else {
		s->quoted = *s->at++ != '"';
	}
}

/* A bracket, a quote, a comment, or anything else of one character. */
static void
scan_mark(struct scan *s)
{
	char c = *s->at++;
	if (c == '#')
		s->at += strcspn(s->at, "\n");
	else if (c == '"')
		s->quoted = true;
	else if (c == '(')
		s->open[s->depth]++;
	else if (c == ')' && s->depth > 0 && s->open[s->depth] == 0) {
		s->depth--;
		s->quoted = true;
	} else if (c == ')')
		s->open[s->depth]--;
}

/* The word of the list that the program uses, or NULL. A field, .now, is
 * none; neither is what stands in a string or a comment. */
static const char *
find_refused(const char *text)
{
	struct scan s = { .at = text };
	while (*s.at != '\0') {
		size_t n = 0;
		if (s.lost)
			return "interpolations nested too deep";
		if (s.quoted) {
			scan_string(&s);
			continue;
		}
		while (word_char(s.at[n]))
			n++;
		if (n == 0) {
			scan_mark(&s);
			continue;
		}
		bool field = s.at > text && s.at[-1] == '.';
		for (size_t i = 0; !field && i < sizeof(refused) / sizeof(*refused);
		     i++)
			if (strlen(refused[i]) == n &&
			    strncmp(refused[i], s.at, n) == 0)
				return refused[i];
		s.at += n;
	}
	return NULL;
}

/* libjq's message has its own head and may have several lines. */
static void
on_error(void *arg, jv message)
{
	struct rm_error *err = arg;
	jv text = jv_get_kind(message) == JV_KIND_STRING
		      ? jv_copy(message)
		      : jv_dump_string(jv_copy(message), 0);
	const char *said = jv_string_value(text);
	if (strncmp(said, "jq: error: ", 11) == 0)
		said += 11;
	if (err->text[0] == '\0')
		rm_error_set(err, RM_EXIT_USAGE, "%.*s",
		    (int)strcspn(said, "\n"), said);
	jv_free(text);
	jv_free(message);
}

/* libjq 1.6 reads $HOME/.jq into every program; no file may change ours. */
static bool
compile(jq_state *jq, const char *text)
{
	const char *value = getenv("HOME");
	char *home = value != NULL ? rm_strdup(value) : NULL;
	unsetenv("HOME");
	bool good = jq_compile_args(jq, text, jv_object()) != 0;
	if (home != NULL)
		setenv("HOME", home, 1);
	free(home);
	return good;
}

struct rm_where *
rm_where_new(const char *program, struct rm_error *err)
{
	struct rm_error said = { 0 };
	const char *word = find_refused(program);
	if (word != NULL) {
		rm_error_set(err, RM_EXIT_USAGE, "%s is not allowed", word);
		return NULL;
	}
	jq_state *jq = jq_init();
	if (jq == NULL)
		abort();
	jq_set_error_cb(jq, on_error, &said);
	if (!compile(jq, program)) {
		rm_error_set(err, RM_EXIT_USAGE, "%s",
		    said.text[0] != '\0' ? said.text : "not a jq program");
		jq_teardown(&jq);
		return NULL;
	}
	jq_set_error_cb(jq, NULL, NULL);
	struct rm_where *where = rm_alloc(sizeof(*where));
	where->jq = jq;
	where->text = rm_strdup(program);
	return where;
}

const char *
rm_where_text(const struct rm_where *where)
{
	return where->text;
}

static void
limit(time_t seconds)
{
	struct itimerval timer = { .it_value = { .tv_sec = seconds } };
	setitimer(ITIMER_VIRTUAL, &timer, NULL);
}

bool
rm_where_holds(struct rm_where *where, jv offer)
{
	limit(RM_WHERE_SECONDS);
	jq_start(where->jq, offer, 0);
	jv first = jq_next(where->jq);
	limit(0);
	jv_kind kind = jv_get_kind(first);
	jv_free(first);
	return kind != JV_KIND_INVALID && kind != JV_KIND_NULL &&
	       kind != JV_KIND_FALSE;
}

void
rm_where_free(struct rm_where *where)
{
	if (where == NULL)
		return;
	jq_teardown(&where->jq);
	free(where->text);
	free(where);
}
