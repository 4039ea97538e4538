/*
 * A write line: {"write":PATH,"value":V[,"version":N]}. Pure.
 */
#ifndef RM_STATE_WRITE_LINE_H
#define RM_STATE_WRITE_LINE_H

#include <stddef.h>

#include "base/error.h"

struct rm_write_line {
	char path[192]; /* of a record that may be written */
	const char *value; /* borrowed from the line; NULL deletes */
	size_t len;
	int version; /* -1: none */
};

/* The value is taken as it is written. -1: err says what is wrong. */
int rm_write_line_parse(const char *line, size_t len,
    struct rm_write_line *write, struct rm_error *err);

#endif
