#include "mesos/offer.h"

#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/json.h"
#include "base/utf8.h"

/* ---- from values ---- */

static struct rm_slice
text_at(jv json, const char *path)
{
	const char *text = rm_json_path_text(json, path);
	return (struct rm_slice){ text, text != NULL ? strlen(text) : 0 };
}

/* Writes a member down, to be found again when all are: at NULL has moved. */
static size_t
write_member(struct rm_offer *to, jv value)
{
	size_t from = to->own.len;
	if (jv_is_valid(value))
		rm_json_write(&to->own, value);
	else
		jv_free(value);
	return to->own.len - from;
}

static struct rm_slice
written(const struct rm_offer *offer, size_t from, size_t len)
{
	return (
	    struct rm_slice){ len > 0 ? offer->own.text + from : NULL, len };
}

int
rm_offer_parse(jv json, struct rm_offer *to, struct rm_error *err)
{
	struct rm_offer offer = { .id = text_at(json, "id.value"),
		.agent_id = text_at(json, "agent_id.value"),
		.hostname = text_at(json, "hostname"),
		.address = text_at(json, "url.address.ip"),
		.region = text_at(json, "domain.fault_domain.region.name"),
		.zone = text_at(json, "domain.fault_domain.zone.name"),
		.leaving = rm_json_has(json, "unavailability") };
	if (offer.id.at == NULL || offer.agent_id.at == NULL)
		return rm_error_set(err, RM_EXIT_REJECTED, "offer lacks %s",
		    offer.id.at == NULL ? "id" : "agent_id");
	jv array = rm_json_get(json, "resources");
	int rc = jv_get_kind(array) != JV_KIND_ARRAY
		     ? 0
		     : rm_resources_parse(array, &offer.resources, err);
	jv_free(array);
	if (rc != 0) {
		rm_offer_clear(&offer);
		return rm_error_prefix(err, "offer %s", offer.id.at);
	}
	size_t attributes = write_member(
	    &offer, rm_json_get(json, "attributes"));
	size_t domain = write_member(&offer, rm_json_get(json, "domain"));
	size_t all = write_member(&offer, jv_copy(json));
	offer.attributes = written(&offer, 0, attributes);
	offer.domain = written(&offer, attributes, domain);
	offer.text = written(&offer, attributes + domain, all);
	*to = offer;
	return 0;
}

/* ---- from text ---- */

static bool
read_id(struct rm_json_cursor *in, void *to)
{
	static const struct rm_json_member members[] = {
		{ "value", rm_json_read_text, 0 },
	};
	return rm_json_read_object(in, members, 1, to);
}

static bool
read_name(struct rm_json_cursor *in, void *to)
{
	static const struct rm_json_member members[] = {
		{ "name", rm_json_read_text, 0 },
	};
	return rm_json_read_object(in, members, 1, to);
}

static bool
read_address(struct rm_json_cursor *in, void *to)
{
	static const struct rm_json_member members[] = {
		{ "ip", rm_json_read_text, offsetof(struct rm_offer, address) },
	};
	return rm_json_read_object(in, members, 1, to);
}

static bool
read_url(struct rm_json_cursor *in, void *to)
{
	static const struct rm_json_member members[] = {
		{ "address", read_address, 0 },
	};
	return rm_json_read_object(in, members, 1, to);
}

static bool
read_fault_domain(struct rm_json_cursor *in, void *to)
{
	static const struct rm_json_member members[] = {
		{ "region", read_name, offsetof(struct rm_offer, region) },
		{ "zone", read_name, offsetof(struct rm_offer, zone) },
	};
	return rm_json_read_object(in, members, 2, to);
}

static bool
read_domain(struct rm_json_cursor *in, void *to)
{
	static const struct rm_json_member members[] = {
		{ "fault_domain", read_fault_domain, 0 },
	};
	struct rm_offer *offer = to;
	offer->domain.at = in->at;
	if (!rm_json_read_object(in, members, 1, to))
		return false;
	offer->domain.len = (size_t)(in->at - offer->domain.at);
	return true;
}

