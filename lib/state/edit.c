#include "state/edit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/json.h"
#include "base/log.h"
#include "io/loop.h"
#include "state/change.h"
#include "state/output.h"
#include "state/put.h"
#include "state/record_line.h"
#include "state/snapshot.h"

static int
tell(const struct rm_error *err)
{
	rm_log_error("%s", err->text);
	return err->code;
}

/* A path below the root that ZooKeeper would take. */
static int
check_path(const char *path, struct rm_error *err)
{
	size_t len = strlen(path);
	if (len > 0 && path[0] != '/' && path[len - 1] != '/' &&
	    strstr(path, "//") == NULL)
		return 0;
	return rm_error_set(
	    err, RM_EXIT_USAGE, "%s: not a path below the framework", path);
}

/* ---- get ---- */

static int
get_one(struct rm_store *store, const char *key, struct rm_str *out)
{
	struct rm_error err = { 0 };
	struct rm_str value = { 0 };
	const char *wrong;
	char *path = rm_store_path(store, key);
	int rc = check_path(key, &err);
	if (rc == 0)
		rc = rm_zk_wait_get(&store->wait, path, &value, NULL, &err);
	if (rc != 0 && err.code == RM_EXIT_NO)
		rm_error_set(&err, RM_EXIT_NO, "%s: no such record", key);
	else if (rc == 0 &&
		 (wrong = rm_record_value_wrong(value.text, value.len)) != NULL)
		rc = rm_error_set(&err, RM_EXIT_REJECTED, "%s: %s", key, wrong);
	if (rc == 0) {
		rm_record_value_add(out, value.text, value.len);
		rm_str_puts(out, "\n");
	}
	rm_str_free(&value);
	free(path);
	return rc == 0 ? RM_EXIT_OK : tell(&err);
}

int
rm_edit_get(const struct rm_state_options *options, char **keys)
{
	struct rm_store store = { 0 };
	struct rm_error err = { 0 };
	struct rm_str out = { 0 };
	int code = RM_EXIT_OK;
	if (rm_store_open(&store, options, &err) != 0)
		code = tell(&err);
	for (; store.wait.zk != NULL && *keys != NULL; keys++) {
		int one = get_one(&store, *keys, &out);
		code = one > code ? one : code;
	}
	rm_store_close(&store);
	return rm_output(&out, code);
}

/* ---- ls ---- */

static int
list_all(struct rm_store *store, struct rm_str *out, struct rm_error *err)
{
	struct rm_snapshot snapshot = { 0 };
	int rc = rm_snapshot_take(store, true, &snapshot, err);
	for (size_t i = 0; i < snapshot.count; i++)
		rm_str_printf(out, "%s\n", snapshot.items[i].path);
	rm_snapshot_free(&snapshot);
	return rc;
}

static bool
is_directory_of_records(const char *dir)
{
	for (int k = 0; k < RM_RECORD_KINDS; k++)
		if (strcmp(rm_record_table[k].dir, dir) == 0)
			return true;
	return false;
}

static int
by_number(const void *a, const void *b)
{
	return strverscmp(*(char *const *)a, *(char *const *)b);
}

static int
list_dir(struct rm_store *store, const char *dir, struct rm_str *out,
    struct rm_error *err)
{
	char **names = NULL;
	if (check_path(dir, err) != 0)
		return -1;
	char *path = rm_store_path(store, dir);
	int rc = rm_zk_wait_list(&store->wait, path, &names, err);
	free(path);
	if (rc != 0 && err->code == RM_EXIT_NO)
		return is_directory_of_records(dir)
			   ? 0
			   : rm_error_set(
				 err, RM_EXIT_NO, "%s: no such directory", dir);
	size_t count = 0;
	while (rc == 0 && names[count] != NULL)
		count++;
	if (count > 0)
		qsort(names, count, sizeof(*names), by_number);
	for (size_t i = 0; i < count; i++)
		rm_str_printf(out, "%s/%s\n", dir, names[i]);
	rm_zk_wait_names_free(names);
	return rc;
}

int
rm_edit_ls(const struct rm_state_options *options, const char *dir)
{
	struct rm_store store = { 0 };
	struct rm_error err = { 0 };
	struct rm_str out = { 0 };
	int rc = rm_store_open(&store, options, &err);
	if (rc == 0)
		rc = dir == NULL ? list_all(&store, &out, &err)
				 : list_dir(&store, dir, &out, &err);
	int code = rc == 0 ? RM_EXIT_OK : tell(&err);
	rm_store_close(&store);
	return rm_output(&out, code);
}

/* ---- put ---- */

int
rm_edit_put(
    const struct rm_state_options *options, const char *key, const char *file)
{
	struct rm_store store = { 0 };
	struct rm_error err = { 0 };
	jv value;
	if (rm_json_read(file, &value, &err) != 0) {
		err.code = RM_EXIT_USAGE;
		return tell(&err);
	}
	int rc = rm_store_open(&store, options, &err);
	if (rc == 0)
		rc = rm_put(&store, options, key, value, &err);
	else
		jv_free(value);
	int code = rc == 0 ? RM_EXIT_OK : tell(&err);
	rm_store_close(&store);
	return code;
}

