/* Resources from their text: resource.h. */
#include <stdlib.h>

#include "base/json.h"
#include "mesos/resource.h"

/* What stands in a resource's text, before its identity is known. */
struct found {
	double scalar; /* -1: none */
	struct rm_ranges ranges;
	struct rm_slice amount; /* the member's value; at NULL: none */
	bool is_ranges;
	bool several;
};

static void
note_amount(struct found *found, const char *from, const char *to)
{
	found->several |= found->amount.at != NULL;
	found->amount = (struct rm_slice){ from, (size_t)(to - from) };
}

static bool
read_scalar(struct rm_json_cursor *in, void *to)
{
	static const struct rm_json_member members[] = {
		{ "value", rm_json_read_double,
		    offsetof(struct found, scalar) },
	};
	const char *from = in->at;
	if (!rm_json_read_object(in, members, 1, to))
		return false;
	note_amount(to, from, in->at);
	return true;
}

static bool
read_ranges(struct rm_json_cursor *in, void *to)
{
	struct found *found = to;
	const char *from = in->at;
	if (!rm_ranges_read(in, &found->ranges))
		return false;
	found->is_ranges = true;
	note_amount(to, from, in->at);
	return true;
}

static const struct rm_json_member members[] = {
	{ "scalar", read_scalar, 0 },
	{ "ranges", read_ranges, 0 },
};

/* By libjq: what has no plain amount, or is not plain in another way. */
static bool
parse(struct rm_slice text, struct rm_resource *to)
{
	jv value;
	if (rm_json_parse(text.at, text.len, &value, NULL) != 0)
		return false;
	int rc = rm_resource_parse(value, to, NULL);
	jv_free(value);
	return rc == 0;
}

/* Takes the amount over; false when it is not of the identity's type. */
static bool
fill(struct found *found, const struct rm_identity *id, struct rm_resource *to)
{
	enum rm_value_type type = found->is_ranges ? RM_VALUE_RANGES
						   : RM_VALUE_SCALAR;
	if (id->type != type ||
	    (type == RM_VALUE_SCALAR &&
		rm_resource_thousandths(found->scalar, &to->scalar) != 0))
		return false;
	to->id = rm_identity_ref(id);
	to->ranges = found->ranges;
	found->ranges = (struct rm_ranges){ 0 };
	return true;
}

static bool
look_up(struct found *found, struct rm_slice text,
    struct rm_identity_cache *cache, struct rm_resource *to)
{
	const char *behind = found->amount.at + found->amount.len;
	const struct rm_identity_text parts = {
		{ text.at, (size_t)(found->amount.at - text.at) },
		{ behind, (size_t)(text.at + text.len - behind) },
	};
	const struct rm_identity *id = rm_identity_cache_find(cache, &parts);
	bool known = id != NULL, fits = known && fill(found, id, to);
	rm_identity_unref(id);
	if (fits)
		return true;
	if (!parse(text, to))
		return false;
	if (!known)
		rm_identity_cache_add(cache, &parts, to->id);
	return true;
}

bool
rm_resource_read(struct rm_json_cursor *in, struct rm_identity_cache *cache,
    struct rm_resource *to)
{
	struct found found = { .scalar = -1 };
	rm_json_skip_space(in);
	struct rm_json_cursor again = *in;
	bool plain = rm_json_read_object(in, members, 2, &found);
	if (!plain)
		*in = again;
	bool good = plain || rm_json_skip(in);
	struct rm_slice text = { again.at, (size_t)(in->at - again.at) };
	if (good)
		good = plain && found.amount.at != NULL && !found.several
			   ? look_up(&found, text, cache, to)
			   : parse(text, to);
	rm_ranges_free(&found.ranges);
	return good;
}

struct list {
	struct rm_identity_cache *cache;
	struct rm_resources *to;
};

static bool
read_one(struct rm_json_cursor *in, void *to)
{
	struct list *list = to;
	struct rm_resource r = { 0 };
	if (!rm_resource_read(in, list->cache, &r))
		return false;
	if (!rm_resource_empty(&r))
		rm_resources_take(list->to, &r);
	rm_resource_free(&r);
	return true;
}

bool
rm_resources_read(struct rm_json_cursor *in, struct rm_identity_cache *cache,
    struct rm_resources *to)
{
	struct list list = { cache, to };
	return rm_json_read_array(in, read_one, &list);
}
