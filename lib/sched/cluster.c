#include "sched/cluster.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "sched/lost.h"
#include "sched/member.h"
#include "sched/membership.h"
#include "sched/rollout.h"
#include "sched/store.h"
#include "state/phase.h"

/* A KILL may be lost with its subscription; the executor's grace comes on top
 * of this before it is said again. */
#define KILL_AGAIN 10.0
#define KILL_GRACE 120.0

struct rm_cluster {
	struct rm_model model;
	double now;
	bool subscribed;
	struct rm_entry **grouped; /* the nodes, cluster by cluster; a tick's */
};

/* Of each node, in entry->own of the model. */
struct own {
	double killed_at; /* when KILL was last said; 0: not */
	long long killed; /* the task's time */
	double bare_since; /* when it was first seen with nothing left */
	bool reserved; /* a reservation of it was seen: it was there */
	struct rm_lost_memory lost;
};

/* Of each cluster, likewise. */
struct own_cluster {
	double joining_since; /* nodes are ready to join; 0: none */
	struct rm_entries nodes; /* its own; part of grouped */
};

void *
rm_cluster_new(void)
{
	struct rm_cluster *c = rm_alloc(sizeof(*c));
	rm_model_init(&c->model, RM_WRITES_CLUSTER, sizeof(struct own),
	    sizeof(struct own_cluster));
	return c;
}

void
rm_cluster_free(void *state)
{
	struct rm_cluster *c = state;
	rm_model_free(&c->model);
	free(c->grouped);
	free(c);
}

static struct rm_entry *
cluster_of(const struct rm_cluster *c, const struct rm_entry *node)
{
	return rm_model_cluster(
	    &c->model, rm_entry_text(node, RM_RECORD_NODE, "cluster", ""));
}

/*
 * A raised restart counter of the node ends its task at once; one of the
 * cluster does so by its rollout. Only a task whose record is here tells what
 * it has met.
 */
static bool
restart_due(const struct rm_cluster *c, const struct rm_entry *node)
{
	const struct rm_entry *of = cluster_of(c, node);
	const char *task = rm_entry_text(node, RM_RECORD_TASK, "task_id", "");
	const char *newest = rm_node_task(node);
	if (newest == NULL || strcmp(task, newest) != 0)
		return false;
	double own = rm_entry_number(node, RM_RECORD_NODE, "restart", 0);
	return rm_entry_number(node, RM_RECORD_TASK, "restart", own) < own ||
	       (of != NULL && rm_rollout_ends(of, node));
}

/* It was told to join: what it says of itself may be of before that. */
static bool
may_have_joined(const struct rm_cluster *c, const struct rm_entry *node)
{
	enum rm_member_answer answer = rm_member_answer(node, "join");
	double at = rm_entry_time(node, RM_RECORD_ORDER, "at", 0, c->now);
	return answer == RM_MEMBER_WAITING ||
	       (answer == RM_MEMBER_DONE && c->now < at + RM_MEMBER_SPREAD);
}

