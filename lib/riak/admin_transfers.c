#include <stdio.h>
#include <string.h>

#include "riak/admin_parse.h"

/*
 * An active transfer is drawn as
 *
 *     transfer type: ownership
 *     vnode type: riak_kv_vnode
 *     partition: 182687704666362864775460604089535377456991567872
 *     started: 2026-11-22 10:00:00 [1.20 s ago]
 *     last update: 2026-11-22 10:00:01 [200.00 ms ago]
 *     total size: 4096 bytes
 *     objects transferred: 12
 *
 *                                10 Objs/s
 *          ra@127.0.0.1         =======>       rb@127.0.0.1
 *             |===                                       |   8%
 *                                1.20 KB/s
 *
 * where names of more than 25 bytes go on in the lines below the arrow.
 */
enum { SIDE = 25, RIGHT = 37 }; /* width and column of the names */

static jv
words(const char *text)
{
	return *text != '\0' ? jv_string(text) : jv_invalid();
}

static jv
index_of(const char *text)
{
	return rm_admin_index(text, strlen(text));
}

static jv
size(const char *text)
{
	long long n;
	char unit[8];
	int end = 0;
	if (strcmp(text, "unknown") == 0)
		return jv_null();
	/* Fifteen digits fit. NOLINTNEXTLINE(cert-err34-c) */
	if (sscanf(text, "%15lld %7s%n", &n, unit, &end) != 2 || n < 0 ||
	    text[end] != '\0' ||
	    (strcmp(unit, "objects") != 0 && strcmp(unit, "bytes") != 0))
		return jv_invalid();
	return jv_object_set(
	    jv_object(), jv_string(unit), jv_number((double)n));
}

static jv
count(const char *text)
{
	if (strcmp(text, "unknown") == 0 || strcmp(text, "undefined") == 0)
		return jv_null();
	long n = rm_admin_whole(text);
	return n >= 0 ? jv_number((double)n) : jv_invalid();
}

static jv
update(const char *text)
{
	return strcmp(text, "no updates seen") == 0 ? jv_null() : words(text);
}

static jv
node(const char *text)
{
	return rm_admin_name(text, '\0', NULL);
}

static const struct {
	const char *lead, *key;
	jv (*read)(const char *text);
} fields[] = {
	{ "transfer type: ", "type", words },
	{ "vnode type: ", "vnode_type", words },
	{ "partition: ", "partition", index_of },
	{ "source partition: ", "source_partition", index_of },
	{ "target partition: ", "target_partition", index_of },
	{ "started: ", "started", words },
	{ "last update: ", "last_update", update },
	{ "total size: ", "total_size", size },
	{ "objects transferred: ", "objects_transferred", count },
	/* Of nodes before Riak 1.4. */
	{ "target node: ", "target", node },
};

/* Lines up to an empty one. */
static int
take_fields(struct rm_admin_lines *l, jv *transfer)
{
	const char *line;
	for (; (line = rm_admin_peek(l)) != NULL && *line != '\0'; l->at++) {
		size_t i = 0, n = sizeof(fields) / sizeof(*fields);
		while (i < n && strncmp(line, fields[i].lead,
				    strlen(fields[i].lead)) != 0)
			i++;
		jv v = i < n ? fields[i].read(line + strlen(fields[i].lead))
			     : jv_invalid();
		if (!jv_is_valid(v)) {
			jv_free(v);
			return -1;
		}
		*transfer = jv_object_set(
		    *transfer, jv_string(fields[i].key), v);
	}
	return 0;
}

/* What stands in the columns from `at`, without outer blanks. */
static void
add_cell(struct rm_str *to, const char *line, size_t at)
{
	size_t len = strlen(line);
	if (len <= at)
		return;
	const char *from = line + at;
	size_t n = len - at < SIDE ? len - at : SIDE;
	while (n > 0 && *from == ' ') {
		from++;
		n--;
	}
	while (n > 0 && from[n - 1] == ' ')
		n--;
	rm_str_add(to, from, n);
}

/* "|====>      |  40%": the number, null where it is N/A; invalid where the
 * line is no such bar. */
static jv
read_bar(const char *line)
{
	line += strspn(line, " ");
	const char *end = strrchr(line, '|');
	if (*line != '|' || end == line ||
	    (size_t)(end - line) != strspn(line + 1, "= ") + 1)
		return jv_invalid();
	end += 1 + strspn(end + 1, " ");
	if (strcmp(end, "N/A%") == 0)
		return jv_null();
	return *end != '-' ? rm_admin_percent(end) : jv_invalid();
}

static void
set_side(jv *transfer, const char *key, struct rm_str *name)
{
	if (name->len > 0)
		*transfer = jv_object_set(
		    *transfer, jv_string(key), jv_string(name->text));
	rm_str_free(name);
}

