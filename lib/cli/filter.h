/*
 * A jq program over what a command prints.
 */
#ifndef RM_CLI_FILTER_H
#define RM_CLI_FILTER_H

#include "base/error.h"
#include "base/str.h"

/* Puts what the program makes of the JSON values in text in their place, a
 * line each; texts as they are, without quotes. RM_EXIT_USAGE: the program is
 * none, or ends with an error. */
int rm_cli_filter(const char *program, struct rm_str *text, struct rm_error *err);

#endif
