#include <stdlib.h>
#include <string.h>

#include "api/changing.h"
#include "api/commit.h"
#include "api/handlers.h"
#include "api/shape.h"
#include "api/wanted.h"
#include "base/exit.h"
#include "base/json.h"
#include "base/log.h"
#include "riak/archive.h"
#include "state/fill.h"
#include "state/phase.h"

#define MANY 1000 /* clusters in one document */

static void
change_free(struct rm_api_change *c)
{
	free(c->cluster);
	free(c->node);
	jv_free(c->fields);
	jv_free(c->todo);
	jv_free(c->results);
	free(c);
}

struct rm_api_change *
rm_api_change_new(struct rm_api *api, struct rm_request *request,
    const char *what, rm_api_make *make)
{
	struct rm_api_change *c = rm_alloc(sizeof(*c));
	const char *cluster = rm_request_param(request, "cluster");
	*c = (struct rm_api_change){ .api = api,
		.request = request,
		.make = make,
		.what = what,
		.cluster = cluster != NULL ? rm_strdup(cluster) : NULL,
		.fields = jv_invalid(),
		.todo = jv_invalid(),
		.results = jv_invalid() };
	return c;
}

static int
make(void *arg, const struct rm_store *store, bool surprise,
    struct rm_change *change, struct rm_error *err)
{
	struct rm_api_change *c = arg;
	return c->make(c, store, surprise, change, err);
}

static void
note(const struct rm_api_change *c, const struct rm_error *failure)
{
	rm_log_info("%s cluster=%s%s%s peer=%s%s%s", c->what,
	    c->cluster != NULL ? c->cluster : "", c->node ? " node=" : "",
	    c->node ? c->node : "", rm_request_peer(c->request),
	    failure ? " refused: " : "", failure ? failure->text : "");
}

static int
status_of(int code)
{
	switch (code) {
	case RM_EXIT_NO:
		return 404;
	case RM_EXIT_USAGE:
		return 400;
	case RM_EXIT_OUTSIDE:
		return 503;
	default:
		return 409;
	}
}

static void
done(void *arg, const struct rm_error *failure)
{
	struct rm_api_change *c = arg;
	note(c, failure);
	if (failure != NULL && c->fresh)
		rm_api_refuse_as(
		    c->request, status_of(failure->code), "%s", failure->text);
	else if (failure != NULL)
		rm_api_refuse(c->request, failure);
	else
		rm_api_done(c->request);
	change_free(c);
}

void
rm_api_change_fail(struct rm_api_change *c, const struct rm_error *failure)
{
	done(c, failure);
}

void
rm_api_change_start(struct rm_api_change *c)
{
	rm_commit_start(c->api, &(struct rm_commit_options){
				    .make = make, .done = done, .arg = c });
}

/* ---- records, as they are known now ---- */

struct rm_intent_record
rm_api_known(const struct rm_entry *entry, enum rm_record_kind kind)
{
	if (entry == NULL || !rm_entry_has(entry, kind))
		return (struct rm_intent_record){ jv_invalid(), -1 };
	return (struct rm_intent_record){ rm_entry_value(entry, kind),
		entry->cells[kind].version };
}

/* NULL and err when there is none, or it can't be read. */
static const struct rm_entry *
cluster_of(const struct rm_api_change *c, struct rm_error *err)
{
	const struct rm_entry *cluster = rm_model_cluster(
	    rm_view_model(c->api->view), c->cluster);
	if (!rm_shape_is_cluster(cluster)) {
		rm_error_set(
		    err, RM_EXIT_NO, "no such cluster: %s", c->cluster);
		return NULL;
	}
	if (!jv_is_valid(rm_entry_value(cluster, RM_RECORD_CLUSTER))) {
		rm_error_set(err, RM_EXIT_CONFLICT,
		    "the record of cluster %s can't be read: %s", c->cluster,
		    cluster->cells[RM_RECORD_CLUSTER].error);
		return NULL;
	}
	return cluster;
}

static bool
destroyed(const struct rm_entry *cluster)
{
	return rm_json_bool(
	    rm_entry_value(cluster, RM_RECORD_CLUSTER), "destroy", false);
}