/* The objects a second; the arrow; the bar; the bytes a second. */
static int
take_arrow(struct rm_admin_lines *l, jv *transfer)
{
	struct rm_str from = { 0 }, to = { 0 };
	const char *rate = rm_admin_take(l, ""), *line = rm_admin_next(l);
	if (rate == NULL || line == NULL || strstr(line, "=======>") == NULL)
		return -1;
	jv bar = jv_invalid();
	do {
		add_cell(&from, line, 0);
		add_cell(&to, line, RIGHT);
		jv_free(bar);
		line = rm_admin_next(l);
		bar = line != NULL ? read_bar(line) : jv_invalid();
	} while (line != NULL && *line != '\0' && !jv_is_valid(bar));
	bool both = from.len > 0 && to.len > 0;
	set_side(transfer, "source", &from);
	set_side(transfer, "target", &to);
	const char *speed = rm_admin_next(l);
	if (!jv_is_valid(bar) || speed == NULL || !both) {
		jv_free(bar);
		return -1;
	}
	rate += strspn(rate, " ");
	speed += strspn(speed, " ");
	*transfer = jv_object_set(*transfer, jv_string("progress"), bar);
	*transfer = jv_object_set(
	    *transfer, jv_string("objects_rate"), jv_string(rate));
	*transfer = jv_object_set(
	    *transfer, jv_string("bytes_rate"), jv_string(speed));
	return 0;
}

static int
take_active(struct rm_admin_lines *l, jv *active)
{
	rm_admin_skip_empty(l);
	jv transfer = jv_object();
	if (take_fields(l, &transfer) != 0 ||
	    (!rm_json_has(transfer, "target") &&
		take_arrow(l, &transfer) != 0)) {
		jv_free(transfer);
		return -1;
	}
	*active = jv_array_append(*active, transfer);
	return 0;
}

/* "'ra@127.0.0.1' waiting to handoff 16 partitions" */
static int
read_waiting(const char *line, jv *value)
{
	static const struct {
		const char *lead, *tail, *key;
	} forms[] = {
		{ "waiting to handoff ", " partitions", "waiting_to_handoff" },
		{ "does not have ", " primary partitions running",
		    "not_running" },
	};
	const char *rest = NULL;
	jv name = rm_admin_name(line, ' ', &rest);
	for (size_t i = 0; rest != NULL && i < 2; i++) {
		size_t lead = strlen(forms[i].lead);
		char number[16];
		int end = 0;
		if (strncmp(rest, forms[i].lead, lead) != 0 ||
		    sscanf(rest + lead, "%15[0-9]%n", number, &end) != 1 ||
		    strcmp(rest + lead + end, forms[i].tail) != 0)
			continue;
		jv one = jv_object_set(jv_object(), jv_string("id"), name);
		one = jv_object_set(one, jv_string("partitions"),
		    jv_number((double)rm_admin_whole(number)));
		jv all = jv_array_append(
		    rm_json_get(*value, forms[i].key), one);
		*value = jv_object_set(*value, jv_string(forms[i].key), all);
		return 0;
	}
	jv_free(name);
	return -1;
}

static int
take_waiting(struct rm_admin_lines *l, jv *value)
{
	const char *rest = rm_admin_take(l, "Nodes [");
	if (rest != NULL) {
		/* The list, and behind it words. */
		struct rm_str list = { 0 };
		rm_str_puts(&list, rest - 1);
		while (strchr(list.text, ']') == NULL &&
		       (rest = rm_admin_next(l)) != NULL)
			rm_str_puts(&list, rest + strspn(rest, " "));
		char *end = strchr(list.text, ']');
		bool good = end != NULL &&
			    strcmp(end, "] are currently down.") == 0;
		struct rm_admin_lines none = { 0 };
		if (good)
			end[1] = '\0';
		jv down = good ? rm_admin_names(&none, list.text)
			       : jv_invalid();
		rm_str_free(&list);
		if (!jv_is_valid(down))
			return -1;
		*value = jv_object_set(*value, jv_string("down"), down);
	}
	if (rm_admin_take(l, "No transfers active") != NULL)
		return 0;
	while (rm_admin_take(l, "Active Transfers:") == NULL) {
		const char *line = rm_admin_peek(l);
		if (line == NULL || read_waiting(line, value) != 0)
			return -1;
		l->at++;
	}
	l->at--;
	return 0;
}

/* "Node 'ra@127.0.0.1' could not be contacted" */
static int
take_unreachable(struct rm_admin_lines *l, jv *nodes)
{
	const char *rest = rm_admin_take(l, "Node "), *behind = NULL;
	jv name = rest != NULL ? rm_admin_name(rest, ' ', &behind)
			       : jv_invalid();
	if (behind == NULL || strcmp(behind, "could not be contacted") != 0) {
		jv_free(name);
		return -1;
	}
	*nodes = jv_array_append(*nodes, name);
	return 0;
}

int
rm_admin_parse_transfers(struct rm_admin_lines *l, jv *value)
{
	static const char *const lists[] = { "waiting_to_handoff", "active",
		"not_running", "down", "unreachable" };
	*value = jv_object();
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		*value = jv_object_set(*value, jv_string(lists[i]), jv_array());
	if (take_waiting(l, value) != 0 ||
	    rm_admin_take(l, "Active Transfers:") == NULL)
		return -1;
	jv active = jv_array(), unreachable = jv_array();
	int rc = 0;
	while (rc == 0 && !rm_admin_at_end(l))
		rc = strncmp(rm_admin_peek(l), "Node ", 5) == 0
			 ? take_unreachable(l, &unreachable)
			 : take_active(l, &active);
	*value = jv_object_set(*value, jv_string("active"), active);
	*value = jv_object_set(*value, jv_string("unreachable"), unreachable);
	return rc;
}
