#include <stdlib.h>
#include <string.h>

#include "api/changing.h"
#include "api/handlers.h"
#include "api/shape.h"
#include "base/exit.h"
#include "base/json.h"
#include "state/fill.h"

static const struct rm_entry *
find(const struct rm_api *api, const char *id)
{
	const struct rm_model *model = rm_view_model(api->view);
	for (size_t i = 0; i < model->volumes.count; i++)
		if (strcmp(model->volumes.items[i]->key, id) == 0 &&
		    rm_entry_has(model->volumes.items[i], RM_RECORD_ORPHAN))
			return model->volumes.items[i];
	return NULL;
}

void
rm_api_get_orphans(struct rm_request *request, void *arg)
{
	const struct rm_api *api = arg;
	const struct rm_model *model = rm_view_model(api->view);
	jv all = jv_object();
	for (size_t i = 0; i < model->volumes.count; i++) {
		jv value = rm_entry_value(
		    model->volumes.items[i], RM_RECORD_ORPHAN);
		if (jv_is_valid(value))
			all = rm_json_set(
			    all, model->volumes.items[i]->key, jv_copy(value));
	}
	rm_reply_json(request, 200, JV_OBJECT(jv_string("orphans"), all));
}

/* A cluster whose record is lost, too, is made again; its number of nodes is
 * above all that are known. */
static int
make_cluster_again(struct rm_api_change *c, const struct rm_store *store,
    bool surprise, struct rm_change *change, struct rm_error *err)
{
	const char *framework = c->api->options.view.framework;
	const char *version = rm_json_text(c->fields, "riak_version", NULL);
	long next = rm_record_node_number(c->node, framework, c->cluster) + 1;
	const struct rm_model *model = rm_view_model(c->api->view);
	for (size_t i = 0; i < model->volumes.count; i++) {
		long number = rm_record_node_number(
		    rm_entry_text(
			model->volumes.items[i], RM_RECORD_ORPHAN, "node", ""),
		    framework, c->cluster);
		if (number >= next)
			next = number + 1;
	}
	if (version == NULL)
		return rm_error_set(err, RM_EXIT_USAGE,
		    "cluster %s has no record: riak_version: missing",
		    c->cluster);
	return rm_intent_cluster(change, store, c->cluster,
	    JV_OBJECT(jv_string("riak_version"), jv_string(version),
		jv_string("next"), jv_number((double)next)),
	    (struct rm_intent_record){ jv_invalid(), -1 }, surprise, err);
}

/* Its node's record, which names the volume: rm-offer does the rest. One that
 * is to be freed is a node to be removed. */
static int
make_orphan(struct rm_api_change *c, const struct rm_store *store,
    bool surprise, struct rm_change *change, struct rm_error *err)
{
	const struct rm_model *model = rm_view_model(c->api->view);
	const char *id = rm_json_text(c->fields, "id", "");
	bool frees = rm_json_bool(c->fields, "free", false);
	if (find(c->api, id) == NULL)
		return rm_error_set(err, RM_EXIT_NO, "no such orphan: %s", id);
	if (rm_shape_is_node(rm_model_node(model, c->node)))
		return rm_error_set(err, RM_EXIT_CONFLICT,
		    "node %s is there, with another volume", c->node);
	if (!frees &&
	    !rm_shape_is_cluster(rm_model_cluster(model, c->cluster)) &&
	    make_cluster_again(c, store, surprise, change, err) != 0)
		return -1;
	jv node = JV_OBJECT(jv_string("goal"),
	    jv_string(frees ? "remove" : "run"), jv_string("adopt"),
	    jv_string(id));
	if (rm_fill_node(&node, jv_invalid(), c->cluster, err) != 0)
		return -1;
	char *path = rm_format("nodes/%s", c->node);
	rm_change_put(change, store, path, node, -1);
	free(path);
	return 0;
}

static void
start_orphan(struct rm_request *request, struct rm_api *api, bool frees)
{
	const char *id = rm_request_param(request, "orphan");
	const char *version = rm_request_query(request, "riak_version");
	const struct rm_entry *orphan = find(api, id);
	if (orphan == NULL) {
		rm_api_refuse_as(request, 404, "no such orphan: %s", id);
		return;
	}
	const char *node = rm_entry_text(orphan, RM_RECORD_ORPHAN, "node", "");
	char *cluster = rm_fill_cluster_of(node, api->options.view.framework);
	if (cluster == NULL) {
		rm_api_refuse_as(
		    request, 409, "it names no node of ours: %s", node);
		return;
	}
	struct rm_api_change *c = rm_api_change_new(
	    api, request, frees ? "free" : "adopt", make_orphan);
	c->fresh = true;
	c->node = rm_strdup(node);
	c->cluster = cluster;
	c->fields = JV_OBJECT(
	    jv_string("id"), jv_string(id), jv_string("free"), jv_bool(frees));
	if (version != NULL)
		c->fields = rm_json_set(
		    c->fields, "riak_version", jv_string(version));
	rm_api_change_start(c);
}

void
rm_api_adopt_orphan(struct rm_request *request, void *arg)
{
	start_orphan(request, arg, false);
}

void
rm_api_free_orphan(struct rm_request *request, void *arg)
{
	start_orphan(request, arg, true);
}
