/*
 * Text in HTML. Pure.
 */
#ifndef RM_API_PAGE_TEXT_H
#define RM_API_PAGE_TEXT_H

#include <jv.h>

#include "base/str.h"

/* Between tags and in attributes. */
void rm_page_put(struct rm_str *html, const char *text);
/* A member of an object; a dash when there is none. Borrows. */
void rm_page_put_member(struct rm_str *html, jv object, const char *name);

#endif
