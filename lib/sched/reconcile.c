#include "sched/reconcile.h"

#include <string.h>

#include "base/json.h"
#include "state/phase.h"

#define FIRST_WAIT   4.0
#define LONGEST_WAIT 30.0
#define FULL_EVERY   900.0

static struct rm_reconcile_node *
own(const struct rm_entry *node)
{
	return node->own;
}

const char *
rm_reconcile_agent(const struct rm_entry *node)
{
	const char *agent = rm_node_task_agent(node);
	return rm_node_life(node) == RM_TASK_ENDED
		   ? rm_entry_text(
			 node, RM_RECORD_RESERVATION, "agent_id", agent)
		   : agent;
}

/* The task as RECONCILE names it; consumes and returns the array. */
static jv
add_task(jv tasks, const struct rm_entry *node)
{
	const char *id = rm_node_task(node);
	const char *agent = rm_reconcile_agent(node);
	if (id == NULL)
		return tasks;
	jv task = JV_OBJECT(
	    jv_string("task_id"), JV_OBJECT(jv_string("value"), jv_string(id)));
	if (agent != NULL)
		task = rm_json_set(task, "agent_id",
		    JV_OBJECT(jv_string("value"), jv_string(agent)));
	return jv_array_append(tasks, task);
}

static void
ask(struct rm_stage *stage, jv tasks)
{
	rm_stage_call(stage, "RECONCILE", "reconcile",
	    JV_OBJECT(jv_string("tasks"), tasks));
}

static void
ask_pending(struct rm_stage *stage, const struct rm_model *model)
{
	jv tasks = jv_array();
	for (size_t i = 0; i < model->nodes.count; i++)
		if (own(model->nodes.items[i])->pending)
			tasks = add_task(tasks, model->nodes.items[i]);
	/* An empty list would be an implicit request. */
	if (jv_array_length(jv_copy(tasks)) > 0)
		ask(stage, tasks);
	else
		jv_free(tasks);
}

bool
rm_reconcile_counts(const struct rm_entry *node)
{
	enum rm_task_life life = rm_node_life(node);
	return life == RM_TASK_ALIVE || life == RM_TASK_UNSURE ||
	       (life == RM_TASK_ENDED &&
		   rm_entry_has(node, RM_RECORD_RESERVATION));
}

static void
begin(struct rm_reconcile *r, double now)
{
	r->wait = FIRST_WAIT;
	r->next = now + r->wait;
}

void
rm_reconcile_all(struct rm_reconcile *r, struct rm_stage *stage,
    const struct rm_model *model, double now)
{
	for (size_t i = 0; i < model->nodes.count; i++)
		own(model->nodes.items[i])->pending = rm_reconcile_counts(
		    model->nodes.items[i]);
	ask_pending(stage, model);
	ask(stage, jv_array());
	begin(r, now);
	r->full_at = now + FULL_EVERY;
}

void
rm_reconcile_node(struct rm_reconcile *r, struct rm_stage *stage,
    struct rm_entry *node, double now)
{
	own(node)->pending = true;
	if (!r->subscribed)
		return;
	ask(stage, add_task(jv_array(), node));
	if (r->next <= 0)
		begin(r, now);
}

/* A launch that nothing was heard of for too long. */
static bool
overdue(const struct rm_reconcile *r, const struct rm_entry *node, double now)
{
	double launched = rm_entry_time(
	    node, RM_RECORD_TASK, "launched", now, now);
	const char *heard = rm_entry_text(
	    node, RM_RECORD_STATUS, "task_id", "");
	const char *task = rm_entry_text(
	    node, RM_RECORD_TASK, "task_id", heard);
	return strcmp(task, heard) != 0 && now - launched > r->launch_limit;
}

void
rm_reconcile_tick(struct rm_reconcile *r, struct rm_stage *stage,
    const struct rm_model *model, double now)
{
	if (!r->subscribed)
		return;
	if (now >= r->full_at) {
		rm_reconcile_all(r, stage, model, now);
		return;
	}
	size_t pending = 0;
	for (size_t i = 0; i < model->nodes.count; i++) {
		struct rm_entry *node = model->nodes.items[i];
		if (!own(node)->pending && overdue(r, node, now))
			own(node)->pending = true;
		pending += own(node)->pending;
	}
	if (pending == 0) {
		r->next = 0;
	} else if (r->next <= 0) {
		begin(r, now);
		ask_pending(stage, model);
	} else if (now >= r->next) {
		r->wait = r->wait * 2 < LONGEST_WAIT ? r->wait * 2
						     : LONGEST_WAIT;
		r->next = now + r->wait;
		ask_pending(stage, model);
	}
}
