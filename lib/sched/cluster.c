#include "sched/cluster.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "state/phase.h"

/* A KILL may be lost with its subscription; the executor's grace comes on top
 * of this before it is said again. */
#define KILL_AGAIN 10.0
#define KILL_GRACE 120.0
/* A reservation that was just written reaches this stage through ZooKeeper;
 * a node that seems to have none is kept until that can't be. */
#define SETTLE 10.0

struct rm_cluster {
	struct rm_model model;
	double now;
	bool subscribed;
};

/* Of each node, in entry->own of the model. */
struct own {
	double killed_at; /* when KILL was last said; 0: not */
	long long killed; /* the task's time */
	double bare_since; /* when it was first seen with nothing left */
	bool had; /* something of it was seen: what is gone now was there */
};

void *
rm_cluster_new(void)
{
	struct rm_cluster *c = rm_alloc(sizeof(*c));
	rm_model_init(&c->model,
	    1U << RM_RECORD_ORDER | 1U << RM_RECORD_ROLLOUT,
	    sizeof(struct own));
	return c;
}

void
rm_cluster_free(void *state)
{
	struct rm_cluster *c = state;
	rm_model_free(&c->model);
	free(c);
}

/* Whether the node's goals want its task ended, and why. */
static const char *
why_end(const struct rm_cluster *c, const struct rm_entry *node)
{
	enum rm_goal goal = rm_node_goal(node);
	if (goal == RM_GOAL_STOP)
		return "stop";
	if (goal == RM_GOAL_REMOVE || goal == RM_GOAL_LEAVE)
		return "remove";
	const char *cluster = rm_entry_text(
	    node, RM_RECORD_NODE, "cluster", "");
	const struct rm_entry *of = rm_model_cluster(&c->model, cluster);
	double wanted = rm_entry_number(node, RM_RECORD_NODE, "restart", 0) +
			(of != NULL ? rm_entry_number(
					  of, RM_RECORD_CLUSTER, "restart", 0)
				    : 0);
	/* Only a task whose record is here tells what it has met. */
	const char *task = rm_entry_text(node, RM_RECORD_TASK, "task_id", "");
	const char *newest = rm_node_task(node);
	if (goal == RM_GOAL_RUN && newest != NULL &&
	    strcmp(task, newest) == 0 &&
	    rm_entry_number(node, RM_RECORD_TASK, "restart", wanted) < wanted)
		return "restart";
	return NULL;
}

static void
end_task(struct rm_cluster *c, struct rm_stage *stage, struct rm_entry *node)
{
	struct own *own = node->own;
	const char *why = why_end(c, node);
	if (why == NULL || rm_node_life(node) != RM_TASK_ALIVE)
		return;
	double again = KILL_AGAIN +
		       rm_model_setting(&c->model, "kill_grace", KILL_GRACE);
	if (own->killed == rm_node_task_time(node) &&
	    c->now < own->killed_at + again)
		return;
	own->killed = rm_node_task_time(node);
	own->killed_at = c->now;

	const char *task = rm_node_task(node);
	const char *agent = rm_node_task_agent(node);
	rm_log_info("kill node=%s task=%s why=%s", node->key, task, why);
	jv kill = JV_OBJECT(jv_string("task_id"),
	    JV_OBJECT(jv_string("value"), jv_string(task)));
	if (agent != NULL)
		kill = rm_json_set(kill, "agent_id",
		    JV_OBJECT(jv_string("value"), jv_string(agent)));
	rm_stage_call(stage, "KILL", "kill", kill);
}

/* Nothing is left of the node but its own record and an order. */
static bool
bare(const struct rm_entry *node)
{
	return !rm_entry_has(node, RM_RECORD_RESERVATION) &&
	       !rm_entry_has(node, RM_RECORD_TASK) &&
	       !rm_entry_has(node, RM_RECORD_STATUS);
}

/*
 * The end of a removed node: reservation, task and status are gone, each taken
 * away by its writer; here go its order and, last, the node, at the version
 * that said so.
 */
static void
forget(struct rm_cluster *c, struct rm_stage *stage, struct rm_entry *node)
{
	struct own *own = node->own;
	enum rm_goal goal = rm_node_goal(node);
	bool removed = goal == RM_GOAL_REMOVE || goal == RM_GOAL_LEAVE;
	if (!bare(node))
		own->had = true;
	if (!removed || !bare(node)) {
		own->bare_since = 0;
		return;
	}
	if (own->bare_since <= 0)
		own->bare_since = own->had ? c->now - SETTLE : c->now;
	int version = node->cells[RM_RECORD_NODE].version;
	if (c->now < own->bare_since + SETTLE || version < 0)
		return;
	char *path;
	if (rm_entry_has(node, RM_RECORD_ORDER)) {
		path = rm_format("orders/%s", node->key);
		rm_stage_write(stage, path, jv_null(), -1);
		free(path);
	}
	rm_log_info("gone node=%s", node->key);
	path = rm_format("nodes/%s", node->key);
	rm_stage_write(stage, path, jv_null(), version);
	free(path);
	/* Said once a settling time: the record's end is heard of by then. */
	own->bare_since = c->now;
}

static void
look_at(struct rm_cluster *c, struct rm_stage *stage, struct rm_entry *node)
{
	if (node->broken || !rm_entry_has(node, RM_RECORD_NODE))
		return;
	if (c->subscribed)
		end_task(c, stage, node);
	forget(c, stage, node);
}

static int
on_tick(struct rm_stage *stage, void *state, jv line, struct rm_error *err)
{
	struct rm_cluster *c = state;
	double at = rm_json_number(line, "tick", -1);
	jv_free(line);
	if (at < 0)
		return rm_stage_lacks(err, "its time");
	c->now = at;
	rm_model_sweep(&c->model);
	if (rm_model_frozen(&c->model))
		return 0;
	for (size_t i = 0; i < c->model.nodes.count; i++)
		look_at(c, stage, c->model.nodes.items[i]);
	return 0;
}

static int
on_record(struct rm_stage *stage, void *state, jv line, struct rm_error *err)
{
	struct rm_cluster *c = state;
	(void)stage;
	int rc = rm_model_take(&c->model, line, NULL, err);
	jv_free(line);
	return rc;
}

/* A new subscription: calls of the one before may be lost. */
static int
on_subscribed(
    struct rm_stage *stage, void *state, jv line, struct rm_error *err)
{
	struct rm_cluster *c = state;
	(void)stage, (void)err;
	jv_free(line);
	c->subscribed = true;
	for (size_t i = 0; i < c->model.nodes.count; i++)
		((struct own *)c->model.nodes.items[i]->own)->killed_at = 0;
	return 0;
}

const struct rm_stage_rule rm_cluster_rules[] = {
	{ RM_KIND_EVENT, "SUBSCRIBED", false, on_subscribed },
	{ RM_KIND_RECORD, NULL, false, on_record },
	{ RM_KIND_WRITE, NULL, false, on_record },
	{ RM_KIND_TICK, NULL, false, on_tick },
	{ RM_KIND_NONE, NULL, false, NULL },
};
