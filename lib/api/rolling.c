#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "api/changing.h"
#include "api/handlers.h"
#include "api/shape.h"
#include "api/wanted.h"
#include "base/exit.h"
#include "base/json.h"
#include "state/fill.h"
#include "state/phase.h"

#define MOST_NODES 1000 /* of a cluster */

/* A body may be left out; invalid then. */
static int
optional_body(const struct rm_request *request, jv *body, struct rm_error *err)
{
	size_t len;
	const char *text = rm_request_body(request, &len);
	*body = jv_invalid();
	if (len == 0)
		return 0;
	if (rm_json_parse(text, len, body, err) != 0) {
		err->code = RM_EXIT_USAGE;
		return -1;
	}
	if (jv_get_kind(*body) == JV_KIND_OBJECT)
		return 0;
	jv_free(*body);
	*body = jv_invalid();
	return rm_error_set(err, RM_EXIT_USAGE, "not a JSON object");
}

/* A member that is a whole number from 1 on; *number stays when it is not
 * there. */
static int
read_count(jv body, const char *name, long *number, struct rm_error *err)
{
	if (!rm_json_has(body, name))
		return 0;
	double n = rm_json_number(body, name, 0);
	if (n < 1 || n > MOST_NODES || floor(n) != n)
		return rm_error_set(err, RM_EXIT_USAGE,
		    "%s: not a whole number from 1 to %d", name, MOST_NODES);
	*number = (long)n;
	return 0;
}

/* ---- restart, which is also how a cluster gets another Riak ---- */

static int
make_restart(struct rm_api_change *c, const struct rm_store *store,
    bool surprise, struct rm_change *change, struct rm_error *err)
{
	(void)surprise;
	const struct rm_entry *cluster = rm_api_cluster_that_stays(c, err);
	if (cluster == NULL)
		return -1;
	double next = rm_entry_number(
			  cluster, RM_RECORD_CLUSTER, "restart", 0) +
		      1;
	return rm_api_store_fields(cluster,
	    rm_json_set(jv_copy(c->fields), "restart", jv_number(next)), store,
	    change, err);
}

static int
take_restart(struct rm_api_change *c, jv body, struct rm_error *err)
{
	long parallel = 1;
	if (read_count(body, "parallel", &parallel, err) != 0)
		return -1;
	c->fields = JV_OBJECT(
	    jv_string("parallel"), jv_number((double)parallel));
	if (!rm_json_has(body, "riak_version"))
		return 0;
	jv version = rm_json_get(body, "riak_version");
	jv versions = rm_shape_versions(rm_view_model(c->api->view));
	int rc = rm_wanted_version(version, versions, err);
	jv_free(versions);
	c->fields = rm_json_set(c->fields, "riak_version", version);
	return rc;
}

void
rm_api_restart_cluster(struct rm_request *request, void *arg)
{
	struct rm_api_change *c = rm_api_change_new(
	    arg, request, "restart", make_restart);
	struct rm_error err = { 0 };
	jv body;
	int rc = optional_body(request, &body, &err);
	if (rc == 0)
		rc = take_restart(c, body, &err);
	jv_free(body);
	if (rc == 0)
		rm_api_change_start(c);
	else
		rm_api_change_fail(c, &err);
}

/* ---- the rollout that follows ---- */

void
rm_api_get_rollout(struct rm_request *request, void *arg)
{
	struct rm_api *api = arg;
	const char *key = rm_request_param(request, "cluster");
	const struct rm_entry *cluster = rm_model_cluster(
	    rm_view_model(api->view), key);
	jv plan = rm_shape_is_cluster(cluster)
		      ? rm_shape_rollout(cluster)
		      : jv_invalid();
	if (!rm_shape_is_cluster(cluster))
		rm_api_refuse_as(request, 404, "no such cluster: %s", key);
	else if (!jv_is_valid(plan))
		rm_api_refuse_as(
		    request, 404, "cluster %s has had no rollout", key);
	else
		rm_reply_json(request, 200, jv_copy(plan));
	jv_free(plan);
}

