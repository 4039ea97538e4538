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

/* The first of these that is there is an error. */
static int
refuse_if_there(struct rm_store *store, const char *key,
    const char *const *dirs, const char *name, const char *advice,
    struct rm_error *err)
{
	for (; *dirs != NULL; dirs++) {
		jv value;
		int version;
		char *path = rm_format("%s/%s", *dirs, name);
		int there = rm_change_read(store, path, &value, &version, NULL);
		jv_free(value);
		if (there != 0)
			rm_error_set(err, RM_EXIT_CONFLICT,
			    "%s: %s is still there: %s (or --force)", key, path,
			    advice);
		free(path);
		if (there != 0)
			return -1;
	}
	return 0;
}

static int
refuse_if_nodes(struct rm_store *store, const char *framework,
    const char *cluster, struct rm_error *err)
{
	char **names = NULL;
	struct rm_error listed = { 0 };
	char *path = rm_store_path(store, "nodes");
	int rc = rm_zk_wait_list(&store->wait, path, &names, &listed);
	free(path);
	if (rc != 0 && listed.code == RM_EXIT_NO)
		return 0;
	if (rc != 0)
		return rm_error_set(err, listed.code, "%s", listed.text);
	for (char **name = names; *name != NULL && rc == 0; name++)
		if (rm_record_node_number(*name, framework, cluster) > 0)
			rc = rm_error_set(err, RM_EXIT_CONFLICT,
			    "clusters/%s: nodes/%s is still there (or --force)",
			    cluster, *name);
	rm_zk_wait_names_free(names);
	return rc;
}

static int
check_unused(struct rm_store *store, const struct rm_state_options *options,
    enum rm_record_kind kind, const char *key, const char *name,
    struct rm_error *err)
{
	static const char *const of_node[] = { "reservations", "tasks",
		"status", "orders", NULL };
	static const char *const of_secret[] = { "clusters", NULL };
	if (options->force)
		return 0;
	if (kind == RM_RECORD_NODE)
		return refuse_if_there(store, key, of_node, name,
		    "its goal may be \"remove\"", err);
	if (kind == RM_RECORD_SECRET)
		return refuse_if_there(
		    store, key, of_secret, name, "it needs its secret", err);
	if (kind == RM_RECORD_CLUSTER)
		return refuse_if_nodes(store, options->framework, name, err);
	return 0;
}

/* A cluster takes its secret with it. */
static int
remove_one(struct rm_store *store, enum rm_record_kind kind, const char *key,
    const char *name, struct rm_error *err)
{
	struct rm_change change = { 0 };
	jv value;
	int version;
	int rc = rm_change_read(store, key, &value, &version, err);
	jv_free(value);
	if (rc == 0)
		return rm_error_set(err, RM_EXIT_NO, "%s: no such record", key);
	if (version < 0)
		return -1;
	rm_change_delete(&change, store, key, version);
	char *secret = rm_format("secrets/%s", name);
	if (kind == RM_RECORD_CLUSTER &&
	    rm_change_read(store, secret, &value, &version, NULL) != 0) {
		jv_free(value);
		rm_change_delete(&change, store, secret, version);
	}
	free(secret);
	rc = rm_change_commit(&change, store, err);
	rm_change_free(&change);
	return rc;
}

int
rm_edit_rm(const struct rm_state_options *options, char **keys)
{
	struct rm_store store = { 0 };
	struct rm_error err = { 0 };
	int code = RM_EXIT_OK;
	if (rm_store_open(&store, options, &err) != 0)
		code = tell(&err);
	for (; store.wait.zk != NULL && *keys != NULL; keys++) {
		enum rm_record_kind kind;
		const char *name;
		if (rm_put_allowed(&store, *keys, &kind, &name, &err) == 0 &&
		    check_unused(&store, options, kind, *keys, name, &err) ==
			0 &&
		    remove_one(&store, kind, *keys, name, &err) == 0)
			continue;
		int one = tell(&err);
		code = one > code ? one : code;
	}
	rm_store_close(&store);
	return code;
}
