/*
 * What a request's URL says by name: the parameters of its query and the
 * segments that a route leaves open, percent-decoded (RFC 3986, 2.1; a query
 * as HTML's forms write it). Pure.
 */
#ifndef RM_IO_HTTP_TEXT_H
#define RM_IO_HTTP_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* A list; NULL is an empty one. The first of a name counts. */
struct rm_http_text {
	struct rm_http_text *next;
	char *name, *value;
};

/* form: a "+" is a space. The caller's; NULL for a byte of zero, which no text
 * of ours has. */
char *rm_http_text_decode(const char *from, size_t len, bool form);

/* Both add to the list and return false, with what was added so far, for a
 * byte of zero. */
bool rm_http_texts_query(struct rm_http_text **texts, const char *query);
/* False, too, when the path is not the route's: "/a/:name/b", in which a :name
 * stands for one segment, and a last "*" for all that follow. */
bool rm_http_texts_route(
    struct rm_http_text **texts, const char *route, const char *path);
/* Borrowed; NULL when there is none. */
const char *rm_http_texts_find(
    const struct rm_http_text *texts, const char *name);
void rm_http_texts_free(struct rm_http_text **texts);

#endif
