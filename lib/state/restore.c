#include "state/restore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/json.h"
#include "base/log.h"
#include "state/fill.h"
#include "state/output.h"
#include "state/record.h"
#include "state/snapshot.h"

/* Of one multi-op, its guard apart. */
#define BATCH_OPS 2000
/* No scheduler takes over settings of a newer schema than its own. */
#define BLOCKED "{\"schema\":1000000000,\"restoring\":true}"

struct ops {
	struct rm_zk_op *items; /* paths and values are owned */
	size_t count, room;
};

struct restore {
	const struct rm_state_options *options;
	struct rm_store store;
	struct rm_snapshot before;
	jv records; /* the document's */
	struct ops ops;
	size_t same, created, replaced, removed;
	const char *example; /* one that would be replaced or removed */
};

static void
add_op(struct ops *ops, struct rm_zk_op op)
{
	if (ops->count == ops->room) {
		ops->room = ops->room > 0 ? 2 * ops->room : 64;
		ops->items = rm_realloc(
		    ops->items, ops->room * sizeof(*ops->items));
	}
	ops->items[ops->count++] = op;
}

static void
op_free(struct rm_zk_op *op)
{
	free((char *)(uintptr_t)op->path);
	free((char *)(uintptr_t)op->value);
}

/* Consumes value. */
static void
add_put(struct restore *r, const char *path, jv value, bool there)
{
	struct rm_str text = { 0 };
	rm_json_write(&text, value);
	size_t len = text.len;
	add_op(&r->ops,
	    (struct rm_zk_op){ .kind = there ? RM_ZK_OP_SET : RM_ZK_OP_CREATE,
		.path = rm_store_path(&r->store, path),
		.value = rm_str_take(&text),
		.len = len,
		.version = -1 });
}

/* ---- the document ---- */

static int
check_record(const char *path, jv value, struct rm_error *err)
{
	enum rm_record_kind kind;
	const char *name;
	if (!rm_record_parse(path, &kind, &name) ||
	    rm_record_table[kind].ephemeral)
		return rm_error_set(err, RM_EXIT_USAGE,
		    "records: %s: not the path of a lasting record", path);
	if (jv_get_kind(value) != JV_KIND_OBJECT)
		return rm_error_set(
		    err, RM_EXIT_USAGE, "records: %s: not a JSON object", path);
	return 0;
}

static int
check_records(jv records, struct rm_error *err)
{
	int rc = 0;
	if (jv_get_kind(records) != JV_KIND_OBJECT)
		return rm_error_set(
		    err, RM_EXIT_USAGE, "records: not a JSON object");
	jv_object_foreach (records, key, value) {
		if (rc == 0)
			rc = check_record(jv_string_value(key), value, err);
		jv_free(key);
		jv_free(value);
	}
	return rc;
}

static int
read_document(struct restore *r, const char *file, struct rm_error *err)
{
	jv document;
	if (rm_json_read(file, &document, err) != 0) {
		err->code = RM_EXIT_USAGE;
		return -1;
	}
	double schema = rm_json_number(document, "schema", 0);
	const char *framework = rm_json_text(document, "framework", "");
	int rc = 0;
	if (schema < 1 || schema > RM_STATE_SCHEMA)
		rc = rm_error_set(
		    err, RM_EXIT_USAGE, "schema: not %d", RM_STATE_SCHEMA);
	else if (strcmp(framework, r->options->framework) != 0)
		rc = rm_error_set(err, RM_EXIT_USAGE,
		    "framework: is \"%s\", not %s", framework,
		    r->options->framework);
	r->records = rm_json_get(document, "records");
	jv_free(document);
	if (rc == 0)
		rc = check_records(r->records, err);
	return rc == 0 ? 0 : rm_error_prefix(err, "%s", file);
}

/* ---- what is to be done ---- */

static bool
is_settings(const char *path)
{
	return strcmp(path, "settings") == 0;
}

/* What blocks schedulers is no record of theirs. */
static bool
is_block(const struct rm_snapshot_item *item)
{
	return item->value != NULL && is_settings(item->path) &&
	       strcmp(item->value, BLOCKED) == 0;
}

