/*
 * The handlers of rm-api's routes; lib/api/api.c has the table.
 */
#ifndef RM_API_HANDLERS_H
#define RM_API_HANDLERS_H

#include "io/http_server.h"

typedef void rm_api_handler(struct rm_request *request, void *arg);

/* reading.c */
rm_api_handler rm_api_get_versions, rm_api_get_clusters, rm_api_get_cluster,
    rm_api_get_cluster_status, rm_api_get_explain,
    rm_api_get_config, rm_api_get_advanced,
    rm_api_get_nodes, rm_api_get_node, rm_api_get_framework, rm_api_get_health;

/* changing.c */
rm_api_handler rm_api_put_clusters, rm_api_put_cluster, rm_api_create_cluster,
    rm_api_delete_cluster, rm_api_put_config,
    rm_api_delete_config, rm_api_put_advanced, rm_api_delete_advanced,
    rm_api_add_node, rm_api_delete_node, rm_api_restart_node;

/* rolling.c */
rm_api_handler rm_api_restart_cluster, rm_api_get_rollout,
    rm_api_command_rollout, rm_api_scale_cluster, rm_api_replace_node;

/* orphans.c */
rm_api_handler rm_api_get_orphans, rm_api_adopt_orphan, rm_api_free_orphan;

/* question.c, forward.c, artifact.c */
rm_api_handler rm_api_ask_node, rm_api_ask_type, rm_api_ask_log;
rm_api_handler rm_api_forward_node, rm_api_forward_cluster;
/* Those that are under way, before what they work with. */
void rm_api_forwards_free(struct rm_api *api);
void rm_api_questions_free(struct rm_api *api);
rm_api_handler rm_api_get_artifact;

/* feed.c */
rm_api_handler rm_api_get_events;

/* looking.c */
rm_api_handler rm_api_get_status, rm_api_get_page, rm_api_get_metrics;

/* openapi.c */
rm_api_handler rm_api_get_openapi;

/* All of them; ends with method NULL. */
extern const struct rm_route rm_api_routes[];

#endif