static int
check_stays(const struct rm_entry *cluster, struct rm_error *err)
{
	if (!destroyed(cluster))
		return 0;
	return rm_error_set(err, RM_EXIT_CONFLICT,
	    "cluster %s is being destroyed", cluster->key);
}

const struct rm_entry *
rm_api_cluster_that_stays(const struct rm_api_change *c, struct rm_error *err)
{
	const struct rm_entry *cluster = cluster_of(c, err);
	return cluster != NULL && check_stays(cluster, err) == 0 ? cluster
								 : NULL;
}

int
rm_api_store_fields(const struct rm_entry *cluster, jv fields,
    const struct rm_store *store, struct rm_change *change,
    struct rm_error *err)
{
	struct rm_intent_record old = rm_api_known(cluster, RM_RECORD_CLUSTER);
	jv value = jv_object_merge(jv_copy(old.value), fields);
	/* What it is derived from may have changed. */
	value = jv_object_delete(value, jv_string("generation"));
	return rm_intent_cluster(
	    change, store, cluster->key, value, old, true, err);
}

static double
restarts(const struct rm_entry *entry, enum rm_record_kind kind)
{
	return rm_entry_number(entry, kind, "restart", 0);
}

/* ---- clusters ---- */

static int
create_cluster(struct rm_api_change *c, const struct rm_store *store,
    bool surprise, struct rm_change *change, struct rm_error *err)
{
	return rm_intent_cluster(change, store, c->cluster, jv_copy(c->fields),
	    (struct rm_intent_record){ jv_invalid(), -1 }, surprise, err);
}

static bool
exists(const struct rm_api_change *c)
{
	return rm_shape_is_cluster(
	    rm_model_cluster(rm_view_model(c->api->view), c->cluster));
}

static int
make_create(struct rm_api_change *c, const struct rm_store *store,
    bool surprise, struct rm_change *change, struct rm_error *err)
{
	if (exists(c))
		return rm_error_set(err, RM_EXIT_CONFLICT, "exists");
	return create_cluster(c, store, surprise, change, err);
}

static int
make_put(struct rm_api_change *c, const struct rm_store *store, bool surprise,
    struct rm_change *change, struct rm_error *err)
{
	if (!exists(c) && !rm_json_has(c->fields, "riak_version"))
		return rm_error_set(
		    err, RM_EXIT_USAGE, "riak_version: missing");
	if (!exists(c))
		return create_cluster(c, store, surprise, change, err);
	const struct rm_entry *cluster = rm_api_cluster_that_stays(c, err);
	if (cluster == NULL)
		return -1;
	return rm_api_store_fields(
	    cluster, jv_copy(c->fields), store, change, err);
}

/* Whether anything at all is left of one of its nodes. */
static bool
has_nodes(const struct rm_api_change *c)
{
	const struct rm_model *model = rm_view_model(c->api->view);
	for (size_t i = 0; i < model->nodes.count; i++) {
		const struct rm_entry *node = model->nodes.items[i];
		if (rm_record_node_number(node->key,
			c->api->options.view.framework, c->cluster) < 1)
			continue;
		for (int k = 0; k < RM_RECORD_KINDS; k++)
			if (rm_entry_has(node, (enum rm_record_kind)k))
				return true;
	}
	return false;
}

/* All of the cluster goes, so there is nobody to hand data over to. */
static int
remove_nodes(struct rm_api_change *c, const struct rm_store *store,
    struct rm_change *change, struct rm_error *err)
{
	const struct rm_model *model = rm_view_model(c->api->view);
	for (size_t i = 0; i < model->nodes.count; i++) {
		const struct rm_entry *node = model->nodes.items[i];
		if (!rm_shape_is_of(node, c->cluster) ||
		    rm_node_goal(node) == RM_GOAL_REMOVE)
			continue;
		struct rm_intent_record old = rm_api_known(
		    node, RM_RECORD_NODE);
		jv value = rm_json_set(
		    jv_copy(old.value), "goal", jv_string("remove"));
		if (rm_fill_node(&value, old.value, c->cluster, err) != 0)
			return -1;
		char *path = rm_format("nodes/%s", node->key);
		rm_change_put(change, store, path, value, old.version);
		free(path);
	}
	return 0;
}

