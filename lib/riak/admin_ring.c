#include <stdio.h>
#include <string.h>

#include "riak/admin_parse.h"

/* "FALSE Node A and B list different partition owners" */
static int
read_disagreement(const char *rest, jv *names)
{
	const char *second = NULL, *end = NULL;
	jv a = rm_admin_name(rest, ' ', &second);
	if (second == NULL || strncmp(second, "and ", 4) != 0) {
		jv_free(a);
		return -1;
	}
	jv b = rm_admin_name(second + 4, ' ', &end);
	if (end == NULL ||
	    strcmp(end, "list different partition owners") != 0) {
		jv_free(a);
		jv_free(b);
		return -1;
	}
	*names = jv_array_append(jv_array_append(*names, a), b);
	return 0;
}

/* "FALSE ['a@h','b@h'] down.  All nodes need to be up to check." */
static int
read_down(const char *rest, jv *names)
{
	static const char
	    behind[] = "] down.  All nodes need to be up to check.";
	size_t len = strlen(rest), tail = sizeof(behind) - 1;
	if (len < tail || strcmp(rest + len - tail, behind) != 0)
		return -1;
	char list[4096];
	if (snprintf(list, sizeof(list), "%.*s]", (int)(len - tail), rest) >=
	    (int)sizeof(list))
		return -1;
	struct rm_admin_lines none = { 0 };
	jv_free(*names);
	*names = rm_admin_names(&none, list);
	return jv_is_valid(*names) ? 0 : -1;
}

static jv
answer(bool ready, jv nodes, jv down, jv disagree)
{
	jv v = jv_object_set(jv_object(), jv_string("ready"), jv_bool(ready));
	v = jv_object_set(v, jv_string("nodes"), nodes);
	v = jv_object_set(v, jv_string("down"), down);
	return jv_object_set(v, jv_string("disagree"), disagree);
}

/* The list of those that are down may go over several lines, as that of those
 * that agree; the words behind it then end the last. */
static int
parse_false(struct rm_admin_lines *l, jv *value)
{
	struct rm_str words = { 0 };
	for (const char *line; (line = rm_admin_next(l)) != NULL;)
		rm_str_puts(&words, line + strspn(line, " "));
	jv down = jv_array(), disagree = jv_array();
	const char *text = words.text != NULL ? words.text : "";
	int rc = -1;
	if (strncmp(text, "FALSE Node ", 11) == 0)
		rc = read_disagreement(text + 11, &disagree);
	else if (strncmp(text, "FALSE [", 7) == 0)
		rc = read_down(text + 6, &down);
	if (rc == 0) {
		*value = answer(false, jv_array(), down, disagree);
		*value = jv_object_set(
		    *value, jv_string("error"), jv_string(text));
	} else {
		jv_free(down);
		jv_free(disagree);
		l->at = 0;
	}
	rm_str_free(&words);
	return rc;
}

int
rm_admin_parse_ringready(struct rm_admin_lines *l, jv *value)
{
	const char *rest = rm_admin_take(
	    l, "TRUE All nodes agree on the ring ");
	if (rest == NULL)
		return parse_false(l, value);
	jv nodes = rm_admin_names(l, rest);
	if (!jv_is_valid(nodes))
		return -1;
	*value = answer(true, nodes, jv_array(), jv_array());
	return 0;
}

static int
take_claimant(struct rm_admin_lines *l, jv *value)
{
	const char *claimant, *status, *ready;
	if (!rm_admin_take_title(l, "Claimant") ||
	    (claimant = rm_admin_take(l, "Claimant:  ")) == NULL ||
	    (status = rm_admin_take(l, "Status:     ")) == NULL ||
	    (ready = rm_admin_take(l, "Ring Ready: ")) == NULL)
		return -1;
	bool up = strcmp(status, "up") == 0, yes = strcmp(ready, "true") == 0;
	if ((!up && strcmp(status, "down") != 0) ||
	    (!yes && strcmp(ready, "false") != 0 &&
		strcmp(ready, "unknown") != 0 &&
		strcmp(ready, "undefined") != 0))
		return -1;
	jv name = rm_admin_name(claimant, '\0', NULL);
	if (!jv_is_valid(name))
		return -1;
	jv known = yes || strcmp(ready, "false") == 0 ? jv_bool(yes)
						      : jv_null();
	*value = jv_object_set(*value, jv_string("claimant"), name);
	*value = jv_object_set(*value, jv_string("claimant_up"), jv_bool(up));
	*value = jv_object_set(*value, jv_string("ring_ready"), known);
	return 0;
}

