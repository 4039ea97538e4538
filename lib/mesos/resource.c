#include "mesos/resource.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/json.h"
#include "mesos/same.h"

/* Thousandths of more than this are not exact in JSON. */
#define SCALAR_MAX 9e12

int
rm_resource_thousandths(double n, int64_t *to)
{
	if (!(n >= 0 && n <= SCALAR_MAX))
		return -1;
	*to = llround(n * 1000);
	return 0;
}

static int
parse_scalar(jv json, struct rm_resource *to, struct rm_error *err)
{
	jv value = rm_json_path(json, "scalar.value");
	double n = jv_get_kind(value) == JV_KIND_NUMBER ? jv_number_value(value)
							: -1;
	jv_free(value);
	if (rm_resource_thousandths(n, &to->scalar) != 0)
		return rm_error_set(
		    err, RM_EXIT_REJECTED, "no scalar value, or a bad one");
	return 0;
}

static int
parse_ranges(jv json, struct rm_resource *to, struct rm_error *err)
{
	jv value = rm_json_get(json, "ranges");
	int rc = rm_ranges_parse(value, &to->ranges, err);
	jv_free(value);
	return rc;
}

static int
parse_other(jv json, struct rm_resource *to, struct rm_error *err)
{
	(void)err;
	to->other = rm_json_set(jv_object(), "set", rm_json_get(json, "set"));
	return 0;
}

int
rm_resource_parse(jv json, struct rm_resource *to, struct rm_error *err)
{
	static int (*const parse[])(
	    jv json, struct rm_resource * to, struct rm_error * err) = {
		[RM_VALUE_SCALAR] = parse_scalar,
		[RM_VALUE_RANGES] = parse_ranges,
		[RM_VALUE_OTHER] = parse_other,
	};
	struct rm_resource r = { .id = rm_identity_parse(json, err) };
	if (r.id == NULL)
		return -1;
	if (parse[r.id->type](json, &r, err) != 0) {
		rm_error_prefix(err, "%s", r.id->name);
		rm_resource_free(&r);
		return -1;
	}
	rm_resource_free(to);
	*to = r;
	return 0;
}

void
rm_resources_take(struct rm_resources *to, struct rm_resource *r)
{
	for (size_t i = 0; i < to->count && !r->id->indivisible; i++) {
		struct rm_resource *at = &to->items[i];
		if (at->id != r->id)
			continue;
		at->scalar += r->scalar;
		if (r->ranges.count > 0)
			rm_ranges_add_all(&at->ranges, &r->ranges);
		rm_resource_free(r);
		return;
	}
	if (to->count == to->room) {
		to->room = to->room > 0 ? to->room * 2 : 8;
		to->items = rm_realloc(
		    to->items, to->room * sizeof(*to->items));
	}
	to->items[to->count++] = *r;
	*r = (struct rm_resource){ 0 };
}

int
rm_resources_parse(jv array, struct rm_resources *to, struct rm_error *err)
{
	if (jv_get_kind(array) != JV_KIND_ARRAY)
		return rm_error_set(
		    err, RM_EXIT_REJECTED, "resources: no array");
	struct rm_resources parsed = { 0 };
	int n = jv_array_length(jv_copy(array));
	int rc = 0;
	for (int i = 0; i < n && rc == 0; i++) {
		struct rm_resource r = { 0 };
		jv one = jv_array_get(jv_copy(array), i);
		rc = rm_resource_parse(one, &r, err);
		jv_free(one);
		if (rc == 0 && !rm_resource_empty(&r))
			rm_resources_take(&parsed, &r);
		rm_resource_free(&r);
	}
	for (size_t i = 0; i < parsed.count && rc == 0; i++)
		rm_resources_take(to, &parsed.items[i]);
	rm_resources_free(&parsed);
	return rc;
}

jv
rm_resource_json(const struct rm_resource *r, enum rm_resource_format format)
{
	jv amount;
	if (r->id->type == RM_VALUE_SCALAR)
		amount = rm_json_set(jv_object(), "scalar",
		    rm_json_set(jv_object(), "value",
			jv_number((double)r->scalar / 1000)));
	else if (r->id->type == RM_VALUE_RANGES)
		amount = rm_json_set(
		    jv_object(), "ranges", rm_ranges_json(&r->ranges));
	else
		amount = jv_copy(r->other);
	return rm_identity_json(r->id, amount, format);
}

