#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "api/handlers.h"
#include "api/shape.h"
#include "base/json.h"
#include "state/phase.h"

void
rm_api_get_versions(struct rm_request *request, void *arg)
{
	struct rm_api *api = arg;
	rm_reply_json(request, 200,
	    JV_OBJECT(jv_string("riak_versions"),
		rm_shape_versions(rm_view_model(api->view))));
}

void
rm_api_get_clusters(struct rm_request *request, void *arg)
{
	struct rm_api *api = arg;
	const struct rm_model *model = rm_view_model(api->view);
	jv clusters = jv_array();
	for (size_t i = 0; i < model->clusters.count; i++)
		if (rm_shape_is_cluster(model->clusters.items[i]))
			clusters = jv_array_append(clusters,
			    rm_shape_cluster(model, model->clusters.items[i]));
	rm_reply_json(request, 200, JV_OBJECT(jv_string("clusters"), clusters));
}

void
rm_api_get_cluster(struct rm_request *request, void *arg)
{
	struct rm_api *api = arg;
	const struct rm_entry *cluster = rm_api_cluster(api, request);
	if (cluster != NULL)
		rm_reply_json(request, 200,
		    JV_OBJECT(jv_string(cluster->key),
			rm_shape_cluster(rm_view_model(api->view), cluster)));
}

void
rm_api_get_cluster_status(struct rm_request *request, void *arg)
{
	struct rm_api *api = arg;
	const char *key = rm_request_param(request, "cluster");
	const struct rm_entry *cluster = rm_model_cluster(
	    rm_view_model(api->view), key);
	if (rm_shape_is_cluster(cluster))
		rm_reply_json(
		    request, 200, rm_shape_status(api->view, cluster));
	else
		rm_api_refuse_as(request, 404, "no such cluster: %s", key);
}

/* Why nodes are not placed, from the scheduler's last round that said so. */
void
rm_api_get_explain(struct rm_request *request, void *arg)
{
	struct rm_api *api = arg;
	const char *key = rm_request_param(request, "cluster");
	const struct rm_entry *cluster = rm_model_cluster(
	    rm_view_model(api->view), key);
	if (!rm_shape_is_cluster(cluster)) {
		rm_api_refuse_as(request, 404, "no such cluster: %s", key);
		return;
	}
	jv whys = rm_entry_value(cluster, RM_RECORD_VERDICT);
	rm_reply_json(request, 200,
	    JV_OBJECT(jv_string("unplaced"), jv_get_kind(whys) == JV_KIND_OBJECT
						 ? jv_copy(whys)
						 : jv_object()));
}

static void
get_template(struct rm_request *request, struct rm_api *api, const char *field)
{
	const char *key = rm_request_param(request, "cluster");
	const struct rm_entry *cluster = rm_model_cluster(
	    rm_view_model(api->view), key);
	const char *text = rm_shape_is_cluster(cluster)
			       ? rm_entry_text(
				     cluster, RM_RECORD_CLUSTER, field, NULL)
			       : NULL;
	if (!rm_shape_is_cluster(cluster))
		rm_api_refuse_as(request, 404, "no such cluster: %s", key);
	else if (text == NULL)
		rm_api_refuse_as(
		    request, 404, "cluster %s has no %s", key, field);
	else
		rm_reply_text(request, 200, text);
}

void
rm_api_get_config(struct rm_request *request, void *arg)
{
	get_template(request, arg, "riak_config");
}

void
rm_api_get_advanced(struct rm_request *request, void *arg)
{
	get_template(request, arg, "advanced_config");
}

void
rm_api_get_nodes(struct rm_request *request, void *arg)
{
	struct rm_api *api = arg;
	const struct rm_entry *cluster = rm_api_cluster(api, request);
	if (cluster != NULL)
		rm_reply_json(request, 200,
		    JV_OBJECT(jv_string("nodes"),
			rm_shape_node_keys(
			    rm_view_model(api->view), cluster->key)));
}

void
rm_api_get_node(struct rm_request *request, void *arg)
{
	const struct rm_entry *node = rm_api_node(arg, request);
	if (node != NULL)
		rm_reply_json(request, 200,
		    JV_OBJECT(jv_string(node->key), rm_shape_node(node, true)));
}

/* Why there is no scheduler at work, or NULL. */
static const char *
scheduler_wrong(const struct rm_api *api)
{
	jv scheduler = rm_view_scheduler(api->view);
	if (!rm_view_complete(api->view))
		return "the records are not known yet";
	if (!jv_is_valid(scheduler))
		return "no scheduler leads: start rm-schedd, or see its log";
	if (!rm_json_bool(scheduler, "running", false))
		return "the scheduler's pipeline is down: see rm-schedd's log";
	return NULL;
}

static jv
health(const struct rm_api *api, const char **wrong)
{
	bool connected = rm_view_connected(api->view);
	const char *leader = rm_json_text(
	    rm_view_scheduler(api->view), "leader", NULL);
	*wrong = connected ? scheduler_wrong(api)
			   : "no connection to ZooKeeper";
	return JV_OBJECT(jv_string("zookeeper"),
	    jv_string(connected ? "connected" : "away"), jv_string("scheduler"),
	    leader != NULL ? jv_string(leader) : jv_null());
}

void
rm_api_get_health(struct rm_request *request, void *arg)
{
	const char *wrong;
	jv o = health(arg, &wrong);
	o = rm_json_set(o, "success", wrong == NULL ? jv_true() : jv_false());
	if (wrong != NULL)
		o = rm_json_set(o, "error", jv_string(wrong));
	rm_reply_json(request, wrong == NULL ? 200 : 503, o);
}

static jv
count_phases(const struct rm_model *model)
{
	jv phases = jv_object();
	for (size_t i = 0; i < model->nodes.count; i++) {
		const struct rm_entry *node = model->nodes.items[i];
		if (!rm_shape_is_node(node))
			continue;
		const char *phase = rm_node_phase(node);
		phases = rm_json_set(phases, phase,
		    jv_number(rm_json_number(phases, phase, 0) + 1));
	}
	return phases;
}

jv
rm_api_framework(const struct rm_api *api)
{
	const struct rm_model *model = rm_view_model(api->view);
	const char *wrong;
	jv o = health(api, &wrong);
	o = rm_json_set(
	    o, "error", wrong != NULL ? jv_string(wrong) : jv_null());
	o = rm_json_set(o, "name", jv_string(api->options.view.framework));
	const char *id = rm_entry_text(
	    &model->framework, RM_RECORD_FRAMEWORK, "id", NULL);
	o = rm_json_set(o, "id", id != NULL ? jv_string(id) : jv_null());
	const char *role = rm_model_setting_text(model, "role", NULL);
	o = rm_json_set(o, "role", role != NULL ? jv_string(role) : jv_null());
	size_t orphans = 0;
	for (size_t i = 0; i < model->volumes.count; i++)
		orphans += rm_entry_has(
		    model->volumes.items[i], RM_RECORD_ORPHAN);
	o = rm_json_set(o, "orphans", jv_number((double)orphans));
	return rm_json_set(o, "nodes", count_phases(model));
}

void
rm_api_get_framework(struct rm_request *request, void *arg)
{
	rm_reply_json(request, 200, rm_api_framework(arg));
}