static int
make_destroy(struct rm_api_change *c, const struct rm_store *store,
    bool surprise, struct rm_change *change, struct rm_error *err)
{
	const struct rm_entry *cluster = cluster_of(c, err);
	if (cluster == NULL)
		return -1;
	if (!has_nodes(c)) {
		char *path = rm_format("clusters/%s", c->cluster);
		rm_change_delete(change, store, path,
		    cluster->cells[RM_RECORD_CLUSTER].version);
		free(path);
		path = rm_format("verdicts/%s", c->cluster);
		if (rm_entry_has(cluster, RM_RECORD_VERDICT))
			rm_change_delete(change, store, path, -1);
		free(path);
		path = rm_format("secrets/%s", c->cluster);
		if (!surprise) /* one that was made by hand may have none */
			rm_change_delete(change, store, path, -1);
		free(path);
		return 0;
	}
	if (!destroyed(cluster) &&
	    rm_api_store_fields(cluster,
		JV_OBJECT(jv_string("destroy"), jv_true()), store, change,
		err) != 0)
		return -1;
	return remove_nodes(c, store, change, err);
}

static int
make_fields(struct rm_api_change *c, const struct rm_store *store,
    bool surprise, struct rm_change *change, struct rm_error *err)
{
	(void)surprise;
	const struct rm_entry *cluster = rm_api_cluster_that_stays(c, err);
	if (cluster == NULL)
		return -1;
	return rm_api_store_fields(
	    cluster, jv_copy(c->fields), store, change, err);
}

/* ---- nodes ---- */

static int
make_add_node(struct rm_api_change *c, const struct rm_store *store,
    bool surprise, struct rm_change *change, struct rm_error *err)
{
	(void)surprise;
	const struct rm_entry *cluster = rm_api_cluster_that_stays(c, err);
	if (cluster == NULL)
		return -1;
	struct rm_intent_record record = rm_api_known(
	    cluster, RM_RECORD_CLUSTER);
	const char *framework = c->api->options.view.framework;
	free(c->node);
	c->node = rm_format(
	    "%s-%s-%ld", framework, c->cluster, rm_api_next_number(c, cluster));
	return rm_intent_node(change, store, c->node, framework, jv_object(),
	    (struct rm_intent_record){ jv_invalid(), -1 }, c->cluster, record,
	    false, err);
}

int
rm_api_store_node(const struct rm_api_change *c, const struct rm_entry *node,
    const char *field, jv value, const struct rm_store *store,
    struct rm_change *change, struct rm_error *err)
{
	if (node == NULL || !rm_shape_is_of(node, c->cluster)) {
		jv_free(value);
		return rm_error_set(
		    err, RM_EXIT_NO, "no such node: %s", c->node);
	}
	struct rm_intent_record old = rm_api_known(node, RM_RECORD_NODE);
	jv record = rm_json_set(jv_copy(old.value), field, value);
	if (rm_fill_node(&record, old.value, c->cluster, err) != 0)
		return -1;
	char *path = rm_format("nodes/%s", node->key);
	rm_change_put(change, store, path, record, old.version);
	free(path);
	return 0;
}

long
rm_api_next_number(
    const struct rm_api_change *c, const struct rm_entry *cluster)
{
	const struct rm_model *model = rm_view_model(c->api->view);
	long next = rm_json_whole(
	    rm_entry_number(cluster, RM_RECORD_CLUSTER, "next", 1), 1);
	for (size_t i = 0; i < model->nodes.count; i++) {
		const struct rm_entry *node = model->nodes.items[i];
		long number = rm_record_node_number(
		    node->key, c->api->options.view.framework, c->cluster);
		if (number >= next && rm_shape_is_node(node))
			next = number + 1;
	}
	return next;
}

static int
make_remove_node(struct rm_api_change *c, const struct rm_store *store,
    bool surprise, struct rm_change *change, struct rm_error *err)
{
	(void)surprise;
	const struct rm_entry *node = rm_model_node(
	    rm_view_model(c->api->view), c->node);
	/* Nobody who is to go at once is asked to leave in order again. */
	if (node != NULL && !c->force && rm_node_goal(node) == RM_GOAL_REMOVE)
		return 0;
	return rm_api_store_node(c, node, "goal",
	    jv_string(c->force ? "remove" : "leave"), store, change, err);
}

