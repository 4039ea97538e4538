/*
 * Asks a Director's admin port, for the command line.
 */
#ifndef RM_PROXY_ADMIN_CLIENT_H
#define RM_PROXY_ADMIN_CLIENT_H

#include <jv.h>

#include "base/error.h"

/* Runs a loop until the answer is there. base: "http://127.0.0.1:9000".
 * Errors name the URL; an answer that is no 200 is RM_EXIT_NO (4xx) or
 * RM_EXIT_OUTSIDE, with its words. */
int rm_admin_ask(const char *base, const char *method, const char *path,
    jv *answer, struct rm_error *err);

#endif
