/* Bucket types. */
#include <string.h>

#include "riak/admin_parse.h"

/* "maps (not active)" */
static int
read_type(const char *line, jv *type)
{
	static const struct {
		const char *tail;
		bool active;
	} forms[] = { { " (not active)", false }, { " (active)", true } };
	size_t len = strlen(line);
	for (size_t i = 0; i < 2; i++) {
		size_t tail = strlen(forms[i].tail);
		if (len <= tail ||
		    strcmp(line + len - tail, forms[i].tail) != 0)
			continue;
		jv props = jv_object_set(
		    jv_object(), jv_string("active"), jv_bool(forms[i].active));
		*type = jv_object_set(jv_object(), jv_string("id"),
		    jv_string_sized(line, (int)(len - tail)));
		*type = jv_object_set(*type, jv_string("props"), props);
		return 0;
	}
	return -1;
}

int
rm_admin_parse_types(struct rm_admin_lines *l, jv *value)
{
	*value = jv_array();
	while (!rm_admin_at_end(l)) {
		jv type;
		if (read_type(rm_admin_peek(l), &type) != 0)
			return -1;
		*value = jv_array_append(*value, type);
		l->at++;
	}
	return jv_array_length(jv_copy(*value)) > 0 ? 0 : -1;
}

/* {modfun,M,F} and {M,F}: as Riak's HTTP has them. */
static jv
function(jv term)
{
	int count = jv_get_kind(term) == JV_KIND_ARRAY
			? jv_array_length(jv_copy(term))
			: 0;
	if (count < 2 || count > 3)
		return term;
	jv v = jv_object_set(jv_object(), jv_string("mod"),
	    jv_array_get(jv_copy(term), count - 2));
	v = jv_object_set(
	    v, jv_string("fun"), jv_array_get(jv_copy(term), count - 1));
	jv_free(term);
	return v;
}

/* "n_val: 3" */
static int
take_prop(struct rm_admin_lines *l, jv *props)
{
	const char *line = rm_admin_next(l);
	const char *behind = strstr(line, ": ");
	if (behind == NULL || behind == line || *line == ' ')
		return -1;
	jv key = jv_string_sized(line, (int)(behind - line));
	jv value = rm_admin_term(l, behind + 2);
	if (!jv_is_valid(value)) {
		jv_free(key);
		jv_free(value);
		return -1;
	}
	if (strcmp(jv_string_value(key), "chash_keyfun") == 0 ||
	    strcmp(jv_string_value(key), "linkfun") == 0)
		value = function(value);
	*props = jv_object_set(*props, key, value);
	return 0;
}

int
rm_admin_parse_type(struct rm_admin_lines *l, jv *value)
{
	static const struct {
		const char *tail, *status;
	} forms[] = {
		{ " is active", "active" },
		{ " has been created and may be activated", "ready" },
		{ " has been created but cannot be activated yet", "created" },
	};
	const char *line = rm_admin_take(l, "");
	const char *status = NULL;
	size_t len = line != NULL ? strlen(line) : 0, tail = 0;
	for (size_t i = 0; status == NULL && i < 3; i++) {
		tail = strlen(forms[i].tail);
		if (len > tail && strcmp(line + len - tail, forms[i].tail) == 0)
			status = forms[i].status;
	}
	if (status == NULL)
		return -1;
	jv props = jv_object();
	int rc = 0;
	while (rc == 0 && !rm_admin_at_end(l))
		rc = take_prop(l, &props);
	*value = jv_object_set(jv_object(), jv_string("id"),
	    jv_string_sized(line, (int)(len - tail)));
	*value = jv_object_set(*value, jv_string("status"), jv_string(status));
	*value = jv_object_set(*value, jv_string("props"), props);
	return rc;
}
