/*
 * RecordIO, the framing of Mesos's streaming answers (recordio.md): decimal
 * length, LF, that many bytes. Pure; records have nothing to do with the
 * chunks they come in.
 */
#ifndef RM_MESOS_RECORDIO_H
#define RM_MESOS_RECORDIO_H

#include "base/error.h"
#include "base/str.h"

#define RM_RECORDIO_MAX ((size_t)256 << 20)

/* All zero is a valid empty one. */
struct rm_recordio {
	struct rm_str buf;
	size_t from;
};

void rm_recordio_feed(struct rm_recordio *r, const char *data, size_t len);
/* 1: a record, borrowed until the next feed; 0: feed more; -1: the stream is
 * broken (bad or too large a length). */
int rm_recordio_next(struct rm_recordio *r, const char **record, size_t *len,
    struct rm_error *err);
/* Whether a record is half there: an end of stream now is a cut one. */
int rm_recordio_partial(const struct rm_recordio *r);
void rm_recordio_free(struct rm_recordio *r);

/* Appends one record, framed. */
void rm_recordio_add(struct rm_str *to, const char *record, size_t len);

#endif
