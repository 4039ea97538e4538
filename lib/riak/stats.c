#include "riak/stats.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "riak/term.h"

jv
rm_stats_members(jv stats)
{
	jv members = rm_json_get(stats, "ring_members");
	if (jv_get_kind(members) == JV_KIND_ARRAY)
		return members;
	jv_free(members);
	return jv_invalid();
}

/* Of a list [{'riak-kv-1@host',22},…]. */
static int
owned(const struct rm_term *list, const char *node)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct rm_term *pair = &list->items[i];
		if (pair->kind == RM_TERM_TUPLE && pair->count == 2 &&
		    pair->items[0].kind == RM_TERM_ATOM &&
		    pair->items[1].kind == RM_TERM_NUMBER &&
		    strcmp(pair->items[0].text, node) == 0)
			return (int)strtol(pair->items[1].text, NULL, 10);
	}
	return 0;
}

/* ring_ownership is an Erlang term in a string. */
int
rm_stats_partitions(jv stats, const char *node)
{
	const char *text = rm_json_text(stats, "ring_ownership", NULL);
	struct rm_str whole = { 0 };
	struct rm_term list = { 0 };
	if (text == NULL)
		return -1;
	rm_str_printf(&whole, "%s.", text);
	int n = rm_term_parse(&list, whole.text, whole.len, NULL) == 0
		    ? owned(&list, node)
		    : -1;
	rm_term_free(&list);
	rm_str_free(&whole);
	return n;
}
