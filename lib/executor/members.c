#include "executor/members.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"

/* The row of a node in member-status; the caller's, or invalid. */
static jv
find(jv status, const char *node)
{
	jv nodes = rm_json_get(status, "nodes"), found = jv_invalid();
	if (jv_get_kind(nodes) == JV_KIND_ARRAY)
		jv_array_foreach (nodes, i, row) {
			if (strcmp(rm_json_text(row, "id", ""), node) == 0) {
				jv_free(found);
				found = jv_copy(row);
			}
			jv_free(row);
		}
	jv_free(nodes);
	return found;
}

bool
rm_members_status(jv status, const char *node, char word[16])
{
	jv row = find(status, node);
	bool there = jv_is_valid(row);
	if (there)
		snprintf(word, 16, "%s", rm_json_text(row, "status", ""));
	jv_free(row);
	return there;
}

bool
rm_members_leaving(jv status, const char *node)
{
	char word[16];
	return rm_members_status(status, node, word) &&
	       (strcmp(word, "leaving") == 0 || strcmp(word, "exiting") == 0);
}

static bool
row_settled(jv row)
{
	const char *word = rm_json_text(row, "status", "");
	bool goes = strcmp(word, "leaving") == 0 ||
		    strcmp(word, "exiting") == 0;
	jv pending = rm_json_get(row, "pending_percentage");
	bool moves = jv_get_kind(pending) == JV_KIND_NUMBER;
	jv_free(pending);
	return !moves && strcmp(word, "joining") != 0 &&
	       !(goes && rm_json_number(row, "ring_percentage", 0) > 0);
}

bool
rm_members_settled(jv status)
{
	jv nodes = rm_json_get(status, "nodes");
	bool settled = jv_get_kind(nodes) == JV_KIND_ARRAY;
	if (settled)
		jv_array_foreach (nodes, i, row) {
			settled &= row_settled(row);
			jv_free(row);
		}
	jv_free(nodes);
	return settled;
}

jv
rm_members_joined(jv names, jv status)
{
	jv joined = jv_array();
	jv_array_foreach (names, i, name) {
		char word[16] = "";
		if (jv_get_kind(name) == JV_KIND_STRING)
			rm_members_status(status, jv_string_value(name), word);
		if (strcmp(word, "joining") != 0)
			joined = jv_array_append(joined, jv_copy(name));
		jv_free(name);
	}
	return joined;
}

int
rm_members_transfers(jv transfers)
{
	jv waiting = rm_json_get(transfers, "waiting_to_handoff");
	jv active = rm_json_get(transfers, "active");
	double count = 0;
	if (jv_get_kind(waiting) == JV_KIND_ARRAY)
		jv_array_foreach (waiting, i, row) {
			count += rm_json_number(row, "partitions", 0);
			jv_free(row);
		}
	if (jv_get_kind(active) == JV_KIND_ARRAY)
		count += jv_array_length(jv_copy(active));
	jv_free(waiting);
	jv_free(active);
	return (int)count;
}

jv
rm_members_owns(jv partitions)
{
	jv owns = jv_array(), all = rm_json_get(partitions, "primary");
	int count = jv_get_kind(all) == JV_KIND_ARRAY
			? jv_array_length(jv_copy(all))
			: 0;
	for (int i = 0; i < count; i++) {
		jv one = jv_array_get(jv_copy(all), i);
		owns = jv_array_append(owns, rm_json_get(one, "id"));
		jv_free(one);
	}
	jv_free(all);
	return owns;
}
