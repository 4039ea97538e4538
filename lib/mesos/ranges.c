#include "mesos/ranges.h"

#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/json.h"

/* Beyond this a JSON number is not exact. */
#define NUMBER_MAX 9007199254740992.0

static void
append(struct rm_ranges *to, uint64_t begin, uint64_t end)
{
	if (to->count > 0) {
		struct rm_range *last = &to->items[to->count - 1];
		if (begin <= last->end || begin - last->end == 1) {
			if (end > last->end)
				last->end = end;
			return;
		}
	}
	if (to->count == to->room) {
		to->room = to->room > 0 ? to->room * 2 : 2;
		to->items = rm_realloc(
		    to->items, to->room * sizeof(*to->items));
	}
	to->items[to->count++] = (struct rm_range){ begin, end };
}

static int
by_begin(const void *a, const void *b)
{
	const struct rm_range *x = a, *y = b;
	return (x->begin > y->begin) - (x->begin < y->begin);
}

/* Sorts and coalesces, in place. */
static void
settle(struct rm_ranges *ranges)
{
	size_t count = ranges->count;
	if (count < 2)
		return;
	qsort(ranges->items, count, sizeof(*ranges->items), by_begin);
	ranges->count = 0;
	for (size_t i = 0; i < count; i++) {
		struct rm_range r = ranges->items[i];
		append(ranges, r.begin, r.end);
	}
}

struct ends {
	double begin, end; /* -1: none */
};

static int
take_one(const struct ends *ends, struct rm_range *to)
{
	if (!(ends->begin >= 0) || !(ends->end >= ends->begin) ||
	    ends->end > NUMBER_MAX)
		return -1;
	*to = (struct rm_range){ (uint64_t)ends->begin, (uint64_t)ends->end };
	return 0;
}

static int
parse_one(jv range, struct rm_range *to, struct rm_error *err)
{
	struct ends ends = { rm_json_number(range, "begin", -1),
		rm_json_number(range, "end", -1) };
	if (take_one(&ends, to) != 0)
		return rm_error_set(err, RM_EXIT_REJECTED, "no range");
	return 0;
}

int
rm_ranges_parse(jv value, struct rm_ranges *to, struct rm_error *err)
{
	jv list = rm_json_get(value, "range");
	struct rm_ranges parsed = { 0 };
	int rc = 0;
	if (jv_get_kind(list) == JV_KIND_ARRAY) {
		size_t n = (size_t)jv_array_length(jv_copy(list));
		parsed.room = n;
		parsed.items = rm_alloc(n * sizeof(*parsed.items));
		for (size_t i = 0; i < n && rc == 0; i++) {
			jv range = jv_array_get(jv_copy(list), (int)i);
			rc = parse_one(
			    range, &parsed.items[parsed.count++], err);
			jv_free(range);
		}
	} else if (jv_is_valid(list)) {
		rc = rm_error_set(err, RM_EXIT_REJECTED, "range: no array");
	}
	jv_free(list);
	if (rc != 0) {
		rm_ranges_free(&parsed);
		return -1;
	}
	settle(&parsed);
	rm_ranges_free(to);
	*to = parsed;
	return 0;
}

static bool
read_one(struct rm_json_cursor *in, void *to)
{
	static const struct rm_json_member members[] = {
		{ "begin", rm_json_read_double, offsetof(struct ends, begin) },
		{ "end", rm_json_read_double, offsetof(struct ends, end) },
	};
	struct rm_ranges *ranges = to;
	struct ends ends = { -1, -1 };
	struct rm_range range;
	if (!rm_json_read_object(in, members, 2, &ends) ||
	    take_one(&ends, &range) != 0)
		return false;
	if (ranges->count == ranges->room) {
		ranges->room = ranges->room > 0 ? ranges->room * 2 : 1;
		ranges->items = rm_realloc(
		    ranges->items, ranges->room * sizeof(*ranges->items));
	}
	ranges->items[ranges->count++] = range;
	return true;
}

static bool
read_list(struct rm_json_cursor *in, void *to)
{
	return rm_json_read_array(in, read_one, to);
}

bool
rm_ranges_read(struct rm_json_cursor *in, void *to)
{
	static const struct rm_json_member members[] = {
		{ "range", read_list, 0 },
	};
	if (!rm_json_read_object(in, members, 1, to))
		return false;
	settle(to);
	return true;
}

jv
rm_ranges_json(const struct rm_ranges *ranges)
{
	jv list = jv_array_sized((int)ranges->count);
	for (size_t i = 0; i < ranges->count; i++) {
		jv one = jv_object_set(jv_object(), jv_string("begin"),
		    jv_number((double)ranges->items[i].begin));
		list = jv_array_append(
		    list, jv_object_set(one, jv_string("end"),
			      jv_number((double)ranges->items[i].end)));
	}
	return jv_object_set(jv_object(), jv_string("range"), list);
}

