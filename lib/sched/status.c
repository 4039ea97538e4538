#include "sched/status.h"

#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "sched/reconcile.h"
#include "sched/store.h"
#include "state/phase.h"
#include "stream/figures.h"

/* A run that lasted this long ends a row of failures. */
#define STABLE_RUN   60.0
#define LAUNCH_LIMIT 60.0

struct rm_status {
	struct rm_model model;
	struct rm_reconcile reconcile;
	double now;
};

void *
rm_status_new(void)
{
	struct rm_status *status = rm_alloc(sizeof(*status));
	rm_model_init(&status->model, RM_WRITES_STATUS,
	    sizeof(struct rm_reconcile_node), 0);
	status->reconcile.launch_limit = LAUNCH_LIMIT;
	return status;
}

void
rm_status_free(void *state)
{
	struct rm_status *status = state;
	rm_model_free(&status->model);
	free(status);
}

static struct rm_reconcile_node *
own(const struct rm_entry *node)
{
	return node->own;
}

static void
take_time(struct rm_status *s, jv line)
{
	double at = rm_json_number(line, "at", s->now);
	if (at > s->now)
		s->now = at;
}

/* Step 1: subscribed. The id is recorded, then every task is asked after. */
static int
on_subscribed(
    struct rm_stage *stage, void *state, jv line, struct rm_error *err)
{
	struct rm_status *s = state;
	const char *id = rm_json_path_text(
	    line, "mesos.subscribed.framework_id.value");
	if (id == NULL) {
		jv_free(line);
		return rm_stage_lacks(err, "subscribed.framework_id");
	}
	take_time(s, line);
	s->reconcile.subscribed = true;
	jv record = JV_OBJECT(jv_string("id"), jv_string(id), jv_string("name"),
	    jv_string(rm_model_setting_text(&s->model, "framework", "riak")));
	struct rm_entry *framework = &s->model.framework;
	if (framework->cells[RM_RECORD_FRAMEWORK].error == NULL &&
	    !rm_json_equal(
		record, rm_entry_value(framework, RM_RECORD_FRAMEWORK)))
		rm_sched_store(&s->model, stage, RM_RECORD_FRAMEWORK, NULL,
		    jv_copy(record));
	jv_free(record);
	rm_reconcile_all(&s->reconcile, stage, &s->model, s->now);
	jv_free(line);
	return 0;
}

static void
acknowledge(struct rm_stage *stage, jv status)
{
	const char *uuid = rm_json_text(status, "uuid", NULL);
	if (uuid == NULL)
		return;
	rm_stage_call(stage, "ACKNOWLEDGE", "acknowledge",
	    JV_OBJECT(jv_string("agent_id"), rm_json_get(status, "agent_id"),
		jv_string("task_id"), rm_json_get(status, "task_id"),
		jv_string("uuid"), jv_string(uuid)));
}

static void
kill_task(struct rm_stage *stage, jv status)
{
	jv call = JV_OBJECT(
	    jv_string("task_id"), rm_json_get(status, "task_id"));
	call = rm_json_set(call, "agent_id", rm_json_get(status, "agent_id"));
	rm_stage_call(stage, "KILL", "kill", call);
}

static bool
text_is(jv object, const char *field, const char *text)
{
	return strcmp(rm_json_text(object, field, ""), text) == 0;
}

/* The master was asked for it. */
static bool
is_answer(jv status)
{
	const struct rm_task_reason *reason = rm_task_reason_find(
	    rm_json_text(status, "reason", NULL));
	return reason != NULL && reason->confirms;
}

/*
 * A terminal state that the master made up by itself, such as the TASK_DROPPED
 * of an ACCEPT that came twice, may concern a task that runs. The answer to a
 * reconciliation is its confirmation (facts: mesos, A and C).
 */
static bool
unconfirmed(jv status, const struct rm_task_state *state)
{
	return state != NULL && state->life == RM_TASK_ENDED &&
	       text_is(status, "source", "SOURCE_MASTER") &&
	       !rm_json_has(status, "uuid") && !is_answer(status);
}

static jv
text_or_null(jv object, const char *field)
{
	const char *text = rm_json_text(object, field, NULL);
	return text != NULL ? jv_string(text) : jv_null();
}

static double
count_failures(jv before, bool same, bool ended_before, jv update, double now)
{
	double failures = rm_json_number(before, "failures", 0);
	enum rm_task_count count = rm_task_count_of(
	    rm_json_text(update, "state", ""),
	    rm_json_text(update, "reason", NULL));
	if (count == RM_TASK_COUNT_STAYS || (same && ended_before))
		return failures;
	if (count == RM_TASK_COUNT_ENDS)
		return 0;
	double ran = rm_json_number(before, "running_since", 0);
	bool stable = same && ran > 0 && now - ran >= STABLE_RUN;
	return stable ? 1 : failures + 1;
}

