/*
 * Cuts a byte stream into lines. Pure: bytes are fed, lines are taken, and how
 * the bytes were cut into chunks makes no difference.
 */
#ifndef RM_STREAM_LINES_H
#define RM_STREAM_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* A longer line is no line of ours: an OFFERS event of 10,000 offers, uncut,
 * has about 9 MB. */
#define RM_LINE_MAX ((size_t)64 << 20)

/* All zero is a valid empty one. */
struct rm_lines {
	struct rm_str buf;
	size_t from; /* where the next line begins */
	size_t scanned; /* no newline before this */
	unsigned long number; /* of the line last taken, from 1 */
	bool oversized; /* in the middle of a line that is too long */
};

enum rm_lines_result {
	RM_LINES_NONE, /* feed more */
	RM_LINES_LINE, /* a line was taken */
	RM_LINES_TOO_LONG, /* a line was too long, and is gone */
};

void rm_lines_feed(struct rm_lines *lines, const void *bytes, size_t len);

/* Takes the next line, without its newline; borrowed until the next feed. */
enum rm_lines_result rm_lines_next(
    struct rm_lines *lines, const char **line, size_t *len);

/* At the end of input: what came after the last newline, if anything. */
enum rm_lines_result rm_lines_rest(
    struct rm_lines *lines, const char **line, size_t *len);

void rm_lines_free(struct rm_lines *lines);

#endif