jv
rm_resources_json(
    const struct rm_resources *set, enum rm_resource_format format)
{
	jv list = jv_array_sized((int)set->count);
	for (size_t i = 0; i < set->count; i++)
		list = jv_array_append(
		    list, rm_resource_json(&set->items[i], format));
	return list;
}

static void
scalar_text(struct rm_str *to, int64_t n)
{
	rm_str_printf(to, "%lld", (long long)(n / 1000));
	int part = (int)(n % 1000), width = 3;
	for (; part > 0 && part % 10 == 0; part /= 10)
		width--;
	if (part > 0)
		rm_str_printf(to, ".%0*d", width, part);
}

void
rm_resources_text(struct rm_str *to, const struct rm_resources *set)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct rm_resource *r = &set->items[i];
		if (i > 0)
			rm_str_puts(to, "; ");
		rm_identity_text(to, r->id);
		rm_str_puts(to, ":");
		if (r->id->type == RM_VALUE_SCALAR)
			scalar_text(to, r->scalar);
		else if (r->id->type == RM_VALUE_RANGES)
			rm_ranges_text(to, &r->ranges);
		else
			rm_json_write(to, jv_copy(r->other));
	}
}

struct rm_resource
rm_resource_scalar(const struct rm_identity *id, int64_t thousandths)
{
	return (struct rm_resource){ .id = rm_identity_ref(id),
		.scalar = thousandths };
}

struct rm_resource
rm_resource_ranges(const struct rm_identity *id, const struct rm_ranges *ranges)
{
	struct rm_resource r = { .id = rm_identity_ref(id) };
	rm_ranges_copy(&r.ranges, ranges);
	return r;
}

bool
rm_resource_empty(const struct rm_resource *r)
{
	return r->id == NULL || (r->id->type != RM_VALUE_OTHER &&
				    r->scalar == 0 && r->ranges.count == 0);
}

bool
rm_resource_equal(const struct rm_resource *a, const struct rm_resource *b)
{
	return a->id == b->id && a->scalar == b->scalar &&
	       rm_ranges_equal(&a->ranges, &b->ranges) &&
	       (a->id == NULL || a->id->type != RM_VALUE_OTHER ||
		   rm_same_equal(a->other, b->other));
}

void
rm_resource_copy(struct rm_resource *to, const struct rm_resource *from)
{
	struct rm_resource copy = { .scalar = from->scalar };
	if (from->id != NULL)
		copy.id = rm_identity_ref(from->id);
	rm_ranges_copy(&copy.ranges, &from->ranges);
	copy.other = jv_copy(from->other);
	rm_resource_free(to);
	*to = copy;
}

void
rm_resource_free(struct rm_resource *r)
{
	rm_identity_unref(r->id);
	rm_ranges_free(&r->ranges);
	jv_free(r->other);
	*r = (struct rm_resource){ 0 };
}

void
rm_resource_become(struct rm_resource *r, const struct rm_identity *id)
{
	rm_identity_unref(r->id);
	r->id = id;
}

void
rm_resources_add(struct rm_resources *to, const struct rm_resource *r)
{
	if (rm_resource_empty(r))
		return;
	struct rm_resource copy = { 0 };
	rm_resource_copy(&copy, r);
	rm_resources_take(to, &copy);
}

void
rm_resources_add_all(struct rm_resources *to, const struct rm_resources *what)
{
	for (size_t i = 0; i < what->count; i++)
		rm_resources_add(to, &what->items[i]);
}

/* Where the set holds r, or count. */
static size_t
place_of(const struct rm_resources *set, const struct rm_resource *r)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct rm_resource *at = &set->items[i];
		if (at->id != r->id)
			continue;
		if (r->id->indivisible
			? rm_resource_equal(at, r)
			: at->scalar >= r->scalar &&
			      rm_ranges_contain(&at->ranges, &r->ranges))
			return i;
	}
	return set->count;
}

