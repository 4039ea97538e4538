#include "proxy/directory.h"

#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/json.h"
#include "base/list.h"
#include "base/log.h"
#include "io/zk_tree.h"

#define ROOT        "/riak/frameworks"
#define COORDINATED "coordinator/coordinatedNodes"

struct record {
	TAILQ_ENTRY(record) entry;
	char *path;
	char *cluster;
	struct rm_node *node; /* NULL: of another cluster */
	char *name, *host;
	int http_port, pb_port;
};

struct name {
	TAILQ_ENTRY(name) entry;
	char *text;
};
TAILQ_HEAD(names, name);

/* What a member's record says that it owns. */
struct claim {
	TAILQ_ENTRY(claim) entry;
	char *key; /* of the node */
	jv owns; /* an array, or it is not known */
};

struct rm_directory {
	TAILQ_HEAD(, claim) claims;
	bool affinity;
	struct rm_nodes *nodes;
	struct rm_zk *zk;
	struct rm_zk_tree *frameworks_tree, *framework_tree;
	TAILQ_HEAD(, record) records;
	struct names frameworks, clusters;
	char *framework, *cluster;
	bool away, complete;
};

static struct name *
name_find(struct names *names, const char *text)
{
	struct name *name;
	TAILQ_FOREACH (name, names, entry)
		if (strcmp(name->text, text) == 0)
			return name;
	return NULL;
}

static void
name_drop(struct names *names, struct name *name)
{
	TAILQ_REMOVE(names, name, entry);
	free(name->text);
	free(name);
}

static void
name_set(struct names *names, const char *text, bool there)
{
	struct name *name = name_find(names, text), *after;
	if (!there && name != NULL)
		name_drop(names, name);
	if (!there || name != NULL)
		return;
	name = rm_alloc(sizeof(*name));
	name->text = rm_strdup(text);
	TAILQ_FOREACH (after, names, entry)
		if (strcmp(after->text, text) > 0)
			break;
	if (after != NULL)
		TAILQ_INSERT_BEFORE(after, name, entry);
	else
		TAILQ_INSERT_TAIL(names, name, entry);
}

static void
names_clear(struct names *names)
{
	struct name *name, *next;
	TAILQ_FOREACH_SAFE (name, names, entry, next)
		name_drop(names, name);
}

static jv
names_array(const struct names *names)
{
	jv array = jv_array();
	struct name *name;
	TAILQ_FOREACH (name, names, entry)
		array = jv_array_append(array, jv_string(name->text));
	return array;
}

/* The original wrote numbers; a text of digits is understood too. 0: bad. */
static int
port_of(jv record, const char *key)
{
	const char *text = rm_json_text(record, key, NULL);
	double n = text != NULL ? strtod(text, NULL)
				: rm_json_number(record, key, 0);
	int port = n >= 1 && n <= 65535 ? (int)n : 0;
	return port - n < 0 || port - n > 0 ? 0 : port;
}

/* Matches a record with the cluster that is proxied. */
static void
apply(struct rm_directory *d, struct record *record)
{
	bool wanted = strcmp(record->cluster, d->cluster) == 0;
	if (wanted && record->node == NULL) {
		record->node = rm_nodes_add(d->nodes, record->name,
		    record->host, record->http_port, record->pb_port);
	} else if (!wanted && record->node != NULL) {
		rm_node_release(record->node);
		record->node = NULL;
	}
}

static void
record_drop(struct rm_directory *d, struct record *record)
{
	struct rm_node *node = record->node;
	TAILQ_REMOVE(&d->records, record, entry);
	free(record->path);
	free(record->cluster);
	free(record->name);
	free(record->host);
	free(record);
	if (node != NULL)
		rm_node_release(node);
}

static struct record *
record_find(struct rm_directory *d, const char *path)
{
	struct record *record;
	TAILQ_FOREACH (record, &d->records, entry)
		if (strcmp(record->path, path) == 0)
			return record;
	return NULL;
}

static void
record_add(struct rm_directory *d, const char *path, jv value)
{
	const char *framework = rm_json_text(
	    value, "FrameworkName", d->framework);
	const char *cluster = rm_json_text(value, "ClusterName", NULL);
	const char *name = rm_json_text(value, "NodeName", NULL);
	const char *host = rm_json_text(value, "Hostname", NULL);
	int http = port_of(value, "HTTPPort"), pb = port_of(value, "PBPort");
	if (cluster == NULL || name == NULL || host == NULL || *host == '\0' ||
	    http == 0 || pb == 0) {
		rm_log_warn("%s: not a node's record: it lacks ClusterName, "
			    "NodeName, Hostname, HTTPPort or PBPort",
		    path);
		return;
	}
	if (strcmp(framework, d->framework) != 0)
		return;
	struct record *record = rm_alloc(sizeof(*record));
	record->path = rm_strdup(path);
	record->cluster = rm_strdup(cluster);
	record->name = rm_strdup(name);
	record->host = rm_strdup(host);
	record->http_port = http;
	record->pb_port = pb;
	TAILQ_INSERT_TAIL(&d->records, record, entry);
	apply(d, record);
}