/* "Index: N", and below it how far it is. */
static int
take_index(struct rm_admin_lines *l, const char *index, jv *partition)
{
	jv waiting = jv_array(), complete = jv_array();
	const char *rest;
	int rc = -1;
	if ((rest = rm_admin_take(l, "  Waiting on: ")) != NULL) {
		jv_free(waiting);
		waiting = rm_admin_term(l, rest);
		rc = 0;
		if ((rest = rm_admin_take(l, "  Complete:   ")) != NULL) {
			jv_free(complete);
			complete = rm_admin_term(l, rest);
		}
	} else if (rm_admin_take(l, "  All transfers complete. Waiting for "
				    "claimant to change ownership.") != NULL) {
		rc = 0;
	}
	jv number = rm_admin_index(index, strlen(index));
	if (rc != 0 || !jv_is_valid(number) || !jv_is_valid(waiting) ||
	    !jv_is_valid(complete)) {
		jv_free(number);
		jv_free(waiting);
		jv_free(complete);
		return -1;
	}
	*partition = jv_object_set(jv_object(), jv_string("index"), number);
	*partition = jv_object_set(
	    *partition, jv_string("waiting_on"), waiting);
	*partition = jv_object_set(*partition, jv_string("complete"), complete);
	return 0;
}

/* One owner, the next one, and what goes from one to the other. */
static int
take_pair(struct rm_admin_lines *l, const char *owner, jv *pair)
{
	const char *next = rm_admin_take(l, "Next Owner: "), *index;
	if (next == NULL)
		return -1;
	jv down = jv_array(), partitions = jv_array();
	for (const char *name; (name = rm_admin_take(l, "!!! ")) != NULL;) {
		size_t len = strcspn(name, " ");
		if (strcmp(name + len, " is DOWN !!!") != 0)
			break;
		down = jv_array_append(down, jv_string_sized(name, (int)len));
	}
	jv partition;
	while ((index = rm_admin_take(l, "Index: ")) != NULL &&
	       take_index(l, index, &partition) == 0)
		partitions = jv_array_append(partitions, partition);
	*pair = jv_object_set(
	    jv_object(), jv_string("owner"), jv_string(owner));
	*pair = jv_object_set(*pair, jv_string("next_owner"), jv_string(next));
	*pair = jv_object_set(*pair, jv_string("down"), down);
	*pair = jv_object_set(*pair, jv_string("partitions"), partitions);
	if (index == NULL && rm_admin_take_rule(l))
		return 0;
	jv_free(*pair);
	return -1;
}

static int
take_handoff(struct rm_admin_lines *l, jv *value)
{
	if (!rm_admin_take_title(l, "Ownership Handoff"))
		return -1;
	jv pending = jv_array(), pair;
	const char *owner = NULL;
	if (rm_admin_take(l, "No pending changes.") == NULL)
		while ((owner = rm_admin_take(l, "Owner:      ")) != NULL &&
		       take_pair(l, owner, &pair) == 0)
			pending = jv_array_append(pending, pair);
	*value = jv_object_set(*value, jv_string("pending"), pending);
	return owner == NULL ? 0 : -1;
}

static int
take_unreachable(struct rm_admin_lines *l, jv *value)
{
	jv nodes = jv_array();
	const char *rest;
	if (!rm_admin_take_title(l, "Unreachable Nodes")) {
		jv_free(nodes);
		return -1;
	}
	if ((rest = rm_admin_take(
		 l, "The following nodes are unreachable: ")) != NULL) {
		jv_free(nodes);
		nodes = rm_admin_names(l, rest);
		/* Advice to people, to the end. */
		if (rm_admin_take(l, "WARNING: The cluster state will not "
				     "converge until all nodes") != NULL)
			l->at = l->count;
	} else if (rm_admin_take(l, "All nodes are up and reachable") == NULL) {
		jv_free(nodes);
		return -1;
	}
	if (!jv_is_valid(nodes))
		return -1;
	*value = jv_object_set(*value, jv_string("unreachable"), nodes);
	return 0;
}

int
rm_admin_parse_ring(struct rm_admin_lines *l, jv *value)
{
	*value = jv_object();
	return take_claimant(l, value) == 0 && take_handoff(l, value) == 0 &&
		       take_unreachable(l, value) == 0
		   ? 0
		   : -1;
}