/* ---- rm ---- */

/* All that one command removes is one change. */
struct removal {
	struct rm_store store;
	const struct rm_state_options *options;
	char **keys;
	struct rm_change change;
};

static bool
is_named(char **keys, char **end, const char *key)
{
	for (; keys != end && *keys != NULL; keys++)
		if (strcmp(*keys, key) == 0)
			return true;
	return false;
}

static bool
stays(struct removal *r, const char *path)
{
	jv value;
	int version;
	if (is_named(r->keys, NULL, path))
		return false;
	int there = rm_change_read(&r->store, path, &value, &version, NULL);
	jv_free(value);
	return there != 0;
}

/* What may not be there without the other: {dir, what refers to it}. */
static const struct {
	enum rm_record_kind kind;
	const char *dir, *advice;
} holders[] = {
	{ RM_RECORD_NODE, "reservations", "its goal may be \"remove\"" },
	{ RM_RECORD_NODE, "tasks", "its goal may be \"remove\"" },
	{ RM_RECORD_NODE, "status", "its goal may be \"remove\"" },
	{ RM_RECORD_NODE, "orders", "its goal may be \"remove\"" },
	{ RM_RECORD_RESERVATION, "nodes", "it would begin without its data" },
	{ RM_RECORD_TASK, "nodes", "it might be started twice" },
	{ RM_RECORD_SECRET, "clusters", "it needs its secret" },
};

static int
refuse_if_held(struct removal *r, enum rm_record_kind kind, const char *key,
    const char *name, struct rm_error *err)
{
	for (size_t i = 0; i < sizeof(holders) / sizeof(*holders); i++) {
		if (holders[i].kind != kind)
			continue;
		char *path = rm_format("%s/%s", holders[i].dir, name);
		bool held = stays(r, path);
		if (held)
			rm_error_set(err, RM_EXIT_CONFLICT,
			    "%s: %s is still there: %s (or --force)", key, path,
			    holders[i].advice);
		free(path);
		if (held)
			return -1;
	}
	return 0;
}

static int
refuse_if_nodes(struct removal *r, const char *cluster, struct rm_error *err)
{
	char **names = NULL;
	struct rm_error listed = { 0 };
	char *path = rm_store_path(&r->store, "nodes");
	int rc = rm_zk_wait_list(&r->store.wait, path, &names, &listed);
	free(path);
	if (rc != 0 && listed.code == RM_EXIT_NO)
		return 0;
	if (rc != 0)
		return rm_error_set(err, listed.code, "%s", listed.text);
	for (char **name = names; *name != NULL && rc == 0; name++) {
		path = rm_format("nodes/%s", *name);
		if (rm_record_node_number(
			*name, r->options->framework, cluster) > 0 &&
		    !is_named(r->keys, NULL, path))
			rc = rm_error_set(err, RM_EXIT_CONFLICT,
			    "clusters/%s: %s is still there (or --force)",
			    cluster, path);
		free(path);
	}
	rm_zk_wait_names_free(names);
	return rc;
}

/* A cluster takes its secret with it. */
static void
add_secret(struct removal *r, const char *cluster)
{
	jv value;
	int version;
	char *secret = rm_format("secrets/%s", cluster);
	if (!is_named(r->keys, NULL, secret) &&
	    rm_change_read(&r->store, secret, &value, &version, NULL) != 0) {
		jv_free(value);
		rm_change_delete(&r->change, &r->store, secret, version);
	}
	free(secret);
}

static int
add_removal(struct removal *r, const char *key, struct rm_error *err)
{
	enum rm_record_kind kind;
	const char *name;
	jv value;
	int version;
	if (rm_put_allowed(&r->store, key, &kind, &name, err) != 0)
		return -1;
	int rc = rm_change_read(&r->store, key, &value, &version, err);
	jv_free(value);
	if (rc == 0)
		return rm_error_set(err, RM_EXIT_NO, "%s: no such record", key);
	if (version < 0)
		return -1;
	if (!r->options->force &&
	    (refuse_if_held(r, kind, key, name, err) != 0 ||
		(kind == RM_RECORD_CLUSTER &&
		    refuse_if_nodes(r, name, err) != 0)))
		return -1;
	rm_change_delete(&r->change, &r->store, key, version);
	if (kind == RM_RECORD_CLUSTER)
		add_secret(r, name);
	return 0;
}

int
rm_edit_rm(const struct rm_state_options *options, char **keys)
{
	struct removal r = { .options = options, .keys = keys };
	struct rm_error err = { 0 };
	int code = RM_EXIT_OK;
	if (rm_store_open(&r.store, options, &err) != 0)
		code = tell(&err);
	for (; r.store.wait.zk != NULL && *keys != NULL; keys++) {
		if (is_named(r.keys, keys, *keys) ||
		    add_removal(&r, *keys, &err) == 0)
			continue;
		int one = tell(&err);
		code = one > code ? one : code;
	}
	if (code == RM_EXIT_OK &&
	    rm_change_commit(&r.change, &r.store, &err) != 0)
		code = tell(&err);
	rm_change_free(&r.change);
	rm_store_close(&r.store);
	return code;
}
