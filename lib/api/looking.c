/* What is made for looking at: all at once, the page, figures for Prometheus. */
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "api/feed.h"
#include "api/handlers.h"
#include "api/metrics.h"
#include "api/owners.h"
#include "api/page.h"
#include "api/shape.h"
#include "base/json.h"

static jv
look_at_clusters(const struct rm_api *api)
{
	const struct rm_model *model = rm_view_model(api->view);
	jv clusters = jv_array();
	for (size_t i = 0; i < model->clusters.count; i++) {
		const struct rm_entry *cluster = model->clusters.items[i];
		if (!rm_shape_is_cluster(cluster))
			continue;
		jv rollout = rm_shape_rollout(cluster);
		clusters = jv_array_append(clusters,
		    JV_OBJECT(jv_string("status"),
			rm_shape_status(api->view, cluster),
			jv_string("rollout"),
			jv_is_valid(rollout) ? rollout : jv_null(),
			jv_string("ring"),
			rm_owners_ring(api->owners, model, cluster->key)));
	}
	return clusters;
}

/* {"riak-kv-1":22,…}: how many partitions each says that it has. */
static jv
partitions_of(jv cluster)
{
	jv partitions = jv_object(), ring = rm_json_get(cluster, "ring");
	jv owners = rm_json_get(ring, "owners");
	if (jv_get_kind(owners) == JV_KIND_OBJECT)
		jv_object_foreach (owners, key, owner) {
			double count = rm_json_number(owner, "count", -1);
			if (count >= 0)
				partitions = jv_object_set(partitions,
				    jv_copy(key), jv_number(count));
			jv_free(key);
			jv_free(owner);
		}
	jv_free(owners);
	jv_free(ring);
	return partitions;
}

/* Framework, clusters and nodes at one moment. */
void
rm_api_get_status(struct rm_request *request, void *arg)
{
	const struct rm_api *api = arg;
	jv seen = look_at_clusters(api), clusters = jv_array();
	jv_array_foreach (seen, i, one) {
		jv cluster = rm_json_get(one, "status");
		cluster = rm_json_set(
		    cluster, "rollout", rm_json_get(one, "rollout"));
		cluster = rm_json_set(
		    cluster, "partitions", partitions_of(one));
		clusters = jv_array_append(clusters, cluster);
		jv_free(one);
	}
	jv_free(seen);
	rm_reply_json(request, 200,
	    JV_OBJECT(jv_string("framework"), rm_api_framework(api),
		jv_string("clusters"), clusters));
}

static void
reply_made(struct rm_request *request, void *arg, const char *type,
    void (*make)(struct rm_str *text, jv framework, jv clusters))
{
	const struct rm_api *api = arg;
	struct rm_str text = { 0 };
	jv framework = rm_api_framework(api), clusters = look_at_clusters(api);
	jv scheduler = rm_view_scheduler(api->view);
	if (jv_is_valid(scheduler))
		framework = rm_json_set(
		    framework, "record", jv_copy(scheduler));
	framework = rm_json_set(framework, "streams",
	    jv_number((double)rm_feed_streams(api->feed)));
	make(&text, framework, clusters);
	rm_request_add_header(request, "Cache-Control", "no-store");
	rm_reply(request, 200, type, text.text, text.len);
	rm_str_free(&text);
	jv_free(framework);
	jv_free(clusters);
}

void
rm_api_get_page(struct rm_request *request, void *arg)
{
	/* The page's own style and script, and nothing from anywhere else. */
	rm_request_add_header(request, "Content-Security-Policy",
	    "default-src 'none'; style-src 'unsafe-inline'; "
	    "script-src 'unsafe-inline'; connect-src 'self'; "
	    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'");
	rm_request_add_header(request, "X-Content-Type-Options", "nosniff");
	reply_made(request, arg, "text/html; charset=utf-8", rm_page_write);
}

void
rm_api_get_metrics(struct rm_request *request, void *arg)
{
	reply_made(request, arg, "text/plain; version=0.0.4; charset=utf-8",
	    rm_metrics_write);
}