static int
make_command(struct rm_api_change *c, const struct rm_store *store,
    bool surprise, struct rm_change *change, struct rm_error *err)
{
	(void)surprise;
	const struct rm_entry *cluster = rm_api_cluster_that_stays(c, err);
	if (cluster == NULL)
		return -1;
	jv old = rm_json_get(
	    rm_entry_value(cluster, RM_RECORD_CLUSTER), "command");
	double id = rm_json_number(old, "id", 0) + 1;
	jv_free(old);
	return rm_api_store_fields(cluster,
	    JV_OBJECT(jv_string("command"),
		JV_OBJECT(jv_string("id"), jv_number(id), jv_string("verb"),
		    rm_json_get(c->fields, "verb"))),
	    store, change, err);
}

void
rm_api_command_rollout(struct rm_request *request, void *arg)
{
	static const char *const verbs[] = { "pause", "resume", "abort",
		"retry" };
	const char *verb = rm_request_param(request, "command");
	bool known = false;
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		known |= strcmp(verb, verbs[i]) == 0;
	if (!known) {
		rm_api_refuse_as(request, 404,
		    "no such command: %s (pause, resume, abort, retry)", verb);
		return;
	}
	struct rm_api_change *c = rm_api_change_new(
	    arg, request, "rollout", make_command);
	c->fresh = true;
	c->fields = JV_OBJECT(jv_string("verb"), jv_string(verb));
	rm_api_change_start(c);
}

/* ---- scale ---- */

static bool
is_to_run(const struct rm_api_change *c, const struct rm_entry *node)
{
	return rm_shape_is_of(node, c->cluster) &&
	       rm_node_goal(node) == RM_GOAL_RUN;
}

static int
add_nodes(struct rm_api_change *c, const struct rm_entry *cluster, long count,
    const struct rm_store *store, struct rm_change *change,
    struct rm_error *err)
{
	long number = rm_api_next_number(c, cluster);
	for (long i = 0; i < count; i++, number++) {
		jv value = jv_object();
		if (rm_fill_node(&value, jv_invalid(), c->cluster, err) != 0)
			return -1;
		char *path = rm_format("nodes/%s-%s-%ld",
		    c->api->options.view.framework, c->cluster, number);
		rm_change_put(change, store, path, value, -1);
		free(path);
	}
	return rm_api_store_fields(cluster,
	    JV_OBJECT(jv_string("next"), jv_number((double)number)), store,
	    change, err);
}

/* The one that is missed least: without a place, then the last. */
static const struct rm_entry *
next_to_leave(const struct rm_api_change *c, const bool *taken)
{
	const struct rm_model *model = rm_view_model(c->api->view);
	const struct rm_entry *best = NULL;
	for (size_t i = model->nodes.count; i-- > 0;) {
		const struct rm_entry *node = model->nodes.items[i];
		if (taken[i] || !is_to_run(c, node))
			continue;
		bool placed = rm_entry_has(node, RM_RECORD_RESERVATION);
		if (best == NULL ||
		    (!placed && rm_entry_has(best, RM_RECORD_RESERVATION)))
			best = node;
	}
	return best;
}

static int
let_leave(struct rm_api_change *c, long count, const struct rm_store *store,
    struct rm_change *change, struct rm_error *err)
{
	const struct rm_model *model = rm_view_model(c->api->view);
	bool *taken = rm_alloc(model->nodes.count + 1);
	int rc = 0;
	for (long n = 0; rc == 0 && n < count; n++) {
		const struct rm_entry *node = next_to_leave(c, taken);
		for (size_t i = 0; i < model->nodes.count; i++)
			taken[i] |= model->nodes.items[i] == node;
		rc = rm_api_store_node(
		    c, node, "goal", jv_string("leave"), store, change, err);
	}
	free(taken);
	return rc;
}

