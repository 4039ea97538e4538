#include "mesos/recordio.h"

#include <string.h>

#include "base/exit.h"

/* Digits of the largest length we take, so that a stream without a newline
 * is told early. */
#define DIGITS_MAX 9

void
rm_recordio_feed(struct rm_recordio *r, const char *data, size_t len)
{
	rm_str_drop(&r->buf, r->from);
	r->from = 0;
	rm_str_add(&r->buf, data, len);
}

/* 1: a whole header, of which `size` is the record's and `skip` its own; 0:
 * not yet; -1: none. */
static int
header(const struct rm_recordio *r, size_t *size, size_t *skip)
{
	size_t left = r->buf.len - r->from;
	if (left == 0)
		return 0;
	const char *at = r->buf.text + r->from;
	*size = 0;
	for (size_t i = 0; i < left && i <= DIGITS_MAX; i++) {
		if (at[i] == '\n' && i > 0) {
			*skip = i + 1;
			return *size <= RM_RECORDIO_MAX ? 1 : -1;
		}
		if (at[i] < '0' || at[i] > '9')
			return -1;
		*size = *size * 10 + (size_t)(at[i] - '0');
	}
	return left <= DIGITS_MAX ? 0 : -1;
}

int
rm_recordio_next(struct rm_recordio *r, const char **record, size_t *len,
    struct rm_error *err)
{
	size_t size = 0, skip = 0;
	int found = header(r, &size, &skip);
	if (found < 0)
		return rm_error_set(err, RM_EXIT_OUTSIDE,
		    "bad length of a record: \"%.*s\"", DIGITS_MAX + 1,
		    r->buf.text + r->from);
	if (found == 0 || r->buf.len - r->from - skip < size)
		return 0;
	*record = r->buf.text + r->from + skip;
	*len = size;
	r->from += skip + size;
	return 1;
}

int
rm_recordio_partial(const struct rm_recordio *r)
{
	return r->buf.len > r->from;
}

void
rm_recordio_free(struct rm_recordio *r)
{
	rm_str_free(&r->buf);
	*r = (struct rm_recordio){ 0 };
}

void
rm_recordio_add(struct rm_str *to, const char *record, size_t len)
{
	rm_str_printf(to, "%zu\n", len);
	rm_str_add(to, record, len);
}
