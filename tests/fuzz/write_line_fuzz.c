/*
 * A write line that is taken has the path of a record, and its value is what
 * libjq takes too, as a line of its own.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "state/record_line.h"
#include "state/write_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rm_write_line write;
	struct rm_error err = { 0 };
	const char *line = (const char *)data;
	/* A line has no newline in it. */
	if (memchr(data, '\n', size) != NULL)
		return 0;
	if (rm_write_line_parse(line, size, &write, &err) != 0) {
		if (err.text[0] == '\0')
			abort();
		return 0;
	}
	if (strlen(write.path) == 0 || write.version < -1)
		abort();
	if (write.value == NULL)
		return 0;
	if (write.value < line || write.value + write.len > line + size ||
	    rm_record_value_wrong(write.value, write.len) != NULL)
		abort();
	jv value;
	if (rm_json_parse(write.value, write.len, &value, NULL) == 0) {
		if (jv_get_kind(value) != JV_KIND_OBJECT)
			abort();
		jv_free(value);
	}
	return 0;
}
