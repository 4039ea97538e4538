#include "sched/rollout.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "sched/member.h"
#include "sched/store.h"
#include "state/phase.h"
#include "stream/figures.h"

/* One cluster's, while it is looked at. */
struct rollout {
	struct rm_member_ring ring;
	struct rm_entry *cluster;
	double counter; /* of the cluster's record */
	bool changing;
	jv plan; /* owned; becomes the record */
	int under_way;
	bool opened; /* the gate was passed in this look: others may follow */
	bool held; /* one waits at the gate: those behind it do, too */
	char *waits; /* why nothing goes on; owned, or NULL */
};

static const char *
text(jv object, const char *field)
{
	return rm_json_text(object, field, "");
}

static bool
is(jv object, const char *field, const char *word)
{
	return strcmp(text(object, field), word) == 0;
}

/* The first reason stays. */
static void
waits_for(struct rollout *r, const char *key, const char *what)
{
	if (r->waits == NULL)
		r->waits = rm_format("%s %s", key, what);
}

static bool
is_to_run(const struct rollout *r, const struct rm_entry *node)
{
	return rm_member_of(&r->ring, node) &&
	       rm_node_goal(node) == RM_GOAL_RUN;
}

/* The counter that the node's newest task met; -1: its record is not here. */
static double
met(const struct rm_entry *node)
{
	const char *task = rm_entry_text(node, RM_RECORD_TASK, "task_id", "");
	const char *newest = rm_node_task(node);
	if (newest == NULL || strcmp(task, newest) != 0)
		return -1;
	return rm_entry_number(node, RM_RECORD_TASK, "cluster_restart", 0);
}

/* ---- the plan ---- */

static jv
new_step(const struct rollout *r, const struct rm_entry *node)
{
	jv step = JV_OBJECT(jv_string("node"), jv_string(node->key),
	    jv_string("state"), jv_string("pending"));
	const char *from = rm_entry_text(
	    node, RM_RECORD_TASK, "riak_version", NULL);
	const char *to = rm_entry_text(
	    r->cluster, RM_RECORD_CLUSTER, "riak_version", NULL);
	if (from != NULL && to != NULL && strcmp(from, to) != 0)
		step = rm_json_set(step, "from", jv_string(from));
	return step;
}

/* Of all nodes that the counter was raised for. What commands were met is kept
 * of the plan before. */
static void
make_plan(struct rollout *r)
{
	jv steps = jv_array(), command = rm_json_get(r->plan, "command");
	if (!jv_is_valid(command)) {
		jv_free(command);
		command = jv_null();
	}
	for (size_t i = 0; i < r->ring.nodes.count; i++) {
		const struct rm_entry *node = r->ring.nodes.items[i];
		double before = met(node);
		if (is_to_run(r, node) && before >= 0 && before < r->counter)
			steps = jv_array_append(steps, new_step(r, node));
	}
	const char *version = rm_entry_text(
	    r->cluster, RM_RECORD_CLUSTER, "riak_version", "");
	jv plan = JV_OBJECT(jv_string("restart"), jv_number(r->counter),
	    jv_string("riak_version"), jv_string(version),
	    jv_string("generation"),
	    jv_number(rm_entry_number(
		r->cluster, RM_RECORD_CLUSTER, "generation", 0)),
	    jv_string("parallel"),
	    jv_number(
		rm_entry_number(r->cluster, RM_RECORD_CLUSTER, "parallel", 1)),
	    jv_string("state"), jv_string("running"), jv_string("since"),
	    jv_number(r->ring.now), jv_string("command"), command);
	jv_free(r->plan);
	r->plan = rm_json_set(plan, "steps", steps);
	rm_figures_add(RM_FIGURE_ROLLOUTS, "started", NULL, 1);
	rm_log_info("rollout cluster=%s restart=%.0f steps=%d", r->cluster->key,
	    r->counter, jv_array_length(jv_copy(steps)));
}

/* Those that begin and those that end; one that is paused does neither. */
static void
count(const char *outcome)
{
	if (strcmp(outcome, "running") != 0 && strcmp(outcome, "paused") != 0)
		rm_figures_add(RM_FIGURE_ROLLOUTS, outcome, NULL, 1);
}

static void
set_state(struct rollout *r, const char *state)
{
	if (!is(r->plan, "state", state)) {
		rm_log_info(
		    "rollout cluster=%s state=%s", r->cluster->key, state);
		count(state);
	}
	r->plan = rm_json_set(r->plan, "state", jv_string(state));
}

/* ---- commands ---- */

static void
resume(struct rollout *r)
{
	if (is(r->plan, "state", "paused"))
		set_state(r, "running");
}

static void
pause_it(struct rollout *r)
{
	if (is(r->plan, "state", "running"))
		set_state(r, "paused");
}

static void
abort_it(struct rollout *r)
{
	if (!is(r->plan, "state", "done"))
		set_state(r, "aborted");
}