static int
make_scale(struct rm_api_change *c, const struct rm_store *store, bool surprise,
    struct rm_change *change, struct rm_error *err)
{
	(void)surprise;
	const struct rm_entry *cluster = rm_api_cluster_that_stays(c, err);
	if (cluster == NULL)
		return -1;
	const struct rm_model *model = rm_view_model(c->api->view);
	long have = 0;
	for (size_t i = 0; i < model->nodes.count; i++)
		have += is_to_run(c, model->nodes.items[i]);
	/* Of two that scale at a time the second sees what the first did. */
	struct rm_intent_record record = rm_api_known(
	    cluster, RM_RECORD_CLUSTER);
	if (have > c->count) {
		char *path = rm_format("clusters/%s", c->cluster);
		rm_change_check(change, store, path, record.version);
		free(path);
		return let_leave(c, have - c->count, store, change, err);
	}
	return have < c->count
		   ? add_nodes(c, cluster, c->count - have, store, change, err)
		   : 0;
}

void
rm_api_scale_cluster(struct rm_request *request, void *arg)
{
	struct rm_api_change *c = rm_api_change_new(
	    arg, request, "scale", make_scale);
	struct rm_error err = { 0 };
	jv body;
	c->fresh = true;
	int rc = optional_body(request, &body, &err);
	if (rc == 0)
		rc = read_count(body, "nodes", &c->count, &err);
	jv_free(body);
	if (rc == 0 && c->count < 1)
		rc = rm_error_set(&err, RM_EXIT_USAGE, "nodes: missing");
	if (rc == 0)
		rm_api_change_start(c);
	else
		rm_api_change_fail(c, &err);
}

/* ---- replace ---- */

static bool
is_replaced(const struct rm_api_change *c, const struct rm_entry *node)
{
	const struct rm_model *model = rm_view_model(c->api->view);
	for (size_t i = 0; i < model->nodes.count; i++)
		if (strcmp(rm_entry_text(model->nodes.items[i], RM_RECORD_NODE,
			       "replaces", ""),
			node->key) == 0)
			return true;
	return false;
}

/* Both at once: a node that is to be removed and has a replacement keeps its
 * data until that one has its place. */
static int
make_replace(struct rm_api_change *c, const struct rm_store *store,
    bool surprise, struct rm_change *change, struct rm_error *err)
{
	(void)surprise;
	const struct rm_entry *cluster = rm_api_cluster_that_stays(c, err);
	const struct rm_entry *node = rm_model_node(
	    rm_view_model(c->api->view), c->node);
	if (cluster == NULL)
		return -1;
	if (!rm_shape_is_of(node, c->cluster))
		return rm_error_set(
		    err, RM_EXIT_NO, "no such node: %s", c->node);
	if (is_replaced(c, node))
		return rm_error_set(err, RM_EXIT_CONFLICT,
		    "%s is being replaced already", c->node);
	if (rm_view_serves(c->api->view, node) && !c->force)
		return rm_error_set(err, RM_EXIT_CONFLICT,
		    "%s serves: add a node and remove it, so that it hands "
		    "its data over, or force it",
		    c->node);
	const char *framework = c->api->options.view.framework;
	char *key = rm_format(
	    "%s-%s-%ld", framework, c->cluster, rm_api_next_number(c, cluster));
	int rc = rm_intent_node(change, store, key, framework,
	    JV_OBJECT(jv_string("replaces"), jv_string(c->node)),
	    (struct rm_intent_record){ jv_invalid(), -1 }, c->cluster,
	    rm_api_known(cluster, RM_RECORD_CLUSTER), false, err);
	free(key);
	return rc == 0 ? rm_api_store_node(c, node, "goal", jv_string("remove"),
			     store, change, err)
		       : -1;
}

void
rm_api_replace_node(struct rm_request *request, void *arg)
{
	const char *force = rm_request_query(request, "force");
	const struct rm_entry *node = rm_api_node(arg, request);
	if (node == NULL)
		return;
	struct rm_api_change *c = rm_api_change_new(
	    arg, request, "replace", make_replace);
	c->fresh = true;
	c->node = rm_strdup(node->key);
	c->force = force != NULL && strcmp(force, "true") == 0;
	rm_api_change_start(c);
}