static void
node_changed(
    struct rm_directory *d, const char *path, const char *value, size_t len)
{
	struct record *old = record_find(d, path);
	jv parsed = jv_invalid();
	struct rm_error err = { 0 };
	if (value != NULL && rm_json_parse(value, len, &parsed, &err) != 0)
		rm_log_warn("%s: %s", path, err.text);
	else if (value != NULL && jv_get_kind(parsed) != JV_KIND_OBJECT)
		rm_log_warn("%s: not an object", path);
	else if (value != NULL)
		record_add(d, path, parsed);
	jv_free(parsed);
	/* The new one first: the same place is then never left. */
	if (old != NULL)
		record_drop(d, old);
}

static struct claim *
claim_find(const struct rm_directory *d, const char *key, size_t len)
{
	struct claim *claim;
	TAILQ_FOREACH (claim, &d->claims, entry)
		if (strlen(claim->key) == len &&
		    memcmp(claim->key, key, len) == 0)
			return claim;
	return NULL;
}

static void
claim_drop(struct rm_directory *d, struct claim *claim)
{
	TAILQ_REMOVE(&d->claims, claim, entry);
	free(claim->key);
	jv_free(claim->owns);
	free(claim);
}

/* Claims all that one node says; false: it says nothing of use. */
static bool
claim_all(struct rm_directory *d, const struct record *record)
{
	const struct claim *claim = claim_find(
	    d, record->name, strcspn(record->name, "@"));
	if (claim == NULL || jv_get_kind(claim->owns) != JV_KIND_ARRAY)
		return false;
	int count = jv_array_length(jv_copy(claim->owns));
	for (int i = 0; i < count; i++) {
		jv n = jv_array_get(jv_copy(claim->owns), i);
		rm_ring_claim(&d->nodes->ring, record->node->id,
		    jv_get_kind(n) == JV_KIND_NUMBER ? jv_number_value(n) : -1);
		jv_free(n);
	}
	return true;
}

/* Known when every node of the cluster says what it owns, and that is a ring. A
 * node that is away leaves a gap: its partitions are held by others then. */
static void
map_ring(struct rm_directory *d)
{
	struct rm_ring_map *ring = &d->nodes->ring;
	struct record *record;
	bool known = d->affinity;
	if (!d->affinity)
		return;
	unsigned before = ring->size;
	rm_ring_clear(ring);
	TAILQ_FOREACH (record, &d->records, entry)
		if (record->node != NULL)
			known = claim_all(d, record) && known;
	if (known)
		rm_ring_close(ring);
	else
		rm_ring_clear(ring);
	if (ring->size != before)
		rm_log_info("ring partitions=%u", ring->size);
}

static void
member_changed(
    struct rm_directory *d, const char *key, const char *value, size_t len)
{
	struct claim *claim = claim_find(d, key, strlen(key));
	jv record = jv_invalid();
	if (claim != NULL)
		claim_drop(d, claim);
	if (value == NULL || rm_json_parse(value, len, &record, NULL) != 0)
		return;
	claim = rm_alloc(sizeof(*claim));
	claim->key = rm_strdup(key);
	claim->owns = jv_get_kind(record) == JV_KIND_OBJECT
			  ? rm_json_get(record, "owns")
			  : jv_null();
	TAILQ_INSERT_TAIL(&d->claims, claim, entry);
	jv_free(record);
}

static void
framework_changed(void *arg, const char *path, const char *value, size_t len,
    const struct rm_zk_stat *stat)
{
	(void)stat;
	struct rm_directory *d = arg;
	if (strncmp(path, "clusters/", 9) == 0)
		name_set(&d->clusters, path + 9, value != NULL);
	else if (strncmp(path, "members/", 8) == 0)
		member_changed(d, path + 8, value, len);
	else
		node_changed(d, path, value, len);
	map_ring(d);
}

static void
framework_complete(void *arg)
{
	struct rm_directory *d = arg;
	d->complete = true;
	rm_log_info("nodes are known framework=%s cluster=%s count=%u",
	    d->framework, d->cluster, d->nodes->count);
}

static void
frameworks_changed(void *arg, const char *path, const char *value, size_t len,
    const struct rm_zk_stat *stat)
{
	(void)len;
	(void)stat;
	struct rm_directory *d = arg;
	name_set(&d->frameworks, path, value != NULL);
}

static void
unreadable(void *arg, const char *path, enum rm_zk_result why)
{
	struct rm_directory *d = arg;
	/* A cluster's record is for those who have the password, its name for
	 * everybody. */
	if (why == RM_ZK_NO_AUTH && strncmp(path, "clusters/", 9) == 0)
		name_set(&d->clusters, path + 9, true);
	else
		rm_log_warn("%s: %s", path, rm_zk_words(why));
}

