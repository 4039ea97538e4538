/*
 * Who may subscribe: HTTP Basic (RFC 7617), as a master does it that runs
 * with --authenticate_http_frameworks (authentication.md).
 */
#ifndef RM_LOCAL_CREDENTIALS_H
#define RM_LOCAL_CREDENTIALS_H

#include <jv.h>

#include "base/error.h"

/* Lines of "principal secret", or {"credentials":[{"principal","secret"}]}.
 * *credentials gets an object, principal to secret. */
int rm_local_credentials_read(
    const char *path, jv *credentials, struct rm_error *err);

/* The principal of an Authorization header, the caller's; NULL: refused.
 * Borrows credentials. */
char *rm_local_credentials_check(jv credentials, const char *header);

#endif
