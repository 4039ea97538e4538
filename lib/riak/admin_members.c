#include <stdio.h>
#include <string.h>

#include "riak/admin_parse.h"

/* "riak1@10.0.0.1 (rack 7)": a node and, where one is set, its location. */
static jv
read_id(const char *text)
{
	size_t len = strcspn(text, " ");
	jv node = jv_object_set(
	    jv_object(), jv_string("id"), jv_string_sized(text, (int)len));
	const char *rest = text + len + strspn(text + len, " ");
	size_t end = strlen(rest);
	if (*rest == '\0')
		return node;
	if (*rest == '(' && end > 2 && rest[end - 1] == ')')
		return jv_object_set(node, jv_string("location"),
		    jv_string_sized(rest + 1, (int)end - 2));
	jv_free(node);
	return jv_invalid();
}

/* "valid      50.0%      --      riak1@10.0.0.1" */
static int
read_row(const char *line, jv *node)
{
	char status[16], ring[16], pending[16];
	int at = 0;
	if (sscanf(line, "%15s %15s %15s %n", status, ring, pending, &at) !=
		3 ||
	    at == 0 || strspn(status, "abcdefghijklmnopqrstuvwxyz") < 4 ||
	    strchr(line + at, '@') == NULL)
		return -1;
	jv has = rm_admin_percent(ring), will = rm_admin_percent(pending);
	*node = read_id(line + at);
	if (jv_is_valid(*node) && jv_get_kind(has) == JV_KIND_NUMBER &&
	    jv_is_valid(will)) {
		*node = jv_object_set(
		    *node, jv_string("status"), jv_string(status));
		*node = jv_object_set(*node, jv_string("ring_percentage"), has);
		*node = jv_object_set(
		    *node, jv_string("pending_percentage"), will);
		return 0;
	}
	jv_free(*node);
	jv_free(has);
	jv_free(will);
	return -1;
}

static int
read_counts(struct rm_admin_lines *l, jv *value)
{
	static const char *const names[] = { "valid", "leaving", "exiting",
		"joining", "down" };
	int counts[5], end = 0;
	const char *rest = rm_admin_take(l, "Valid:");
	if (rest == NULL ||
	    /* Nine digits fit. NOLINTNEXTLINE(cert-err34-c) */
	    sscanf(rest,
		"%9d / Leaving:%9d / Exiting:%9d / Joining:%9d / Down:%9d%n",
		&counts[0], &counts[1], &counts[2], &counts[3], &counts[4],
		&end) != 5 ||
	    rest[end] != '\0')
		return -1;
	for (size_t i = 0; i < 5; i++)
		*value = jv_object_set(
		    *value, jv_string(names[i]), jv_number(counts[i]));
	return 0;
}

int
rm_admin_take_members(struct rm_admin_lines *l, jv *value)
{
	if (!rm_admin_take_title(l, "Membership") ||
	    rm_admin_take(l, "Status     Ring    Pending    Node") == NULL ||
	    !rm_admin_take_rule(l))
		return -1;
	jv nodes = jv_array();
	while (!rm_admin_take_rule(l)) {
		const char *line = rm_admin_peek(l);
		jv node;
		if (line == NULL || read_row(line, &node) != 0) {
			jv_free(nodes);
			return -1;
		}
		nodes = jv_array_append(nodes, node);
		l->at++;
	}
	*value = jv_object_set(jv_object(), jv_string("nodes"), nodes);
	return read_counts(l, value);
}

int
rm_admin_parse_members(struct rm_admin_lines *l, jv *value)
{
	return rm_admin_take_members(l, value);
}
