#include "state/intent.h"

#include <stdlib.h>

#include "base/exit.h"
#include "base/json.h"
#include "state/fill.h"
#include "state/record.h"

int
rm_intent_cluster(struct rm_change *change, const struct rm_store *store,
    const char *key, jv value, struct rm_intent_record old, bool secret,
    struct rm_error *err)
{
	jv made = jv_invalid();
	if (rm_fill_cluster(&value, old.value, err) != 0)
		return -1;
	if (!secret && rm_secret_make(&made, err) != 0) {
		jv_free(value);
		return -1;
	}
	char *path = rm_format("clusters/%s", key);
	rm_change_put(change, store, path, value, old.version);
	free(path);
	if (secret)
		return 0;
	path = rm_format("secrets/%s", key);
	rm_change_put(change, store, path, made, -1);
	free(path);
	return 0;
}

/* A number is not used again while its cluster exists. */
static int
check_number(
    const char *key, jv value, long number, double next, struct rm_error *err)
{
	if ((double)number >= next || rm_json_has(value, "adopt"))
		return 0;
	return rm_error_set(err, RM_EXIT_CONFLICT,
	    "nodes/%s: the number was used before, %g is the next (or --force)",
	    key, next);
}

int
rm_intent_node(struct rm_change *change, const struct rm_store *store,
    const char *key, const char *framework, jv value,
    struct rm_intent_record old, const char *cluster,
    struct rm_intent_record cluster_record, bool force, struct rm_error *err)
{
	long number = rm_record_node_number(key, framework, cluster);
	double next = rm_json_number(cluster_record.value, "next", 1);
	bool is_new = old.version < 0;
	if (is_new && !force &&
	    check_number(key, value, number, next, err) != 0) {
		jv_free(value);
		return -1;
	}
	if (rm_fill_node(&value, old.value, cluster, err) != 0)
		return -1;
	char *path = rm_format("clusters/%s", cluster);
	if ((double)number >= next)
		rm_change_put(change, store, path,
		    rm_json_set(jv_copy(cluster_record.value), "next",
			jv_number((double)number + 1)),
		    cluster_record.version);
	else
		rm_change_check(change, store, path, cluster_record.version);
	free(path);
	path = rm_format("nodes/%s", key);
	rm_change_put(change, store, path, value, old.version);
	free(path);
	return 0;
}
