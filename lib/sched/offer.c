#include "sched/offer.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "sched/steps.h"
#include "state/phase.h"
#include "stream/figures.h"

void *
rm_offer_new(void)
{
	struct rm_round *r = rm_alloc(sizeof(*r));
	rm_model_init(
	    &r->model, RM_WRITES_OFFER, sizeof(struct rm_round_node), 0);
	return r;
}

void
rm_offer_free(void *state)
{
	struct rm_round *r = state;
	rm_groups_free(&r->groups);
	rm_agents_free(&r->agents);
	rm_model_free(&r->model);
	rm_where_free(r->where);
	free(r->where_bad);
	free(r);
}

int
rm_offer_configure(
    void *state, const void *options, bool *report, struct rm_error *err)
{
	struct rm_round *r = state;
	const struct rm_offer_options *o = options;
	*report = o->explain;
	if (o->where == NULL)
		return 0;
	r->where_given = true;
	r->where = rm_where_new(o->where, err);
	r->agents.keep = r->where != NULL;
	return r->where != NULL ? 0 : rm_error_prefix(err, "--where");
}

/* The settings' program, compiled when it is another than before. */
static void
take_where(struct rm_round *r)
{
	const char *text = rm_model_setting_text(&r->model, "where", NULL);
	struct rm_error err = { 0 };
	if (r->where_given ||
	    (text != NULL && r->where != NULL &&
		strcmp(text, rm_where_text(r->where)) == 0))
		return;
	rm_where_free(r->where);
	free(r->where_bad);
	r->where_bad = NULL;
	r->where = text != NULL ? rm_where_new(text, &err) : NULL;
	if (text != NULL && r->where == NULL)
		r->where_bad = rm_format("where: %s", err.text);
	r->agents.keep = r->where != NULL;
}

/* Offers of the subscription before are void; filters may be in place. */
static int
on_subscribed(
    struct rm_stage *stage, void *state, jv line, struct rm_error *err)
{
	struct rm_round *r = state;
	(void)stage, (void)err;
	jv_free(line);
	rm_agents_clear(&r->agents);
	r->subscribed = true;
	r->suppressed = false;
	r->filtered = true;
	for (size_t i = 0; i < r->model.nodes.count; i++) {
		struct rm_round_node *own = r->model.nodes.items[i]->own;
		own->wish = RM_WISH_NOTHING;
	}
	return 0;
}

static void
count_offers(struct rm_round *r, unsigned long count)
{
	rm_figures_add(RM_FIGURE_RECEIVED, NULL, NULL, count);
	r->since_revived += count;
}

static int
on_offers(struct rm_stage *stage, void *state, jv line, struct rm_error *err)
{
	struct rm_round *r = state;
	double at = rm_json_number(line, "at", r->now);
	jv offers = rm_json_path(line, "mesos.offers.offers");
	jv_free(line);
	if (jv_get_kind(offers) != JV_KIND_ARRAY) {
		jv_free(offers);
		return rm_stage_lacks(err, "offers.offers");
	}
	count_offers(r, (unsigned long)jv_array_length(jv_copy(offers)));
	jv_array_foreach (offers, i, offer) {
		struct rm_error why = { 0 };
		if (rm_agents_add(&r->agents, offer, at, &why) != 0)
			rm_stage_reject(stage, why.text);
		jv_free(offer);
	}
	jv_free(offers);
	return 0;
}

/* The same, without libjq: most offers are declined, and nothing more of them
 * is ever wanted. */
static bool
read_offers(struct rm_stage *stage, void *state, const char *line, size_t len)
{
	struct rm_round *r = state;
	struct rm_offers offers = { 0 };
	bool plain = rm_offers_read(line, len, &r->agents.cache, &offers);
	(void)stage;
	if (plain)
		count_offers(r, (unsigned long)offers.count);
	for (size_t i = 0; plain && i < offers.count; i++)
		rm_agents_take(&r->agents, &offers.items[i],
		    offers.at >= 0 ? offers.at : r->now);
	rm_offers_free(&offers);
	return plain;
}

static int
on_inverse(struct rm_stage *stage, void *state, jv line, struct rm_error *err)
{
	jv offers = rm_json_path(line, "mesos.inverse_offers.inverse_offers");
	jv_free(line);
	bool good = jv_get_kind(offers) == JV_KIND_ARRAY;
	if (good)
		rm_round_inverse(state, stage, offers);
	jv_free(offers);
	return good ? 0 : rm_stage_lacks(err, "inverse_offers.inverse_offers");
}

static int
on_rescind(struct rm_stage *stage, void *state, jv line, struct rm_error *err)
{
	struct rm_round *r = state;
	const char *id = rm_json_path_text(
	    line, "mesos.rescind.offer_id.value");
	int rc = id != NULL ? 0 : rm_stage_lacks(err, "rescind.offer_id");
	jv others = jv_array();
	if (rc == 0)
		rm_agents_rescind(&r->agents, id, &others);
	if (jv_array_length(jv_copy(others)) > 0)
		rm_stage_call(stage, "DECLINE", "decline",
		    JV_OBJECT(jv_string("offer_ids"), jv_copy(others),
			jv_string("filters"),
			JV_OBJECT(jv_string("refuse_seconds"), jv_number(1))));
	jv_free(others);
	jv_free(line);
	return rc;
}

/* A plan is remembered until its task's record, or a later word of the task,
 * is here. */
static int
on_record(struct rm_stage *stage, void *state, jv line, struct rm_error *err)
{
	struct rm_round *r = state;
	struct rm_entry *entry;
	(void)stage;
	int rc = rm_model_take(&r->model, line, &entry, err);
	jv_free(line);
	if (rc == 0 && entry == &r->model.framework)
		take_where(r);
	if (rc == 0 && entry != NULL && entry->own != NULL) {
		struct rm_round_node *own = entry->own;
		if (rm_node_task_time(entry) >= own->planned)
			own->planned = 0;
	}
	return rc;
}

static int
on_tick(struct rm_stage *stage, void *state, jv line, struct rm_error *err)
{
	struct rm_round *r = state;
	double at = rm_json_number(line, "tick", -1);
	jv_free(line);
	if (at < 0)
		return rm_stage_lacks(err, "its time");
	if (at > r->now)
		r->now = at;
	rm_model_sweep(&r->model);
	rm_round_run(r, stage);
	return 0;
}

const struct rm_stage_rule rm_offer_rules[] = {
	{ RM_KIND_EVENT, "SUBSCRIBED", false, on_subscribed },
	{ RM_KIND_EVENT, "OFFERS", true, on_offers, read_offers },
	{ RM_KIND_EVENT, "RESCIND", true, on_rescind },
	{ RM_KIND_EVENT, "INVERSE_OFFERS", true, on_inverse },
	{ RM_KIND_RECORD, NULL, false, on_record },
	{ RM_KIND_WRITE, NULL, false, on_record },
	{ RM_KIND_TICK, NULL, false, on_tick },
	{ RM_KIND_NONE, NULL, false, NULL },
};