bool
rm_resources_contain(
    const struct rm_resources *set, const struct rm_resource *r)
{
	return rm_resource_empty(r) || place_of(set, r) < set->count;
}

int
rm_resources_subtract(struct rm_resources *from, const struct rm_resource *r,
    struct rm_error *err)
{
	if (rm_resource_empty(r))
		return 0;
	size_t i = place_of(from, r);
	if (i == from->count) {
		struct rm_str text = { 0 };
		struct rm_resources lacking = { .count = 1 };
		struct rm_resource copy = *r;
		lacking.items = &copy;
		rm_resources_text(&text, &lacking);
		rm_error_set(
		    err, RM_EXIT_REJECTED, "does not hold %s", text.text);
		rm_str_free(&text);
		return -1;
	}
	struct rm_resource *at = &from->items[i];
	at->scalar -= r->scalar;
	if (r->ranges.count > 0)
		rm_ranges_subtract(&at->ranges, &r->ranges);
	if (!rm_resource_empty(at) && !r->id->indivisible)
		return 0;
	/* As Mesos does it: the last takes the place of what is used up. */
	rm_resource_free(at);
	from->count--;
	if (i < from->count)
		*at = from->items[from->count];
	return 0;
}

int
rm_resources_subtract_all(struct rm_resources *from,
    const struct rm_resources *what, struct rm_error *err)
{
	struct rm_resources left = { 0 };
	rm_resources_copy(&left, from);
	int rc = 0;
	for (size_t i = 0; i < what->count && rc == 0; i++)
		rc = rm_resources_subtract(&left, &what->items[i], err);
	if (rc == 0) {
		rm_resources_free(from);
		*from = left;
		return 0;
	}
	rm_resources_free(&left);
	return -1;
}

bool
rm_resources_contain_all(
    const struct rm_resources *set, const struct rm_resources *what)
{
	struct rm_resources left = { 0 };
	rm_resources_copy(&left, set);
	int rc = rm_resources_subtract_all(&left, what, NULL);
	rm_resources_free(&left);
	return rc == 0;
}

const struct rm_resource *
rm_resources_find(const struct rm_resources *set, const struct rm_identity *id)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->items[i].id == id)
			return &set->items[i];
	return NULL;
}

const struct rm_resource *
rm_resources_volume(const struct rm_resources *set, const char *persistence_id)
{
	for (size_t i = 0; i < set->count; i++) {
		const char *id = set->items[i].id->persistence_id;
		if (id != NULL && strcmp(id, persistence_id) == 0)
			return &set->items[i];
	}
	return NULL;
}

int64_t
rm_resources_total(const struct rm_resources *set, const char *name)
{
	int64_t total = 0;
	for (size_t i = 0; i < set->count; i++)
		if (strcmp(set->items[i].id->name, name) == 0)
			total += set->items[i].scalar;
	return total;
}

void
rm_resources_total_ranges(
    const struct rm_resources *set, const char *name, struct rm_ranges *to)
{
	rm_ranges_free(to);
	for (size_t i = 0; i < set->count; i++)
		if (strcmp(set->items[i].id->name, name) == 0)
			rm_ranges_add_all(to, &set->items[i].ranges);
}

void
rm_resources_allocate(struct rm_resources *set, const char *role)
{
	struct rm_resources result = { 0 };
	for (size_t i = 0; i < set->count; i++) {
		struct rm_resource *r = &set->items[i];
		rm_resource_become(r, rm_identity_allocate(r->id, role));
		rm_resources_take(&result, r);
	}
	rm_resources_free(set);
	*set = result;
}

void
rm_resources_copy(struct rm_resources *to, const struct rm_resources *from)
{
	struct rm_resources copy = { .count = from->count,
		.room = from->count };
	copy.items = rm_alloc(from->count * sizeof(*copy.items));
	for (size_t i = 0; i < from->count; i++)
		rm_resource_copy(&copy.items[i], &from->items[i]);
	rm_resources_free(to);
	*to = copy;
}

void
rm_resources_free(struct rm_resources *set)
{
	for (size_t i = 0; i < set->count; i++)
		rm_resource_free(&set->items[i]);
	free(set->items);
	*set = (struct rm_resources){ 0 };
}