/* Whether the node's goals want its task ended, and why. */
static const char *
why_end(const struct rm_cluster *c, const struct rm_entry *node)
{
	switch (rm_node_goal(node)) {
	case RM_GOAL_STOP:
		return "stop";
	case RM_GOAL_REMOVE:
		/* A join that is staged can't be taken back. */
		return rm_member_ready(node) &&
			       rm_member_is_needed(&c->model, node)
			   ? NULL
			   : "remove";
	case RM_GOAL_LEAVE:
		/* Alone in its ring it has nobody to leave, unless there are
		 * some to join it. */
		return rm_member_ready(node) && rm_member_alone(node) &&
			       !may_have_joined(c, node) &&
			       !rm_member_is_listed(&c->model, node) &&
			       !rm_member_is_needed(&c->model, node)
			   ? "leave"
			   : NULL;
	case RM_GOAL_RUN:
		return restart_due(c, node) ? "restart" : NULL;
	case RM_GOAL_NONE:
		break;
	}
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

/* Nothing is left of the node but its own record and an order. A ring that
 * still lists it needs its name. */
static bool
bare(const struct rm_entry *node)
{
	return !rm_entry_has(node, RM_RECORD_RESERVATION) &&
	       !rm_entry_has(node, RM_RECORD_TASK) &&
	       !rm_entry_has(node, RM_RECORD_STATUS);
}

/* It is to be removed, and what it had is still to be taken up for that. */
static bool
is_orphaned(const struct rm_cluster *c, const struct rm_entry *node)
{
	const char *id = rm_entry_text(node, RM_RECORD_NODE, "adopt", "");
	const struct rm_entries *volumes = &c->model.volumes;
	for (size_t i = 0; i < volumes->count; i++)
		if (strcmp(volumes->items[i]->key, id) == 0 &&
		    rm_entry_has(volumes->items[i], RM_RECORD_ORPHAN))
			return true;
	return false;
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
	own->reserved |= rm_entry_has(node, RM_RECORD_RESERVATION);
	if (!removed || !bare(node) || is_orphaned(c, node) ||
	    rm_member_is_listed(&c->model, node)) {
		own->bare_since = 0;
		return;
	}
	if (own->bare_since <= 0)
		own->bare_since = own->reserved ? c->now - RM_MODEL_SETTLE
						: c->now;
	int version = node->cells[RM_RECORD_NODE].version;
	if (c->now < own->bare_since + RM_MODEL_SETTLE || version < 0)
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
	rm_lost_step(
	    &c->model, stage, node, c->now, &((struct own *)node->own)->lost);
	forget(c, stage, node);
}

/* Each cluster's nodes, in one pass over all: looking for them in each of many
 * clusters would take clusters times nodes. */
static void
group(struct rm_cluster *c)
{
	const struct rm_entries *nodes = &c->model.nodes;
	const struct rm_entries *clusters = &c->model.clusters;
	struct rm_entry **next;
	c->grouped = next = rm_realloc(
	    c->grouped, nodes->count * sizeof(*c->grouped));
	for (size_t i = 0; i < clusters->count; i++)
		((struct own_cluster *)clusters->items[i]->own)
		    ->nodes = (struct rm_entries){ 0 };
	for (size_t i = 0; i < nodes->count; i++) {
		struct rm_entry *of = cluster_of(c, nodes->items[i]);
		if (of != NULL)
			((struct own_cluster *)of->own)->nodes.room++;
	}
	for (size_t i = 0; i < clusters->count; i++) {
		struct own_cluster *own = clusters->items[i]->own;
		own->nodes.items = next;
		next += own->nodes.room;
	}
	for (size_t i = 0; i < nodes->count; i++) {
		struct rm_entry *of = cluster_of(c, nodes->items[i]);
		if (of == NULL)
			continue;
		struct rm_entries *its = &((struct own_cluster *)of->own)->nodes;
		its->items[its->count++] = nodes->items[i];
	}
}

/* A cluster to be destroyed goes when the last of its nodes has gone. */
static void
destroy(struct rm_cluster *c, struct rm_stage *stage, struct rm_entry *cluster)
{
	static const char *const kinds[] = { "secrets", "verdicts",
		"clusters" };
	jv record = rm_entry_value(cluster, RM_RECORD_CLUSTER);
	int version = cluster->cells[RM_RECORD_CLUSTER].version;
	if (!rm_json_bool(record, "destroy", false) || version < 0 ||
	    cluster->broken ||
	    ((struct own_cluster *)cluster->own)->nodes.count > 0)
		return;
	rm_log_info("gone cluster=%s", cluster->key);
	if (rm_entry_has(cluster, RM_RECORD_ROLLOUT))
		rm_sched_store(&c->model, stage, RM_RECORD_ROLLOUT,
		    cluster->key, jv_null());
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		char *path = rm_format("%s/%s", kinds[i], cluster->key);
		bool last = strcmp(kinds[i], "clusters") == 0;
		rm_stage_write(stage, path, jv_null(), last ? version : -1);
		free(path);
	}
	/* Its end is heard of; until then it is not said again. */
	cluster->cells[RM_RECORD_CLUSTER].version = -1;
}

static void
look_at_cluster(
    struct rm_cluster *c, struct rm_stage *stage, struct rm_entry *cluster)
{
	struct own_cluster *own = cluster->own;
	destroy(c, stage, cluster);
	if (!c->subscribed || cluster->broken ||
	    rm_json_bool(
		rm_entry_value(cluster, RM_RECORD_CLUSTER), "destroy", false))
		return;
	bool changing = rm_membership_step(
	    &c->model, stage, cluster->key, &own->nodes, c->now,
	    &own->joining_since);
	rm_rollout_step(
	    &c->model, stage, cluster, &own->nodes, c->now, changing);
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
	group(c);
	/* A rollout's record goes out before the KILL that carries it out. */
	for (size_t i = 0; i < c->model.clusters.count; i++)
		look_at_cluster(c, stage, c->model.clusters.items[i]);
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