static bool
is_same(const struct rm_snapshot_item *item, jv value)
{
	jv now;
	if (item->value == NULL ||
	    rm_json_parse(item->value, item->len, &now, NULL) != 0)
		return false;
	bool same = rm_json_equal(now, value);
	jv_free(now);
	return same;
}

/* Consumes value. */
static void
plan_put(struct restore *r, const char *path, jv value)
{
	const struct rm_snapshot_item *item = rm_snapshot_find(
	    &r->before, path);
	if (item != NULL && is_same(item, value)) {
		r->same++;
		jv_free(value);
		return;
	}
	if (item == NULL || is_block(item)) {
		r->created++;
	} else {
		r->replaced++;
		r->example = item->path;
	}
	add_put(r, path, value, item != NULL);
}

static void
plan_removal(struct restore *r, const struct rm_snapshot_item *item)
{
	if (!is_block(item)) {
		r->removed++;
		r->example = item->path;
	}
	add_op(&r->ops, (struct rm_zk_op){ .kind = RM_ZK_OP_DELETE,
			    .path = rm_store_path(&r->store, item->path),
			    .version = -1 });
}

/* A document without secrets does not say that there are none. */
static bool
is_secret_in_use(const struct restore *r, const char *path)
{
	if (strncmp(path, "secrets/", 8) != 0)
		return false;
	char *cluster = rm_format("clusters/%s", path + 8);
	bool used = rm_json_has(r->records, cluster);
	free(cluster);
	return used;
}

static void
plan_removals(struct restore *r)
{
	for (size_t i = 0; i < r->before.count; i++) {
		const struct rm_snapshot_item *item = &r->before.items[i];
		if (!is_settings(item->path) &&
		    !rm_json_has(r->records, item->path) &&
		    !is_secret_in_use(r, item->path))
			plan_removal(r, item);
	}
}

/* A cluster without a secret can't run: its nodes could not be told one. */
static int
plan_secret(struct restore *r, const char *cluster, struct rm_error *err)
{
	char *path = rm_format("secrets/%s", cluster);
	jv secret = jv_invalid();
	int rc = 0;
	if (!rm_json_has(r->records, path) &&
	    rm_snapshot_find(&r->before, path) == NULL) {
		if (!r->options->new_secrets)
			rc = rm_error_set(err, RM_EXIT_USAGE,
			    "%s: neither in the document nor there: "
			    "dump with --secrets, or --new-secrets",
			    path);
		else if ((rc = rm_secret_make(&secret, err)) == 0)
			plan_put(r, path, jv_copy(secret));
	}
	jv_free(secret);
	free(path);
	return rc;
}

/* The settings come last: until then they may be what blocks schedulers. */
static void
plan_settings(struct restore *r)
{
	const struct rm_snapshot_item *item = rm_snapshot_find(
	    &r->before, "settings");
	jv settings = rm_json_get(r->records, "settings");
	if (jv_is_valid(settings))
		plan_put(r, "settings", jv_copy(settings));
	else if (item != NULL)
		plan_removal(r, item);
	jv_free(settings);
}

static int
plan(struct restore *r, struct rm_error *err)
{
	int rc = 0;
	plan_removals(r);
	jv_object_foreach (r->records, key, value) {
		const char *path = jv_string_value(key);
		if (!is_settings(path))
			plan_put(r, path, jv_copy(value));
		if (rc == 0 && strncmp(path, "clusters/", 9) == 0)
			rc = plan_secret(r, path + 9, err);
		jv_free(key);
		jv_free(value);
	}
	plan_settings(r);
	if (rc == 0 && r->replaced + r->removed > 0 && !r->options->replace)
		rc = rm_error_set(err, RM_EXIT_CONFLICT,
		    "%zu records are there that would be replaced or "
		    "removed, such as %s: --replace",
		    r->replaced + r->removed, r->example);
	return rc;
}

/* ---- doing it ---- */

static int
make_directories(struct restore *r, struct rm_error *err)
{
	for (int k = 0; k < RM_RECORD_KINDS; k++) {
		const struct rm_record_info *info = &rm_record_table[k];
		struct rm_error made = { 0 };
		if (info->of == RM_OF_FRAMEWORK || info->ephemeral)
			continue;
		char *path = rm_store_path(&r->store, info->dir);
		int rc = rm_zk_wait_create(
		    &r->store.wait, path, "", 0, 0, &made);
		free(path);
		if (rc != 0 && made.code != RM_EXIT_CONFLICT)
			return rm_error_set(err, made.code, "%s", made.text);
	}
	return 0;
}

