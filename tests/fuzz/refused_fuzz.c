/*
 * Paths that are refused: one whose every byte is escaped, or that begins with
 * steps that lead nowhere, is refused as it was.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "proxy/refused.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PATHS "/admin,/a/b"

static void
same(bool refused, const struct rm_str *target)
{
	if (refused && !rm_path_refused(PATHS, target->text, target->len))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rm_str escaped = { 0 }, longer = { 0 };
	const char *text = (const char *)data;
	bool refused = rm_path_refused(PATHS, text, size);
	/* An escape may not be escaped again, nor what ends a path. */
	if (size == 0 || data[0] != '/' || memchr(data, '%', size) != NULL ||
	    memchr(data, '?', size) != NULL || memchr(data, '#', size) != NULL)
		return 0;
	rm_str_puts(&escaped, "/");
	for (size_t i = 1; i < size; i++)
		rm_str_printf(&escaped, "%%%02X", data[i]);
	same(refused, &escaped);
	rm_str_puts(&longer, "/.//./x/%2e./");
	rm_str_add(&longer, text + 1, size - 1);
	/* Steps of its own may lead out again. */
	if (memchr(data, '.', size) == NULL)
		same(refused, &longer);
	rm_str_free(&escaped);
	rm_str_free(&longer);
	return 0;
}
