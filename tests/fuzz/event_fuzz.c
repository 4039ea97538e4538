/*
 * A record of the master, as it becomes lines: none has a newline in it, all
 * are JSON when the record is, and no byte of any offer is lost on the way.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "mesos/event.h"
#include "mesos/offers_split.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool good)
{
	if (!good)
		abort();
}

struct seen {
	bool utf8; /* else libjq does not take it */
	size_t lines, offers;
};

static void
take_line(void *arg, const char *line, size_t len)
{
	struct seen *seen = arg;
	struct rm_event event;
	check(memchr(line, '\n', len) == NULL);
	seen->lines++;
	jv value;
	if (seen->utf8) {
		check(rm_json_parse(line, len, &value, NULL) == 0);
		jv_free(value);
	}
	/* What is embedded is an event again, of the same type. */
	const char *mesos = memmem(line, len, "\"mesos\":", 8);
	check(mesos != NULL);
	mesos += 8;
	check(rm_event_read(
		  mesos, (size_t)(line + len - 1 - mesos), &event, NULL) == 0);
	struct rm_json_walk walk;
	struct rm_slice key, offer;
	if (event.offers.at == NULL)
		return;
	check(rm_json_walk_begin(&walk, event.offers) == 0);
	size_t here = 0;
	while (rm_json_walk_next(&walk, &key, &offer) > 0)
		here++;
	check(here <= RM_OFFERS_A_LINE);
	seen->offers += here;
}

static size_t
count(struct rm_slice offers)
{
	struct rm_json_walk walk;
	struct rm_slice key, offer;
	size_t n = 0;
	if (offers.at == NULL)
		return 0;
	check(rm_json_walk_begin(&walk, offers) == 0);
	int more;
	while ((more = rm_json_walk_next(&walk, &key, &offer)) > 0)
		n++;
	check(more == 0);
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* No byte behind it that a scanner could lean on. */
	char *record = malloc(size > 0 ? size : 1);
	if (size > 0)
		memcpy(record, data, size);
	struct rm_event event;
	struct rm_event_source source = { "127.0.0.1:5050", "id" };
	jv value;
	if (rm_event_read(record, size, &event, NULL) == 0) {
		struct seen seen = { 0 };
		seen.utf8 = rm_json_parse(record, size, &value, NULL) == 0;
		if (seen.utf8)
			jv_free(value);
		rm_event_write(&event, 1.5, &source, take_line, &seen);
		check(seen.lines >= 1);
		check(seen.offers == count(event.offers));
	}
	free(record);
	return 0;
}
