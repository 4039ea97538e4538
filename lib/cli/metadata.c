#include "cli/metadata.h"

#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "cli/commands.h"
#include "cli/print.h"

int
rm_cli_guard_metadata(struct rm_cli *cli, const char *what,
    struct rm_store *store, struct rm_error *err)
{
	const struct rm_cli_options *o = cli->options;
	const struct rm_state_options options = { .zk = o->zk,
		.zk_auth_file = o->zk_auth_file,
		.framework = o->framework,
		.wait = o->zk_wait };
	char **names = NULL;
	if (rm_store_open(store, &options, err) != 0)
		return -1;
	/* The guard would make them. */
	int rc = rm_zk_wait_list(&store->wait, store->root, &names, err);
	rm_zk_wait_names_free(names);
	if (rc != 0 && err->code == RM_EXIT_NO)
		rm_error_set(err, RM_EXIT_NO, "framework %s has no records",
		    o->framework);
	return rc == 0 ? rm_store_guard(store, what, err) : -1;
}

static int
count(struct rm_store *store, const char *dir, size_t *n, struct rm_error *err)
{
	struct rm_error listed = { 0 };
	char **names = NULL, *path = rm_store_path(store, dir);
	int rc = rm_zk_wait_list(&store->wait, path, &names, &listed);
	for (*n = 0; rc == 0 && names[*n] != NULL;)
		++*n;
	rm_zk_wait_names_free(names);
	free(path);
	if (rc == 0 || listed.code == RM_EXIT_NO)
		return 0;
	return rm_error_set(err, listed.code, "%s", listed.text);
}

int
rm_cli_check_empty(struct rm_cli *cli, struct rm_store *store, const char *why,
    struct rm_error *err)
{
	static const struct {
		const char *dir, *things;
	} kinds[] = { { "nodes", "nodes" },
		{ "reservations", "reservations" } };
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		size_t n;
		if (count(store, kinds[i].dir, &n, err) != 0)
			return -1;
		if (n > 0 && !cli->options->force)
			return rm_error_set(err, RM_EXIT_NO,
			    "framework %s has %zu %s: %s; destroy its clusters "
			    "first, or use --force",
			    cli->options->framework, n, kinds[i].things, why);
	}
	return 0;
}

/* ---- clean-metadata ---- */

/* A node that runs would register itself again at once. */
static int
check_none_runs(
    struct rm_cli *cli, struct rm_store *store, struct rm_error *err)
{
	size_t n;
	if (count(store, "coordinator/coordinatedNodes", &n, err) != 0)
		return -1;
	if (n == 0)
		return 0;
	return rm_error_set(err, RM_EXIT_NO,
	    "framework %s has %zu nodes that run: 'riak-mesos framework "
	    "teardown' ends them",
	    cli->options->framework, n);
}

static int
delete_tree(struct rm_store *store, const char *path, struct rm_error *err)
{
	char **names = NULL;
	int rc = rm_zk_wait_list(&store->wait, path, &names, err);
	for (size_t i = 0; rc == 0 && names[i] != NULL; i++) {
		char *below = rm_format("%s/%s", path, names[i]);
		rc = delete_tree(store, below, err);
		free(below);
	}
	rm_zk_wait_names_free(names);
	return rc == 0 ? rm_zk_wait_delete(&store->wait, path, -1, err) : rc;
}

/* All but the election, where we stand; that, and the root, at last. */
static int
delete_all(struct rm_store *store, struct rm_error *err)
{
	char **names = NULL, *election = rm_store_path(store, "election");
	int rc = rm_zk_wait_list(&store->wait, store->root, &names, err);
	for (size_t i = 0; rc == 0 && names[i] != NULL; i++) {
		char *path = rm_store_path(store, names[i]);
		if (strcmp(path, election) != 0)
			rc = delete_tree(store, path, err);
		free(path);
	}
	rm_zk_wait_names_free(names);
	const struct rm_zk_op ops[] = {
		{ .kind = RM_ZK_OP_DELETE,
		    .path = store->guard,
		    .version = -1 },
		{ .kind = RM_ZK_OP_DELETE, .path = election, .version = -1 },
		{ .kind = RM_ZK_OP_DELETE, .path = store->root, .version = -1 },
	};
	if (rc == 0)
		rc = rm_zk_wait_multi(&store->wait, ops, 3, err);
	free(election);
	return rc;
}

int
rm_cli_framework_clean(struct rm_cli *cli, int argc, char **argv,
    struct rm_str *out, struct rm_error *err)
{
	(void)argc, (void)argv;
	struct rm_store store = { 0 };
	int rc = rm_cli_guard_metadata(cli, "clean-metadata", &store, err);
	if (rc == 0)
		rc = rm_cli_check_empty(cli, &store,
		    "no record would explain their volumes any more", err);
	if (rc == 0)
		rc = check_none_runs(cli, &store, err);
	if (rc == 0)
		rc = delete_all(&store, err);
	rm_store_close(&store);
	if (rc == 0)
		rm_cli_print_done(cli, out,
		    "the records of framework %s are gone from ZooKeeper",
		    cli->options->framework);
	return rc;
}
