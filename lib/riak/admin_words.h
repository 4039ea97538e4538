/*
 * The phrases by which Riak says that a change was made, or why not.
 */
#ifndef RM_RIAK_ADMIN_WORDS_H
#define RM_RIAK_ADMIN_WORDS_H

#include <stdbool.h>

/* Whether text is the pattern; in it * stands for any bytes. */
bool rm_admin_words_match(const char *pattern, const char *text);

/* The word for a refusal, static; NULL where text is none. text is one line:
 * where Riak wrote several, they are joined by blanks. */
const char *rm_admin_words_refusal(const char *text);
/* Whether it says that the node is not there. */
bool rm_admin_words_no_node(const char *text);

#endif