/*
 * Exit 0 that nobody asked for: the node's next start could be a fresh ring,
 * so it waits for a person (`node restart` raises the restart counter).
 */
static jv
freeze(const struct rm_entry *node, jv before, const char *state)
{
	if (strcmp(state, "TASK_FINISHED") != 0 ||
	    rm_node_goal(node) != RM_GOAL_RUN)
		return rm_json_has(before, "frozen")
			   ? rm_json_get(before, "frozen")
			   : jv_null();
	double restart = rm_entry_number(node, RM_RECORD_NODE, "restart", 0);
	return JV_OBJECT(jv_string("why"),
	    jv_string("Riak ended by itself with exit 0"), jv_string("restart"),
	    jv_number(restart));
}

/* The record after this update of the node's newest task. */
static jv
next_status(const struct rm_entry *node, jv update, double now)
{
	jv before = rm_entry_value(node, RM_RECORD_STATUS);
	const char *id = rm_json_path_text(update, "task_id.value");
	const char *name = rm_json_text(update, "state", "");
	const struct rm_task_state *state = rm_task_state_find(name);
	bool same = text_is(before, "task_id", id);
	const struct rm_task_state *old = rm_task_state_find(
	    rm_json_text(before, "state", ""));
	bool ended_before = old != NULL && old->life == RM_TASK_ENDED;
	const char *agent = rm_json_path_text(update, "agent_id.value");
	if (agent == NULL)
		agent = rm_node_task_agent(node);
	bool runs = strcmp(name, "TASK_RUNNING") == 0;
	double ran = same ? rm_json_number(before, "running_since", 0) : 0;
	if (runs && ran <= 0)
		ran = now;

	jv record = JV_OBJECT(jv_string("task_id"), jv_string(id));
	record = rm_json_set(
	    record, "agent_id", agent != NULL ? jv_string(agent) : jv_null());
	record = rm_json_set(record, "state", jv_string(name));
	record = rm_json_set(record, "source", text_or_null(update, "source"));
	record = rm_json_set(record, "reason", text_or_null(update, "reason"));
	record = rm_json_set(
	    record, "message", text_or_null(update, "message"));
	record = rm_json_set(record, "since", jv_number(now));
	record = rm_json_set(
	    record, "running_since", ran > 0 ? jv_number(ran) : jv_null());
	record = rm_json_set(record, "failures",
	    jv_number(count_failures(before, same, ended_before, update, now)));
	record = rm_json_set(record, "unconfirmed",
	    unconfirmed(update, state) ? jv_true() : jv_false());
	return rm_json_set(record, "frozen", freeze(node, before, name));
}

/* Nothing changed but the words: a repeated or reconciled state. */
static bool
same_state(jv before, jv after)
{
	return text_is(before, "task_id", rm_json_text(after, "task_id", "")) &&
	       text_is(before, "state", rm_json_text(after, "state", "")) &&
	       rm_json_bool(before, "unconfirmed", false) ==
		   rm_json_bool(after, "unconfirmed", false);
}

/*
 * Of a task that has ended, and was said to by its agent, the master knows no
 * more, asked or not; how it ended is kept. That its agent is gone for good is
 * news.
 */
static bool
is_stale(const struct rm_entry *node, jv update)
{
	jv before = rm_entry_value(node, RM_RECORD_STATUS);
	const struct rm_task_state *state = rm_task_state_find(
	    rm_json_text(update, "state", ""));
	bool knows_less = unconfirmed(update, state) ||
			  (is_answer(update) && state != NULL &&
			      (state->life == RM_TASK_ENDED ||
				  state->life == RM_TASK_UNSURE));
	return rm_node_life(node) == RM_TASK_ENDED && knows_less &&
	       text_is(before, "task_id",
		   rm_json_path_text(update, "task_id.value"));
}

static void
update_newest(struct rm_status *s, struct rm_stage *stage,
    struct rm_entry *node, jv update)
{
	if (is_stale(node, update)) {
		acknowledge(stage, update);
		return;
	}
	jv after = next_status(node, update, s->now);
	const struct rm_task_state *state = rm_task_state_find(
	    rm_json_text(after, "state", ""));
	bool ask = rm_json_bool(after, "unconfirmed", false) ||
		   (state != NULL && state->ask);
	bool changed = !same_state(
	    rm_entry_value(node, RM_RECORD_STATUS), after);
	if (state == NULL)
		rm_log_warn("unknown task state %s node=%s",
		    rm_json_text(after, "state", ""), node->key);
	if (changed)
		rm_sched_store(&s->model, stage, RM_RECORD_STATUS, node->key,
		    jv_copy(after));
	jv_free(after);
	acknowledge(stage, update);
	if (changed && ask)
		rm_reconcile_node(&s->reconcile, stage, node, s->now);
}

