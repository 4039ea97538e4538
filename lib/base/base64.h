/*
 * Base64 (RFC 4648 section 4, with padding).
 */
#ifndef RM_BASE_BASE64_H
#define RM_BASE_BASE64_H

#include "base/str.h"

/* Appends. */
void rm_base64_encode(struct rm_str *to, const void *bytes, size_t len);
/* Appends; -1 for anything that is not whole and canonical: to is then as it
 * was. */
int rm_base64_decode(struct rm_str *to, const char *text, size_t len);

#endif
