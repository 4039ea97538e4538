#include "local/write.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/json.h"

static bool
is_integer(const char *name)
{
	static const char *const integers[] = { "ip", "port", "begin", "end",
		"nanoseconds", "status", "executor_pid" };
	for (size_t i = 0; i < sizeof(integers) / sizeof(*integers); i++)
		if (strcmp(integers[i], name) == 0)
			return true;
	return false;
}

static void
write_number(struct rm_str *to, double n, const char *name)
{
	if (is_integer(name)) {
		rm_str_printf(to, "%.0f", n);
		return;
	}
	rm_json_write(to, jv_number(n));
	if (fabs(n) < 1e15 && fabs(n - nearbyint(n)) <= 0)
		rm_str_puts(to, ".0");
}

/* Borrows. */
static void
write_value(struct rm_str *to, jv value, const char *name)
{
	jv_kind kind = jv_get_kind(value);
	const char *comma = "";
	if (kind == JV_KIND_NUMBER) {
		write_number(to, jv_number_value(value), name);
	} else if (kind == JV_KIND_ARRAY) {
		rm_str_puts(to, "[");
		jv_array_foreach (value, i, one) {
			rm_str_puts(to, comma);
			write_value(to, one, name);
			jv_free(one);
			comma = ",";
		}
		rm_str_puts(to, "]");
	} else if (kind == JV_KIND_OBJECT) {
		rm_str_puts(to, "{");
		jv_object_foreach (value, key, member) {
			rm_str_puts(to, comma);
			rm_json_write(to, jv_copy(key));
			rm_str_puts(to, ":");
			write_value(to, member, jv_string_value(key));
			jv_free(key);
			jv_free(member);
			comma = ",";
		}
		rm_str_puts(to, "}");
	} else {
		rm_json_write(to, jv_copy(value));
	}
}

void
rm_local_write(struct rm_str *to, jv value)
{
	write_value(to, value, "");
	jv_free(value);
}
