#include "sched/launch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "sched/store.h"
#include "sched/task_info.h"
#include "state/phase.h"

struct rm_launch {
	struct rm_model model;
};

void *
rm_launch_new(void)
{
	struct rm_launch *l = rm_alloc(sizeof(*l));
	rm_model_init(&l->model, RM_WRITES_LAUNCH, 0, 0);
	return l;
}

void
rm_launch_free(void *state)
{
	struct rm_launch *l = state;
	rm_model_free(&l->model);
	free(l);
}

/* The operations of one plan, in the order in which they must happen. */
struct operations {
	const struct rm_launch *launch;
	jv list; /* owned */
	bool ids; /* ask for feedback */
};

/*
 * Appends {"type":type,body_key:{list_key:resources}}. what is the id's second
 * half, NULL for none: LAUNCH must have none (facts: mesos, G). Consumes
 * resources; an empty list appends nothing.
 */
static void
add(struct operations *ops, const char *type, const char *body_key,
    const char *list_key, jv resources, const char *what)
{
	if (jv_array_length(jv_copy(resources)) == 0) {
		jv_free(resources);
		return;
	}
	jv operation = JV_OBJECT(jv_string("type"), jv_string(type));
	if (what != NULL && ops->ids) {
		char *id = rm_format("%s-%s", body_key, what);
		operation = rm_json_set(operation, "id",
		    JV_OBJECT(jv_string("value"), jv_string(id)));
		free(id);
	}
	operation = rm_json_set(
	    operation, body_key, JV_OBJECT(jv_string(list_key), resources));
	ops->list = jv_array_append(ops->list, operation);
}

static void
add_release(struct operations *ops, jv plan, jv release)
{
	char *what = rm_format("%s.%lld", rm_json_text(release, "node", ""),
	    llround(rm_json_number(plan, "at", 0) * 1000));
	add(ops, "DESTROY", "destroy", "volumes",
	    rm_json_get(release, "destroy"), what);
	add(ops, "UNRESERVE", "unreserve", "resources",
	    rm_json_get(release, "unreserve"), what);
	free(what);
}

static void
add_launch(struct operations *ops, jv plan, jv launch)
{
	const char *task = rm_json_text(launch, "task", "");
	add(ops, "RESERVE", "reserve", "resources",
	    rm_json_get(launch, "reserve"), task);
	add(ops, "CREATE", "create", "volumes", rm_json_get(launch, "create"),
	    task);
	add(ops, "LAUNCH", "launch", "task_infos",
	    JV_ARRAY(rm_task_info(&ops->launch->model, plan, launch)), NULL);
}

static const char *
check_plan(jv plan)
{
	static const struct {
		const char *field;
		jv_kind kind;
	} wanted[] = { { "plan", JV_KIND_STRING }, { "at", JV_KIND_NUMBER },
		{ "offers", JV_KIND_ARRAY }, { "launch", JV_KIND_ARRAY },
		{ "release", JV_KIND_ARRAY } };
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		jv v = rm_json_get(plan, wanted[i].field);
		jv_kind kind = jv_get_kind(v);
		jv_free(v);
		if (kind != wanted[i].kind)
			return wanted[i].field;
	}
	return NULL;
}

static int
on_plan(struct rm_stage *stage, void *state, jv plan, struct rm_error *err)
{
	struct rm_launch *l = state;
	const char *lack = check_plan(plan);
	if (lack != NULL) {
		jv_free(plan);
		return rm_stage_lacks(err, lack);
	}
	jv settings = rm_entry_value(&l->model.framework, RM_RECORD_SETTINGS);
	struct operations ops = { l, jv_array(),
		rm_json_bool(settings, "operation_ids", true) };
	jv releases = rm_json_get(plan, "release");
	jv launches = rm_json_get(plan, "launch");
	jv_array_foreach (releases, i, release) {
		add_release(&ops, plan, release);
		jv_free(release);
	}
	jv_array_foreach (launches, j, launch) {
		rm_sched_store(&l->model, stage, RM_RECORD_TASK,
		    rm_json_text(launch, "node", ""),
		    rm_task_record(&l->model, plan, launch));
		add_launch(&ops, plan, launch);
		jv_free(launch);
	}
	rm_stage_call(stage, "ACCEPT", "accept",
	    JV_OBJECT(jv_string("offer_ids"), rm_json_get(plan, "offers"),
		jv_string("operations"), ops.list, jv_string("filters"),
		JV_OBJECT(jv_string("refuse_seconds"),
		    jv_number(rm_json_number(plan, "refuse_seconds", 5)))));
	jv_free(launches);
	jv_free(releases);
	jv_free(plan);
	return 0;
}

/* The end of a removed node: its reservation is gone, so the task's record
 * goes (design: order of deletion). */
static void
forget(struct rm_launch *l, struct rm_stage *stage, struct rm_entry *node)
{
	enum rm_goal goal = rm_node_goal(node);
	if ((goal == RM_GOAL_REMOVE || goal == RM_GOAL_LEAVE) &&
	    !node->broken && rm_entry_has(node, RM_RECORD_TASK) &&
	    !rm_entry_has(node, RM_RECORD_RESERVATION) &&
	    rm_node_life(node) != RM_TASK_ALIVE)
		rm_sched_store(
		    &l->model, stage, RM_RECORD_TASK, node->key, jv_null());
}

/*
 * A task that runs on its node's reservation, and is newer than the record:
 * records that were put back are older than it. What is ours is written before
 * its launch, so that it can't be on its way.
 */
static void
adopt(struct rm_launch *l, struct rm_stage *stage, struct rm_entry *node)
{
	const char *agent = rm_node_task_agent(node);
	const char *id = rm_entry_text(node, RM_RECORD_TASK, "task_id", "");
	if (!l->model.complete || node->broken || agent == NULL ||
	    !rm_entry_has(node, RM_RECORD_NODE) || !rm_node_heard_alive(node) ||
	    strcmp(id, rm_node_task(node)) == 0 ||
	    strcmp(rm_entry_text(node, RM_RECORD_RESERVATION, "agent_id", ""),
		agent) != 0)
		return;
	rm_log_warn("adopt task=%s agent=%s: no record told of it",
	    rm_node_task(node), agent);
	rm_sched_store(&l->model, stage, RM_RECORD_TASK, node->key,
	    rm_task_record_adopted(&l->model, node));
}

static int
on_record(struct rm_stage *stage, void *state, jv line, struct rm_error *err)
{
	struct rm_launch *l = state;
	(void)stage;
	int rc = rm_model_take(&l->model, line, NULL, err);
	jv_free(line);
	return rc;
}

static int
on_tick(struct rm_stage *stage, void *state, jv line, struct rm_error *err)
{
	struct rm_launch *l = state;
	(void)err;
	jv_free(line);
	rm_model_sweep(&l->model);
	for (size_t i = 0;
	     !rm_model_frozen(&l->model) && i < l->model.nodes.count; i++) {
		adopt(l, stage, l->model.nodes.items[i]);
		forget(l, stage, l->model.nodes.items[i]);
	}
	return 0;
}

const struct rm_stage_rule rm_launch_rules[] = {
	{ RM_KIND_PLAN, NULL, true, on_plan },
	{ RM_KIND_RECORD, NULL, false, on_record },
	{ RM_KIND_WRITE, NULL, false, on_record },
	{ RM_KIND_TICK, NULL, false, on_tick },
	{ RM_KIND_NONE, NULL, false, NULL },
};