static bool
read_unavailability(struct rm_json_cursor *in, void *to)
{
	*(bool *)to = true;
	return rm_json_skip(in);
}

/* An offer on its way, with what its resources are looked up in. */
struct reading {
	struct rm_offer offer; /* first: its members' offsets count from here */
	struct rm_identity_cache *cache;
};

static bool
read_resources(struct rm_json_cursor *in, void *to)
{
	struct reading *reading = to;
	return rm_resources_read(in, reading->cache, &reading->offer.resources);
}

bool
rm_offer_read(struct rm_json_cursor *in, struct rm_identity_cache *cache,
    struct rm_offer *to)
{
	static const struct rm_json_member members[] = {
		{ "id", read_id, offsetof(struct rm_offer, id) },
		{ "agent_id", read_id, offsetof(struct rm_offer, agent_id) },
		{ "hostname", rm_json_read_text,
		    offsetof(struct rm_offer, hostname) },
		{ "url", read_url, 0 },
		{ "domain", read_domain, 0 },
		{ "attributes", rm_json_read_value,
		    offsetof(struct rm_offer, attributes) },
		{ "unavailability", read_unavailability,
		    offsetof(struct rm_offer, leaving) },
		{ "resources", read_resources, 0 },
	};
	struct reading reading = { .cache = cache };
	rm_json_skip_space(in);
	const char *from = in->at;
	bool good = rm_json_read_object(
	    in, members, sizeof(members) / sizeof(*members), &reading);
	*to = reading.offer;
	to->text = (struct rm_slice){ from, (size_t)(in->at - from) };
	return good && to->id.at != NULL && to->agent_id.at != NULL;
}

void
rm_offer_clear(struct rm_offer *offer)
{
	rm_resources_free(&offer->resources);
	rm_str_free(&offer->own);
}

/* ---- a line of them ---- */

struct line {
	struct rm_offers *to;
	struct rm_identity_cache *cache;
	bool there; /* the array is */
};

static bool
read_one(struct rm_json_cursor *in, void *to)
{
	struct line *line = to;
	struct rm_offers *offers = line->to;
	if (offers->count == offers->room) {
		offers->room = offers->room > 0 ? offers->room * 2 : 16;
		offers->items = rm_realloc(
		    offers->items, offers->room * sizeof(*offers->items));
	}
	struct rm_offer *offer = &offers->items[offers->count++];
	*offer = (struct rm_offer){ 0 };
	return rm_offer_read(in, line->cache, offer);
}

static bool
read_array(struct rm_json_cursor *in, void *to)
{
	struct line *line = to;
	line->there = true;
	return rm_json_read_array(in, read_one, to);
}

static bool
read_offers(struct rm_json_cursor *in, void *to)
{
	static const struct rm_json_member members[] = {
		{ "offers", read_array, 0 },
	};
	return rm_json_read_object(in, members, 1, to);
}

static bool
read_mesos(struct rm_json_cursor *in, void *to)
{
	static const struct rm_json_member members[] = {
		{ "offers", read_offers, 0 },
	};
	return rm_json_read_object(in, members, 1, to);
}

static bool
read_at(struct rm_json_cursor *in, void *to)
{
	struct line *line = to;
	return rm_json_read_double(in, &line->to->at) && line->to->at >= 0;
}

bool
rm_offers_read(const char *text, size_t len, struct rm_identity_cache *cache,
    struct rm_offers *to)
{
	static const struct rm_json_member members[] = {
		{ "at", read_at, 0 },
		{ "mesos", read_mesos, 0 },
	};
	struct rm_json_cursor in = rm_json_cursor(text, len);
	struct line line = { to, cache, false };
	to->at = -1;
	return rm_utf8_valid(text, len) &&
	       rm_json_read_object(&in, members, 2, &line) &&
	       rm_json_ends(&in) && line.there;
}

void
rm_offers_free(struct rm_offers *offers)
{
	for (size_t i = 0; i < offers->count; i++)
		rm_offer_clear(&offers->items[i]);
	free(offers->items);
	*offers = (struct rm_offers){ 0 };
}
