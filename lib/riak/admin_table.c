#include "riak/admin_table.h"

#include <string.h>

static bool
take_border(struct rm_admin_lines *l)
{
	const char *line = rm_admin_peek(l);
	if (line == NULL || strncmp(line, "+-", 2) != 0 ||
	    line[strspn(line, "+-")] != '\0')
		return false;
	l->at++;
	return true;
}

/* "| a |b |": ["a","b"]; invalid where it is no such line. */
static jv
split(const char *line)
{
	if (*line++ != '|')
		return jv_invalid();
	jv cells = jv_array();
	while (*line != '\0') {
		line += strspn(line, " ");
		size_t len = strcspn(line, "|"), end = len;
		if (line[len] != '|') {
			jv_free(cells);
			return jv_invalid();
		}
		while (end > 0 && line[end - 1] == ' ')
			end--;
		cells = jv_array_append(cells, jv_string_sized(line, (int)end));
		line += len + 1;
	}
	return cells;
}

static jv
row(jv names, jv cells)
{
	jv object = jv_object();
	int count = jv_array_length(jv_copy(names));
	if (count != jv_array_length(jv_copy(cells))) {
		jv_free(object);
		object = jv_invalid();
		count = 0;
	}
	for (int i = 0; i < count; i++)
		object = jv_object_set(object, jv_array_get(jv_copy(names), i),
		    jv_array_get(jv_copy(cells), i));
	jv_free(names);
	jv_free(cells);
	return object;
}

int
rm_admin_take_table(struct rm_admin_lines *l, jv *rows)
{
	rm_admin_skip_empty(l);
	if (!take_border(l) || rm_admin_peek(l) == NULL)
		return -1;
	jv names = split(rm_admin_next(l));
	bool good = jv_is_valid(names) && take_border(l);
	*rows = jv_array();
	while (good && !take_border(l)) {
		const char *line = rm_admin_peek(l);
		jv cells = line != NULL ? split(line) : jv_invalid();
		jv one = jv_is_valid(cells) ? row(jv_copy(names), cells)
					    : cells;
		good = jv_is_valid(one);
		if (!good)
			break;
		*rows = jv_array_append(*rows, one);
		l->at++;
	}
	jv_free(names);
	if (good)
		return 0;
	jv_free(*rows);
	*rows = jv_invalid();
	return -1;
}
