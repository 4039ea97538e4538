#include <string.h>

#include "riak/admin_parse.h"
#include "riak/admin_table.h"

/* Where there are none of a kind, its one row holds dashes. */
static int
add(jv *value, jv row)
{
	static const char *const kinds[] = { "primary", "secondary",
		"stopped" };
	const char *type = rm_json_text(row, "type", "");
	const char *index = rm_json_text(row, "index", "");
	const char *id = rm_json_text(row, "id", "");
	size_t i = 0;
	while (i < 3 && strcmp(kinds[i], type) != 0)
		i++;
	if (i == 3)
		return -1;
	if (strcmp(index, "--") == 0 && strcmp(id, "--") == 0)
		return 0;
	jv number = rm_admin_index(index, strlen(index));
	long partition = rm_admin_whole(id);
	if (!jv_is_valid(number) || partition < 0) {
		jv_free(number);
		return -1;
	}
	jv one = jv_object_set(jv_object(), jv_string("index"), number);
	one = jv_object_set(one, jv_string("id"), jv_number((double)partition));
	jv all = jv_array_append(rm_json_get(*value, type), one);
	*value = jv_object_set(*value, jv_string(type), all);
	return 0;
}

int
rm_admin_parse_partitions(struct rm_admin_lines *l, jv *value)
{
	const char *rest = rm_admin_take(l, "Partitions owned by ");
	jv rows,
	    name = rest != NULL ? rm_admin_name(rest, ':', NULL) : jv_invalid();
	if (!jv_is_valid(name)) {
		jv_free(name);
		return -1;
	}
	*value = jv_object_set(jv_object(), jv_string("id"), name);
	*value = jv_object_set(*value, jv_string("primary"), jv_array());
	*value = jv_object_set(*value, jv_string("secondary"), jv_array());
	*value = jv_object_set(*value, jv_string("stopped"), jv_array());
	if (rm_admin_take_table(l, &rows) != 0)
		return -1;
	int rc = 0, count = jv_array_length(jv_copy(rows));
	for (int i = 0; rc == 0 && i < count; i++) {
		jv row = jv_array_get(jv_copy(rows), i);
		rc = add(value, row);
		jv_free(row);
	}
	jv_free(rows);
	return rc;
}
