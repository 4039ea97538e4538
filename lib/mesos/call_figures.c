#include "mesos/call_figures.h"

#include <string.h>

#include "base/json.h"
#include "stream/figures.h"

/* Updates that nobody acknowledges must not gather without end. */
#define UPDATES_MOST 10000

void
rm_call_figures_init(struct rm_call_figures *figures)
{
	figures->updates = jv_object();
}

void
rm_call_figures_free(struct rm_call_figures *figures)
{
	jv_free(figures->updates);
	figures->updates = jv_null();
}

void
rm_call_figures_update(struct rm_call_figures *figures, jv line)
{
	const char *uuid = rm_json_path_text(line, "mesos.update.status.uuid");
	if (uuid == NULL)
		return;
	if (jv_object_length(jv_copy(figures->updates)) >= UPDATES_MOST) {
		jv_free(figures->updates);
		figures->updates = jv_object();
	}
	figures->updates = rm_json_set(
	    figures->updates, uuid, rm_json_get(line, "at"));
}

static unsigned long
length_at(const struct rm_call *call, const char *path)
{
	jv array = rm_json_path(call->mesos, path);
	bool is = jv_get_kind(array) == JV_KIND_ARRAY;
	int n = is ? jv_array_length(jv_copy(array)) : 0;
	jv_free(array);
	return (unsigned long)n;
}

static void
accepted(
    struct rm_call_figures *figures, const struct rm_call *call, double now)
{
	(void)figures, (void)now;
	rm_figures_add(RM_FIGURE_ACCEPTED, NULL, NULL,
	    length_at(call, "accept.offer_ids"));
}

static void
declined(
    struct rm_call_figures *figures, const struct rm_call *call, double now)
{
	(void)figures, (void)now;
	rm_figures_add(RM_FIGURE_DECLINED, NULL, NULL,
	    length_at(call, "decline.offer_ids"));
}

static void
reconciled(
    struct rm_call_figures *figures, const struct rm_call *call, double now)
{
	(void)figures, (void)now;
	rm_figures_add(RM_FIGURE_RECONCILIATIONS,
	    length_at(call, "reconcile.tasks") > 0 ? "explicit" : "implicit",
	    NULL, 1);
}

static void
acknowledged(
    struct rm_call_figures *figures, const struct rm_call *call, double now)
{
	const char *uuid = rm_json_path_text(call->mesos, "acknowledge.uuid");
	double at = uuid != NULL ? rm_json_number(figures->updates, uuid, -1)
				 : -1;
	if (at < 0)
		return;
	rm_figures_observe(RM_FIGURE_ACKNOWLEDGE_SECONDS, now - at);
	figures->updates = jv_object_delete(figures->updates, jv_string(uuid));
}

static const struct {
	const char *type;
	void (*count)(struct rm_call_figures *figures,
	    const struct rm_call *call, double now);
} done[] = {
	{ "ACCEPT", accepted },
	{ "DECLINE", declined },
	{ "RECONCILE", reconciled },
	{ "ACKNOWLEDGE", acknowledged },
};

void
rm_call_figures_count(struct rm_call_figures *figures,
    const struct rm_call *call, const char *outcome, double now)
{
	rm_figures_add(RM_FIGURE_CALLS, call->type->name, outcome, 1);
	if (strcmp(outcome, "done") != 0)
		return;
	for (size_t i = 0; i < sizeof(done) / sizeof(*done); i++)
		if (strcmp(done[i].type, call->type->name) == 0)
			done[i].count(figures, call, now);
}
