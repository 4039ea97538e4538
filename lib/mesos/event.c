#include "mesos/event.h"

#include <jv.h>
#include <string.h>

#include "base/exit.h"
#include "base/json.h"
#include "mesos/offers_split.h"

static bool
is_type(struct rm_slice type)
{
	for (size_t i = 0; i < type.len; i++)
		if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789",
			type.at[i]) == NULL ||
		    type.at[i] == '\0')
			return false;
	return type.len > 0;
}

/* The array at offers.offers. */
static struct rm_slice
find_offers(struct rm_slice offers)
{
	struct rm_json_walk walk;
	struct rm_slice key, value;
	if (rm_json_walk_begin(&walk, offers) == 0)
		while (rm_json_walk_next(&walk, &key, &value) > 0)
			if (rm_slice_is(key, "offers") && value.at[0] == '[')
				return value;
	return (struct rm_slice){ 0 };
}

int
rm_event_read(const char *record, size_t len, struct rm_event *event,
    struct rm_error *err)
{
	*event = (struct rm_event){ .record = { record, len } };
	struct rm_json_walk walk;
	struct rm_slice key, value, offers = { 0 };
	int more = rm_json_walk_begin(&walk, event->record);
	if (more != 0 || walk.close != '}')
		return rm_error_set(err, RM_EXIT_REJECTED, "not an object");
	while ((more = rm_json_walk_next(&walk, &key, &value)) > 0) {
		if (rm_slice_is(key, "type"))
			event->type = rm_slice_string(value);
		else if (rm_slice_is(key, "offers"))
			offers = value;
	}
	if (more < 0)
		return rm_error_set(err, RM_EXIT_REJECTED,
		    "not JSON near byte %zu", (size_t)(walk.at - record) + 1);
	if (event->type.at == NULL || !is_type(event->type))
		return rm_error_set(err, RM_EXIT_REJECTED, "lacks a type");
	if (rm_slice_is(event->type, "OFFERS") && offers.at != NULL)
		event->offers = find_offers(offers);
	return 0;
}

/* A newline in checked JSON stands between tokens. */
static void
add_flat(struct rm_str *line, struct rm_slice text)
{
	size_t from = line->len;
	rm_str_add(line, text.at, text.len);
	char *at = line->text + from;
	while ((at = memchr(at, '\n', (size_t)(line->text + line->len - at))) !=
	       NULL)
		*at = ' ';
}

static void
add_text(struct rm_str *line, const char *key, const char *text)
{
	if (text == NULL)
		return;
	rm_str_printf(line, "\"%s\":", key);
	rm_json_write(line, jv_string(text));
	rm_str_puts(line, ",");
}

static void
begin(struct rm_str *line, const struct rm_event *event, double at,
    const struct rm_event_source *source)
{
	rm_str_clear(line);
	rm_str_printf(line, "{\"event\":\"%.*s\",\"at\":%.3f,",
	    (int)event->type.len, event->type.at, at);
	if (rm_slice_is(event->type, "SUBSCRIBED")) {
		add_text(line, "master", source->master);
		add_text(line, "stream_id", source->stream_id);
	}
	rm_str_puts(line, "\"mesos\":");
}

static bool
is_large(struct rm_slice offers)
{
	struct rm_offers_split split;
	struct rm_slice run;
	return offers.at != NULL &&
	       rm_offers_split_begin(&split, offers, RM_OFFERS_A_LINE) == 0 &&
	       rm_offers_split_next(&split, &run) > 0 &&
	       rm_offers_split_next(&split, &run) > 0;
}

void
rm_event_write(const struct rm_event *event, double at,
    const struct rm_event_source *source, rm_event_emit *emit, void *arg)
{
	struct rm_str line = { 0 };
	struct rm_offers_split split;
	struct rm_slice run;
	if (is_large(event->offers)) {
		rm_offers_split_begin(&split, event->offers, RM_OFFERS_A_LINE);
		while (rm_offers_split_next(&split, &run) > 0) {
			begin(&line, event, at, source);
			rm_str_puts(&line, "{\"type\":\"OFFERS\",\"offers\":"
					   "{\"offers\":[");
			add_flat(&line, run);
			rm_str_puts(&line, "]}}}");
			emit(arg, line.text, line.len);
		}
	} else {
		begin(&line, event, at, source);
		add_flat(&line, event->record);
		rm_str_puts(&line, "}");
		emit(arg, line.text, line.len);
	}
	rm_str_free(&line);
}
