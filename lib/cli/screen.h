/*
 * What is on a terminal: a block of lines that is written over in place, and
 * colours. Escape sequences are those of ECMA-48.
 */
#ifndef RM_CLI_SCREEN_H
#define RM_CLI_SCREEN_H

#include <stdbool.h>

#include "base/error.h"
#include "base/str.h"

#define RM_PAINT_GOOD "32"
#define RM_PAINT_BUSY "33"
#define RM_PAINT_BAD  "31"
#define RM_PAINT_HEAD "1"

/* Whether standard output is a terminal that can be written over. */
bool rm_screen_live(void);
/* Whether it is to have colours: not with NO_COLOR (no-color.org). */
bool rm_screen_coloured(void);
/* Appends a text in a colour, or as it is: paint NULL, or no colours. */
void rm_screen_paint(struct rm_str *out, const char *paint, const char *text);

/* All zero is a valid one that has shown nothing. */
struct rm_screen {
	int lines; /* rows that the cursor stands below */
	int columns; /* of the terminal, as they were */
};

/* Shows these lines in place of those before, folded where the terminal ends,
 * as many as it has room for. -1: it can't be written to. */
int rm_screen_draw(
    struct rm_screen *screen, const struct rm_str *text, struct rm_error *err);

/* Writes all of it to standard output at once. -1: RM_EXIT_OUTSIDE, and err;
 * err's text is empty when nobody reads any more. */
int rm_screen_write(const struct rm_str *text, struct rm_error *err);
/* Whether whoever reads standard output has gone. */
bool rm_screen_gone(void);

#endif
