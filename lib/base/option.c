#include "base/option.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/exit.h"
#include "base/json.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/str.h"
#include "base/usage.h"

/* What every program has. */
struct common {
	bool help, version, complete;
	const char *log_format, *log_level, *config;
};

#define AT(field) offsetof(struct common, field)
static const struct rm_option common_options[] = {
	{ RM_OPTION_FLAG, "help", 'h', NULL, NULL, NULL, NULL,
	    "print this help", AT(help), false },
	{ RM_OPTION_FLAG, "version", 'V', NULL, NULL, NULL, NULL,
	    "print the version", AT(version), false },
	{ RM_OPTION_TEXT, "log-format", 0, "text|json", "RIAK_MESOS_LOG_FORMAT",
	    NULL, "text", "how to write log lines", AT(log_format), false },
	{ RM_OPTION_TEXT, "log-level", 0, "error|warn|info|debug",
	    "RIAK_MESOS_LOG_LEVEL", NULL, "info", "the least level to log",
	    AT(log_level), false },
	{ RM_OPTION_TEXT, "config", 0, "FILE", "RIAK_MESOS_CONFIG", NULL, NULL,
	    "configuration file", AT(config), false },
	RM_OPTIONS_END,
};

/* Not in --help: what completions/ call; see riak-mesos(7). */
static const struct rm_option complete_option = { RM_OPTION_FLAG,
	"completion-words", 0, NULL, NULL, NULL, NULL, NULL, AT(complete),
	false };
#undef AT

/* Of one table, where its values go. */
struct target {
	const struct rm_option *table;
	char *values;
	unsigned long long set; /* a bit an option: given in the words */
};

enum { OWN, GLOBAL, COMMON, TARGETS = RM_USAGE_TABLES };

struct parser {
	const struct rm_program *program;
	const struct rm_command *command;
	struct rm_str words; /* of the command's name, so far */
	struct common common;
	struct target targets[TARGETS];
	char **operands;
	int count;
	char **kept; /* values of the configuration file, owned */
	size_t kept_count;
};

static const char *
words_of(const struct parser *p)
{
	return p->words.len > 0 ? p->words.text : "";
}

