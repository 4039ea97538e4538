/*
 * Files that commands are given.
 */
#ifndef RM_CLI_READ_FILE_H
#define RM_CLI_READ_FILE_H

#include "base/error.h"
#include "base/str.h"

/* All of a file, or with "-" of standard input; errors name it. */
int rm_cli_read_file(
    const char *path, struct rm_str *text, struct rm_error *err);

#endif