static int
make_restart_node(struct rm_api_change *c, const struct rm_store *store,
    bool surprise, struct rm_change *change, struct rm_error *err)
{
	(void)surprise;
	const struct rm_entry *node = rm_model_node(
	    rm_view_model(c->api->view), c->node);
	double next = node != NULL ? restarts(node, RM_RECORD_NODE) + 1 : 1;
	return rm_api_store_node(
	    c, node, "restart", jv_number(next), store, change, err);
}

/* ---- bodies ---- */

static int
parse_body(const struct rm_request *request, jv *body, struct rm_error *err)
{
	size_t len;
	const char *text = rm_request_body(request, &len);
	if (len == 0)
		return rm_error_set(
		    err, RM_EXIT_USAGE, "a JSON document is missing");
	return rm_json_parse(text, len, body, err);
}

/* The package of the version that is wanted, where it can be looked into. */
static int
check_package(const struct rm_api_change *c, jv versions, struct rm_error *err)
{
	const char *version = rm_json_text(c->fields, "riak_version", NULL);
	if (version == NULL)
		return 0;
	int rc = rm_riak_archive_check_url(rm_json_text(versions, version, ""),
	    rm_model_setting_text(
		rm_view_model(c->api->view), "container_path", "data"),
	    err);
	if (rc != 0)
		rm_error_prefix(err, "riak_version: %s", version);
	return rc;
}

/* What a document wants of c->cluster; consumes it. */
static int
take_document(struct rm_api_change *c, jv document, struct rm_error *err)
{
	/* The longest key that a node of it may have. */
	char *key = rm_format(
	    "%s-%s-999999999", c->api->options.view.framework, c->cluster);
	bool fits = rm_record_key_ok(key);
	free(key);
	if (!fits || !rm_record_key_ok(c->cluster)) {
		jv_free(document);
		return rm_error_set(err, RM_EXIT_USAGE,
		    "not a name: %s (letters, digits, '-', '_', '.', up to "
		    "100 or so)",
		    c->cluster);
	}
	jv versions = rm_shape_versions(rm_view_model(c->api->view));
	c->fields = rm_wanted_cluster(document, c->cluster, versions, err);
	int rc = jv_is_valid(c->fields) ? check_package(c, versions, err) : -1;
	jv_free(versions);
	jv_free(document);
	return rc;
}

static void
start_document(struct rm_request *request, struct rm_api *api, const char *what,
    rm_api_make *how, bool needs_version)
{
	struct rm_api_change *c = rm_api_change_new(api, request, what, how);
	struct rm_error err = { 0 };
	jv body;
	int rc = parse_body(request, &body, &err);
	if (rc == 0)
		rc = take_document(c, body, &err);
	if (rc == 0 && needs_version && !rm_json_has(c->fields, "riak_version"))
		rc = rm_error_set(&err, RM_EXIT_USAGE, "riak_version: missing");
	if (rc == 0)
		rm_api_change_start(c);
	else
		done(c, &err);
}

void
rm_api_create_cluster(struct rm_request *request, void *arg)
{
	start_document(request, arg, "create", make_create, true);
}

void
rm_api_put_cluster(struct rm_request *request, void *arg)
{
	start_document(request, arg, "put", make_put, false);
}

void
rm_api_delete_cluster(struct rm_request *request, void *arg)
{
	rm_api_change_start(
	    rm_api_change_new(arg, request, "destroy", make_destroy));
}

static void
start_template(struct rm_request *request, struct rm_api *api,
    const char *field,
    int (*check)(const char *text, size_t len, struct rm_error *err))
{
	struct rm_api_change *c = rm_api_change_new(
	    api, request, field, make_fields);
	struct rm_error err = { 0 };
	jv value = jv_null();
	int rc = 0;
	if (check != NULL) {
		size_t len;
		const char *text = rm_request_body(request, &len);
		rc = len > 0 ? check(text, len, &err)
			     : rm_error_set(&err, RM_EXIT_USAGE,
				   "%s: empty; DELETE takes it away", field);
		value = jv_string_sized(text, (int)len);
	}
	c->fields = jv_object_set(jv_object(), jv_string(field), value);
	if (rc == 0)
		rm_api_change_start(c);
	else
		done(c, &err);
}

