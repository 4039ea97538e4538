#include "api/shape.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "state/config_digest.h"
#include "state/phase.h"

bool
rm_shape_is_cluster(const struct rm_entry *cluster)
{
	return cluster != NULL && rm_entry_has(cluster, RM_RECORD_CLUSTER);
}

bool
rm_shape_is_node(const struct rm_entry *node)
{
	return node != NULL && rm_entry_has(node, RM_RECORD_NODE);
}

bool
rm_shape_is_of(const struct rm_entry *node, const char *cluster)
{
	return rm_shape_is_node(node) &&
	       strcmp(rm_entry_text(node, RM_RECORD_NODE, "cluster", ""),
		   cluster) == 0;
}

static jv
text_or_null(const char *text)
{
	return text != NULL ? jv_string(text) : jv_null();
}

/* Of the task, or else of the reservation. */
static const char *
placed_text(const struct rm_entry *node, const char *field)
{
	return rm_entry_text(node, RM_RECORD_TASK, field,
	    rm_entry_text(node, RM_RECORD_RESERVATION, field, NULL));
}

static jv
placed_ports(const struct rm_entry *node)
{
	jv ports = rm_json_get(rm_entry_value(node, RM_RECORD_TASK), "ports");
	if (jv_is_valid(ports))
		return ports;
	jv_free(ports);
	return rm_json_get(
	    rm_entry_value(node, RM_RECORD_RESERVATION), "ports");
}

static jv
port_or_null(jv ports, const char *name)
{
	double port = rm_json_number(ports, name, 0);
	return port > 0 ? jv_number(port) : jv_null();
}

static jv
location_of(const struct rm_entry *node)
{
	const char *host = placed_text(node, "hostname");
	jv ports = placed_ports(node);
	jv name = host != NULL ? jv_string_fmt("%s@%s", node->key, host)
			       : jv_null();
	jv o = JV_OBJECT(jv_string("node_name"), name, jv_string("hostname"),
	    text_or_null(host), jv_string("http_port"),
	    port_or_null(ports, "http"), jv_string("pb_port"),
	    port_or_null(ports, "pb"), jv_string("disterl_port"),
	    port_or_null(ports, "disterl"), jv_string("agent_id_value"),
	    text_or_null(placed_text(node, "agent_id")));
	jv_free(ports);
	return o;
}

jv
rm_shape_node(const struct rm_entry *node, bool location)
{
	jv o = JV_OBJECT(jv_string("key"), jv_string(node->key),
	    jv_string("status"), jv_string(rm_node_phase(node)),
	    jv_string("container_path"),
	    text_or_null(rm_entry_text(
		node, RM_RECORD_RESERVATION, "container_path", NULL)),
	    jv_string("persistence_id"),
	    text_or_null(placed_text(node, "persistence_id")));
	return location ? rm_json_set(o, "location", location_of(node)) : o;
}

jv
rm_shape_node_keys(const struct rm_model *model, const char *cluster)
{
	jv keys = jv_array();
	for (size_t i = 0; i < model->nodes.count; i++)
		if (rm_shape_is_of(model->nodes.items[i], cluster))
			keys = jv_array_append(
			    keys, jv_string(model->nodes.items[i]->key));
	return keys;
}

const char *
rm_shape_address(const struct rm_entry *node)
{
	const char *host = rm_entry_text(
	    node, RM_RECORD_TASK, "hostname", NULL);
	const char *placed = rm_entry_text(
	    node, RM_RECORD_TASK, "address", host);
	return rm_entry_text(node, RM_RECORD_MEMBER, "address", placed);
}

static jv
field_or_null(const struct rm_entry *cluster, const char *field)
{
	return text_or_null(
	    rm_entry_text(cluster, RM_RECORD_CLUSTER, field, NULL));
}

jv
rm_shape_cluster(const struct rm_model *model, const struct rm_entry *cluster)
{
	jv nodes = jv_array();
	for (size_t i = 0; i < model->nodes.count; i++)
		if (rm_shape_is_of(model->nodes.items[i], cluster->key))
			nodes = jv_array_append(
			    nodes, rm_shape_node(model->nodes.items[i], false));
	jv o = JV_OBJECT(jv_string("name"), jv_string(cluster->key),
	    jv_string("riak_version"), field_or_null(cluster, "riak_version"),
	    jv_string("riak_config"), field_or_null(cluster, "riak_config"),
	    jv_string("advanced_config"),
	    field_or_null(cluster, "advanced_config"), jv_string("generation"),
	    jv_number(
		rm_entry_number(cluster, RM_RECORD_CLUSTER, "generation", 0)),
	    jv_string("nodes"), nodes);
	jv constraints = rm_json_get(
	    rm_entry_value(cluster, RM_RECORD_CLUSTER), "constraints");
	if (jv_get_kind(constraints) == JV_KIND_ARRAY)
		return rm_json_set(o, "constraints", constraints);
	jv_free(constraints);
	return o;
}