void
rm_ranges_text(struct rm_str *to, const struct rm_ranges *ranges)
{
	rm_str_puts(to, "[");
	for (size_t i = 0; i < ranges->count; i++)
		rm_str_printf(to, "%s%llu-%llu", i > 0 ? ", " : "",
		    (unsigned long long)ranges->items[i].begin,
		    (unsigned long long)ranges->items[i].end);
	rm_str_puts(to, "]");
}

uint64_t
rm_ranges_size(const struct rm_ranges *ranges)
{
	uint64_t n = 0;
	for (size_t i = 0; i < ranges->count; i++)
		n += ranges->items[i].end - ranges->items[i].begin + 1;
	return n;
}

bool
rm_ranges_contain(const struct rm_ranges *ranges, const struct rm_ranges *what)
{
	size_t at = 0;
	for (size_t i = 0; i < what->count; i++) {
		while (at < ranges->count &&
		       ranges->items[at].end < what->items[i].begin)
			at++;
		if (at == ranges->count ||
		    ranges->items[at].begin > what->items[i].begin ||
		    ranges->items[at].end < what->items[i].end)
			return false;
	}
	return true;
}

bool
rm_ranges_equal(const struct rm_ranges *a, const struct rm_ranges *b)
{
	return a->count == b->count &&
	       (a->count == 0 || memcmp(a->items, b->items,
				     a->count * sizeof(*a->items)) == 0);
}

void
rm_ranges_add(struct rm_ranges *to, uint64_t begin, uint64_t end)
{
	struct rm_range one = { begin, end };
	struct rm_ranges what = { &one, 1, 1 };
	rm_ranges_add_all(to, &what);
}

void
rm_ranges_add_all(struct rm_ranges *to, const struct rm_ranges *what)
{
	struct rm_ranges sum = { 0 };
	size_t i = 0, j = 0;
	while (i < to->count || j < what->count) {
		bool mine = j == what->count ||
			    (i < to->count &&
				to->items[i].begin <= what->items[j].begin);
		struct rm_range r = mine ? to->items[i++] : what->items[j++];
		append(&sum, r.begin, r.end);
	}
	rm_ranges_free(to);
	*to = sum;
}

void
rm_ranges_subtract(struct rm_ranges *from, const struct rm_ranges *what)
{
	struct rm_ranges left = { 0 };
	size_t j = 0;
	for (size_t i = 0; i < from->count; i++) {
		struct rm_range r = from->items[i];
		while (j < what->count && what->items[j].end < r.begin)
			j++;
		bool gone = false;
		for (size_t k = j;
		     !gone && k < what->count && what->items[k].begin <= r.end;
		     k++) {
			if (what->items[k].begin > r.begin)
				append(
				    &left, r.begin, what->items[k].begin - 1);
			if (what->items[k].end >= r.end)
				gone = true;
			else
				r.begin = what->items[k].end + 1;
		}
		if (!gone)
			append(&left, r.begin, r.end);
	}
	rm_ranges_free(from);
	*from = left;
}

void
rm_ranges_intersect(const struct rm_ranges *a, const struct rm_ranges *b,
    struct rm_ranges *both)
{
	struct rm_ranges found = { 0 };
	for (size_t i = 0, j = 0; i < a->count && j < b->count;) {
		const struct rm_range *x = &a->items[i], *y = &b->items[j];
		uint64_t begin = x->begin > y->begin ? x->begin : y->begin;
		uint64_t end = x->end < y->end ? x->end : y->end;
		if (begin <= end)
			append(&found, begin, end);
		if (x->end < y->end)
			i++;
		else
			j++;
	}
	rm_ranges_free(both);
	*both = found;
}

bool
rm_ranges_take(
    const struct rm_ranges *from, uint64_t n, struct rm_ranges *taken)
{
	struct rm_ranges found = { 0 };
	for (size_t i = 0; i < from->count && n > 0; i++) {
		struct rm_range r = from->items[i];
		if (r.end - r.begin >= n)
			r.end = r.begin + n - 1;
		append(&found, r.begin, r.end);
		n -= r.end - r.begin + 1;
	}
	if (n > 0)
		rm_ranges_free(&found);
	rm_ranges_free(taken);
	*taken = found;
	return n == 0;
}

uint64_t
rm_ranges_at(const struct rm_ranges *ranges, uint64_t i)
{
	for (size_t k = 0; k < ranges->count; k++) {
		const struct rm_range *r = &ranges->items[k];
		if (i <= r->end - r->begin)
			return r->begin + i;
		i -= r->end - r->begin + 1;
	}
	return 0;
}

void
rm_ranges_copy(struct rm_ranges *to, const struct rm_ranges *from)
{
	struct rm_ranges copy = { .count = from->count, .room = from->count };
	if (from->count > 0) {
		copy.items = rm_alloc(from->count * sizeof(*from->items));
		memcpy(copy.items, from->items,
		    from->count * sizeof(*from->items));
	}
	rm_ranges_free(to);
	*to = copy;
}

void
rm_ranges_free(struct rm_ranges *ranges)
{
	free(ranges->items);
	*ranges = (struct rm_ranges){ 0 };
}
