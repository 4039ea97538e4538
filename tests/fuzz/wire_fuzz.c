/*
 * A record in protocol buffers: what is taken becomes an event's JSON, which
 * makes the same message again, and so the same JSON.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/utf8.h"
#include "mesos/event.h"
#include "mesos/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool good)
{
	if (!good)
		abort();
}

/* As libjq writes it; false when it can't be read. */
static bool
again(struct rm_wire *wire, const struct rm_str *json, struct rm_str *to)
{
	struct rm_str packed = { 0 };
	jv event;
	check(rm_json_parse(json->text, json->len, &event, NULL) == 0);
	/* A number that libjq does not hold exactly may be out of bounds. */
	bool good = rm_wire_protobuf(wire, event, &packed, NULL) == 0;
	if (good)
		check(rm_wire_json(wire, packed.text != NULL ? packed.text : "",
			  packed.len, to, NULL) == 0);
	jv_free(event);
	rm_str_free(&packed);
	return good;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rm_wire *wire;
	struct rm_str first = { 0 }, second = { 0 }, third = { 0 };
	struct rm_event event;
	if (wire == NULL)
		wire = rm_wire_new();
	uint8_t *record = malloc(size > 0 ? size : 1);
	if (size > 0)
		memcpy(record, data, size);
	if (rm_wire_json(wire, record, size, &first, NULL) == 0 &&
	    rm_utf8_valid(first.text, first.len)) {
		/* Its type may be one that we do not know. */
		rm_event_read(first.text, first.len, &event, NULL);
		/* By then numbers are as libjq has them. */
		if (again(wire, &first, &second) &&
		    again(wire, &second, &third))
			check(second.len == third.len &&
			      memcmp(second.text, third.text, third.len) == 0);
	} else {
		check(first.len == 0 || !rm_utf8_valid(first.text, first.len));
	}
	free(record);
	rm_str_free(&first);
	rm_str_free(&second);
	rm_str_free(&third);
	return 0;
}
