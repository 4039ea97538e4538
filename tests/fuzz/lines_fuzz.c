/*
 * Lines: fed whole, and fed in chunks that the first byte chooses, the same
 * lines come out; their bytes are those that went in.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "stream/lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
take(struct rm_lines *lines, struct rm_str *got,
    enum rm_lines_result (*next)(struct rm_lines *, const char **, size_t *))
{
	const char *line;
	size_t len;
	while (next(lines, &line, &len) == RM_LINES_LINE) {
		rm_str_add(got, line, len);
		rm_str_add(got, "\n", 1);
	}
}

static struct rm_str
cut(const uint8_t *data, size_t size, size_t chunk)
{
	struct rm_lines lines = { 0 };
	struct rm_str got = { 0 };
	for (size_t at = 0; at < size; at += chunk) {
		rm_lines_feed(
		    &lines, data + at, size - at < chunk ? size - at : chunk);
		take(&lines, &got, rm_lines_next);
	}
	take(&lines, &got, rm_lines_rest);
	rm_lines_free(&lines);
	return got;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	size_t chunk = (size_t)data[0] + 1;
	data++, size--;
	struct rm_str whole = cut(data, size, size);
	struct rm_str pieces = cut(data, size, chunk);
	size_t ended = data[size - 1] == '\n' ? 0 : 1;
	if (whole.len != size + ended || pieces.len != whole.len ||
	    memcmp(whole.text, data, size) != 0 ||
	    memcmp(whole.text, pieces.text, whole.len) != 0)
		abort();
	rm_str_free(&whole);
	rm_str_free(&pieces);
	return 0;
}