static void
open_framework(struct rm_directory *d)
{
	static const struct rm_zk_tree_part parts[] = {
		{ COORDINATED, false, RM_ZK_TREE_ONCE },
		{ "clusters", false, RM_ZK_TREE_ONCE },
		{ NULL },
	};
	static const struct rm_zk_tree_part with_members[] = {
		{ COORDINATED, false, RM_ZK_TREE_ONCE },
		{ "clusters", false, RM_ZK_TREE_ONCE },
		{ "members", false, RM_ZK_TREE_VALUES },
		{ NULL },
	};
	const struct rm_zk_tree_events events = { framework_changed,
		framework_complete, unreadable, d };
	char *root = rm_format(ROOT "/%s", d->framework);
	d->complete = false;
	d->framework_tree = rm_zk_tree_new(
	    d->zk, root, d->affinity ? with_members : parts, &events);
	free(root);
}

static void
close_framework(struct rm_directory *d)
{
	struct record *record, *next_record;
	struct claim *claim, *next;
	if (d->framework_tree != NULL)
		rm_zk_tree_free(d->framework_tree);
	d->framework_tree = NULL;
	TAILQ_FOREACH_SAFE (record, &d->records, entry, next_record)
		record_drop(d, record);
	TAILQ_INIT(&d->records);
	TAILQ_FOREACH_SAFE (claim, &d->claims, entry, next)
		claim_drop(d, claim);
	map_ring(d);
	names_clear(&d->clusters);
}

static void
on_session(void *arg, enum rm_zk_session state)
{
	struct rm_directory *d = arg;
	d->away = state == RM_ZK_SUSPENDED;
	if (d->away)
		rm_log_warn("ZooKeeper is away: going on with what is known");
	else
		rm_log_info("ZooKeeper is there");
	rm_zk_tree_session(d->frameworks_tree, state);
	rm_zk_tree_session(d->framework_tree, state);
}

struct rm_directory *
rm_directory_new(struct rm_nodes *nodes,
    const struct rm_directory_options *options, struct rm_error *err)
{
	static const struct rm_zk_tree_part parts[] = {
		{ "", false, RM_ZK_TREE_ONCE },
		{ NULL },
	};
	struct rm_directory *d = rm_alloc(sizeof(*d));
	const struct rm_zk_tree_events events = { frameworks_changed, NULL,
		unreadable, d };
	const struct rm_zk_options zk = {
		.hosts = strncmp(options->zk, "zk://", 5) == 0 ? options->zk + 5
							       : options->zk,
		.timeout = options->timeout,
		.auth_file = options->auth_file,
		.patient = true,
		.on_session = on_session,
		.arg = d,
	};
	d->nodes = nodes;
	TAILQ_INIT(&d->records);
	TAILQ_INIT(&d->claims);
	d->affinity = nodes->affinity = options->affinity;
	TAILQ_INIT(&d->frameworks);
	TAILQ_INIT(&d->clusters);
	d->away = true;
	d->framework = rm_strdup(options->framework);
	d->cluster = rm_strdup(options->cluster);
	d->zk = rm_zk_open(nodes->proxy->loop, &zk, err);
	if (d->zk == NULL) {
		rm_directory_free(d);
		return NULL;
	}
	d->frameworks_tree = rm_zk_tree_new(d->zk, ROOT, parts, &events);
	open_framework(d);
	return d;
}

void
rm_directory_free(struct rm_directory *d)
{
	if (d == NULL)
		return;
	close_framework(d);
	if (d->frameworks_tree != NULL)
		rm_zk_tree_free(d->frameworks_tree);
	names_clear(&d->frameworks);
	if (d->zk != NULL)
		rm_zk_close(d->zk);
	free(d->framework);
	free(d->cluster);
	free(d);
}

static void
replace(char **text, const char *by)
{
	char *copy = rm_strdup(by);
	free(*text);
	*text = copy;
}

void
rm_directory_configure(
    struct rm_directory *d, const char *framework, const char *cluster)
{
	bool same = strcmp(framework, d->framework) == 0;
	struct record *record;
	rm_log_info("proxying framework=%s cluster=%s", framework, cluster);
	replace(&d->cluster, cluster);
	if (!same) {
		close_framework(d);
		replace(&d->framework, framework);
		open_framework(d);
	}
	TAILQ_FOREACH (record, &d->records, entry)
		apply(d, record);
	map_ring(d);
}

bool
rm_directory_name_ok(const char *name)
{
	if (name == NULL || *name == '\0' || *name == '.')
		return false;
	for (; *name != '\0'; name++)
		if ((unsigned char)*name <= ' ' || *name == '/' || *name == 127)
			return false;
	return true;
}

const char *
rm_directory_framework(const struct rm_directory *d)
{
	return d->framework;
}

const char *
rm_directory_cluster(const struct rm_directory *d)
{
	return d->cluster;
}

const char *
rm_directory_state(const struct rm_directory *d)
{
	return d->away ? "away" : "connected";
}

bool
rm_directory_complete(const struct rm_directory *d)
{
	return d->complete;
}

jv
rm_directory_frameworks(const struct rm_directory *d)
{
	return names_array(&d->frameworks);
}

jv
rm_directory_clusters(const struct rm_directory *d)
{
	return names_array(&d->clusters);
}
