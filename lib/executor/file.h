/* Whole small files. */
#ifndef RM_EXECUTOR_FILE_H
#define RM_EXECUTOR_FILE_H

#include <stddef.h>

#include "base/error.h"
#include "base/str.h"

/* Appends what a file holds; errors name it. */
int rm_file_read(struct rm_str *to, const char *path, struct rm_error *err);
/* Appends its last bytes, `most` at most; one that can't be read has none. */
void rm_file_tail(struct rm_str *to, const char *path, size_t most);
/* Replaces a file, for its owner's eyes only: a neighbour is renamed. */
int rm_file_write(
    const char *path, const struct rm_str *text, struct rm_error *err);

#endif
