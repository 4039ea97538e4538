#include "local/accept.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "local/agent.h"
#include "local/feedback.h"
#include "local/framework.h"
#include "local/launch.h"
#include "local/offer.h"

/* Filters.refuse_seconds of mesos.proto, where it is not set. */
#define REFUSE_SECONDS 5.0

static double
refuse_seconds(jv call)
{
	jv filters = rm_json_get(call, "filters");
	double seconds = rm_json_number(
	    filters, "refuse_seconds", REFUSE_SECONDS);
	jv_free(filters);
	return seconds;
}

/* The ids of a call, an array of text. */
static jv
ids_of(jv call, const char *member)
{
	jv ids = jv_array(), list = rm_json_get(call, member);
	if (jv_get_kind(list) == JV_KIND_ARRAY) {
		jv_array_foreach (list, i, one) {
			jv id = rm_json_get(one, "value");
			if (jv_get_kind(id) == JV_KIND_STRING)
				ids = jv_array_append(ids, id);
			else
				jv_free(id);
			jv_free(one);
		}
	}
	jv_free(list);
	return ids;
}

/* Why these offers can't be used together; NULL: they can. The caller's. */
static char *
check_offers(const struct rm_local_framework *f, jv ids)
{
	const struct rm_local_offer *first = NULL;
	char *why = NULL;
	if (jv_array_length(jv_copy(ids)) == 0)
		return rm_strdup("No offers specified");
	jv seen = jv_object();
	jv_array_foreach (ids, i, id) {
		const char *text = jv_string_value(id);
		const struct rm_local_offer *offer = rm_local_offer_find(
		    f, text);
		bool again = jv_object_has(jv_copy(seen), jv_copy(id));
		if (why != NULL)
			;
		else if (again)
			why = rm_format(
			    "Duplicate offer %s in offer list", text);
		else if (offer == NULL)
			why = rm_format("Offer %s is no longer valid", text);
		else if (first != NULL && offer->agent != first->agent)
			why = rm_format("Offers are of agents %s and %s",
			    first->agent->id, offer->agent->id);
		else if (first != NULL && strcmp(offer->role, first->role) != 0)
			why = rm_format("Offers are of roles %s and %s",
			    first->role, offer->role);
		first = offer;
		seen = jv_object_set(seen, id, jv_true());
	}
	jv_free(seen);
	return why;
}

static void
refuse_operation(struct rm_local_framework *f, jv operation, const char *why)
{
	const char *type = rm_json_text(operation, "type", "");
	bool launch = strncmp(type, "LAUNCH", strlen("LAUNCH")) == 0;
	char *message = rm_format(launch ? "Task launched with invalid offers: "
					   "%s"
					 : "Operation attempted with invalid "
					   "offers: %s",
	    why);
	if (launch)
		rm_local_launch_refuse(f, operation, "TASK_DROPPED",
		    "REASON_INVALID_OFFERS", message);
	else
		rm_local_feedback(f, NULL, operation, message);
	free(message);
}

static void
carry_out(struct rm_local_offered *offered, jv operation)
{
	const char *type = rm_json_text(operation, "type", "");
	struct rm_error err = { 0 };
	if (strcmp(type, "LAUNCH") == 0)
		rm_local_launch(offered, operation);
	else if (strcmp(type, "LAUNCH_GROUP") == 0)
		rm_local_launch_group(offered, operation);
	else if (rm_local_operation_apply(offered, operation, &err) == 0)
		rm_local_feedback(
		    offered->framework, offered->agent, operation, NULL);
	else
		rm_local_feedback(
		    offered->framework, offered->agent, operation, err.text);
}

/* Consumes and ends the offers that are there; their resources stay
 * allocated, and are in offered. */
static void
take_offers(struct rm_local_offered *offered, jv ids)
{
	jv_array_foreach (ids, i, id) {
		struct rm_local_offer *offer = rm_local_offer_find(
		    offered->framework, jv_string_value(id));
		rm_resources_add_all(&offered->resources, &offer->resources);
		rm_local_offer_use(offer);
		jv_free(id);
	}
}

static void
recover_offers(struct rm_local_framework *f, jv ids)
{
	jv_array_foreach (ids, i, id) {
		struct rm_local_offer *offer = rm_local_offer_find(
		    f, jv_string_value(id));
		if (offer != NULL)
			rm_local_offer_recover(offer);
		jv_free(id);
	}
}

static void
use_offers(struct rm_local_framework *f, jv ids, jv operations, double refuse)
{
	jv id = jv_array_get(jv_copy(ids), 0);
	const struct rm_local_offer *first = rm_local_offer_find(
	    f, jv_string_value(id));
	jv_free(id);
	char *role = rm_strdup(first->role);
	struct rm_local_offered offered = {
		.framework = f, .agent = first->agent, .role = role
	};
	take_offers(&offered, ids);
	jv_array_foreach (operations, i, operation) {
		carry_out(&offered, operation);
		jv_free(operation);
	}
	if (offered.resources.count > 0) {
		rm_local_agent_recover(offered.agent, &offered.resources);
		rm_local_agent_filter(
		    offered.agent, f, role, &offered.resources, refuse);
	}
	rm_resources_free(&offered.resources);
	free(role);
}

void
rm_local_accept(struct rm_local_framework *f, jv accept)
{
	jv ids = ids_of(accept, "offer_ids");
	jv operations = rm_json_get(accept, "operations");
	if (jv_get_kind(operations) != JV_KIND_ARRAY) {
		jv_free(operations);
		operations = jv_array();
	}
	char *why = check_offers(f, ids);
	if (why == NULL) {
		use_offers(f, ids, operations, refuse_seconds(accept));
	} else {
		recover_offers(f, ids);
		jv_array_foreach (operations, i, operation) {
			refuse_operation(f, operation, why);
			jv_free(operation);
		}
	}
	free(why);
	jv_free(ids);
	jv_free(operations);
}

void
rm_local_decline(struct rm_local_framework *f, jv decline)
{
	jv ids = ids_of(decline, "offer_ids");
	double seconds = refuse_seconds(decline);
	jv_array_foreach (ids, i, id) {
		struct rm_local_offer *offer = rm_local_offer_find(
		    f, jv_string_value(id));
		if (offer != NULL) {
			rm_local_agent_filter(offer->agent, f, offer->role,
			    &offer->resources, seconds);
			rm_local_offer_recover(offer);
		}
		jv_free(id);
	}
	jv_free(ids);
}

void
rm_local_answer_inverse(struct rm_local_framework *f, jv answer)
{
	jv ids = ids_of(answer, "inverse_offer_ids");
	double seconds = refuse_seconds(answer);
	jv_array_foreach (ids, i, id) {
		struct rm_local_offer *offer = rm_local_inverse_offer_find(
		    f, jv_string_value(id));
		if (offer != NULL) {
			rm_local_agent_filter(
			    offer->agent, f, NULL, NULL, seconds);
			rm_local_offer_use(offer);
		}
		jv_free(id);
	}
	jv_free(ids);
}
