#include "sched/task_info.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "state/config_digest.h"
#include "state/phase.h"

#define KILL_GRACE  120.0
#define START_LIMIT 600.0
#define COMMAND     "exec ./rm-executor/bin/rm-executor"

static jv
value_of(const char *text)
{
	return JV_OBJECT(jv_string("value"), jv_string(text));
}

static jv
text_or_null(const char *text)
{
	return text != NULL ? jv_string(text) : jv_null();
}

const char *
rm_task_host(jv plan)
{
	const char *hostname = rm_json_text(plan, "hostname", "");
	return strchr(hostname, '.') != NULL
		   ? hostname
		   : rm_json_text(plan, "address", hostname);
}

static const struct rm_entry *
node_of(const struct rm_model *model, jv launch)
{
	return rm_model_node(model, rm_json_text(launch, "node", ""));
}

static jv
cluster_of(const struct rm_model *model, jv launch)
{
	const struct rm_entry *node = node_of(model, launch);
	const char *key = node != NULL ? rm_entry_text(node, RM_RECORD_NODE,
					     "cluster", "")
				       : "";
	const struct rm_entry *cluster = rm_model_cluster(model, key);
	return cluster != NULL ? rm_entry_value(cluster, RM_RECORD_CLUSTER)
			       : jv_invalid();
}

/* "a:1,b:2" to ["a:1","b:2"]. */
static jv
split_hosts(const char *hosts)
{
	jv list = jv_array();
	while (*hosts != '\0') {
		size_t n = strcspn(hosts, ",");
		if (n > 0)
			list = jv_array_append(
			    list, jv_string_sized(hosts, (int)n));
		hosts += n + (hosts[n] == ',');
	}
	return list;
}

static jv
secret(const char *cluster, const char *field)
{
	return JV_OBJECT(jv_string("secret"), jv_string(cluster),
	    jv_string("field"), jv_string(field));
}

/* What the executor gets; the first ten have the original's names. */
static jv
task_data(const struct rm_model *model, jv plan, jv launch)
{
	static const char *const ports[][2] = { { "HTTPPort", "http" },
		{ "PBPort", "pb" }, { "HandoffPort", "handoff" },
		{ "DisterlPort", "disterl" }, { "CepmdPort", "cepmd" },
		{ "ClusterManagerPort", "cluster_manager" },
		{ "ExecutorPort", "executor" } };
	const char *key = rm_json_text(launch, "node", "");
	const char *host = rm_task_host(plan);
	const struct rm_entry *node = node_of(model, launch);
	const char *cluster = node != NULL ? rm_entry_text(node, RM_RECORD_NODE,
						 "cluster", "")
					   : "";
	char *name = rm_format("%s@%s", key, host);
	jv data = JV_OBJECT(jv_string("FullyQualifiedNodeName"),
	    jv_string(name), jv_string("Host"), jv_string(host),
	    jv_string("Zookeepers"),
	    split_hosts(rm_model_setting_text(model, "zookeeper", "")),
	    jv_string("FrameworkName"),
	    jv_string(rm_model_setting_text(model, "framework", "riak")),
	    jv_string("URI"),
	    jv_string(rm_model_setting_text(model, "webui_url", "")),
	    jv_string("ClusterName"), jv_string(cluster));
	jv named = rm_json_get(launch, "ports");
	for (size_t i = 0; i < sizeof(ports) / sizeof(*ports); i++)
		data = rm_json_set(
		    data, ports[i][0], rm_json_get(named, ports[i][1]));
	jv_free(named);
	data = rm_json_set(data, "RiakRootPath", jv_string("riak"));
	data = rm_json_set(data, "NodeKey", jv_string(key));
	data = rm_json_set(data, "TaskId", rm_json_get(launch, "task"));
	data = rm_json_set(
	    data, "Address", jv_string(rm_json_text(plan, "address", host)));
	const char *interface = rm_model_setting_text(
	    model, "network_interface", NULL);
	if (interface != NULL)
		data = rm_json_set(
		    data, "NetworkInterfaceName", jv_string(interface));
	data = rm_json_set(data, "ContainerPath",
	    jv_string(rm_model_setting_text(model, "container_path", "data")));
	data = rm_json_set(data, "KillGrace",
	    jv_number(rm_model_setting(model, "kill_grace", KILL_GRACE)));
	data = rm_json_set(data, "StartLimit",
	    jv_number(rm_model_setting(model, "start_limit", START_LIMIT)));
	data = rm_json_set(data, "Cookie", secret(cluster, "cookie"));
	data = rm_json_set(data, "Key", secret(cluster, "key"));
	if (rm_json_bool(rm_entry_value(&model->framework, RM_RECORD_SETTINGS),
		"zookeeper_auth", false))
		data = rm_json_set(
		    data, "ZookeeperAuth", secret(cluster, "zookeeper_auth"));
	free(name);
	return data;
}

static jv
uri(const char *url)
{
	return JV_OBJECT(jv_string("value"), jv_string(url),
	    jv_string("extract"), jv_true(), jv_string("executable"),
	    jv_false(), jv_string("cache"), jv_false());
}

static jv
grace(double seconds)
{
	return JV_OBJECT(jv_string("nanoseconds"), jv_number(seconds * 1e9));
}