/*
 * What an update is about decides what follows:
 *  1. a task whose node has no record: reported and left alone. Records may
 *     be lost or old; a task that runs is never the thing to clear away.
 *  2. a node that is frozen: acknowledged, nothing else.
 *  3. an older task of a node: changes nothing. It is killed if it may run,
 *     once the newest is known to; it may be the only one.
 *  4. the newest, or a newer one whose record is on its way: recorded.
 */
static void
dispatch_update(struct rm_status *s, struct rm_stage *stage, jv update)
{
	const char *id = rm_json_path_text(update, "task_id.value");
	char *key = rm_task_id_key(id);
	struct rm_entry *node = key != NULL ? rm_model_node(&s->model, key)
					    : NULL;
	const struct rm_task_state *state = rm_task_state_find(
	    rm_json_text(update, "state", ""));
	bool alive = state != NULL && state->life == RM_TASK_ALIVE;
	free(key);

	if (node != NULL &&
	    rm_task_id_time(id, node->key) >= rm_node_task_time(node))
		own(node)->pending = false;
	if (node == NULL || !rm_entry_has(node, RM_RECORD_NODE)) {
		if (alive)
			rm_log_warn(
			    "task %s runs, and no record explains it", id);
		acknowledge(stage, update);
	} else if (node->broken || rm_model_frozen(&s->model)) {
		acknowledge(stage, update);
	} else if (rm_task_id_time(id, node->key) < rm_node_task_time(node)) {
		acknowledge(stage, update);
		if (alive && rm_node_heard_alive(node)) {
			rm_log_warn("killing task %s: %s is newer", id,
			    rm_node_task(node));
			kill_task(stage, update);
		} else if (alive) {
			rm_log_warn("task %s runs, and whether the newer %s "
				    "does is not known",
			    id, rm_node_task(node));
		}
	} else {
		update_newest(s, stage, node, update);
	}
}

static int
on_update(struct rm_stage *stage, void *state, jv line, struct rm_error *err)
{
	struct rm_status *s = state;
	jv update = rm_json_path(line, "mesos.update.status");
	int rc = 0;
	if (rm_json_path_text(update, "task_id.value") == NULL)
		rc = rm_stage_lacks(err, "update.status.task_id");
	else if (rm_json_text(update, "state", NULL) == NULL)
		rc = rm_stage_lacks(err, "update.status.state");
	if (rc == 0) {
		rm_figures_add(RM_FIGURE_UPDATES,
		    rm_json_text(update, "state", ""), NULL, 1);
		take_time(s, line);
		dispatch_update(s, stage, update);
	}
	jv_free(update);
	jv_free(line);
	return rc;
}

/* Operation feedback is acknowledged and told; the next offer is the proof. */
static int
on_operation(struct rm_stage *stage, void *state, jv line, struct rm_error *err)
{
	(void)state;
	jv status = rm_json_path(line, "mesos.update_operation_status.status");
	const char *name = rm_json_text(status, "state", NULL);
	const char *id = rm_json_path_text(status, "operation_id.value");
	const char *uuid = rm_json_path_text(status, "uuid.value");
	int rc = 0;
	if (name == NULL)
		rc = rm_stage_lacks(
		    err, "update_operation_status.status.state");
	else if (strcmp(name, "OPERATION_FINISHED") != 0 &&
		 strcmp(name, "OPERATION_PENDING") != 0)
		rm_log_warn("operation %s: %s: %s", id != NULL ? id : "?", name,
		    rm_json_text(status, "message", "no reason given"));
	if (name != NULL && uuid != NULL && id != NULL) {
		jv body = JV_OBJECT(jv_string("uuid"), jv_string(uuid),
		    jv_string("operation_id"),
		    rm_json_get(status, "operation_id"));
		body = rm_json_set(
		    body, "agent_id", rm_json_get(status, "agent_id"));
		body = rm_json_set(body, "resource_provider_id",
		    rm_json_get(status, "resource_provider_id"));
		rm_stage_call(stage, "ACKNOWLEDGE_OPERATION_STATUS",
		    "acknowledge_operation_status", body);
	}
	jv_free(status);
	jv_free(line);
	return rc;
}

/* An agent is gone: its tasks are asked after, since the updates may be lost.
 * An executor's end needs nothing: the update of its task comes too. */
