#include "mesos/same.h"

#include <string.h>

#include "base/json.h"

static uint64_t
mix(uint64_t h)
{
	h ^= h >> 33;
	h *= 0xff51afd7ed558ccdULL;
	h ^= h >> 33;
	return h;
}

static bool
is_labels(const char *key)
{
	return strcmp(key, "labels") == 0;
}

/* Blind to the order of an object's members and of labels. Borrows. */
static uint64_t
hash_value(jv v, bool any_order)
{
	uint64_t h = (uint64_t)jv_get_kind(v) + 1;
	if (jv_get_kind(v) == JV_KIND_STRING) {
		h += jv_string_hash(jv_copy(v)) * 31;
	} else if (jv_get_kind(v) == JV_KIND_NUMBER) {
		h += (uint64_t)rm_json_whole(jv_number_value(v) * 1000, 0);
	} else if (jv_get_kind(v) == JV_KIND_ARRAY) {
		jv_array_foreach (v, i, item) {
			uint64_t one = hash_value(item, false);
			h = any_order ? h + one : mix(h) + one;
			jv_free(item);
		}
	} else if (jv_get_kind(v) == JV_KIND_OBJECT) {
		jv_object_foreach (v, key, value) {
			bool labels = is_labels(jv_string_value(key));
			h += mix(hash_value(value, labels) * 31 +
				 jv_string_hash(key));
			jv_free(value);
		}
	}
	return mix(h);
}

static bool equal_value(jv a, jv b, bool any_order);

static bool
equal_arrays(jv a, jv b, bool any_order)
{
	int n = jv_array_length(jv_copy(a));
	if (n != jv_array_length(jv_copy(b)))
		return false;
	jv x = jv_copy(a), y = jv_copy(b);
	if (any_order) {
		x = jv_sort(x, jv_copy(x));
		y = jv_sort(y, jv_copy(y));
	}
	bool equal = true;
	for (int i = 0; i < n && equal; i++) {
		jv one = jv_array_get(jv_copy(x), i);
		jv other = jv_array_get(jv_copy(y), i);
		equal = equal_value(one, other, false);
		jv_free(one);
		jv_free(other);
	}
	jv_free(x);
	jv_free(y);
	return equal;
}

static bool
equal_value(jv a, jv b, bool any_order)
{
	if (jv_equal(jv_copy(a), jv_copy(b)))
		return true;
	jv_kind kind = jv_get_kind(a);
	if (kind != jv_get_kind(b))
		return false;
	if (kind == JV_KIND_ARRAY)
		return equal_arrays(a, b, any_order);
	if (kind != JV_KIND_OBJECT ||
	    jv_object_length(jv_copy(a)) != jv_object_length(jv_copy(b)))
		return false;
	bool equal = true;
	jv_object_foreach (a, key, value) {
		bool labels = is_labels(jv_string_value(key));
		jv other = jv_object_get(jv_copy(b), key);
		equal = equal && equal_value(value, other, labels);
		jv_free(value);
		jv_free(other);
	}
	return equal;
}

bool
rm_same_equal(jv a, jv b)
{
	return equal_value(a, b, false);
}

uint64_t
rm_same_hash(jv value)
{
	return hash_value(value, false);
}
