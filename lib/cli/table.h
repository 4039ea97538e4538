/*
 * A table for people: columns as wide as they must be, two blanks between.
 */
#ifndef RM_CLI_TABLE_H
#define RM_CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* All zero but columns is a valid empty one. */
struct rm_table {
	size_t columns;
	char **cells; /* owned, row by row */
	const char **paints; /* of each cell, or NULL */
	size_t count, room;
};

/* One more cell; NULL is "-". Control bytes become "?". */
void rm_table_add(struct rm_table *table, const char *text);
void rm_table_add_number(struct rm_table *table, double number);
/* The newest cell in a colour of cli/screen.h; NULL is none. */
void rm_table_paint(struct rm_table *table, const char *paint);
/* A row of headings, as many as there are columns. */
void rm_table_add_heads(struct rm_table *table, const char *const *heads);
/* Appends it, and frees it. */
void rm_table_print(struct rm_table *table, struct rm_str *out);

#endif
