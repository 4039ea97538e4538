#include <string.h>

#include "riak/admin_parse.h"

int
rm_admin_parse_ping(struct rm_admin_lines *l, jv *value)
{
	const char *line = rm_admin_next(l);
	if (line == NULL || strcmp(line, "pong") != 0)
		return -1;
	*value = jv_object_set(jv_object(), jv_string("alive"), jv_true());
	return 0;
}

int
rm_admin_parse_pid(struct rm_admin_lines *l, jv *value)
{
	const char *line = rm_admin_next(l);
	long pid = line != NULL ? rm_admin_whole(line) : -1;
	if (pid <= 0)
		return -1;
	*value = jv_object_set(
	    jv_object(), jv_string("pid"), jv_number((double)pid));
	return 0;
}

int
rm_admin_parse_services(struct rm_admin_lines *l, jv *value)
{
	const char *line = rm_admin_next(l);
	jv names = line != NULL ? rm_admin_names(l, line) : jv_invalid();
	if (!jv_is_valid(names)) {
		jv_free(names);
		return -1;
	}
	*value = jv_object_set(jv_object(), jv_string("services"), names);
	return 0;
}

/* "riak_kv is up", after any number of "riak_kv is not up: …", which may go
 * over several lines. */
int
rm_admin_parse_wait(struct rm_admin_lines *l, jv *value)
{
	static const char up[] = " is up";
	if (l->count == 0)
		return -1;
	const char *last = l->lines[l->count - 1];
	size_t name = strcspn(last, " ");
	if (name == 0 || strcmp(last + name, up) != 0)
		return -1;
	*value = jv_object_set(jv_object(), jv_string("service"),
	    jv_string_sized(last, (int)name));
	*value = jv_object_set(*value, jv_string("up"), jv_true());
	l->at = l->count;
	return 0;
}
