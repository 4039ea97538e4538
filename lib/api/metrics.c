#include "api/metrics.h"

#include <string.h>

#include "base/json.h"
#include "stream/figures.h"

static void
begin(struct rm_str *text, const char *name, const char *help)
{
	rm_str_printf(text, "# HELP riak_mesos_%s %s\n# TYPE riak_mesos_%s gauge\n",
	    name, help, name);
}

static double
serving(jv status, jv rollout)
{
	(void)rollout;
	return rm_json_number(status, "serving", 0);
}

static double
all_nodes(jv status, jv rollout)
{
	(void)rollout;
	return jv_array_length(rm_json_get(status, "nodes"));
}

static double
outdated(jv status, jv rollout)
{
	jv nodes = rm_json_get(status, "nodes");
	double n = 0;
	(void)rollout;
	jv_array_foreach (nodes, i, node) {
		n += rm_json_bool(node, "restart_needed", false);
		jv_free(node);
	}
	jv_free(nodes);
	return n;
}

static double
rolling(jv status, jv rollout)
{
	const char *state = rm_json_text(rollout, "state", "done");
	(void)status;
	return strcmp(state, "done") != 0 && strcmp(state, "aborted") != 0;
}

static const struct {
	const char *name, *help;
	double (*count)(jv status, jv rollout); /* borrows */
} per_cluster[] = {
	{ "cluster_nodes", "nodes of a cluster", all_nodes },
	{ "cluster_serving", "nodes that serve, in one ring", serving },
	{ "cluster_outdated", "nodes with an older configuration", outdated },
	{ "cluster_rollout", "1 while a rollout is under way", rolling },
};

/* Names of clusters need no escapes in labels. */
static void
put_clusters(struct rm_str *text, jv clusters)
{
	for (size_t m = 0; m < sizeof(per_cluster) / sizeof(*per_cluster);
	     m++) {
		begin(text, per_cluster[m].name, per_cluster[m].help);
		jv_array_foreach (clusters, i, cluster) {
			jv status = rm_json_get(cluster, "status");
			jv rollout = rm_json_get(cluster, "rollout");
			rm_str_printf(text,
			    "riak_mesos_%s{cluster=\"%s\"} %.0f\n",
			    per_cluster[m].name,
			    rm_json_text(status, "name", ""),
			    per_cluster[m].count(status, rollout));
			jv_free(rollout);
			jv_free(status);
			jv_free(cluster);
		}
	}
}

static void
put_phases(struct rm_str *text, jv framework)
{
	jv phases = rm_json_get(framework, "nodes");
	begin(text, "nodes", "nodes by status");
	if (jv_get_kind(phases) == JV_KIND_OBJECT)
		jv_object_foreach (phases, phase, count) {
			rm_str_printf(text,
			    "riak_mesos_nodes{status=\"%s\"} %.0f\n",
			    jv_string_value(phase), jv_number_value(count));
			jv_free(phase);
			jv_free(count);
		}
	jv_free(phases);
}

/* What the scheduler's stages count, as it said last. */
static void
put_scheduler(struct rm_str *text, jv framework)
{
	jv record = rm_json_get(framework, "record");
	if (jv_is_valid(record)) {
		jv counters = rm_json_get(record, "counters");
		begin(text, "scheduler_report_timestamp_seconds",
		    "when the scheduler told of itself last");
		rm_str_printf(text,
		    "riak_mesos_scheduler_report_timestamp_seconds %.3f\n",
		    rm_json_number(record, "at", 0));
		rm_figures_write(text, counters);
		jv_free(counters);
	}
	jv_free(record);
}

void
rm_metrics_write(struct rm_str *text, jv framework, jv clusters)
{
	begin(text, "scheduler_leads", "1 while a scheduler leads");
	rm_str_printf(text, "riak_mesos_scheduler_leads %d\n",
	    rm_json_text(framework, "scheduler", NULL) != NULL);
	begin(text, "zookeeper_connected", "1 while rm-api sees ZooKeeper");
	rm_str_printf(text, "riak_mesos_zookeeper_connected %d\n",
	    strcmp(rm_json_text(framework, "zookeeper", ""), "connected") == 0);
	begin(text, "orphans", "reservations that no record explains");
	rm_str_printf(text, "riak_mesos_orphans %.0f\n",
	    rm_json_number(framework, "orphans", 0));
	begin(text, "api_streams", "streams of events that are open");
	rm_str_printf(text, "riak_mesos_api_streams %.0f\n",
	    rm_json_number(framework, "streams", 0));
	put_phases(text, framework);
	put_clusters(text, clusters);
	put_scheduler(text, framework);
}