/* How many ops from here go into one multi-op. */
static size_t
batch_from(const struct ops *ops, size_t at)
{
	size_t bytes = 0, n = 0;
	while (at + n < ops->count && n < BATCH_OPS) {
		const struct rm_zk_op *op = &ops->items[at + n];
		bytes += op->len + strlen(op->path) + 64;
		if (n > 0 && bytes > RM_ZK_VALUE_MAX)
			break;
		n++;
	}
	return n;
}

static int
send_batch(struct restore *r, size_t at, size_t count, struct rm_error *err)
{
	struct rm_zk_op *ops = rm_alloc((count + 1) * sizeof(*ops));
	ops[0] = (struct rm_zk_op){
		.kind = RM_ZK_OP_CHECK, .path = r->store.guard, .version = -1
	};
	memcpy(ops + 1, r->ops.items + at, count * sizeof(*ops));
	int rc = rm_zk_wait_multi(&r->store.wait, ops, count + 1, err);
	free(ops);
	return rc;
}

/* Puts the block there, and what takes it away at the end of the ops. */
static int
block(struct restore *r, struct rm_error *err)
{
	char *path = rm_store_path(&r->store, "settings");
	struct rm_zk_op *last = &r->ops.items[r->ops.count - 1];
	bool there = rm_snapshot_find(&r->before, "settings") != NULL;
	int rc = there ? rm_zk_wait_set(&r->store.wait, path, BLOCKED,
			     strlen(BLOCKED), -1, err)
		       : rm_zk_wait_create(&r->store.wait, path, BLOCKED,
			     strlen(BLOCKED), 0, err);
	jv settings = rm_json_get(r->records, "settings");
	if (strcmp(last->path, path) != 0 && jv_is_valid(settings))
		add_put(r, "settings", jv_copy(settings), true);
	else if (strcmp(last->path, path) != 0)
		add_op(&r->ops, (struct rm_zk_op){ .kind = RM_ZK_OP_DELETE,
				    .path = rm_strdup(path),
				    .version = -1 });
	else if (last->kind == RM_ZK_OP_CREATE)
		last->kind = RM_ZK_OP_SET;
	jv_free(settings);
	free(path);
	return rc;
}

static int
store_all(struct restore *r, struct rm_error *err)
{
	size_t n;
	if (batch_from(&r->ops, 0) < r->ops.count && block(r, err) != 0)
		return -1;
	for (size_t at = 0; at < r->ops.count; at += n) {
		n = batch_from(&r->ops, at);
		if (send_batch(r, at, n, err) != 0)
			return rm_error_prefix(err,
			    "%zu of %zu changes made, run it again", at,
			    r->ops.count);
	}
	return 0;
}

static int
run(struct restore *r, const char *file, struct rm_error *err)
{
	if (read_document(r, file, err) != 0 ||
	    rm_store_open(&r->store, r->options, err) != 0 ||
	    rm_store_guard(&r->store, "restore", err) != 0 ||
	    rm_snapshot_take(&r->store, false, &r->before, err) != 0)
		return -1;
	if (plan(r, err) != 0 || make_directories(r, err) != 0)
		return -1;
	return store_all(r, err);
}

int
rm_restore_run(const struct rm_state_options *options, const char *file)
{
	struct restore r = { .options = options, .records = jv_invalid() };
	struct rm_error err = { 0 };
	struct rm_str out = { 0 };
	int code = RM_EXIT_OK;
	if (run(&r, file, &err) != 0) {
		rm_log_error("%s", err.text);
		code = err.code;
	} else {
		rm_str_printf(&out,
		    "%zu created, %zu replaced, %zu removed, %zu as it was\n",
		    r.created, r.replaced, r.removed, r.same);
	}
	for (size_t i = 0; i < r.ops.count; i++)
		op_free(&r.ops.items[i]);
	free(r.ops.items);
	jv_free(r.records);
	rm_snapshot_free(&r.before);
	rm_store_close(&r.store);
	return rm_output(&out, code);
}
