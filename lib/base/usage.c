#include "base/usage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/guess.h"
#include "base/log.h"
#include "base/str.h"

#ifndef RM_VERSION
#define RM_VERSION "0"
#endif

static int
flush_stdout(void)
{
	if (fflush(stdout) == 0)
		return RM_EXIT_OK;
	rm_log_error("standard output: %s", strerror(errno));
	return RM_EXIT_OUTSIDE;
}

int
rm_usage_version(const struct rm_program *program)
{
	printf("%s %s\n", program->name, RM_VERSION);
	return flush_stdout();
}

/* ---- --help ---- */

static void
synopsis(const struct rm_program *program, const struct rm_command *c)
{
	printf("%s%s%s [OPTION]...%s%s", program->name,
	    c->name != NULL ? " " : "", c->name != NULL ? c->name : "",
	    c->operands != NULL ? " " : "",
	    c->operands != NULL ? c->operands : "");
}

static void
print_options(const struct rm_option *o, bool pure)
{
	for (; o != NULL && o->kind != RM_OPTION_END; o++) {
		if (pure && strcmp(o->name, "config") == 0)
			continue;
		char left[64];
		snprintf(left, sizeof(left), "%c%c%s--%s%s%s",
		    o->letter ? '-' : ' ', o->letter ? o->letter : ' ',
		    o->letter ? ", " : "  ", o->name, o->arg ? " " : "",
		    o->arg ? o->arg : "");
		printf("  %-28s %s", left, o->help);
		if (o->fallback != NULL)
			printf(" [%s]", o->fallback);
		if (o->required)
			printf(" (required)");
		if (o->env != NULL && !pure)
			printf(" ($%s)", o->env);
		printf("\n");
	}
}

const char *
rm_usage_behind(const struct rm_command *command, const char *words)
{
	size_t len = strlen(words);
	if (len == 0 || command->name == NULL)
		return command->name;
	if (strncmp(command->name, words, len) != 0 ||
	    command->name[len] != ' ')
		return NULL;
	return command->name + len + 1;
}

static void
print_usage(const struct rm_usage *u)
{
	const char *lead = "usage: ";
	const struct rm_command *c = u->program->commands;
	for (; c->run != NULL; c++) {
		bool meant = u->command != NULL && u->command->name != NULL
				 ? c == u->command
				 : *u->words == '\0' ||
				       rm_usage_behind(c, u->words) != NULL;
		if (!meant)
			continue;
		printf("%s", lead);
		synopsis(u->program, c);
		printf("\n");
		if (c->help != NULL && c->name != NULL)
			printf("           %s\n", c->help);
		lead = "       ";
	}
}

static void
print_section(const char *title, const struct rm_option *options, bool pure)
{
	if (options == NULL || options->kind == RM_OPTION_END)
		return;
	printf("\n%s:\n", title);
	print_options(options, pure);
}

int
rm_usage_help(const struct rm_usage *u)
{
	const struct rm_program *program = u->program;
	printf("%s - %s\n\n", program->name, program->summary);
	print_usage(u);
	if (u->command != NULL)
		print_section("options", u->command->options, program->pure);
	else
		printf("\n'%s COMMAND --help' prints a command's options.\n",
		    program->name);
	print_section("global options", program->globals, program->pure);
	print_section(
	    "common options", u->tables[RM_USAGE_TABLES - 1], program->pure);
	if (program->exits != NULL) {
		printf("\nexit codes:\n");
		for (const int *e = program->exits; *e >= 0; e++)
			printf("  %3d  %s\n", *e, rm_exit_meaning(*e));
	}
	return flush_stdout();
}

/* ---- words ---- */

/* The next words that commands' names have, each once: those that begin with
 * the same word stand together in the table. */
static void
each_word(const struct rm_usage *u,
    void (*tell)(void *arg, const char *word, size_t len,
	const struct rm_command *command),
    void *arg)
{
	const char *last = "";
	size_t last_len = 0;
	const struct rm_command *c = u->program->commands;
	for (; c->run != NULL; c++) {
		const char *word = rm_usage_behind(c, u->words);
		size_t len = word != NULL ? strcspn(word, " ") : 0;
		if (word == NULL ||
		    (len == last_len && strncmp(word, last, len) == 0))
			continue;
		tell(arg, word, len, c);
		last = word;
		last_len = len;
	}
}

