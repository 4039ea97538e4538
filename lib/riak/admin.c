#include "riak/admin.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/exit.h"
#include "riak/admin_parse.h"
#include "riak/admin_words.h"

#define OPERANDS 2
#define SHOWN    400 /* bytes of Riak's words in an error */

enum operand { NONE, NODE, SERVICE, TYPE, PROPS };

struct rm_admin_command {
	const char *name;
	const char *words[5]; /* behind bin/riak */
	enum operand operands[OPERANDS];
	size_t least; /* operands */
	/* What its questions answer; or the first line that says that a
	 * change was made. */
	int (*parse)(struct rm_admin_lines *l, jv *value);
	const char *done;
	/* Its last line is its answer, without a verdict behind it. */
	bool bare;
	bool even_error; /* it answers the question before `error` too */
	const char *flag; /* goes before the first operand */
};

static const struct rm_admin_command commands[] = {
	{ "ping", { "ping" }, .parse = rm_admin_parse_ping, .bare = true },
	{ "pid", { "pid" }, .parse = rm_admin_parse_pid, .bare = true },
	{ "services", { "admin", "services" }, .bare = true,
	    .parse = rm_admin_parse_services },
	{ "wait-for-service", { "admin", "wait-for-service" },
	    { SERVICE, NODE }, 1, .bare = true, .parse = rm_admin_parse_wait },
	{ "member-status", { "admin", "member-status" },
	    .parse = rm_admin_parse_members },
	{ "ringready", { "admin", "ringready" }, .even_error = true,
	    .parse = rm_admin_parse_ringready },
	{ "ring-status", { "admin", "ring-status" },
	    .parse = rm_admin_parse_ring },
	{ "cluster-status", { "admin", "cluster", "status", "--format=json" },
	    .parse = rm_admin_parse_status },
	{ "partitions", { "admin", "cluster", "partitions" }, { NODE },
	    .parse = rm_admin_parse_partitions, .flag = "--node=" },
	{ "transfers", { "admin", "transfers" },
	    .parse = rm_admin_parse_transfers },
	{ "aae-status", { "admin", "aae-status" },
	    .parse = rm_admin_parse_aae },
	{ "down", { "admin", "down" }, { NODE }, 1,
	    .done = "Success: * marked as down" },
	{ "cluster join", { "admin", "cluster", "join" }, { NODE }, 1,
	    .done = "Success: staged join request for * to *" },
	{ "cluster leave", { "admin", "cluster", "leave" }, { NODE },
	    .done = "Success: staged leave request for *" },
	{ "cluster force-remove", { "admin", "cluster", "force-remove" },
	    { NODE }, 1, .done = "Success: staged remove request for *" },
	{ "cluster replace", { "admin", "cluster", "replace" }, { NODE, NODE },
	    2, .done = "Success: staged replacement of * with *" },
	{ "cluster force-replace", { "admin", "cluster", "force-replace" },
	    { NODE, NODE }, 2,
	    .done = "Success: staged forced replacement of * with *" },
	{ "cluster plan", { "admin", "cluster", "plan" },
	    .parse = rm_admin_parse_plan },
	{ "cluster commit", { "admin", "cluster", "commit" },
	    .done = "Cluster changes committed" },
	{ "cluster clear", { "admin", "cluster", "clear" },
	    .done = "Cleared staged cluster changes" },
	{ "bucket-type list", { "admin", "bucket-type", "list" },
	    .parse = rm_admin_parse_types },
	{ "bucket-type status", { "admin", "bucket-type", "status" }, { TYPE },
	    1, .even_error = true, .parse = rm_admin_parse_type },
	{ "bucket-type create", { "admin", "bucket-type", "create" },
	    { TYPE, PROPS }, 1, .done = "* created" },
	{ "bucket-type activate", { "admin", "bucket-type", "activate" },
	    { TYPE }, 1, .done = "* has been activated" },
	{ "bucket-type update", { "admin", "bucket-type", "update" },
	    { TYPE, PROPS }, 2, .done = "* updated" },
};

#define COMMANDS (sizeof(commands) / sizeof(*commands))

void
rm_admin_answer_free(struct rm_admin_answer *answer)
{
	jv_free(answer->value);
	*answer = (struct rm_admin_answer){ 0 };
}

