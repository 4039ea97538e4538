#include "state/protect.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/exit.h"
#include "base/log.h"
#include "base/str.h"

/* One that is not there any more needs nothing. */
static int
protect_one(
    struct rm_store *store, const char *path, long *count, struct rm_error *err)
{
	struct rm_error why = { 0 };
	if (rm_zk_wait_protect(&store->wait, path, &why) == 0)
		++*count;
	else if (why.code != RM_EXIT_NO)
		return rm_error_set(err, why.code, "%s", why.text);
	return 0;
}

/* A znode first, then what is below: what comes there meanwhile comes from a
 * program that has the password, or can't come any more. */
static int
protect_tree(
    struct rm_store *store, const char *path, long *count, struct rm_error *err)
{
	char **names = NULL;
	struct rm_error why = { 0 };
	if (protect_one(store, path, count, err) != 0)
		return -1;
	if (rm_zk_wait_list(&store->wait, path, &names, &why) != 0)
		return why.code == RM_EXIT_NO
			   ? 0
			   : rm_error_set(err, why.code, "%s", why.text);
	int rc = 0;
	for (char **name = names; rc == 0 && *name != NULL; name++) {
		char *child = rm_format("%s/%s", path, *name);
		rc = protect_tree(store, child, count, err);
		free(child);
	}
	rm_zk_wait_names_free(names);
	return rc;
}

int
rm_protect_run(const struct rm_state_options *options)
{
	struct rm_store store = { 0 };
	struct rm_error err = { 0 };
	long count = 0;
	int rc;
	if (options->zk_auth_file == NULL)
		rc = rm_error_set(&err, RM_EXIT_USAGE,
		    "protect: for whom? --zk-auth-file says it");
	else if ((rc = rm_store_open(&store, options, &err)) == 0 &&
		 (rc = protect_one(&store, "/riak", &count, &err)) == 0 &&
		 (rc = protect_one(&store, "/riak/frameworks", &count, &err)) ==
		     0)
		rc = protect_tree(&store, store.root, &count, &err);
	if (rc == 0)
		printf("%ld protected\n", count);
	else
		rm_log_error("%s", err.text);
	rm_store_close(&store);
	return rc == 0 ? RM_EXIT_OK : err.code;
}
