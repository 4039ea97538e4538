#include "local/announce.h"

#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/json.h"
#include "base/log.h"
#include "io/zk.h"

#define PREFIX "json.info_"

struct rm_local_announce {
	struct rm_local_daemon *daemon;
	struct rm_zk *zk;
	char *group; /* "/mesos" */
	char *own; /* our znode; NULL: not there (yet) */
};

static void look(struct rm_local_announce *a);

static void
changed(void *arg, const char *path)
{
	(void)path;
	look(arg);
}

static void
lead(struct rm_local_announce *a, const char *leader)
{
	struct rm_local *local = &a->daemon->local;
	rm_local_daemon_ready(a->daemon);
	bool same = leader == NULL ? local->leader == NULL
				   : local->leader != NULL &&
					 strcmp(local->leader, leader) == 0;
	if (same)
		return;
	rm_log_info("leader %s", leader != NULL ? leader : "is this one");
	rm_local_daemon_enter(a->daemon);
	rm_local_follow(local, leader);
	rm_local_daemon_settle(a->daemon);
}

static void
got_leader(void *arg, enum rm_zk_result result, const char *value, size_t len,
    const struct rm_zk_stat *stat)
{
	(void)stat;
	struct rm_local_announce *a = arg;
	jv info = jv_invalid();
	if (result != RM_ZK_OK || rm_json_parse(value, len, &info, NULL) != 0)
		return;
	jv address = rm_json_get(info, "address");
	char *leader = rm_format("%s:%d", rm_json_text(address, "ip", ""),
	    (int)rm_json_whole(rm_json_number(address, "port", 0), 0));
	lead(a, leader);
	free(leader);
	jv_free(address);
	jv_free(info);
}

static void
got_names(
    void *arg, enum rm_zk_result result, const char *const *names, size_t count)
{
	struct rm_local_announce *a = arg;
	if (result != RM_ZK_OK)
		return;
	/* Sorted, and the numbers have leading zeroes. */
	for (size_t i = 0; i < count; i++) {
		if (strncmp(names[i], PREFIX, strlen(PREFIX)) != 0)
			continue;
		char *path = rm_format("%s/%s", a->group, names[i]);
		if (a->own != NULL && strcmp(path, a->own) == 0)
			lead(a, NULL);
		else
			rm_zk_get(a->zk, path, NULL, got_leader, a);
		free(path);
		return;
	}
}

static void
look(struct rm_local_announce *a)
{
	rm_zk_list(a->zk, a->group, changed, got_names, a);
}

static void
created(void *arg, enum rm_zk_result result, const char *path)
{
	struct rm_local_announce *a = arg;
	if (result != RM_ZK_OK) {
		rm_log_warn("zookeeper: %s", rm_zk_words(result));
		return;
	}
	free(a->own);
	a->own = rm_strdup(path);
	look(a);
}

static void
create(struct rm_local_announce *a)
{
	jv text = jv_dump_string(
	    rm_local_master_info(&a->daemon->local), JV_PRINT_SORTED);
	char *path = rm_format("%s/" PREFIX, a->group);
	rm_zk_create(a->zk, path, jv_string_value(text),
	    (size_t)jv_string_length_bytes(jv_copy(text)),
	    RM_ZK_EPHEMERAL | RM_ZK_SEQUENCE | RM_ZK_PARENTS, created, a);
	free(path);
	jv_free(text);
}

static void
on_session(void *arg, enum rm_zk_session state)
{
	struct rm_local_announce *a = arg;
	if (state == RM_ZK_SUSPENDED)
		return;
	if (state == RM_ZK_RENEWED) {
		free(a->own);
		a->own = NULL;
	}
	if (a->own == NULL)
		create(a);
	else
		look(a);
}

struct rm_local_announce *
rm_local_announce_new(
    struct rm_local_daemon *daemon, const char *url, struct rm_error *err)
{
	const char *hosts = url, *slash;
	if (strncmp(hosts, "zk://", 5) == 0)
		hosts += 5;
	slash = strchr(hosts, '/');
	if (slash == NULL || slash == hosts || slash[1] == '\0') {
		rm_error_set(
		    err, RM_EXIT_USAGE, "not zk://HOST:PORT/PATH: %s", url);
		return NULL;
	}
	struct rm_local_announce *a = rm_alloc(sizeof(*a));
	char *servers = rm_format("%.*s", (int)(slash - hosts), hosts);
	a->daemon = daemon;
	a->group = rm_strdup(slash);
	struct rm_zk_options options = {
		.hosts = servers, .on_session = on_session, .arg = a
	};
	a->zk = rm_zk_open(daemon->loop, &options, err);
	free(servers);
	if (a->zk != NULL)
		return a;
	rm_local_announce_free(a);
	return NULL;
}

void
rm_local_announce_again(struct rm_local_announce *a)
{
	if (a == NULL)
		return;
	if (a->own != NULL)
		rm_zk_delete(a->zk, a->own, -1, NULL, NULL);
	free(a->own);
	a->own = NULL;
	create(a);
}

void
rm_local_announce_free(struct rm_local_announce *a)
{
	if (a == NULL)
		return;
	if (a->zk != NULL)
		rm_zk_close(a->zk);
	free(a->own);
	free(a->group);
	free(a);
}
