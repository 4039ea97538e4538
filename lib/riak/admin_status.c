/* `cluster status`, in Riak's JSON or its table. */
#include <string.h>

#include "base/json_slice.h"
#include "riak/admin_parse.h"
#include "riak/admin_table.h"

/* Whether the node answers, and whether it is marked as down. */
static const struct {
	const char *word;
	bool up, down;
} availabilities[] = {
	{ "up", true, false },
	{ "down", false, true },
	{ "down!", false, false },
	{ "up!", true, true },
};

static int
set_availability(jv *node, const char *word)
{
	size_t i = 0, count = sizeof(availabilities) / sizeof(*availabilities);
	while (i < count && strcmp(availabilities[i].word, word) != 0)
		i++;
	if (i == count)
		return -1;
	*node = jv_object_set(
	    *node, jv_string("up"), jv_bool(availabilities[i].up));
	*node = jv_object_set(
	    *node, jv_string("marked_down"), jv_bool(availabilities[i].down));
	return 0;
}

static int
set_percent(jv *node, const char *key, const char *text, bool always)
{
	jv n = rm_admin_percent(text + strspn(text, " "));
	if (jv_get_kind(n) != JV_KIND_NUMBER &&
	    (always || jv_get_kind(n) != JV_KIND_NULL)) {
		jv_free(n);
		return -1;
	}
	*node = jv_object_set(*node, jv_string(key), n);
	return 0;
}

/* Borrows the row. */
static int
read_row(jv row, jv *node)
{
	static const char mark[] = "(C) ";
	const char *name = rm_json_text(row, "node", "");
	const char *status = rm_json_text(row, "status", "");
	bool claimant = strncmp(name, mark, sizeof(mark) - 1) == 0;
	if (claimant)
		name += sizeof(mark) - 1;
	*node = jv_object_set(jv_object(), jv_string("id"), jv_string(name));
	*node = jv_object_set(*node, jv_string("status"), jv_string(status));
	*node = jv_object_set(*node, jv_string("claimant"), jv_bool(claimant));
	const char *location = rm_json_text(row, "location", NULL);
	if (location != NULL)
		*node = jv_object_set(
		    *node, jv_string("location"), jv_string(location));
	if (strchr(name, '@') != NULL && *status != '\0' &&
	    set_availability(node, rm_json_text(row, "avail", "")) == 0 &&
	    set_percent(node, "ring_percentage", rm_json_text(row, "ring", ""),
		true) == 0 &&
	    set_percent(node, "pending_percentage",
		rm_json_text(row, "pending", ""), false) == 0)
		return 0;
	jv_free(*node);
	return -1;
}

/* Consumes the rows. */
static int
set_nodes(jv *value, jv rows)
{
	jv nodes = jv_array();
	int rc = jv_get_kind(rows) == JV_KIND_ARRAY ? 0 : -1;
	for (int i = 0; rc == 0 && i < jv_array_length(jv_copy(rows)); i++) {
		jv row = jv_array_get(jv_copy(rows), i), node;
		rc = jv_get_kind(row) == JV_KIND_OBJECT ? read_row(row, &node)
							: -1;
		if (rc == 0)
			nodes = jv_array_append(nodes, node);
		jv_free(row);
	}
	jv_free(rows);
	*value = jv_object_set(*value, jv_string("nodes"), nodes);
	return rc;
}

static int
set_ready(jv *value, const char *text)
{
	static const char lead[] = "Ring ready: ";
	if (text == NULL || strncmp(text, lead, sizeof(lead) - 1) != 0)
		return -1;
	const char *word = text + sizeof(lead) - 1;
	size_t len = strcspn(word, "\n");
	bool yes = len == 4 && strncmp(word, "true", len) == 0;
	bool no = len == 5 && strncmp(word, "false", len) == 0;
	/* While the claimant is down nobody knows. */
	bool unknown = len == 9 && strncmp(word, "undefined", len) == 0;
	*value = jv_object_set(*value, jv_string("ring_ready"),
	    unknown ? jv_null() : jv_bool(yes));
	return yes || no || unknown ? 0 : -1;
}

/* libjq 1.6 leaks what it has of a text that is no JSON. */
static bool
is_json(const char *line)
{
	struct rm_slice text = { line, strlen(line) }, key, value;
	struct rm_json_walk walk;
	int rc = rm_json_walk_begin(&walk, text) == 0 ? 1 : -1;
	while (rc == 1)
		rc = rm_json_walk_next(&walk, &key, &value);
	return rc == 0;
}

/* [{"type":"text","text":…},…,{"type":"table","table":[…]},…] */
static int
read_json(const char *line, jv *value)
{
	jv parts;
	if (!is_json(line) ||
	    rm_json_parse(line, strlen(line), &parts, NULL) != 0)
		return -1;
	int ready = -1, nodes = -1;
	int count = jv_get_kind(parts) == JV_KIND_ARRAY
			? jv_array_length(jv_copy(parts))
			: 0;
	for (int i = 0; i < count; i++) {
		jv part = jv_array_get(jv_copy(parts), i);
		if (jv_get_kind(part) == JV_KIND_OBJECT) {
			if (ready != 0)
				ready = set_ready(
				    value, rm_json_text(part, "text", NULL));
			if (rm_json_has(part, "table"))
				nodes = set_nodes(
				    value, rm_json_get(part, "table"));
		}
		jv_free(part);
	}
	jv_free(parts);
	return ready == 0 && nodes == 0 ? 0 : -1;
}

int
rm_admin_parse_status(struct rm_admin_lines *l, jv *value)
{
	*value = jv_object();
	rm_admin_skip_empty(l);
	const char *line = rm_admin_peek(l);
	if (line != NULL && *line == '[') {
		int rc = read_json(line, value);
		l->at += rc == 0;
		return rc;
	}
	jv rows;
	if (rm_admin_take(l, "---- Cluster Status ----") == NULL)
		return -1;
	line = rm_admin_peek(l);
	if (set_ready(value, line) != 0)
		return -1;
	l->at++;
	if (rm_admin_take_table(l, &rows) != 0 || set_nodes(value, rows) != 0)
		return -1;
	return rm_admin_take(l, "Key: (C) = Claimant;") != NULL ? 0 : -1;
}
