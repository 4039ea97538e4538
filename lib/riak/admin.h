/*
 * Riak's own commands (`bin/riak admin …`), their words turned into JSON by
 * one table. Pure: rm_admin_argv() says what to run, rm_admin_judge() what
 * the answer means; admin_run.h runs it.
 *
 * What counts is the last line, `ok`, `error` or a term such as
 * {error,undefined}: the exit status only tells whether the call reached the
 * node. Words that are not known are an error that shows them, never a guess.
 * The shapes of the JSON are in rm-riak(1). Words and their meaning are those
 * of Riak KV 3.2.
 */
#ifndef RM_RIAK_ADMIN_H
#define RM_RIAK_ADMIN_H

#include <stddef.h>

#include "base/error.h"
#include "base/json.h"

struct rm_admin_command;
struct rm_admin_lines;

/* All zero is a valid empty one. */
struct rm_admin_answer {
	/* RM_EXIT_OK: done; RM_EXIT_NO: Riak says no; RM_EXIT_TIMEOUT: it
	 * said nothing in time; RM_EXIT_OUTSIDE: it could not be run, or its
	 * words are not known. */
	int code;
	/* With RM_EXIT_NO: which no, a word of rm-riak(1)'s list, such as
	 * "already-member" or "not-responding". Static. Else NULL. */
	const char *reason;
	/* With RM_EXIT_OK and RM_EXIT_NO; else invalid. Owned. */
	jv value;
	/* Except with RM_EXIT_OK: Riak's words, or what went wrong. */
	char text[512];
};
void rm_admin_answer_free(struct rm_admin_answer *answer);

/* By rm-riak's name: "member-status", "cluster join"; NULL when there is no
 * such command. Static. */
const struct rm_admin_command *rm_admin_find(const char *name);
const char *rm_admin_name_of(const struct rm_admin_command *command);
/* One after the other, from NULL; NULL behind the last. */
const struct rm_admin_command *rm_admin_each(
    const struct rm_admin_command *command);

/*
 * The program and its arguments, NULL at the end: the caller's, with
 * rm_admin_argv_free(). root is Riak's root, which holds bin/riak. Operands
 * are checked, for Riak pastes them into an Erlang expression: nodes, names
 * of services and of bucket types by their letters, properties as JSON. NULL
 * and RM_EXIT_USAGE when one is missing, too many or bad.
 */
char **rm_admin_argv(const struct rm_admin_command *command, const char *root,
    size_t count, const char *const *operands, struct rm_error *err);
void rm_admin_argv_free(char **argv);

/* What a command said; borrowed. */
struct rm_admin_output {
	const char *out, *err;
	size_t out_len, err_len;
	int status; /* waitpid's */
};

/* Fills an empty answer; it never fails otherwise than by its code. */
void rm_admin_judge(const struct rm_admin_command *command,
    const struct rm_admin_output *output, struct rm_admin_answer *answer);

#endif