jv
rm_shape_versions(const struct rm_model *model)
{
	jv resources = rm_json_get(
	    rm_entry_value(&model->framework, RM_RECORD_SETTINGS), "resources");
	jv versions = jv_object();
	if (jv_get_kind(resources) != JV_KIND_OBJECT) {
		jv_free(resources);
		return versions;
	}
	jv_object_foreach (resources, key, url) {
		if (strncmp(jv_string_value(key), "riak-", 5) == 0)
			versions = jv_object_set(versions, key, url);
		else {
			jv_free(key);
			jv_free(url);
		}
	}
	jv_free(resources);
	return versions;
}

/* How its task ended tells more than what it waits for. */
static bool
tells(const struct rm_entry *node)
{
	const struct rm_task_state *state = rm_task_state_find(
	    rm_entry_text(node, RM_RECORD_STATUS, "state", ""));
	return state != NULL && (state->count == RM_TASK_COUNT_GROWS ||
				    state->life == RM_TASK_UNSURE ||
				    state->life == RM_TASK_LOST_FOR_GOOD);
}

static char *
words(const struct rm_entry *node)
{
	return rm_task_words(
	    rm_entry_text(node, RM_RECORD_STATUS, "state", "task"),
	    rm_entry_text(node, RM_RECORD_STATUS, "reason", NULL),
	    rm_entry_text(node, RM_RECORD_STATUS, "message", NULL));
}

/* What a node waits for, or what was wrong last; the caller's, or NULL. */
static char *
why_not(const struct rm_view *view, const struct rm_entry *node,
    const struct rm_entry *cluster)
{
	char *frozen = rm_node_frozen(node);
	if (frozen != NULL)
		return frozen;
	enum rm_task_life life = rm_node_life(node);
	/* One that serves has nothing to explain, unless Mesos can't see it. */
	if (rm_node_goal(node) == RM_GOAL_RUN && rm_view_serves(view, node) &&
	    life != RM_TASK_UNSURE)
		return NULL;
	const char *verdict = rm_entry_text(
	    cluster, RM_RECORD_VERDICT, node->key, NULL);
	bool alive = life == RM_TASK_ALIVE;
	if (alive && rm_entry_has(node, RM_RECORD_MEMBER)) {
		const char *health = rm_entry_text(
		    node, RM_RECORD_MEMBER, "health", NULL);
		return health != NULL && strcmp(health, "ok") != 0
			   ? rm_strdup(health)
			   : NULL;
	}
	if (alive)
		return NULL;
	return verdict != NULL && !tells(node) ? rm_strdup(verdict)
	       : life != RM_TASK_NONE          ? words(node)
					       : NULL;
}

/* Whether it runs with a configuration that is not the cluster's any more. */
static bool
is_outdated(const struct rm_entry *node, const struct rm_entry *cluster)
{
	const char *with = rm_entry_text(
	    node, RM_RECORD_MEMBER, "config_digest", NULL);
	char *digest = rm_config_digest(
	    rm_entry_value(cluster, RM_RECORD_CLUSTER));
	bool outdated = with != NULL && rm_node_life(node) == RM_TASK_ALIVE &&
			strcmp(with, digest) != 0;
	free(digest);
	return outdated;
}

/* Whether a node sees another, by key, in its ring. One that has no member
 * record has no executor of ours to ask: it is believed. */
static bool
sees(const struct rm_entry *node, const struct rm_entry *other)
{
	jv names = rm_json_get(
	    rm_entry_value(node, RM_RECORD_MEMBER), "members");
	size_t n = strlen(other->key);
	bool seen = node == other || !rm_entry_has(node, RM_RECORD_MEMBER);
	if (!seen && jv_get_kind(names) == JV_KIND_ARRAY)
		jv_array_foreach (names, i, name) {
			const char *text = jv_get_kind(name) == JV_KIND_STRING
					       ? jv_string_value(name)
					       : "";
			seen |= strncmp(text, other->key, n) == 0 &&
				text[n] == '@';
			jv_free(name);
		}
	jv_free(names);
	return seen;
}

