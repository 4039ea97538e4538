#include <stdio.h>
#include <string.h>

#include "riak/admin_parse.h"

/* "'ra@127.0.0.1' with 'rb@127.0.0.1'" */
static int
read_pair(const char *text, const char *between, jv *a, jv *b)
{
	const char *rest = NULL;
	size_t len = strlen(between);
	*a = rm_admin_name(text, ' ', &rest);
	*b = rest != NULL && strncmp(rest, between, len) == 0
		 ? rm_admin_name(rest + len, '\0', NULL)
		 : jv_invalid();
	if (jv_is_valid(*b))
		return 0;
	jv_free(*a);
	jv_free(*b);
	return -1;
}

/* A row of the staged changes. */
static int
read_change(const char *line, jv *change)
{
	char action[20];
	int at = 0;
	if (sscanf(line, "%19[a-z-] %n", action, &at) != 1 || at == 0)
		return -1;
	const char *details = line + at;
	jv node, with;
	*change = jv_object_set(
	    jv_object(), jv_string("action"), jv_string(action));
	if (strcmp(action, "join") == 0 || strcmp(action, "leave") == 0 ||
	    strcmp(action, "force-remove") == 0) {
		node = rm_admin_name(details, '\0', NULL);
		if (jv_is_valid(node)) {
			*change = jv_object_set(*change, jv_string("id"), node);
			return 0;
		}
	} else if (strcmp(action, "replace") == 0 ||
		   strcmp(action, "force-replace") == 0) {
		if (read_pair(details, "with ", &node, &with) == 0) {
			*change = jv_object_set(*change, jv_string("id"), node);
			*change = jv_object_set(
			    *change, jv_string("with"), with);
			return 0;
		}
	} else if ((strcmp(action, "resize-ring") == 0 ||
		       strcmp(action, "set-location") == 0) &&
		   *details != '\0') {
		*change = jv_object_set(
		    *change, jv_string("details"), jv_string(details));
		return 0;
	}
	jv_free(*change);
	return -1;
}

static int
take_changes(struct rm_admin_lines *l, jv *value)
{
	if (!rm_admin_take_title(l, "Staged Changes") ||
	    rm_admin_take(l, "Action         Details(s)") == NULL ||
	    !rm_admin_take_rule(l))
		return -1;
	jv changes = jv_array(), change;
	const char *line = NULL;
	while (!rm_admin_take_rule(l) && (line = rm_admin_peek(l)) != NULL &&
	       read_change(line, &change) == 0) {
		changes = jv_array_append(changes, change);
		l->at++;
		line = NULL;
	}
	*value = jv_object_set(*value, jv_string("changes"), changes);
	return line == NULL && l->at > 0 && l->lines[l->at - 1][0] == '-' ? 0
									  : -1;
}

static jv
take_warnings(struct rm_admin_lines *l)
{
	jv warnings = jv_array();
	for (const char *words; (words = rm_admin_take(l, "WARNING: "));)
		warnings = jv_array_append(warnings, jv_string(words));
	return warnings;
}

/* "Transfers resulting from cluster changes: 8", and a line for each pair. */
static int
take_moves(struct rm_admin_lines *l, const char *title, const char *verb,
    const char *key, jv *transition)
{
	jv moves = jv_array(), from, to;
	const char *total = rm_admin_take(l, title), *line;
	int rc = total == NULL || rm_admin_whole(total) >= 0 ? 0 : -1;
	while (rc == 0 && total != NULL &&
	       (line = rm_admin_take(l, "  ")) != NULL) {
		char number[16];
		int end = 0;
		size_t len = strlen(verb);
		rc = sscanf(line, "%15[0-9]%n", number, &end) == 1 &&
			     strncmp(line + end, verb, len) == 0
			 ? read_pair(line + end + len, "to ", &from, &to)
			 : -1;
		if (rc != 0)
			break;
		jv move = jv_object_set(jv_object(), jv_string("count"),
		    jv_number((double)rm_admin_whole(number)));
		move = jv_object_set(move, jv_string("from"), from);
		move = jv_object_set(move, jv_string("to"), to);
		moves = jv_array_append(moves, move);
	}
	*transition = jv_object_set(*transition, jv_string(key), moves);
	return rc;
}

static bool
take_hashes(struct rm_admin_lines *l)
{
	rm_admin_skip_empty(l);
	const char *line = rm_admin_peek(l);
	if (line == NULL || strspn(line, "#") < 10 ||
	    line[strspn(line, "#")] != '\0')
		return false;
	l->at++;
	return true;
}

/* The cluster after one of the steps. */
static int
take_transition(struct rm_admin_lines *l, jv *transition)
{
	static const char lead[] = "After cluster transition ";
	*transition = jv_invalid();
	const char *line = take_hashes(l) ? rm_admin_next(l) : NULL;
	if (line == NULL ||
	    strncmp(line + strspn(line, " "), lead, sizeof(lead) - 1) != 0 ||
	    !take_hashes(l) || rm_admin_take_members(l, transition) != 0)
		return -1;
	jv warnings = take_warnings(l);
	*transition = jv_object_set(
	    *transition, jv_string("warnings"), warnings);
	if (take_moves(l, "Partitions reassigned from cluster changes: ",
		" reassigned from ", "reassigned", transition) != 0 ||
	    take_moves(l, "Transfers resulting from cluster changes: ",
		" transfers from ", "transfers", transition) != 0)
		return -1;
	rm_admin_take(l, "Ring is resizing. see riak-admin ring-status");
	return 0;
}

static int
take_transitions(struct rm_admin_lines *l, jv *value)
{
	jv warnings = take_warnings(l);
	const char *note = rm_admin_take(
	    l, "NOTE: Applying these changes will result in ");
	jv more = take_warnings(l);
	*value = jv_object_set(
	    *value, jv_string("warnings"), jv_array_concat(warnings, more));
	long count = -1;
	char number[8];
	int end = 0;
	if (note != NULL && sscanf(note, "%7[0-9]%n", number, &end) == 1 &&
	    strncmp(note + end, " cluster transition", 19) == 0)
		count = rm_admin_whole(number);
	jv transitions = jv_array(), one;
	int rc = count >= 0 ? 0 : -1;
	for (long i = 0; rc == 0 && i < count; i++) {
		rc = take_transition(l, &one);
		if (rc == 0)
			transitions = jv_array_append(transitions, one);
		else
			jv_free(one);
	}
	*value = jv_object_set(*value, jv_string("transitions"), transitions);
	return rc;
}

int
rm_admin_parse_plan(struct rm_admin_lines *l, jv *value)
{
	*value = jv_object();
	if (rm_admin_take(l, "There are no staged changes") == NULL)
		return take_changes(l, value) == 0 &&
			       take_transitions(l, value) == 0
			   ? 0
			   : -1;
	static const char *const lists[] = { "changes", "warnings",
		"transitions" };
	for (size_t i = 0; i < 3; i++)
		*value = jv_object_set(*value, jv_string(lists[i]), jv_array());
	return 0;
}