void
rm_api_put_config(struct rm_request *request, void *arg)
{
	start_template(request, arg, "riak_config", rm_wanted_riak_config);
}

void
rm_api_delete_config(struct rm_request *request, void *arg)
{
	start_template(request, arg, "riak_config", NULL);
}

void
rm_api_put_advanced(struct rm_request *request, void *arg)
{
	start_template(
	    request, arg, "advanced_config", rm_wanted_advanced_config);
}

void
rm_api_delete_advanced(struct rm_request *request, void *arg)
{
	start_template(request, arg, "advanced_config", NULL);
}

/* ---- many clusters ---- */

static void put_next(struct rm_api_change *c);

static void
put_one_done(void *arg, const struct rm_error *failure)
{
	struct rm_api_change *c = arg;
	jv result = JV_OBJECT(jv_string("name"), jv_string(c->cluster),
	    jv_string("success"), failure == NULL ? jv_true() : jv_false());
	if (failure != NULL)
		result = rm_json_set(result, "error", jv_string(failure->text));
	note(c, failure);
	c->results = jv_array_append(c->results, result);
	put_next(c);
}

static void
put_next(struct rm_api_change *c)
{
	int at = jv_array_length(jv_copy(c->results));
	if (at == jv_array_length(jv_copy(c->todo))) {
		rm_reply_json(c->request, 200, jv_copy(c->results));
		change_free(c);
		return;
	}
	struct rm_error err = { 0 };
	jv document = jv_array_get(jv_copy(c->todo), at);
	free(c->cluster);
	c->cluster = rm_strdup(rm_json_text(document, "name", ""));
	jv_free(c->fields);
	c->fields = jv_invalid();
	if (take_document(c, document, &err) != 0) {
		put_one_done(c, &err);
		return;
	}
	rm_commit_start(
	    c->api, &(struct rm_commit_options){
			.make = make, .done = put_one_done, .arg = c });
}

void
rm_api_put_clusters(struct rm_request *request, void *arg)
{
	struct rm_api_change *c = rm_api_change_new(
	    arg, request, "put", make_put);
	struct rm_error err = { 0 };
	jv body = jv_invalid();
	int rc = parse_body(request, &body, &err);
	c->todo = rc == 0 ? rm_json_get(body, "clusters") : jv_invalid();
	jv_free(body);
	if (rc == 0 && jv_get_kind(c->todo) != JV_KIND_ARRAY)
		rc = rm_error_set(
		    &err, RM_EXIT_USAGE, "clusters: not an array");
	else if (rc == 0 && jv_array_length(jv_copy(c->todo)) > MANY)
		rc = rm_error_set(
		    &err, RM_EXIT_USAGE, "clusters: more than %d", MANY);
	c->results = jv_array();
	if (rc == 0)
		put_next(c);
	else
		done(c, &err);
}

/* ---- nodes ---- */

void
rm_api_add_node(struct rm_request *request, void *arg)
{
	rm_api_change_start(
	    rm_api_change_new(arg, request, "add node", make_add_node));
}

static void
start_node(struct rm_request *request, struct rm_api *api, const char *what,
    rm_api_make *how, bool force)
{
	const struct rm_entry *node = rm_api_node(api, request);
	if (node == NULL)
		return;
	struct rm_api_change *c = rm_api_change_new(api, request, what, how);
	c->node = rm_strdup(node->key);
	c->force = force;
	rm_api_change_start(c);
}

void
rm_api_delete_node(struct rm_request *request, void *arg)
{
	const char *force = rm_request_query(request, "force");
	start_node(request, arg, "remove", make_remove_node,
	    force != NULL && strcmp(force, "true") == 0);
}

void
rm_api_restart_node(struct rm_request *request, void *arg)
{
	start_node(request, arg, "restart", make_restart_node, false);
}
