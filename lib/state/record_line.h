/*
 * A record line: {"record":PATH,"value":V,"version":N}, with "value":null for
 * one that is gone, and "error":WHY in place of the value for one that is
 * there and can't be read. Pure.
 */
#ifndef RM_STATE_RECORD_LINE_H
#define RM_STATE_RECORD_LINE_H

#include <stddef.h>

#include "base/str.h"

/* value NULL: gone. What is no JSON object becomes an error line. No newline
 * is added. */
void rm_record_line(struct rm_str *to, const char *path, const char *value,
    size_t len, int version);
void rm_record_line_error(struct rm_str *to, const char *path, const char *why);

/* What is wrong with a znode's value as that of a record; NULL: nothing. */
const char *rm_record_value_wrong(const char *value, size_t len);
/* Appends a value that is right as one line: as it is, or compact if it has
 * line ends in it. */
void rm_record_value_add(struct rm_str *to, const char *value, size_t len);

#define RM_RECORD_SNAPSHOT_END "{\"record\":\"\",\"snapshot\":true}"

#endif
