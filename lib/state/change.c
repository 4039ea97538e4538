#include "state/change.h"

#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/json.h"

static struct rm_zk_op *
add(struct rm_change *change, enum rm_zk_op_kind kind, char *path, int version)
{
	if (change->count == change->room) {
		change->room = change->room > 0 ? 2 * change->room : 8;
		change->ops = rm_realloc(
		    change->ops, change->room * sizeof(*change->ops));
	}
	struct rm_zk_op *op = &change->ops[change->count++];
	*op = (struct rm_zk_op){
		.kind = kind, .path = path, .version = version
	};
	return op;
}

void
rm_change_put(struct rm_change *change, const struct rm_store *store,
    const char *path, jv value, int version)
{
	struct rm_str text = { 0 };
	struct rm_zk_op *op = add(change,
	    version < 0 ? RM_ZK_OP_CREATE : RM_ZK_OP_SET,
	    rm_store_path(store, path), version);
	rm_json_write(&text, value);
	op->len = text.len;
	op->value = rm_str_take(&text);
}

void
rm_change_delete(struct rm_change *change, const struct rm_store *store,
    const char *path, int version)
{
	add(change, RM_ZK_OP_DELETE, rm_store_path(store, path), version);
}

void
rm_change_check(struct rm_change *change, const struct rm_store *store,
    const char *path, int version)
{
	add(change, RM_ZK_OP_CHECK, rm_store_path(store, path), version);
}

static int
make_parent(struct rm_store *store, const char *path, struct rm_error *err)
{
	struct rm_error made = { 0 };
	char *parent = rm_strdup(path);
	*strrchr(parent, '/') = '\0';
	int rc = rm_zk_wait_create(&store->wait, parent, "", 0, 0, &made);
	free(parent);
	if (rc == 0 || made.code == RM_EXIT_CONFLICT)
		return 0;
	return rm_error_set(err, made.code, "%s", made.text);
}

int
rm_change_commit(
    struct rm_change *change, struct rm_store *store, struct rm_error *err)
{
	size_t n = 0;
	for (size_t i = 0; i < change->count; i++)
		if (change->ops[i].kind == RM_ZK_OP_CREATE &&
		    make_parent(store, change->ops[i].path, err) != 0)
			return -1;
	struct rm_zk_op *ops = rm_alloc((change->count + 1) * sizeof(*ops));
	if (store->guard != NULL)
		ops[n++] = (struct rm_zk_op){ .kind = RM_ZK_OP_CHECK,
			.path = store->guard,
			.version = -1 };
	if (change->count > 0)
		memcpy(ops + n, change->ops, change->count * sizeof(*ops));
	int rc = rm_zk_wait_multi(&store->wait, ops, n + change->count, err);
	free(ops);
	return rc;
}

void
rm_change_free(struct rm_change *change)
{
	for (size_t i = 0; i < change->count; i++) {
		free((char *)(uintptr_t)change->ops[i].path);
		free((char *)(uintptr_t)change->ops[i].value);
	}
	free(change->ops);
	*change = (struct rm_change){ 0 };
}

int
rm_change_read(struct rm_store *store, const char *path, jv *value,
    int *version, struct rm_error *err)
{
	struct rm_str text = { 0 };
	struct rm_zk_stat stat = { 0 };
	struct rm_error got = { 0 };
	char *whole = rm_store_path(store, path);
	int rc = rm_zk_wait_get(&store->wait, whole, &text, &stat, &got);
	*value = jv_invalid();
	*version = rc == 0 ? stat.version : -1;
	if (rc == 0 && rm_json_parse(text.text, text.len, value, err) != 0)
		rc = rm_error_prefix(err, "%s", path);
	else if (rc == 0)
		rc = 1;
	else if (got.code == RM_EXIT_NO)
		rc = 0;
	else
		rm_error_set(err, got.code, "%s", got.text);
	rm_str_free(&text);
	free(whole);
	return rc;
}
