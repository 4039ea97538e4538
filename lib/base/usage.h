/*
 * What a program's tables say to people: --help, the words for completions,
 * and which word was meant.
 */
#ifndef RM_BASE_USAGE_H
#define RM_BASE_USAGE_H

#include <stdbool.h>

#include "base/option.h"

enum { RM_USAGE_TABLES = 3 };

struct rm_usage {
	const struct rm_program *program;
	const struct rm_command *command; /* as far as it is known, or NULL */
	const char *words; /* of its name so far: "cluster"; "" for none */
	/* Options: the command's, the program's, everybody's; or NULL. */
	const struct rm_option *tables[RM_USAGE_TABLES];
};

/* These print to standard output and return the exit code. */
int rm_usage_help(const struct rm_usage *usage);
/* What can come next, behind so many operands: a line each, a word, a tab, its
 * help; an option that wants a value ends with "=". values are the options'. */
int rm_usage_words(const struct rm_usage *usage, int operands, void *values);
int rm_usage_version(const struct rm_program *program);

/* What of a command's name is behind these words; NULL when it does not begin
 * with them. */
const char *rm_usage_behind(
    const struct rm_command *command, const char *words);

/* "cluster list" for "cluster lsit", "cluster create" for "create"; the
 * caller's, or NULL. */
char *rm_usage_guess_command(const struct rm_usage *usage, const char *word);
/* "--json" for "--jsn=x". */
char *rm_usage_guess_option(const struct rm_usage *usage, const char *word);
/* "list, set, create": what can follow the words; the caller's. */
char *rm_usage_next_words(const struct rm_usage *usage);

#endif
