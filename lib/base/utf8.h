/*
 * UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above
 * 10ffff.
 */
#ifndef RM_BASE_UTF8_H
#define RM_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* The length of the character at p, where left > 0 bytes are; 0 if there is
 * none. */
size_t rm_utf8_length(const unsigned char *p, size_t left);
/* Whether all of it is. */
bool rm_utf8_valid(const char *text, size_t len);

#endif