/* Gates have the plan's try in their questions: a new one asks anew. */
static void
retry(struct rollout *r)
{
	double tries = rm_json_number(r->plan, "try", 0) + 1;
	if (is(r->plan, "state", "aborted"))
		make_plan(r);
	r->plan = rm_json_set(r->plan, "try", jv_number(tries));
}

static void
take_command(struct rollout *r)
{
	static const struct {
		const char *verb;
		void (*take)(struct rollout *r);
	} verbs[] = { { "pause", pause_it }, { "resume", resume },
		{ "abort", abort_it }, { "retry", retry } };
	jv command = rm_json_get(
	    rm_entry_value(r->cluster, RM_RECORD_CLUSTER), "command");
	jv id = rm_json_get(command, "id");
	jv last = rm_json_get(r->plan, "command");
	if (jv_is_valid(id) && !rm_json_equal(id, last)) {
		for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
			if (is(command, "verb", verbs[i].verb))
				verbs[i].take(r);
		r->plan = rm_json_set(r->plan, "command", jv_copy(id));
	}
	jv_free(last);
	jv_free(id);
	jv_free(command);
}

/* ---- gates ---- */

/*
 * Whether the node says that all agree on the ring, and that nothing is to be
 * moved: asked after the moment that the question names. An order's end makes
 * its executor look at transfers again.
 */
static bool
says_all_is_well(struct rollout *r, struct rm_entry *node, jv step)
{
	jv question = JV_OBJECT(jv_string("rollout"), jv_number(r->counter),
	    jv_string("step"), rm_json_get(step, "node"), jv_string("state"),
	    rm_json_get(step, "state"), jv_string("try"),
	    jv_number(rm_json_number(r->plan, "try", 0)));
	bool asked = rm_member_told(node, question);
	if (!asked && rm_member_answer(node, NULL) == RM_MEMBER_WAITING) {
		jv_free(question);
		waits_for(r, node->key, "carries out another order");
		return false;
	}
	if (!rm_member_has_done(&r->ring, node, "ringready", question)) {
		waits_for(r, node->key,
		    rm_member_answer(node, "ringready") == RM_MEMBER_REFUSED
			? "does not see all nodes agree on the ring"
			: "is asked whether all nodes agree on the ring");
		return false;
	}
	if (rm_member_transfers(node) != 0) {
		waits_for(r, node->key, "sees partitions that are to move");
		return false;
	}
	return true;
}

static jv
step_of(jv plan, const char *key)
{
	jv steps = rm_json_get(plan, "steps"), found = jv_invalid();
	if (jv_get_kind(steps) == JV_KIND_ARRAY)
		jv_array_foreach (steps, i, step) {
			if (is(step, "node", key)) {
				jv_free(found);
				found = jv_copy(step);
			}
			jv_free(step);
		}
	jv_free(steps);
	return found;
}

static bool
is_under_way(const struct rollout *r, const char *key)
{
	jv step = step_of(r->plan, key);
	bool under_way = is(step, "state", "ending") ||
			 is(step, "state", "settling");
	jv_free(step);
	return under_way;
}

/* All others that are to run are up, and members; *witness is one of them
 * that can be asked, or NULL when the node is alone. */
static bool
others_are_up(
    struct rollout *r, const struct rm_entry *of, struct rm_entry **witness)
{
	*witness = NULL;
	for (size_t i = 0; i < r->ring.nodes.count; i++) {
		struct rm_entry *node = r->ring.nodes.items[i];
		if (node == of || !is_to_run(r, node) ||
		    is_under_way(r, node->key))
			continue;
		if (!rm_member_ready(node) || !rm_member_joined(node)) {
			waits_for(r, node->key, "is not up");
			return false;
		}
		*witness = node;
	}
	return true;
}

/* ---- steps ---- */

static bool
may_begin(struct rollout *r, struct rm_entry *node, jv step)
{
	struct rm_entry *witness;
	if (rm_node_life(node) != RM_TASK_ALIVE) {
		waits_for(r, node->key, "does not run");
		return false;
	}
	if (r->opened)
		return true;
	if (r->changing) {
		waits_for(r, r->cluster->key, "is to change its members");
		return false;
	}
	return others_are_up(r, node, &witness) &&
	       (witness == NULL || says_all_is_well(r, witness, step));
}

static const char *
from_pending(struct rollout *r, struct rm_entry *node, jv step)
{
	double parallel = rm_json_number(r->plan, "parallel", 1);
	if (r->held || r->under_way >= fmax(parallel, 1) ||
	    (r->under_way > 0 && !r->opened))
		return "pending";
	if (!may_begin(r, node, step)) {
		r->held = true;
		return "pending";
	}
	r->opened = true;
	return "ending";
}

