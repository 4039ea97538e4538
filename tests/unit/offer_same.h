/* An OFFERS line that was read from its text, held against libjq's values. */
#ifndef OFFER_SAME_H
#define OFFER_SAME_H

#include <string.h>

#include "base/json.h"
#include "mesos/agents.h"

static inline bool
same_text(struct rm_slice a, struct rm_slice b)
{
	return (a.at == NULL) == (b.at == NULL) && a.len == b.len &&
	       (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

/* The same value, however it is spelled: as libjq writes it. */
static inline bool
same_json(struct rm_slice a, struct rm_slice b)
{
	struct rm_slice in[] = { a, b };
	struct rm_str out[2] = { { 0 } };
	jv value;
	if (a.at == NULL || b.at == NULL)
		return a.at == b.at;
	for (size_t i = 0; i < 2; i++)
		if (rm_json_parse(in[i].at, in[i].len, &value, NULL) == 0)
			rm_json_write(&out[i], value);
	bool same = out[0].len > 0 && out[0].len == out[1].len &&
		    memcmp(out[0].text, out[1].text, out[0].len) == 0;
	rm_str_free(&out[0]);
	rm_str_free(&out[1]);
	return same;
}

static inline bool
same_resources(const struct rm_resources *a, const struct rm_resources *b)
{
	bool same = a->count == b->count;
	for (size_t i = 0; same && i < a->count; i++)
		same = rm_resource_equal(&a->items[i], &b->items[i]);
	return same;
}

static inline bool
same_offer(const struct rm_offer *a, jv json)
{
	struct rm_offer b = { 0 };
	if (rm_offer_parse(json, &b, NULL) != 0)
		return false;
	bool same = same_text(a->id, b.id) &&
		    same_text(a->agent_id, b.agent_id) &&
		    same_text(a->hostname, b.hostname) &&
		    same_text(a->address, b.address) &&
		    same_text(a->region, b.region) &&
		    same_text(a->zone, b.zone) &&
		    same_json(a->attributes, b.attributes) &&
		    same_json(a->domain, b.domain) &&
		    same_json(a->text, b.text) && a->leaving == b.leaving &&
		    same_resources(&a->resources, &b.resources);
	rm_offer_clear(&b);
	return same;
}

/* -1: not plain; 1: as libjq has it; 0: otherwise. */
static inline int
same_line(const char *line, size_t len, struct rm_identity_cache *cache)
{
	struct rm_offers offers = { 0 };
	jv value;
	if (!rm_offers_read(line, len, cache, &offers)) {
		rm_offers_free(&offers);
		return -1;
	}
	bool same = rm_json_parse(line, len, &value, NULL) == 0;
	if (same) {
		jv list = rm_json_path(value, "mesos.offers.offers");
		same = jv_get_kind(list) == JV_KIND_ARRAY &&
		       (size_t)jv_array_length(jv_copy(list)) == offers.count &&
		       rm_json_number(value, "at", -1) == offers.at;
		for (size_t i = 0; same && i < offers.count; i++) {
			jv one = jv_array_get(jv_copy(list), (int)i);
			same = same_offer(&offers.items[i], one);
			jv_free(one);
		}
		jv_free(list);
		jv_free(value);
	}
	rm_offers_free(&offers);
	return same;
}

#endif
