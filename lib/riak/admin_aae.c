/* Active anti-entropy: its exchanges, its trees, what it repaired. */
#include <string.h>

#include "riak/admin_parse.h"

#define COLUMNS 3

/* A table of columns two blanks or more apart; "11.5 s" is one cell. */
struct section {
	const char *title, *head; /* head: how its line of names begins */
	const char *key;
	jv (*read)(const char *cell);
	const char *names[COLUMNS + 1]; /* NULL behind the last */
};

static jv
whole(const char *cell)
{
	long n = rm_admin_whole(cell);
	return n >= 0 ? jv_number((double)n) : jv_invalid();
}

static const struct section sections[] = {
	{ "Exchanges", "Index  ", "exchanges", rm_admin_seconds,
	    { "last", "all", NULL } },
	{ "Entropy Trees", "Index  ", "entropy_trees", rm_admin_seconds,
	    { "built", NULL } },
	{ "Keys Repaired", "Index  ", "keys_repaired", whole,
	    { "last", "mean", "max", NULL } },
};

/* The cell at *line, which moves behind it; "" when there is none. */
static void
next_cell(const char **line, char *cell, size_t room)
{
	const char *from = *line + strspn(*line, " ");
	const char *end = strstr(from, "  ");
	size_t len = end != NULL ? (size_t)(end - from) : strlen(from);
	*line = from + len;
	if (len >= room)
		len = 0;
	memcpy(cell, from, len);
	cell[len] = '\0';
}

static int
read_row(const struct section *s, const char *line, jv *row)
{
	size_t len = strcspn(line, " ");
	jv index = rm_admin_index(line, len);
	if (!jv_is_valid(index)) {
		jv_free(index);
		return -1;
	}
	*row = jv_object_set(jv_object(), jv_string("index"), index);
	line += len;
	for (size_t i = 0; s->names[i] != NULL; i++) {
		char cell[40];
		next_cell(&line, cell, sizeof(cell));
		jv v = s->read(cell);
		if (!jv_is_valid(v)) {
			jv_free(v);
			jv_free(*row);
			return -1;
		}
		*row = jv_object_set(*row, jv_string(s->names[i]), v);
	}
	if (line[strspn(line, " ")] == '\0')
		return 0;
	jv_free(*row);
	return -1;
}

static int
take_section(struct rm_admin_lines *l, const struct section *s, jv *value)
{
	if (!rm_admin_take_title(l, s->title) ||
	    rm_admin_take(l, s->head) == NULL || !rm_admin_take_rule(l))
		return -1;
	jv rows = jv_array(), row;
	const char *line;
	while ((line = rm_admin_peek(l)) != NULL && *line != '\0' &&
	       read_row(s, line, &row) == 0) {
		rows = jv_array_append(rows, row);
		l->at++;
	}
	*value = jv_object_set(*value, jv_string(s->key), rows);
	return line == NULL || *line == '\0' ? 0 : -1;
}

int
rm_admin_parse_aae(struct rm_admin_lines *l, jv *value)
{
	*value = jv_object();
	for (size_t i = 0; i < sizeof(sections) / sizeof(*sections); i++)
		if (take_section(l, &sections[i], value) != 0)
			return -1;
	return 0;
}
