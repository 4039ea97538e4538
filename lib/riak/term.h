/*
 * Erlang terms in text, as file:consult/1 reads them: one term and a full
 * stop. Enough for what Riak generates: atoms, numbers, strings, binaries,
 * tuples, lists, maps. Pure.
 */
#ifndef RM_RIAK_TERM_H
#define RM_RIAK_TERM_H

#include <stddef.h>

#include "base/error.h"

enum rm_term_kind {
	RM_TERM_NONE, /* all zero */
	RM_TERM_ATOM, /* text, without its quotes */
	RM_TERM_NUMBER, /* text, as spelled */
	RM_TERM_STRING, /* text */
	RM_TERM_BINARY, /* text; what is no string inside is left out */
	RM_TERM_TUPLE, /* items */
	RM_TERM_LIST, /* items; of an improper one the tail is the last */
	RM_TERM_MAP, /* items: key, value, key, … */
};

struct rm_term {
	enum rm_term_kind kind;
	char *text; /* owned, UTF-8 as it came; escapes are resolved */
	struct rm_term *items; /* owned */
	size_t count;
};

/* Error: "line 3: …", RM_EXIT_REJECTED; the term is then empty. */
int rm_term_parse(
    struct rm_term *term, const char *text, size_t len, struct rm_error *err);
void rm_term_free(struct rm_term *term);

#endif