static int
ring_size(const struct rm_entry *node)
{
	jv names = rm_json_get(
	    rm_entry_value(node, RM_RECORD_MEMBER), "members");
	int size = jv_get_kind(names) == JV_KIND_ARRAY
		       ? jv_array_length(jv_copy(names))
		       : 0;
	jv_free(names);
	return size;
}

/* The first node that serves with the largest ring; NULL when none serves. */
static const struct rm_entry *
centre_of(const struct rm_view *view, const struct rm_entry *cluster)
{
	const struct rm_model *model = rm_view_model(view);
	const struct rm_entry *centre = NULL;
	for (size_t i = 0; i < model->nodes.count; i++) {
		const struct rm_entry *node = model->nodes.items[i];
		if (rm_shape_is_of(node, cluster->key) &&
		    rm_view_serves(view, node) &&
		    (centre == NULL || ring_size(node) > ring_size(centre)))
			centre = node;
	}
	return centre;
}

static jv
node_status(const struct rm_view *view, const struct rm_entry *node,
    const struct rm_entry *cluster, bool in_ring)
{
	char *why = why_not(view, node, cluster);
	jv ports = placed_ports(node);
	jv o = JV_OBJECT(jv_string("key"), jv_string(node->key),
	    jv_string("status"), jv_string(rm_node_phase(node)),
	    jv_string("goal"),
	    text_or_null(rm_entry_text(node, RM_RECORD_NODE, "goal", NULL)),
	    jv_string("serving"),
	    rm_view_serves(view, node) ? jv_true() : jv_false(),
	    jv_string("in_ring"), in_ring ? jv_true() : jv_false(),
	    jv_string("why"), text_or_null(why), jv_string("hostname"),
	    text_or_null(placed_text(node, "hostname")), jv_string("address"),
	    text_or_null(placed_text(node, "address")), jv_string("ports"),
	    jv_is_valid(ports) ? ports : jv_null());
	free(why);
	return rm_json_set(o, "restart_needed",
	    is_outdated(node, cluster) ? jv_true() : jv_false());
}

jv
rm_shape_status(const struct rm_view *view, const struct rm_entry *cluster)
{
	const struct rm_model *model = rm_view_model(view);
	jv nodes = jv_array();
	const struct rm_entry *centre = centre_of(view, cluster);
	int serving = 0;
	for (size_t i = 0; i < model->nodes.count; i++) {
		const struct rm_entry *node = model->nodes.items[i];
		if (!rm_shape_is_of(node, cluster->key))
			continue;
		bool in_ring = centre != NULL && rm_view_serves(view, node) &&
			       sees(centre, node) && sees(node, centre);
		serving += in_ring;
		nodes = jv_array_append(
		    nodes, node_status(view, node, cluster, in_ring));
	}
	bool destroy = rm_json_bool(
	    rm_entry_value(cluster, RM_RECORD_CLUSTER), "destroy", false);
	return JV_OBJECT(jv_string("name"), jv_string(cluster->key),
	    jv_string("riak_version"), field_or_null(cluster, "riak_version"),
	    jv_string("generation"),
	    jv_number(
		rm_entry_number(cluster, RM_RECORD_CLUSTER, "generation", 0)),
	    jv_string("destroy"), destroy ? jv_true() : jv_false(),
	    jv_string("serving"), jv_number(serving), jv_string("nodes"),
	    nodes);
}

jv
rm_shape_rollout(const struct rm_entry *cluster)
{
	jv plan = jv_copy(rm_entry_value(cluster, RM_RECORD_ROLLOUT));
	double wanted = rm_entry_number(
	    cluster, RM_RECORD_CLUSTER, "restart", 0);
	double known = jv_is_valid(plan) ? rm_json_number(plan, "restart", 0)
					 : 0;
	if (known >= wanted)
		return plan;
	jv_free(plan);
	return JV_OBJECT(jv_string("restart"), jv_number(wanted),
	    jv_string("riak_version"), field_or_null(cluster, "riak_version"),
	    jv_string("state"), jv_string("requested"), jv_string("waits"),
	    jv_string("the scheduler has not begun it yet"), jv_string("steps"),
	    jv_array());
}