const struct rm_admin_command *
rm_admin_find(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

const char *
rm_admin_name_of(const struct rm_admin_command *command)
{
	return command->name;
}

const struct rm_admin_command *
rm_admin_each(const struct rm_admin_command *command)
{
	size_t next = command == NULL ? 0 : (size_t)(command - commands) + 1;
	return next < COMMANDS ? &commands[next] : NULL;
}

/* Letters that mean nothing to bash, printf and Erlang's strings. */
static bool
is_plain(const char *text, const char *others)
{
	if (*text == '-' || *text == '\0')
		return false;
	for (; *text != '\0'; text++)
		if (!isalnum((unsigned char)*text) &&
		    strchr(others, *text) == NULL)
			return false;
	return true;
}

/*
 * bin/riak-admin puts the properties between quotes of Erlang's, and a
 * backslash before each quote of theirs but none before a backslash: so that
 * is ours to do.
 */
static char *
props(const char *text, struct rm_error *err)
{
	jv value;
	if (rm_json_parse(text, strlen(text), &value, err) != 0) {
		rm_error_prefix(err, "properties");
		if (err != NULL)
			err->code = RM_EXIT_USAGE;
		return NULL;
	}
	if (jv_get_kind(value) != JV_KIND_OBJECT) {
		jv_free(value);
		rm_error_set(err, RM_EXIT_USAGE,
		    "properties: not a JSON object: %s", text);
		return NULL;
	}
	struct rm_str quoted = { 0 };
	jv compact = jv_dump_string(value, JV_PRINT_ASCII);
	for (const char *p = jv_string_value(compact); *p != '\0'; p++)
		rm_str_add(
		    &quoted, *p == '\\' ? "\\\\" : p, *p == '\\' ? 2 : 1);
	jv_free(compact);
	return rm_str_take(&quoted);
}

static char *
operand(enum operand kind, const char *text, struct rm_error *err)
{
	const char *what = NULL;
	switch (kind) {
	case NODE:
		if (!is_plain(text, "-_.@") || strchr(text, '@') == NULL)
			what = "a node's name";
		break;
	case SERVICE:
		if (!is_plain(text, "_"))
			what = "a service's name";
		break;
	case TYPE:
		if (!is_plain(text, "-_.+"))
			what = "a bucket type's name";
		break;
	case PROPS:
		return props(text, err);
	case NONE:
		break;
	}
	if (what == NULL)
		return rm_strdup(text);
	rm_error_set(err, RM_EXIT_USAGE, "not %s: %s", what, text);
	return NULL;
}

static int
check_count(
    const struct rm_admin_command *c, size_t count, struct rm_error *err)
{
	size_t most = 0;
	while (most < OPERANDS && c->operands[most] != NONE)
		most++;
	if (count >= c->least && count <= most)
		return 0;
	return rm_error_set(err, RM_EXIT_USAGE, "%s: %s", c->name,
	    count > most ? "too many operands" : "an operand is missing");
}

char **
rm_admin_argv(const struct rm_admin_command *c, const char *root, size_t count,
    const char *const *operands, struct rm_error *err)
{
	if (check_count(c, count, err) != 0)
		return NULL;
	size_t room = 1 + sizeof(c->words) / sizeof(*c->words) + count + 1;
	char **argv = rm_alloc(room * sizeof(*argv));
	size_t n = 0;
	argv[n++] = rm_format("%s/bin/riak", root);
	for (size_t i = 0; c->words[i] != NULL; i++)
		argv[n++] = rm_strdup(c->words[i]);
	for (size_t i = 0; i < count; i++) {
		char *word = operand(c->operands[i], operands[i], err);
		if (word == NULL) {
			rm_admin_argv_free(argv);
			return NULL;
		}
		argv[n++] = i == 0 && c->flag != NULL
				? rm_format("%s%s", c->flag, word)
				: rm_strdup(word);
		free(word);
	}
	return argv;
}

void
rm_admin_argv_free(char **argv)
{
	for (size_t i = 0; argv != NULL && argv[i] != NULL; i++)
		free(argv[i]);
	free(argv);
}

/* The change was made: its first line says so, what follows is a warning. */
static int
parse_done(const char *done, struct rm_admin_lines *l, jv *value)
{
	rm_admin_skip_empty(l);
	const char *line = rm_admin_peek(l);
	if (line == NULL || !rm_admin_words_match(done, line))
		return -1;
	*value = jv_object_set(jv_object(), jv_string("success"), jv_true());
	*value = jv_object_set(*value, jv_string("message"), jv_string(line));
	l->at++;
	if (rm_admin_at_end(l))
		return 0;
	const char *warning = rm_admin_take(l, "WARNING: ");
	if (warning == NULL)
		return -1;
	struct rm_admin_lines rest = { l->lines, l->count, l->at };
	struct rm_str words = { 0 };
	rm_str_printf(&words, "%s ", warning);
	rm_admin_lines_join(&rest, &words, SHOWN);
	*value = jv_object_set(
	    *value, jv_string("warning"), jv_string(words.text));
	rm_str_free(&words);
	l->at = l->count;
	return 0;
}

static int
parse(const struct rm_admin_command *c, struct rm_admin_lines *l, jv *value)
{
	*value = jv_invalid();
	int rc = c->parse != NULL ? c->parse(l, value)
				  : parse_done(c->done, l, value);
	if (rc == 0 && rm_admin_at_end(l))
		return 0;
	jv_free(*value);
	*value = jv_invalid();
	return -1;
}

enum verdict { MISSING, OK, ERROR };

/* Takes the last line off. */
static enum verdict
take_verdict(struct rm_admin_lines *l)
{
	const char *last = l->count > 0 ? l->lines[l->count - 1] : "";
	enum verdict verdict = MISSING;
	if (strcmp(last, "ok") == 0)
		verdict = OK;
	else if (strcmp(last, "error") == 0 ||
		 rm_admin_words_match("{error,*}", last))
		verdict = ERROR;
	if (verdict != MISSING)
		free(l->lines[--l->count]);
	return verdict;
}

static void
refuse(struct rm_admin_answer *a, const char *reason, const char *text)
{
	a->code = RM_EXIT_NO;
	a->reason = reason;
	snprintf(
	    a->text, sizeof(a->text), "%s", *text != '\0' ? text : "error");
	if (jv_is_valid(a->value))
		return;
	jv_free(a->value);
	a->value = jv_object_set(jv_object(), jv_string("success"), jv_false());
	a->value = jv_object_set(
	    a->value, jv_string("reason"), jv_string(reason));
	a->value = jv_object_set(
	    a->value, jv_string("error"), jv_string(a->text));
}

/* Words that no table has: from the line that the parser took last. */
static void
unknown(const struct rm_admin_command *c, const struct rm_admin_lines *l,
    const struct rm_admin_output *o, struct rm_admin_answer *a)
{
	struct rm_admin_lines here = { l->lines, l->count, 0 }, err = { 0 };
	struct rm_str words = { 0 };
	here.at = l->at > 0 ? l->at - 1 : 0;
	rm_admin_skip_empty(&here);
	rm_admin_lines_join(&here, &words, SHOWN);
	if (l->count == 0) {
		rm_admin_lines_split(&err, o->err, o->err_len);
		rm_admin_lines_join(&err, &words, SHOWN);
		rm_admin_lines_free(&err);
	}
	a->code = RM_EXIT_OUTSIDE;
	int status = WEXITSTATUS(o->status);
	if (WIFSIGNALED(o->status))
		snprintf(a->text, sizeof(a->text), "%s: ended by signal %d",
		    c->name, WTERMSIG(o->status));
	else if (words.len == 0)
		snprintf(a->text, sizeof(a->text), "%s: no words, exit %d",
		    c->name, status);
	else
		snprintf(a->text, sizeof(a->text),
		    "%s: unknown words near line %zu, exit %d: %s", c->name,
		    here.at + 1, status, words.text);
	rm_str_free(&words);
}

/* The refusal in all words, or in the first line alone. */
static const char *
find_refusal(const struct rm_admin_lines *l, const char *words)
{
	const char *reason = rm_admin_words_refusal(words);
	return reason == NULL && l->count > 0
		   ? rm_admin_words_refusal(l->lines[0])
		   : reason;
}

static bool
no_node(const struct rm_admin_lines *l)
{
	return l->count > 0 && rm_admin_words_no_node(l->lines[l->count - 1]);
}

static void
judge(const struct rm_admin_command *c, struct rm_admin_lines *l,
    const struct rm_admin_output *o, struct rm_admin_answer *a)
{
	if (WIFSIGNALED(o->status)) {
		unknown(c, l, o, a);
		return;
	}
	if (no_node(l)) {
		refuse(a, "not-responding", l->lines[l->count - 1]);
		return;
	}
	enum verdict verdict = c->bare ? OK : take_verdict(l);
	struct rm_str words = { 0 };
	rm_admin_lines_join(l, &words, SHOWN);
	const char *text = words.text != NULL ? words.text : "";
	int rc = verdict == MISSING ? -1 : parse(c, l, &a->value);
	const char *reason = verdict == MISSING ? NULL : find_refusal(l, text);
	bool no = jv_is_valid(a->value) &&
		  !rm_json_bool(a->value, "ready", true);
	if (verdict == ERROR && rc == 0 && !c->even_error)
		unknown(c, l, o, a); /* "Success: …", and `error` */
	else if (no)
		refuse(a, "not-ready", text);
	else if (rc == 0)
		a->code = RM_EXIT_OK;
	else if (verdict == ERROR || reason != NULL)
		refuse(a, reason != NULL ? reason : "failed", text);
	else
		unknown(c, l, o, a);
	if (a->code == RM_EXIT_OUTSIDE) {
		jv_free(a->value);
		a->value = jv_invalid();
	}
	rm_str_free(&words);
}

void
rm_admin_judge(const struct rm_admin_command *c,
    const struct rm_admin_output *o, struct rm_admin_answer *a)
{
	struct rm_admin_lines l = { 0 };
	rm_admin_lines_split(&l, o->out, o->out_len);
	while (l.count > 0 && *l.lines[l.count - 1] == '\0')
		free(l.lines[--l.count]);
	a->value = jv_invalid();
	judge(c, &l, o, a);
	rm_admin_lines_free(&l);
}
