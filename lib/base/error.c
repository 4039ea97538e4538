#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/exit.h"

int
rm_error_fill(struct rm_error *err, int code, const char *fmt, ...)
{
	if (err == NULL)
		return -1;
	va_list ap;
	va_start(ap, fmt);
	err->code = code;
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return -1;
}

int
rm_error_prefix(struct rm_error *err, const char *fmt, ...)
{
	if (err == NULL)
		return -1;
	char prefix[256];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(prefix, sizeof(prefix), fmt, ap);
	va_end(ap);

	char joined[sizeof(prefix) + sizeof(err->text) + 2];
	snprintf(joined, sizeof(joined), "%s: %s", prefix, err->text);
	joined[sizeof(err->text) - 1] = '\0';
	memcpy(err->text, joined, sizeof(err->text));
	return -1;
}

const char *
rm_exit_meaning(int code)
{
	static const struct {
		int code;
		const char *meaning;
	} table[] = {
		{ RM_EXIT_OK, "done" },
		{ RM_EXIT_NO, "a negative answer" },
		{ RM_EXIT_REJECTED, "some input was rejected" },
		{ RM_EXIT_TIMEOUT, "timed out" },
		{ RM_EXIT_USAGE, "usage or configuration" },
		{ RM_EXIT_BUG, "a bug in the program" },
		{ RM_EXIT_CONFLICT, "state conflict" },
		{ RM_EXIT_OUTSIDE, "something outside failed" },
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (table[i].code == code)
			return table[i].meaning;
	return "unknown";
}
