/* The files that commands write. */
#ifndef RM_CLI_WRITE_FILE_H
#define RM_CLI_WRITE_FILE_H

#include "base/error.h"
#include "base/str.h"

/* A neighbour that is renamed once it is whole: on failure the file that was
 * there is as it was. What is no file (a pipe, a terminal) is written to. */
int rm_cli_write_file(
    const char *path, const struct rm_str *text, struct rm_error *err);

#endif