static void
print_word(
    void *arg, const char *word, size_t len, const struct rm_command *command)
{
	(void)arg;
	printf("%.*s\t%s\n", (int)len, word,
	    word[len] == '\0' ? command->help : "");
}

/* The name of an operand by its place, "CLUSTER" of "CLUSTER [COMMAND]"; the
 * last one may stand for more, "VOLUME...". The caller's, or NULL. */
static char *
operand_name(const struct rm_command *command, int place)
{
	const char *p = command->operands != NULL ? command->operands : "";
	for (;;) {
		p += strspn(p, " []");
		size_t n = strcspn(p, " []");
		bool more = n > 3 && strncmp(p + n - 3, "...", 3) == 0;
		if (n == 0)
			return NULL;
		if (place-- == 0 || more)
			return rm_format("%.*s", (int)(more ? n - 3 : n), p);
		p += n;
	}
}

/* "pause|resume" says it all; what a name stands for the program knows. */
static void
print_operand(const struct rm_usage *u, int place, void *values)
{
	char *name = operand_name(u->command, place);
	if (name == NULL)
		return;
	if (strchr(name, '|') != NULL) {
		for (const char *p = name; *p != '\0'; p += *p == '|') {
			size_t n = strcspn(p, "|");
			printf("%.*s\toperand\n", (int)n, p);
			p += n;
		}
	} else if (u->program->complete != NULL) {
		u->program->complete(name, values);
	}
	free(name);
}

int
rm_usage_words(const struct rm_usage *u, int operands, void *values)
{
	if (u->command == NULL || u->command->name == NULL)
		each_word(u, print_word, NULL);
	else
		print_operand(u, operands, values);
	for (size_t t = 0; t < RM_USAGE_TABLES; t++) {
		const struct rm_option *o = u->tables[t];
		for (; o != NULL && o->kind != RM_OPTION_END; o++)
			if (!u->program->pure || strcmp(o->name, "config") != 0)
				printf("--%s%s\t%s\n", o->name,
				    o->arg != NULL ? "=" : "", o->help);
	}
	return flush_stdout();
}

static void
add_word(
    void *arg, const char *word, size_t len, const struct rm_command *command)
{
	struct rm_str *all = arg;
	(void)command;
	rm_str_printf(all, "%s%.*s", all->len > 0 ? ", " : "", (int)len, word);
}

char *
rm_usage_next_words(const struct rm_usage *u)
{
	struct rm_str all = { 0 };
	each_word(u, add_word, &all);
	return rm_str_take(&all);
}

/* ---- what was meant ---- */

static void
try_word(
    void *arg, const char *word, size_t len, const struct rm_command *command)
{
	(void)command;
	rm_guess_try(arg, word, len);
}

/* A command whose last word this is: its first words were left out. */
static const char *
ends_with(const struct rm_program *program, const char *word)
{
	const struct rm_command *c = program->commands;
	for (; c->run != NULL; c++) {
		const char *last = c->name != NULL ? strrchr(c->name, ' ')
						   : NULL;
		if (last != NULL && strcmp(last + 1, word) == 0)
			return c->name;
	}
	return NULL;
}

char *
rm_usage_guess_command(const struct rm_usage *u, const char *word)
{
	struct rm_guess guess = { .word = word, .len = strlen(word) };
	each_word(u, try_word, &guess);
	if (guess.best != NULL)
		return rm_format("%s%s%.*s", u->words,
		    *u->words != '\0' ? " " : "", (int)guess.best_len,
		    guess.best);
	const char *whole = ends_with(u->program, word);
	return whole != NULL ? rm_strdup(whole) : NULL;
}

char *
rm_usage_guess_option(const struct rm_usage *u, const char *word)
{
	if (strncmp(word, "--", 2) != 0)
		return NULL;
	struct rm_guess guess = { .word = word + 2,
		.len = strcspn(word + 2, "=") };
	for (size_t t = 0; t < RM_USAGE_TABLES; t++) {
		const struct rm_option *o = u->tables[t];
		for (; o != NULL && o->kind != RM_OPTION_END; o++)
			rm_guess_try(&guess, o->name, strlen(o->name));
	}
	return guess.best != NULL ? rm_format("--%s", guess.best) : NULL;
}
