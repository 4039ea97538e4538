/*
 * What commands append to their output.
 */
#ifndef RM_CLI_PRINT_H
#define RM_CLI_PRINT_H

#include <jv.h>

#include "base/str.h"
#include "cli/client.h"

/* A JSON value and a newline; consumes. */
void rm_cli_print_json(struct rm_str *out, jv value);
/* "key: value", aligned; text NULL is "-". */
void rm_cli_print_field(struct rm_str *out, const char *key, const char *text);
/* Done: {"success":true} with --json, else the words. */
void rm_cli_print_done(const struct rm_cli *cli, struct rm_str *out,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