/* What the command was, as far as it is known: "riak-mesos cluster create". */
static int usage_error(const struct parser *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static int
usage_error(const struct parser *p, const char *fmt, ...)
{
	struct rm_str text = { 0 };
	char *what;
	va_list args;
	va_start(args, fmt);
	if (vasprintf(&what, fmt, args) < 0)
		abort();
	va_end(args);
	rm_str_printf(&text, "%s; try '%s%s%s --help'", what, p->program->name,
	    p->words.len > 0 ? " " : "", words_of(p));
	rm_log_error("%s", text.text);
	free(what);
	rm_str_free(&text);
	return RM_EXIT_USAGE;
}

static int
store_number(const struct rm_option *o, char *at, const char *text)
{
	char *end;
	errno = 0;
	double n = strtod(text, &end);
	if (end == text || *end != '\0' || errno != 0 || !isfinite(n) || n < 0)
		return -1;
	if (o->kind == RM_OPTION_NUMBER) {
		memcpy(at, &n, sizeof(n));
		return 0;
	}
	long whole = (long)n;
	if (n > 1e15 || (double)whole < n || (double)whole > n)
		return -1;
	memcpy(at, &whole, sizeof(whole));
	return 0;
}

static int
store_flag(char *at, const char *text)
{
	bool on = strcmp(text, "true") == 0 || strcmp(text, "1") == 0 ||
		  strcmp(text, "yes") == 0;
	bool off = strcmp(text, "false") == 0 || strcmp(text, "0") == 0 ||
		   strcmp(text, "no") == 0 || *text == '\0';
	memcpy(at, &on, sizeof(on));
	return on || off ? 0 : -1;
}

static int
store(const struct rm_option *o, char *values, const char *text)
{
	char *at = values + o->offset;
	switch (o->kind) {
	case RM_OPTION_FLAG:
		return store_flag(at, text);
	case RM_OPTION_TEXT:
		memcpy(at, &text, sizeof(text));
		return 0;
	case RM_OPTION_NUMBER:
	case RM_OPTION_COUNT:
		return store_number(o, at, text);
	case RM_OPTION_LIST: {
		struct rm_option_list *list = (void *)at;
		list->items = rm_realloc(
		    list->items, (list->count + 1) * sizeof(*list->items));
		list->items[list->count++] = text;
		return 0;
	}
	case RM_OPTION_END:
		break;
	}
	return -1;
}

/* Finds by long name (of length len) or, with name NULL, by letter. */
static const struct rm_option *
find(struct parser *p, const char *name, size_t len, char letter,
    struct target **target)
{
	for (size_t t = 0; t < TARGETS; t++) {
		*target = &p->targets[t];
		const struct rm_option *o = p->targets[t].table;
		for (; o != NULL && o->kind != RM_OPTION_END; o++) {
			if (name == NULL ? o->letter == letter
					 : strlen(o->name) == len &&
					       strncmp(o->name, name, len) == 0)
				return o;
		}
	}
	*target = &p->targets[COMMON];
	if (name != NULL && len == strlen(complete_option.name) &&
	    strncmp(name, complete_option.name, len) == 0)
		return &complete_option;
	return NULL;
}

static struct rm_usage
usage_of(const struct parser *p)
{
	return (struct rm_usage){ p->program, p->command, words_of(p),
		{ p->targets[OWN].table, p->targets[GLOBAL].table,
		    p->targets[COMMON].table } };
}

static int
unknown_option(const struct parser *p, const char *word)
{
	const struct rm_usage usage = usage_of(p);
	char *meant = rm_usage_guess_option(&usage, word);
	int code = usage_error(p, "unknown option %s%s%s%s", word,
	    meant != NULL ? " (is " : "", meant != NULL ? meant : "",
	    meant != NULL ? " meant?)" : "");
	free(meant);
	return code;
}

/* One word of the command line that begins with a dash; may take the next
 * one. Returns how many it took, or minus the exit code. */
static int
parse_word(struct parser *p, int argc, char **argv)
{
	const char *word = argv[0], *value = NULL;
	const struct rm_option *o;
	struct target *target;
	if (word[1] == '-') {
		size_t len = strcspn(word + 2, "=");
		o = find(p, word + 2, len, 0, &target);
		if (word[2 + len] == '=')
			value = word + 3 + len;
	} else {
		o = find(p, NULL, 0, word[1], &target);
		if (o != NULL && word[2] != '\0') {
			if (o->kind == RM_OPTION_FLAG)
				return -usage_error(
				    p, "letters can't be joined: %s", word);
			value = word + 2;
		}
	}
	if (o == NULL)
		return -unknown_option(p, word);

	int took = 1;
	if (o->kind == RM_OPTION_FLAG) {
		if (value != NULL)
			return -usage_error(
			    p, "option --%s takes no value", o->name);
		value = "true";
	} else if (value == NULL) {
		if (argc < 2)
			return -usage_error(p, "option %s wants a value", word);
		value = argv[1];
		took = 2;
	}
	if (store(o, target->values, value) != 0)
		return -usage_error(p, "--%s: not a %snumber: %s", o->name,
		    o->kind == RM_OPTION_COUNT ? "whole " : "", value);
	if (o != &complete_option)
		target->set |= 1ULL << (o - target->table);
	return took;
}

/* The text of a value from the configuration file, kept until the end. */
static const char *
from_file(struct parser *p, jv file, const char *key)
{
	jv v = rm_json_path(file, key);
	char *text = NULL;
	if (jv_get_kind(v) == JV_KIND_STRING)
		text = rm_strdup(jv_string_value(v));
	else if (jv_is_valid(v) && jv_get_kind(v) != JV_KIND_NULL) {
		struct rm_str s = { 0 };
		rm_json_write(&s, jv_copy(v));
		text = rm_str_take(&s);
	}
	jv_free(v);
	if (text != NULL) {
		p->kept = rm_realloc(
		    p->kept, (p->kept_count + 1) * sizeof(*p->kept));
		p->kept[p->kept_count++] = text;
	}
	return text;
}

/* Fills what the command line left: environment, file, fallback. */
static int
fill(struct parser *p, struct target *target, jv file)
{
	const struct rm_option *o = target->table;
	for (; o != NULL && o->kind != RM_OPTION_END; o++) {
		if (target->set & 1ULL << (o - target->table))
			continue;
		const char *text = NULL, *where = "default";
		if (!p->program->pure && o->env != NULL) {
			text = getenv(o->env);
			where = o->env;
		}
		if (text == NULL && o->key != NULL && jv_is_valid(file)) {
			text = from_file(p, file, o->key);
			where = o->key;
		}
		if (text == NULL)
			text = o->fallback;
		if (text == NULL && o->required)
			return usage_error(
			    p, "option --%s is required", o->name);
		if (text == NULL || store(o, target->values, text) == 0)
			continue;
		rm_log_error(
		    "%s: bad value for --%s: %s", where, o->name, text);
		return RM_EXIT_USAGE;
	}
	return 0;
}

/* The folder that --home names. */
static const char *
home_option(const struct parser *p)
{
	const struct rm_option *o = p->program->globals;
	const char *home = NULL;
	for (; o != NULL && o->kind != RM_OPTION_END; o++)
		if (strcmp(o->name, "home") == 0)
			memcpy(&home, p->targets[GLOBAL].values + o->offset,
			    sizeof(home));
	return home;
}

/* The file that --config names has to be there; the usual ones may be. */
static int
read_config(const struct parser *p, jv *file)
{
	const char *folder = home_option(p), *home = getenv("HOME");
	char *own = folder != NULL
			? rm_format("%s/config.json", folder)
			: rm_format("%s/.config/riak-mesos/config.json",
			      home ? home : "");
	home = folder != NULL ? folder : home;
	const char *named = p->common.config != NULL
				? p->common.config
				: getenv("RIAK_MESOS_CONFIG");
	const char *path = named;
	if (path == NULL && home != NULL && access(own, R_OK) == 0)
		path = own;
	if (path == NULL && access("/etc/riak-mesos/config.json", R_OK) == 0)
		path = "/etc/riak-mesos/config.json";
	struct rm_error err = { 0 };
	if (folder != NULL && access(folder, F_OK) != 0) {
		rm_log_error("--home: %s: %s", folder, strerror(errno));
		free(own);
		return RM_EXIT_USAGE;
	}
	int rc = path == NULL ? 0 : rm_json_read(path, file, &err);
	if (rc != 0)
		rm_log_error("%s", err.text);
	free(own);
	return rc == 0 ? 0 : RM_EXIT_USAGE;
}

static int
open_log(const struct parser *p)
{
	static const char *const formats[] = { "text", "json", NULL };
	static const char *const levels[] = { "error", "warn", "info", "debug",
		NULL };
	size_t f = 0, l = 0;
	while (
	    formats[f] != NULL && strcmp(formats[f], p->common.log_format) != 0)
		f++;
	if (formats[f] == NULL)
		return usage_error(p, "--log-format is text or json, not %s",
		    p->common.log_format);
	while (levels[l] != NULL && strcmp(levels[l], p->common.log_level) != 0)
		l++;
	if (levels[l] == NULL)
		return usage_error(p,
		    "--log-level is error, warn, info or debug, not %s",
		    p->common.log_level);
	rm_log_open(
	    p->program->name, (enum rm_log_format)f, (enum rm_log_level)l);
	return 0;
}

static int
fill_all(struct parser *p)
{
	jv file = jv_invalid();
	int code = p->program->pure ? 0 : read_config(p, &file);
	for (size_t t = TARGETS; code == 0 && t-- > 0;)
		code = fill(p, &p->targets[t], file);
	jv_free(file);
	return code != 0 ? code : open_log(p);
}

/* Takes one more word of a command's name. False: it is an operand, or there
 * is no such command. */
static bool
take_word(struct parser *p, const char *word)
{
	bool named = p->command != NULL && p->command->name != NULL;
	/* Options were read by the table of what is done without a command. */
	bool late = p->count > 0 || p->targets[OWN].set != 0;
	size_t len = p->words.len;
	if (named || *word == '\0' || (p->command != NULL && late))
		return false;
	rm_str_printf(&p->words, "%s%s", len > 0 ? " " : "", word);
	const struct rm_command *c = p->program->commands;
	for (; c->run != NULL; c++) {
		if (c->name != NULL && strcmp(c->name, p->words.text) == 0) {
			p->command = c;
			p->targets[OWN].table = c->options;
			return true;
		}
		if (c->name != NULL &&
		    rm_usage_behind(c, p->words.text) != NULL)
			return true;
	}
	p->words.len = len;
	p->words.text[len] = '\0';
	return false;
}

static int
unknown_command(const struct parser *p, const char *word)
{
	const struct rm_usage usage = usage_of(p);
	char *meant = rm_usage_guess_command(&usage, word);
	int code = usage_error(p, "unknown command %s%s%s%s%s%s", words_of(p),
	    p->words.len > 0 ? " " : "", *word != '\0' ? word : "''",
	    meant != NULL ? " (is '" : "", meant != NULL ? meant : "",
	    meant != NULL ? "' meant?)" : "");
	free(meant);
	return code;
}

static int
missing_word(const struct parser *p)
{
	const struct rm_usage usage = usage_of(p);
	char *next = rm_usage_next_words(&usage);
	int code = usage_error(
	    p, "a word is missing behind %s: one of %s", words_of(p), next);
	free(next);
	return code;
}

/* Words in any order; "--" ends the options. */
static int
parse_words(struct parser *p, int argc, char **argv)
{
	bool options = true;
	for (int i = 0; i < argc;) {
		char *word = argv[i];
		if (options && strcmp(word, "--") == 0) {
			options = false;
			i++;
		} else if (options && word[0] == '-' && word[1] != '\0') {
			int took = parse_word(p, argc - i, argv + i);
			if (took < 0)
				return -took;
			i += took;
		} else if (take_word(p, word)) {
			i++;
		} else if (p->command == NULL ||
			   (p->words.len > 0 && p->command->name == NULL)) {
			return unknown_command(p, word);
		} else {
			p->operands[p->count++] = word;
			i++;
		}
	}
	return 0;
}

static int
check_operands(const struct parser *p)
{
	const struct rm_command *c = p->command;
	if (p->words.len > 0 && (c == NULL || c->name == NULL))
		return missing_word(p);
	if (c == NULL)
		return usage_error(p, "a command is missing");
	if (p->count < c->least)
		return usage_error(p, "operands are missing: %s", c->operands);
	bool alone = c->name != NULL || p->program->commands[1].run == NULL;
	if (c->most == 0 && p->count > 0 && !alone)
		return unknown_command(p, p->operands[0]);
	if (c->most >= 0 && p->count > c->most)
		return usage_error(
		    p, "unexpected operand %s", p->operands[c->most]);
	return 0;
}

static int
parse(struct parser *p, int argc, char **argv)
{
	if (p->program->commands->name == NULL) {
		p->command = p->program->commands;
		p->targets[OWN].table = p->command->options;
	}
	int code = parse_words(p, argc - 1, argv + 1);
	if (code != 0)
		return code;
	if (p->common.help || p->common.version || p->common.complete)
		return 0;
	code = check_operands(p);
	return code != 0 ? code : fill_all(p);
}

/* Where it goes by a file or variables that are wrong, nothing is said. */
static int
complete(struct parser *p, void *values)
{
	const struct rm_usage usage = usage_of(p);
	rm_log_open(p->program->name, RM_LOG_TEXT, RM_LOG_NONE);
	bool known = p->program->complete == NULL || fill_all(p) == 0;
	rm_log_open(p->program->name, RM_LOG_TEXT, RM_LOG_NONE);
	return rm_usage_words(&usage, known ? p->count : INT_MAX, values);
}

static void
free_lists(const struct target *target)
{
	const struct rm_option *o = target->table;
	for (; o != NULL && o->kind != RM_OPTION_END; o++)
		if (o->kind == RM_OPTION_LIST) {
			struct rm_option_list *list = (void *)(target->values +
							       o->offset);
			free(list->items);
		}
}

int
rm_program_main(const struct rm_program *program, int argc, char **argv)
{
	rm_memory_guard();
	rm_log_open(program->name, RM_LOG_TEXT, RM_LOG_INFO);
	struct parser p = { .program = program };
	char *values = rm_alloc(program->options_size);
	p.targets[OWN].values = values;
	p.targets[GLOBAL].values = values;
	p.targets[GLOBAL].table = program->globals;
	p.targets[COMMON].values = (char *)&p.common;
	p.targets[COMMON].table = common_options;
	p.operands = rm_alloc((size_t)(argc + 1) * sizeof(*p.operands));

	int code = parse(&p, argc, argv);
	const struct rm_usage usage = usage_of(&p);
	if (code == 0 && p.common.help)
		code = rm_usage_help(&usage);
	else if (code == 0 && p.common.version)
		code = rm_usage_version(program);
	else if (code == 0 && p.common.complete)
		code = complete(&p, values);
	else if (code == 0)
		code = p.command->run(values, p.count, p.operands);
	free_lists(&p.targets[OWN]);
	free_lists(&p.targets[GLOBAL]);
	rm_str_free(&p.words);
	while (p.kept_count > 0)
		free(p.kept[--p.kept_count]);
	free(p.kept);
	free(p.operands);
	free(values);
	return code;
}
