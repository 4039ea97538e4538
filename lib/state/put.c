#include "state/put.h"

#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/json.h"
#include "state/change.h"
#include "state/fill.h"
#include "state/intent.h"

#define TRIES 3 /* when somebody changes the same record meanwhile */

struct putting {
	struct rm_store *store;
	const struct rm_state_options *options;
	const char *key; /* "nodes/riak-kv-1" */
	const char *name; /* "riak-kv-1" */
	jv value;
	/* What is there: invalid and -1 when absent. */
	jv old;
	int version;
	struct rm_change change;
};

int
rm_put_allowed(struct rm_store *store, const char *key,
    enum rm_record_kind *kind, const char **name, struct rm_error *err)
{
	if (!rm_record_parse(key, kind, name))
		return rm_error_set(
		    err, RM_EXIT_USAGE, "%s: not the path of a record", key);
	const struct rm_record_info *info = &rm_record_table[*kind];
	if (info->ephemeral)
		return rm_error_set(err, RM_EXIT_USAGE,
		    "%s: lives with the session of %s", key, info->writer);
	return info->writer != NULL ? rm_store_guard(store, key, err) : 0;
}

static int
put_plain(struct putting *put, struct rm_error *err)
{
	(void)err;
	rm_change_put(&put->change, put->store, put->key, jv_copy(put->value),
	    put->version);
	return 0;
}

static int
put_settings(struct putting *put, struct rm_error *err)
{
	double schema = rm_json_number(put->value, "schema", -1);
	double old = rm_json_number(put->old, "schema", RM_STATE_SCHEMA);
	if (schema != RM_STATE_SCHEMA)
		return rm_error_set(err, RM_EXIT_USAGE,
		    "settings: schema: not %d", RM_STATE_SCHEMA);
	if (old > RM_STATE_SCHEMA)
		return rm_error_set(err, RM_EXIT_CONFLICT,
		    "settings: of a newer schema, %g", old);
	return put_plain(put, err);
}

static int
put_secret(struct putting *put, struct rm_error *err)
{
	return rm_fill_secret(&put->value, err) == 0 ? put_plain(put, err) : -1;
}

static int
put_cluster(struct putting *put, struct rm_error *err)
{
	jv secret;
	int version;
	char *path = rm_format("secrets/%s", put->name);
	int there = rm_change_read(put->store, path, &secret, &version, err);
	jv_free(secret);
	free(path);
	if (there < 0)
		return -1;
	return rm_intent_cluster(&put->change, put->store, put->name,
	    jv_copy(put->value),
	    (struct rm_intent_record){ put->old, put->version }, there > 0,
	    err);
}

static int
put_node_of(struct putting *put, const char *cluster, struct rm_error *err)
{
	struct rm_intent_record record = { jv_invalid(), -1 };
	char *path = rm_format("clusters/%s", cluster);
	int rc = rm_change_read(
	    put->store, path, &record.value, &record.version, err);
	if (rc == 0)
		rc = rm_error_set(err, RM_EXIT_NO, "%s: no such cluster", path);
	if (rc > 0)
		rc = rm_intent_node(&put->change, put->store, put->name,
		    put->options->framework, jv_copy(put->value),
		    (struct rm_intent_record){ put->old, put->version },
		    cluster, record, put->options->force, err);
	jv_free(record.value);
	free(path);
	return rc;
}

static int
put_node(struct putting *put, struct rm_error *err)
{
	char *cluster = rm_fill_cluster_of(put->name, put->options->framework);
	if (cluster == NULL)
		return rm_error_set(err, RM_EXIT_USAGE,
		    "%s: not %s-CLUSTER-NUMBER", put->key,
		    put->options->framework);
	int rc = put_node_of(put, cluster, err);
	free(cluster);
	return rc;
}

static int (*const prepare[RM_RECORD_KINDS])(
    struct putting *put, struct rm_error *err) = {
	[RM_RECORD_SETTINGS] = put_settings,
	[RM_RECORD_CLUSTER] = put_cluster,
	[RM_RECORD_NODE] = put_node,
	[RM_RECORD_SECRET] = put_secret,
};

/* One try. */
static int
try_put(struct putting *put, enum rm_record_kind kind, struct rm_error *err)
{
	jv value = jv_copy(put->value);
	struct rm_error old = { 0 };
	/* One that can't be read may be replaced. */
	int there = rm_change_read(
	    put->store, put->key, &put->old, &put->version, &old);
	int rc = there < 0 && old.code != RM_EXIT_REJECTED
		     ? rm_error_set(err, old.code, "%s", old.text)
		     : 0;
	if (rc == 0)
		rc = prepare[kind] != NULL ? prepare[kind](put, err)
					   : put_plain(put, err);
	if (rc != 0 && err->code == RM_EXIT_USAGE &&
	    strncmp(err->text, put->key, strlen(put->key)) != 0)
		rm_error_prefix(err, "%s", put->key);
	if (rc == 0 &&
	    (rc = rm_change_commit(&put->change, put->store, err)) != 0 &&
	    err->code == RM_EXIT_CONFLICT)
		rc = 1; /* something has changed meanwhile */
	rm_change_free(&put->change);
	jv_free(put->old);
	jv_free(put->value);
	put->value = value;
	return rc;
}

int
rm_put(struct rm_store *store, const struct rm_state_options *options,
    const char *key, jv value, struct rm_error *err)
{
	struct putting put = {
		.store = store, .options = options, .key = key, .value = value
	};
	enum rm_record_kind kind;
	int rc = rm_put_allowed(store, key, &kind, &put.name, err);
	if (rc == 0 && jv_get_kind(value) != JV_KIND_OBJECT)
		rc = rm_error_set(
		    err, RM_EXIT_USAGE, "%s: not a JSON object", key);
	if (rc == 0) {
		rc = 1;
		for (int i = 0; i < TRIES && rc == 1; i++)
			rc = try_put(&put, kind, err);
	}
	jv_free(put.value);
	return rc == 0 ? 0 : -1;
}
