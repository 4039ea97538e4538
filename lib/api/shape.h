/*
 * The API's documents, made from the records: the shapes are the original's,
 * but for rm_shape_status(). Pure. All borrow; the results are the caller's.
 */
#ifndef RM_API_SHAPE_H
#define RM_API_SHAPE_H

#include <jv.h>

#include "api/view.h"

/* Whether there is such a cluster, such a node. NULL is none. */
bool rm_shape_is_cluster(const struct rm_entry *cluster);
bool rm_shape_is_node(const struct rm_entry *node);
bool rm_shape_is_of(const struct rm_entry *node, const char *cluster);

/* {"name","riak_version","riak_config","advanced_config","generation",
 * "nodes":[…]}, and "constraints" where it has some of its own */
jv rm_shape_cluster(
    const struct rm_model *model, const struct rm_entry *cluster);
/* Where a node's ports are: as its executor says, else as its task was placed;
 * borrowed, NULL: it has no task. */
const char *rm_shape_address(const struct rm_entry *node);
/* ["riak-kv-1",…] */
jv rm_shape_node_keys(const struct rm_model *model, const char *cluster);
/* {"key","status","container_path","persistence_id"}, and "location" */
jv rm_shape_node(const struct rm_entry *node, bool location);
/* {"riak-kv-2-2":"<url>",…} */
jv rm_shape_versions(const struct rm_model *model);

/* Ours: {"name","riak_version","generation","destroy","serving",
 * "nodes":[{"key","status","goal","serving","in_ring","restart_needed","why",
 * "hostname","address","ports"},…]}. The cluster's serving counts the nodes that serve and
 * see one another in one ring; restart_needed: it runs with an older
 * configuration; why is what keeps the node from its goal, or null. */
jv rm_shape_status(const struct rm_view *view, const struct rm_entry *cluster);

/* The plan of its last restart; of one that the scheduler has not seen yet a
 * plan in state "requested", without steps; invalid when there was none. */
jv rm_shape_rollout(const struct rm_entry *cluster);

#endif
