/*
 * RecordIO: fed whole, and fed in chunks that the first byte chooses, the same
 * records come out and the stream breaks at the same one.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mesos/recordio.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct rm_str
cut(const uint8_t *data, size_t size, size_t chunk)
{
	struct rm_recordio r = { 0 };
	struct rm_str got = { 0 };
	const char *record;
	size_t len;
	int rc = 0;
	for (size_t at = 0; at < size && rc >= 0; at += chunk) {
		rm_recordio_feed(&r, (const char *)data + at,
		    size - at < chunk ? size - at : chunk);
		while ((rc = rm_recordio_next(&r, &record, &len, NULL)) == 1)
			rm_recordio_add(&got, record, len);
	}
	rm_str_puts(&got, rc < 0                    ? "broken"
			  : rm_recordio_partial(&r) ? "partial"
						    : "done");
	rm_recordio_free(&r);
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
	if (whole.len != pieces.len ||
	    memcmp(whole.text, pieces.text, whole.len) != 0)
		abort();
	rm_str_free(&whole);
	rm_str_free(&pieces);
	return 0;
}