static int
on_failure(struct rm_stage *stage, void *state, jv line, struct rm_error *err)
{
	struct rm_status *s = state;
	(void)err;
	const char *agent = rm_json_path_text(
	    line, "mesos.failure.agent_id.value");
	jv executor = rm_json_path(line, "mesos.failure.executor_id");
	take_time(s, line);
	if (agent != NULL && !jv_is_valid(executor))
		for (size_t i = 0; i < s->model.nodes.count; i++) {
			struct rm_entry *node = s->model.nodes.items[i];
			const char *on = rm_reconcile_agent(node);
			if (on != NULL && strcmp(on, agent) == 0 &&
			    rm_reconcile_counts(node))
				rm_reconcile_node(
				    &s->reconcile, stage, node, s->now);
		}
	jv_free(executor);
	jv_free(line);
	return 0;
}

/*
 * The end of a removed node (design: order of deletion): reservation and task
 * are gone, so the status goes. What was just written reaches this stage
 * through ZooKeeper: where no reservation was ever seen, it may be on its way.
 * A late update may have written the status of a node that is gone.
 */
static void
forget_removed(
    struct rm_status *s, struct rm_stage *stage, struct rm_entry *node)
{
	enum rm_goal goal = rm_node_goal(node);
	double since = rm_entry_time(
	    node, RM_RECORD_STATUS, "since", s->now, s->now);
	bool removed = !rm_entry_has(node, RM_RECORD_NODE) ||
		       ((goal == RM_GOAL_REMOVE || goal == RM_GOAL_LEAVE) &&
			   rm_node_life(node) != RM_TASK_ALIVE);
	own(node)->reserved |= rm_entry_has(node, RM_RECORD_RESERVATION);
	if (removed && s->model.complete && !node->broken &&
	    rm_entry_has(node, RM_RECORD_STATUS) &&
	    !rm_entry_has(node, RM_RECORD_RESERVATION) &&
	    !rm_entry_has(node, RM_RECORD_TASK) &&
	    (own(node)->reserved || s->now >= since + RM_MODEL_SETTLE))
		rm_sched_store(
		    &s->model, stage, RM_RECORD_STATUS, node->key, jv_null());
}

/* Said once when a record can't be read, and once when it can be again. */
static void
report_broken(const struct rm_entry *entry, bool was)
{
	if (entry->broken == was)
		return;
	char *why = rm_node_frozen(entry);
	if (entry->broken)
		rm_log_warn("frozen: %s", why);
	else
		rm_log_info("mended: the records of %s can be read again",
		    entry->key[0] != '\0' ? entry->key : "the framework");
	free(why);
}

static int
on_record(struct rm_stage *stage, void *state, jv line, struct rm_error *err)
{
	struct rm_status *s = state;
	struct rm_entry *entry;
	bool framework_broken = s->model.framework.broken;
	int rc = rm_model_take(&s->model, line, &entry, err);
	jv_free(line);
	if (rc != 0 || entry == NULL)
		return rc;
	if (entry == &s->model.framework) {
		report_broken(entry, framework_broken);
		s->reconcile.launch_limit = rm_model_setting(
		    &s->model, "launch_limit", LAUNCH_LIMIT);
	}
	if (entry->own == NULL)
		return 0;
	bool was = own(entry)->reported;
	own(entry)->reported = entry->broken;
	report_broken(entry, was);
	if (was && !entry->broken && rm_node_life(entry) != RM_TASK_NONE)
		rm_reconcile_node(&s->reconcile, stage, entry, s->now);
	return 0;
}

static int
on_tick(struct rm_stage *stage, void *state, jv line, struct rm_error *err)
{
	struct rm_status *s = state;
	double at = rm_json_number(line, "tick", -1);
	jv_free(line);
	if (at < 0)
		return rm_stage_lacks(err, "its time");
	if (at > s->now)
		s->now = at;
	for (size_t i = 0; i < s->model.nodes.count; i++)
		forget_removed(s, stage, s->model.nodes.items[i]);
	rm_model_sweep(&s->model);
	rm_reconcile_tick(&s->reconcile, stage, &s->model, s->now);
	return 0;
}

const struct rm_stage_rule rm_status_rules[] = {
	{ RM_KIND_EVENT, "SUBSCRIBED", false, on_subscribed },
	{ RM_KIND_EVENT, "UPDATE", false, on_update },
	{ RM_KIND_EVENT, "UPDATE_OPERATION_STATUS", false, on_operation },
	{ RM_KIND_EVENT, "FAILURE", false, on_failure },
	{ RM_KIND_RECORD, NULL, false, on_record },
	{ RM_KIND_TICK, NULL, false, on_tick },
	{ RM_KIND_NONE, NULL, false, NULL },
};
