/*
 * One offer of Mesos (mesos.proto, Offer), as what is decided by it, from JSON
 * values or, faster, straight from its text. Pure.
 */
#ifndef RM_MESOS_OFFER_H
#define RM_MESOS_OFFER_H

#include <jv.h>
#include <stdbool.h>

#include "base/error.h"
#include "base/json_cursor.h"
#include "base/str.h"
#include "mesos/resource.h"

/* Texts are borrowed from what it was read from, or held in `own`; those that
 * it lacks have at NULL. */
struct rm_offer {
	struct rm_slice id, agent_id;
	struct rm_slice hostname, address; /* the IP of its url */
	struct rm_slice region, zone; /* of its fault domain */
	struct rm_slice attributes, domain; /* JSON */
	struct rm_slice text; /* all of it; JSON */
	bool leaving; /* scheduled for maintenance: `unavailability` */
	struct rm_resources resources;
	struct rm_str own;
};

/* Borrows json, which outlives the offer. Replaces *to, which is empty; err
 * names what it lacks. */
int rm_offer_parse(jv json, struct rm_offer *to, struct rm_error *err);
/*
 * The same from its text, which outlives the offer. False where the text is not
 * plain (json_cursor.h), or rm_offer_parse() would refuse it. *to is empty
 * before, and to be freed after.
 */
bool rm_offer_read(struct rm_json_cursor *in, struct rm_identity_cache *cache,
    struct rm_offer *to);
void rm_offer_clear(struct rm_offer *offer);

/* All of an OFFERS line of the stream: {"event","at","mesos":{"offers":
 * {"offers":[…]}}}. */
struct rm_offers {
	double at; /* -1: it does not say */
	struct rm_offer *items; /* owned */
	size_t count, room;
};

/* As rm_offer_read(). */
bool rm_offers_read(const char *line, size_t len,
    struct rm_identity_cache *cache, struct rm_offers *to);
void rm_offers_free(struct rm_offers *offers);

#endif
