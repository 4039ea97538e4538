#include "executor/task_data.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/json.h"
#include "base/str.h"
#include "io/zk_auth.h"

#define KILL_GRACE  120.0
#define START_LIMIT 600.0
#define LIMIT_MAX   (7 * 86400.0)
#define TEXT_MAX    255

#define AT(member)   offsetof(struct rm_task_data, member)
#define COUNT(table) (sizeof(table) / sizeof(*(table)))

static bool
made_of(const char *text, const char *others)
{
	size_t len = strlen(text);
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)text[i]) &&
		    strchr(others, text[i]) == NULL)
			return false;
	return len > 0 && len <= TEXT_MAX;
}

static bool
is_node(const char *text)
{
	const char *at = strchr(text, '@');
	return made_of(text, "_-.@:") && at != NULL && at != text &&
	       at[1] != '\0' && strchr(at + 1, '@') == NULL;
}

static bool
is_key(const char *text)
{
	return made_of(text, "_-.") && isalnum((unsigned char)text[0]);
}

static bool
is_host(const char *text)
{
	return made_of(text, "_-.:");
}

static bool
is_address(const char *text)
{
	unsigned char bytes[sizeof(struct in6_addr)];
	return inet_pton(AF_INET, text, bytes) == 1 ||
	       inet_pton(AF_INET6, text, bytes) == 1;
}

static bool
is_interface(const char *text)
{
	return *text == '\0' || made_of(text, "_-.:@");
}

/* It stands in riak.conf, where # begins a comment, and in arguments. */
static bool
is_cookie(const char *text)
{
	return made_of(text, "_-.=+/");
}

static bool
is_zk_auth(const char *text)
{
	return *text == '\0' || rm_zk_auth_ok(text);
}

/* One name below the sandbox that is not Riak's own place. */
static bool
is_container_path(const char *text)
{
	return is_key(text) && strcmp(text, "riak") != 0 &&
	       strcmp(text, "rm-executor") != 0;
}

static const struct {
	const char *name;
	size_t member;
	bool (*fits)(const char *text);
	const char *fallback; /* NULL: it has to be there */
} texts[] = {
	{ "FullyQualifiedNodeName", AT(node), is_node, NULL },
	{ "NodeKey", AT(key), is_key, NULL },
	{ "FrameworkName", AT(framework), is_key, NULL },
	{ "ClusterName", AT(cluster), is_key, NULL },
	{ "Host", AT(host), is_host, NULL },
	{ "Address", AT(address), is_address, NULL },
	{ "NetworkInterfaceName", AT(interface), is_interface, "" },
	{ "Cookie", AT(cookie), is_cookie, NULL },
	{ "Key", AT(secret), is_cookie, NULL },
	{ "ZookeeperAuth", AT(zk_auth), is_zk_auth, "" },
	{ "ContainerPath", AT(container_path), is_container_path, "data" },
};

static const struct {
	const char *name;
	size_t member;
} ports[] = {
	{ "HTTPPort", AT(http) },
	{ "PBPort", AT(pb) },
	{ "HandoffPort", AT(handoff) },
	{ "DisterlPort", AT(disterl) },
	{ "CepmdPort", AT(cepmd) },
	{ "ClusterManagerPort", AT(cluster_manager) },
	{ "ExecutorPort", AT(executor) },
};

static int
bad(struct rm_error *err, const char *name)
{
	return rm_error_set(err, RM_EXIT_REJECTED,
	    "the task's data: %s is missing or bad", name);
}

static int
parse_texts(struct rm_task_data *task, jv data, struct rm_error *err)
{
	for (size_t i = 0; i < COUNT(texts); i++) {
		const char *text = rm_json_text(
		    data, texts[i].name, texts[i].fallback);
		if (text == NULL || !texts[i].fits(text))
			return bad(err, texts[i].name);
		*(char **)(void *)((char *)task + texts[i].member) = rm_strdup(
		    text);
	}
	return 0;
}

static int
parse_ports(struct rm_task_data *task, jv data, struct rm_error *err)
{
	int seen[COUNT(ports)];
	for (size_t i = 0; i < COUNT(ports); i++) {
		double n = rm_json_number(data, ports[i].name, -1);
		if (!(n >= 1 && n <= 65535) || n != floor(n))
			return bad(err, ports[i].name);
		seen[i] = (int)n;
		for (size_t j = 0; j < i; j++)
			if (seen[j] == seen[i])
				return rm_error_set(err, RM_EXIT_REJECTED,
				    "the task's data: %s and %s are one port",
				    ports[j].name, ports[i].name);
		*(int *)(void *)((char *)task + ports[i].member) = (int)n;
	}
	return 0;
}

static int
parse_seconds(jv data, const char *name, double fallback, double *to,
    struct rm_error *err)
{
	*to = rm_json_number(data, name, fallback);
	return *to >= 0 && *to <= LIMIT_MAX ? 0 : bad(err, name);
}

static int
parse_zookeepers(struct rm_task_data *task, jv data, struct rm_error *err)
{
	jv list = rm_json_get(data, "Zookeepers");
	struct rm_str hosts = { 0 };
	bool fine = jv_get_kind(list) == JV_KIND_ARRAY;
	for (int i = 0; fine && i < jv_array_length(jv_copy(list)); i++) {
		jv item = jv_array_get(jv_copy(list), i);
		fine = jv_get_kind(item) == JV_KIND_STRING &&
		       made_of(jv_string_value(item), "_-.:[]");
		if (fine)
			rm_str_printf(&hosts, "%s%s", i > 0 ? "," : "",
			    jv_string_value(item));
		jv_free(item);
	}
	jv_free(list);
	task->zookeepers = rm_str_take(&hosts);
	return fine && *task->zookeepers != '\0' ? 0 : bad(err, "Zookeepers");
}

int
rm_task_data_parse(struct rm_task_data *task, jv data, struct rm_error *err)
{
	*task = (struct rm_task_data){ 0 };
	if (jv_get_kind(data) != JV_KIND_OBJECT)
		return rm_error_set(err, RM_EXIT_REJECTED,
		    "the task's data are not a JSON object");
	if (parse_texts(task, data, err) == 0 &&
	    parse_ports(task, data, err) == 0 &&
	    parse_seconds(
		data, "KillGrace", KILL_GRACE, &task->kill_grace, err) == 0 &&
	    parse_seconds(data, "StartLimit", START_LIMIT, &task->start_limit,
		err) == 0 &&
	    parse_zookeepers(task, data, err) == 0) {
		task->data_dir = rm_format("../%s", task->container_path);
		return 0;
	}
	rm_task_data_free(task);
	return -1;
}

void
rm_task_data_free(struct rm_task_data *task)
{
	rm_zk_auth_wipe(task->zk_auth);
	task->zk_auth = NULL;
	for (size_t i = 0; i < COUNT(texts); i++)
		free(*(char **)(void *)((char *)task + texts[i].member));
	free(task->zookeepers);
	free(task->data_dir);
	*task = (struct rm_task_data){ 0 };
}