static jv
executor_info(const struct rm_model *model, jv launch, double kill_grace)
{
	jv urls = rm_json_path(
	    rm_entry_value(&model->framework, RM_RECORD_SETTINGS), "resources");
	jv cluster = cluster_of(model, launch);
	jv uris = JV_ARRAY(uri(rm_json_text(urls, "executor", "")));
	uris = jv_array_append(
	    uris, uri(rm_json_text(
		      urls, rm_json_text(cluster, "riak_version", ""), "")));
	jv_free(urls);
	jv info = JV_OBJECT(jv_string("type"), jv_string("CUSTOM"),
	    jv_string("executor_id"),
	    value_of(rm_json_text(launch, "task", "")), jv_string("name"),
	    jv_string("riak"), jv_string("source"),
	    jv_string(rm_model_setting_text(model, "framework", "riak")));
	const char *framework_id = rm_entry_text(
	    &model->framework, RM_RECORD_FRAMEWORK, "id", NULL);
	if (framework_id != NULL)
		info = rm_json_set(
		    info, "framework_id", value_of(framework_id));
	info = rm_json_set(info, "shutdown_grace_period", grace(kill_grace));
	info = rm_json_set(info, "resources", rm_json_get(launch, "executor"));
	return rm_json_set(info, "command",
	    JV_OBJECT(jv_string("shell"), jv_true(), jv_string("value"),
		jv_string(rm_model_setting_text(model, "command", COMMAND)),
		jv_string("uris"), uris));
}

jv
rm_task_info(const struct rm_model *model, jv plan, jv launch)
{
	double kill_grace = rm_model_setting(model, "kill_grace", KILL_GRACE);
	const char *key = rm_json_text(launch, "node", "");
	jv task = JV_OBJECT(jv_string("name"), jv_string(key),
	    jv_string("task_id"), value_of(rm_json_text(launch, "task", "")),
	    jv_string("agent_id"), value_of(rm_json_text(plan, "plan", "")),
	    jv_string("kill_policy"),
	    JV_OBJECT(jv_string("grace_period"), grace(kill_grace)));
	task = rm_json_set(task, "resources", rm_json_get(launch, "resources"));
	task = rm_json_set(
	    task, "executor", executor_info(model, launch, kill_grace));
	task = rm_json_set(task, "data", task_data(model, plan, launch));
	return rm_json_set(task, "labels",
	    JV_OBJECT(jv_string("labels"),
		JV_ARRAY(JV_OBJECT(jv_string("key"), jv_string("node"),
		    jv_string("value"), jv_string(key)))));
}

jv
rm_task_record(const struct rm_model *model, jv plan, jv launch)
{
	const struct rm_entry *node = node_of(model, launch);
	jv cluster = cluster_of(model, launch);
	double restart = node != NULL ? rm_entry_number(
					    node, RM_RECORD_NODE, "restart", 0)
				      : 0;
	char *digest = rm_config_digest(cluster);
	jv record = JV_OBJECT(jv_string("task_id"), rm_json_get(launch, "task"),
	    jv_string("executor_id"), rm_json_get(launch, "task"),
	    jv_string("agent_id"), rm_json_get(plan, "plan"),
	    jv_string("hostname"), jv_string(rm_task_host(plan)),
	    jv_string("address"), rm_json_get(plan, "address"),
	    jv_string("ports"), rm_json_get(launch, "ports"),
	    jv_string("persistence_id"), rm_json_get(launch, "persistence"));
	record = rm_json_set(record, "config_digest", jv_string(digest));
	record = rm_json_set(record, "riak_version",
	    text_or_null(rm_json_text(cluster, "riak_version", NULL)));
	record = rm_json_set(record, "generation",
	    jv_number(rm_json_number(cluster, "generation", 0)));
	record = rm_json_set(record, "restart", jv_number(restart));
	record = rm_json_set(record, "cluster_restart",
	    jv_number(rm_json_number(cluster, "restart", 0)));
	free(digest);
	return rm_json_set(record, "launched", rm_json_get(plan, "at"));
}

static jv
field_or_null(jv object, const char *name)
{
	jv value = rm_json_get(object, name);
	if (jv_is_valid(value))
		return value;
	jv_free(value);
	return jv_null();
}

jv
rm_task_record_adopted(
    const struct rm_model *model, const struct rm_entry *node)
{
	jv reservation = rm_entry_value(node, RM_RECORD_RESERVATION);
	const struct rm_entry *cluster = rm_model_cluster(
	    model, rm_entry_text(node, RM_RECORD_NODE, "cluster", ""));
	jv id = jv_string(rm_node_task(node));
	jv record = JV_OBJECT(jv_string("task_id"), jv_copy(id),
	    jv_string("executor_id"), id, jv_string("agent_id"),
	    jv_string(rm_node_task_agent(node)), jv_string("hostname"),
	    jv_string(rm_task_host(reservation)), jv_string("address"),
	    field_or_null(reservation, "address"), jv_string("ports"),
	    field_or_null(reservation, "ports"), jv_string("persistence_id"),
	    field_or_null(reservation, "persistence_id"));
	record = rm_json_set(record, "restart",
	    jv_number(rm_entry_number(node, RM_RECORD_NODE, "restart", 0)));
	record = rm_json_set(record, "cluster_restart",
	    jv_number(cluster != NULL ? rm_entry_number(cluster,
					    RM_RECORD_CLUSTER, "restart", 0)
				      : 0));
	return rm_json_set(record, "launched",
	    jv_number((double)rm_node_task_time(node) / 1000));
}
