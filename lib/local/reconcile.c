#include "local/reconcile.h"

#include "base/json.h"
#include "local/agent.h"
#include "local/framework.h"
#include "local/task.h"

static void
answer(struct rm_local_framework *f, const char *task_id, const char *state,
    const char *message, const char *agent_id, const char *executor_id,
    jv extra)
{
	rm_local_master_status(f, task_id, state, "REASON_RECONCILIATION",
	    message, agent_id, executor_id, extra);
}

static void
answer_known(const struct rm_local_task *task)
{
	static const char *const members[] = { "healthy", "container_status" };
	jv extra = jv_object();
	for (size_t i = 0; i < 2; i++)
		extra = rm_json_set(
		    extra, members[i], rm_json_get(task->last, members[i]));
	answer(task->framework, task->id, task->state,
	    "Reconciliation: Latest task state", task->agent->id,
	    task->executor_id, extra);
}

static void
answer_unreachable(struct rm_local_framework *f, const char *task_id,
    const char *agent_id, double since)
{
	answer(f, task_id, "TASK_UNREACHABLE",
	    "Reconciliation: Task is unreachable", agent_id, NULL,
	    JV_OBJECT(jv_string("unreachable_time"),
		JV_OBJECT(jv_string("nanoseconds"), jv_number(since * 1e9))));
}

/* Of an agent that another has replaced; false: it was none. */
static bool
answer_replaced(
    struct rm_local_framework *f, const char *task_id, const char *agent_id)
{
	if (rm_json_has(f->local->gone, agent_id)) {
		answer(f, task_id, "TASK_GONE_BY_OPERATOR",
		    "Reconciliation: Task is gone", agent_id, NULL,
		    jv_invalid());
		return true;
	}
	if (rm_json_has(f->local->unreachable, agent_id)) {
		answer_unreachable(f, task_id, agent_id,
		    rm_json_number(f->local->unreachable, agent_id, 0));
		return true;
	}
	return false;
}

/* Whether some agent may still come with tasks that nobody knows of. */
static bool
awaits_agents(const struct rm_local *local)
{
	for (size_t i = 0; i < local->agent_count; i++)
		if (local->agents[i]->link == RM_LINK_NEW)
			return true;
	return false;
}

void
rm_local_reconcile_task(
    struct rm_local_framework *f, const char *task_id, const char *agent_id)
{
	const struct rm_local_task *task = rm_local_task_find(f, task_id);
	const struct rm_local_agent *agent = rm_local_agent_find(
	    f->local, agent_id);
	if (task != NULL && rm_local_task_known(task)) {
		answer_known(task);
		return;
	}
	if (agent_id == NULL && task != NULL)
		agent = task->agent;
	if (agent == NULL && agent_id != NULL &&
	    answer_replaced(f, task_id, agent_id))
		return;
	if (agent == NULL) {
		if (agent_id != NULL || !awaits_agents(f->local))
			answer(f, task_id, "TASK_UNKNOWN",
			    "Reconciliation: Task is unknown", agent_id, NULL,
			    jv_invalid());
		return;
	}
	switch (agent->link) {
	case RM_LINK_REGISTERED:
	case RM_LINK_SILENT:
		answer(f, task_id, "TASK_GONE",
		    "Reconciliation: Task is unknown to the agent", agent_id,
		    NULL, jv_invalid());
		break;
	case RM_LINK_NEW:
		break; /* no answer before it has registered */
	case RM_LINK_UNREACHABLE:
		answer_unreachable(f, task_id, agent->id, agent->unreachable);
		break;
	case RM_LINK_GONE:
		answer(f, task_id, "TASK_GONE_BY_OPERATOR",
		    "Reconciliation: Task is gone", agent->id, NULL,
		    jv_invalid());
		break;
	case RM_LINK_REMOVED:
		answer(f, task_id, "TASK_UNKNOWN",
		    "Reconciliation: Task is unknown", agent_id, NULL,
		    jv_invalid());
		break;
	}
}

static void
reconcile_all(struct rm_local_framework *f)
{
	struct rm_hash_link *link = NULL;
	while ((link = rm_hash_next(&f->tasks, link)) != NULL) {
		const struct rm_local_task *task = RM_HASH_ENTRY(
		    link, struct rm_local_task, link);
		if (rm_local_task_known(task))
			answer_known(task);
	}
}

void
rm_local_reconcile(struct rm_local_framework *f, jv reconcile)
{
	jv tasks = rm_json_get(reconcile, "tasks");
	if (jv_get_kind(tasks) != JV_KIND_ARRAY ||
	    jv_array_length(jv_copy(tasks)) == 0) {
		reconcile_all(f);
	} else {
		jv_array_foreach (tasks, i, one) {
			rm_local_reconcile_task(f,
			    rm_json_path_text(one, "task_id.value"),
			    rm_json_path_text(one, "agent_id.value"));
			jv_free(one);
		}
	}
	jv_free(tasks);
}