static const char *
from_ending(struct rollout *r, struct rm_entry *node, jv step)
{
	(void)step;
	if (met(node) >= r->counter && rm_member_ready(node))
		return "settling";
	waits_for(r, node->key, "is on its way up");
	return "ending";
}

static const char *
from_settling(struct rollout *r, struct rm_entry *node, jv step)
{
	if (!rm_member_ready(node)) {
		waits_for(r, node->key, "is not up");
		return "settling";
	}
	return says_all_is_well(r, node, step) ? "done" : "settling";
}

static const struct {
	const char *state;
	const char *(*next)(struct rollout *r, struct rm_entry *node, jv step);
	bool under_way;
} states[] = {
	{ "settling", from_settling, true },
	{ "ending", from_ending, true },
	{ "pending", from_pending, false },
};
#define STATES (sizeof(states) / sizeof(*states))

/* Consumes and returns the step. */
static jv
take_step(struct rollout *r, jv step, size_t s)
{
	struct rm_entry *node = rm_model_node(
	    r->ring.model, text(step, "node"));
	const char *next;
	if (node == NULL || !is_to_run(r, node) ||
	    (!states[s].under_way && met(node) >= r->counter))
		next = "skipped";
	else
		next = states[s].next(r, node, step);
	if (is(step, "state", next))
		return step;
	rm_log_info("rollout cluster=%s node=%s step=%s", r->cluster->key,
	    text(step, "node"), next);
	step = rm_json_set(step, "state", jv_string(next));
	return rm_json_set(step, "since", jv_number(r->ring.now));
}

static int
count_steps(jv steps, bool under_way)
{
	int count = 0;
	jv_array_foreach (steps, i, step) {
		for (size_t s = 0; s < STATES; s++)
			count += is(step, "state", states[s].state) &&
				 (!under_way || states[s].under_way);
		jv_free(step);
	}
	return count;
}

/* What is furthest first: it may make room for what has not begun. One that
 * is paused or aborted still sees to its end what was under way. */
static void
take_steps(struct rollout *r)
{
	bool begins = is(r->plan, "state", "running");
	jv steps = rm_json_get(r->plan, "steps");
	if (jv_get_kind(steps) != JV_KIND_ARRAY) {
		jv_free(steps);
		steps = jv_array();
	}
	for (size_t s = 0; s < STATES; s++) {
		if (!states[s].under_way && !begins)
			continue;
		int count = jv_array_length(jv_copy(steps));
		for (int i = 0; i < count; i++) {
			jv step = jv_array_get(jv_copy(steps), i);
			r->under_way = count_steps(steps, true);
			if (is(step, "state", states[s].state))
				step = take_step(r, step, s);
			steps = jv_array_set(steps, i, step);
			/* Others see it as it is now. */
			r->plan = rm_json_set(r->plan, "steps", jv_copy(steps));
		}
	}
	if (begins && count_steps(steps, false) == 0)
		set_state(r, "done");
	jv_free(steps);
}

static void
look(struct rollout *r)
{
	double known = rm_json_number(r->plan, "restart", -1);
	if (r->counter > 0 && known < r->counter)
		make_plan(r);
	if (!jv_is_valid(r->plan))
		return;
	take_command(r);
	if (!is(r->plan, "state", "done"))
		take_steps(r);
	r->plan = rm_json_set(r->plan, "waits",
	    r->waits != NULL ? jv_string(r->waits) : jv_null());
}

void
rm_rollout_step(struct rm_model *model, struct rm_stage *stage,
    struct rm_entry *cluster, const struct rm_entries *nodes, double now,
    bool changing)
{
	jv before = rm_entry_value(cluster, RM_RECORD_ROLLOUT);
	struct rollout r = {
		.ring = { .model = model,
		    .stage = stage,
		    .cluster = cluster->key,
		    .nodes = *nodes,
		    .now = now },
		.cluster = cluster,
		.counter = rm_entry_number(
		    cluster, RM_RECORD_CLUSTER, "restart", 0),
		.changing = changing,
		.plan = jv_copy(before),
	};
	if (!rm_entry_has(cluster, RM_RECORD_CLUSTER) || cluster->broken) {
		jv_free(r.plan);
		return;
	}
	look(&r);
	if (jv_is_valid(r.plan) && !rm_json_equal(r.plan, before))
		rm_sched_store(model, stage, RM_RECORD_ROLLOUT, cluster->key,
		    jv_copy(r.plan));
	jv_free(r.plan);
	free(r.waits);
}

bool
rm_rollout_ends(const struct rm_entry *cluster, const struct rm_entry *node)
{
	jv plan = rm_entry_value(cluster, RM_RECORD_ROLLOUT);
	jv step = step_of(plan, node->key);
	bool ends = is(step, "state", "ending") && met(node) >= 0 &&
		    met(node) < rm_json_number(plan, "restart", 0);
	jv_free(step);
	return ends;
}
