#include "state/store.h"

#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/json.h"
#include "io/loop.h"
#include "state/record.h"

char *
rm_state_root(const char *framework, struct rm_error *err)
{
	if (rm_record_key_ok(framework))
		return rm_format("/riak/frameworks/%s", framework);
	rm_error_set(
	    err, RM_EXIT_USAGE, "--framework: not a name: %s", framework);
	return NULL;
}

static void
on_session(void *arg, enum rm_zk_session state)
{
	struct rm_store *store = arg;
	if (store->tree != NULL)
		rm_zk_tree_session(store->tree, state);
}

int
rm_store_open(struct rm_store *store, const struct rm_state_options *options,
    struct rm_error *err)
{
	struct rm_zk_options zk = { .hosts = options->zk,
		.auth_file = options->zk_auth_file,
		.on_session = on_session,
		.arg = store };
	store->root = rm_state_root(options->framework, err);
	if (store->root == NULL)
		return -1;
	store->loop = rm_loop_new(false, err);
	if (store->loop == NULL)
		return -1;
	return rm_zk_wait_open(
	    &store->wait, store->loop, &zk, options->wait, err);
}

void
rm_store_close(struct rm_store *store)
{
	rm_zk_wait_close(&store->wait);
	if (store->loop != NULL)
		event_base_free(store->loop);
	free(store->root);
	free(store->guard);
	*store = (struct rm_store){ 0 };
}

char *
rm_store_path(const struct rm_store *store, const char *path)
{
	return rm_format("%s/%s", store->root, path);
}

static char *
make_guard(struct rm_store *store, struct rm_error *err)
{
	/* As lib/state/election.c names them: found by its session. */
	char *prefix = rm_format("%016llx-", rm_zk_session_id(store->wait.zk));
	char *path = rm_format("%s/election/%s", store->root, prefix);
	struct rm_str who = { 0 };
	rm_json_write(
	    &who, JV_OBJECT(jv_string("program"), jv_string("rm-state")));
	if (rm_zk_wait_create(&store->wait, path, who.text, who.len,
		RM_ZK_EPHEMERAL | RM_ZK_SEQUENCE, err) != 0) {
		free(prefix);
		prefix = NULL;
	}
	rm_str_free(&who);
	free(path);
	return prefix;
}

/* Of the others in the election one is told. */
static int
judge_guard(struct rm_store *store, const char *dir, const char *prefix,
    char **names, const char *what, struct rm_error *err)
{
	const char *other = NULL;
	for (char **name = names; *name != NULL; name++)
		if (strncmp(*name, prefix, strlen(prefix)) != 0)
			other = *name;
		else
			store->guard = rm_format("%s/%s", dir, *name);
	if (other == NULL)
		return 0;
	struct rm_str who = { 0 };
	char *path = rm_format("%s/%s", dir, other);
	rm_zk_wait_get(&store->wait, path, &who, NULL, NULL);
	rm_error_set(err, RM_EXIT_CONFLICT,
	    "%s: a scheduler is up (%s): stop it first", what,
	    who.text != NULL ? who.text : "just gone");
	rm_str_free(&who);
	free(path);
	return -1;
}

int
rm_store_guard(struct rm_store *store, const char *what, struct rm_error *err)
{
	char **names = NULL;
	if (store->guard != NULL)
		return 0;
	char *prefix = make_guard(store, err);
	if (prefix == NULL)
		return -1;
	char *dir = rm_store_path(store, "election");
	int rc = rm_zk_wait_list(&store->wait, dir, &names, err);
	if (rc == 0)
		rc = judge_guard(store, dir, prefix, names, what, err);
	rm_zk_wait_names_free(names);
	free(dir);
	free(prefix);
	return rc;
}
