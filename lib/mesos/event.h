/*
 * A Mesos scheduler event, as one record of the stream, and the lines of
 * rm-stream(5) that it becomes. The record goes into them byte for byte; only
 * a newline between tokens becomes a space. Pure.
 */
#ifndef RM_MESOS_EVENT_H
#define RM_MESOS_EVENT_H

#include <stddef.h>

#include "base/error.h"
#include "base/json_slice.h"
#include "base/str.h"

/* Slices are borrowed from the record. */
struct rm_event {
	struct rm_slice record;
	struct rm_slice type; /* "OFFERS"; letters, digits, '_' */
	struct rm_slice offers; /* the array of OFFERS; at NULL: none */
};

/* What SUBSCRIBED's line has besides; both NULL for the others. */
struct rm_event_source {
	const char *master; /* "host:port", with https:// before it for TLS */
	const char *stream_id;
};

/* -1 when the record is not JSON or has no type (RM_EXIT_REJECTED). The order
 * of keys makes no difference. */
int rm_event_read(const char *record, size_t len, struct rm_event *event,
    struct rm_error *err);

/* line has no newline and is borrowed until emit returns. */
typedef void rm_event_emit(void *arg, const char *line, size_t len);

/*
 * {"event":TYPE,"at":T,"mesos":RECORD}, for SUBSCRIBED with "master" and
 * "stream_id" before "mesos". OFFERS of more than RM_OFFERS_A_LINE offers
 * become several lines. at is seconds, written to the millisecond.
 */
void rm_event_write(const struct rm_event *event, double at,
    const struct rm_event_source *source, rm_event_emit *emit, void *arg);

#endif
