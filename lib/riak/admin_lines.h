/*
 * What Riak's commands print, a line at a time: the helpers that all parsers
 * of lib/riak/admin*.c share. Bytes other than printable ones, tabs and UTF-8
 * never leave it.
 */
#ifndef RM_RIAK_ADMIN_LINES_H
#define RM_RIAK_ADMIN_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/json.h"
#include "base/str.h"

/* All zero is a valid empty one. Lines have no blanks at their ends. */
struct rm_admin_lines {
	char **lines; /* owned */
	size_t count, at;
};

void rm_admin_lines_split(
    struct rm_admin_lines *l, const char *text, size_t len);
void rm_admin_lines_free(struct rm_admin_lines *l);

/* The line at hand, without going on; NULL behind the last. */
const char *rm_admin_peek(const struct rm_admin_lines *l);
/* It, and goes on. */
const char *rm_admin_next(struct rm_admin_lines *l);
void rm_admin_skip_empty(struct rm_admin_lines *l);
/* Whether only empty lines are left. */
bool rm_admin_at_end(struct rm_admin_lines *l);

/* What follows the prefix in the next line that is not empty, and goes on;
 * or NULL, and stays. */
const char *rm_admin_take(struct rm_admin_lines *l, const char *prefix);
/* The same for `==== Title ====`, and for a line of ----. */
bool rm_admin_take_title(struct rm_admin_lines *l, const char *title);
bool rm_admin_take_rule(struct rm_admin_lines *l);

/*
 * An Erlang term that Riak's ~p wrote: `first` is the part of it in the line
 * before, the rest is taken from the next lines as long as brackets are open.
 * Atoms and strings become strings, tuples and lists arrays, true and false
 * what they are; what has no text form we know (a fun, a pid) a string of its
 * words. Invalid when it does not end.
 */
jv rm_admin_term(struct rm_admin_lines *l, const char *first);
/* The same, where only a list of names is right; else invalid. */
jv rm_admin_names(struct rm_admin_lines *l, const char *first);
/* 'ra@host' without its quotes, up to the character `end`; *rest is behind
 * it. Invalid when there is none. */
jv rm_admin_name(const char *text, char end, const char **rest);

/* A whole number and nothing but blanks behind it; or -1. */
long rm_admin_whole(const char *text);
/* Digits of any length, as Riak's indexes are: then a string; else invalid. */
jv rm_admin_index(const char *text, size_t len);
/* "50.0" or "50.0%"; "--" is null; else invalid. */
jv rm_admin_percent(const char *text);
/* "1.3 min" in seconds; "--" is null; else invalid. */
jv rm_admin_seconds(const char *text);

/* From the line at hand on, all that are not empty, a blank between; at most
 * `most` bytes. */
void rm_admin_lines_join(
    const struct rm_admin_lines *l, struct rm_str *to, size_t most);

#endif
