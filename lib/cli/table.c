#include "cli/table.h"

#include <stdlib.h>
#include <string.h>

#include "cli/screen.h"

void
rm_table_add(struct rm_table *table, const char *text)
{
	if (table->count == table->room) {
		table->room = table->room > 0 ? 2 * table->room : 32;
		table->cells = rm_realloc(
		    table->cells, table->room * sizeof(*table->cells));
		table->paints = rm_realloc(
		    table->paints, table->room * sizeof(*table->paints));
	}
	char *cell = rm_strdup(text != NULL && *text != '\0' ? text : "-");
	for (char *p = cell; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 127)
			*p = '?';
	table->paints[table->count] = NULL;
	table->cells[table->count++] = cell;
}

void
rm_table_paint(struct rm_table *table, const char *paint)
{
	table->paints[table->count - 1] = paint;
}

void
rm_table_add_heads(struct rm_table *table, const char *const *heads)
{
	for (size_t i = 0; i < table->columns; i++) {
		rm_table_add(table, heads[i]);
		rm_table_paint(table, RM_PAINT_HEAD);
	}
}

void
rm_table_add_number(struct rm_table *table, double number)
{
	char *text = rm_format("%.15g", number);
	rm_table_add(table, text);
	free(text);
}

/* Characters, not bytes. */
static size_t
width(const char *text)
{
	size_t n = 0;
	for (; *text != '\0'; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

void
rm_table_print(struct rm_table *table, struct rm_str *out)
{
	size_t columns = table->columns > 0 ? table->columns : 1;
	size_t *widths = rm_alloc(columns * sizeof(*widths));
	for (size_t i = 0; i < table->count; i++) {
		size_t w = width(table->cells[i]);
		if (w > widths[i % columns])
			widths[i % columns] = w;
	}
	for (size_t i = 0; i < table->count; i++) {
		size_t column = i % columns;
		bool last = column + 1 == columns;
		size_t pad = widths[column] - width(table->cells[i]) + 2;
		rm_screen_paint(out, table->paints[i], table->cells[i]);
		rm_str_printf(out, "%*s", last ? 0 : (int)pad, "");
		rm_str_puts(out, last ? "\n" : "");
		free(table->cells[i]);
	}
	free(table->cells);
	free(table->paints);
	free(widths);
	*table = (struct rm_table){ 0 };
}
