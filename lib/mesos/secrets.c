#include "mesos/secrets.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/exit.h"
#include "base/json.h"
#include "base/log.h"
#include "io/loop.h"
#include "io/zk.h"
#include "io/zk_auth.h"
#include "mesos/framework_load.h"

#define AGAIN 0.2 /* seconds, after a lost connection */

/* One cluster's. */
struct entry {
	LIST_ENTRY(entry) link;
	struct rm_secrets *secrets;
	char *cluster;
	jv value; /* object, or invalid */
	bool wanted; /* by the fetch under way */
	bool reading;
};

struct rm_secrets {
	struct rm_zk *zk; /* NULL: there are none */
	char *root;
	char *auth; /* ours for ZooKeeper, or NULL */
	LIST_HEAD(entry_list, entry) entries;
	struct rm_timer deadline, again;
	void (*done)(void *arg); /* NULL: no fetch under way */
	void *arg;
};

static void
forget(struct entry *entry)
{
	jv_free(entry->value);
	entry->value = jv_invalid();
}

static void
changed(void *arg, const char *path)
{
	(void)path;
	forget(arg);
}

static void
session_changed(void *arg, enum rm_zk_session state)
{
	struct rm_secrets *secrets = arg;
	struct entry *entry;
	if (state != RM_ZK_RENEWED)
		return;
	LIST_FOREACH (entry, &secrets->entries, link)
		forget(entry);
}

/* Ends the fetch when all that it wants is there, or given up. */
static void
settle(struct rm_secrets *secrets)
{
	struct entry *entry;
	LIST_FOREACH (entry, &secrets->entries, link)
		if (entry->wanted)
			return;
	rm_timer_stop(&secrets->deadline);
	rm_timer_stop(&secrets->again);
	void (*done)(void *) = secrets->done;
	secrets->done = NULL;
	if (done != NULL)
		done(secrets->arg);
}

static void
give_up(struct entry *entry, const char *why)
{
	entry->wanted = false;
	rm_log_error("secrets of cluster %s: %s", entry->cluster, why);
}

static void
got(void *arg, enum rm_zk_result result, const char *value, size_t len,
    const struct rm_zk_stat *stat)
{
	(void)stat;
	struct entry *entry = arg;
	struct rm_secrets *secrets = entry->secrets;
	entry->reading = false;
	if (result == RM_ZK_LOST) {
		rm_timer_set(&secrets->again, AGAIN);
		return;
	}
	jv parsed;
	/* The parser's words might quote what it read. */
	if (result != RM_ZK_OK) {
		give_up(entry, rm_zk_words(result));
	} else if (rm_json_parse(value, len, &parsed, NULL) != 0) {
		give_up(entry, "not JSON");
	} else {
		forget(entry);
		entry->value = parsed;
		entry->wanted = false;
	}
	settle(secrets);
}

static void
read_wanted(void *arg)
{
	struct rm_secrets *secrets = arg;
	struct entry *entry;
	LIST_FOREACH (entry, &secrets->entries, link) {
		if (!entry->wanted || entry->reading)
			continue;
		char *path = rm_format(
		    "%s/secrets/%s", secrets->root, entry->cluster);
		entry->reading = true;
		rm_zk_get(secrets->zk, path, changed, got, entry);
		free(path);
	}
}

static void
too_late(void *arg)
{
	struct rm_secrets *secrets = arg;
	struct entry *entry;
	LIST_FOREACH (entry, &secrets->entries, link)
		if (entry->wanted)
			give_up(entry, secrets->zk != NULL
					   ? "no answer from ZooKeeper"
					   : "no ZooKeeper (--zk)");
	settle(secrets);
}

struct rm_secrets *
rm_secrets_new(struct event_base *loop,
    const struct rm_secrets_options *options, struct rm_error *err)
{
	struct rm_secrets *secrets = rm_alloc(sizeof(*secrets));
	LIST_INIT(&secrets->entries);
	secrets->root = rm_framework_root(options->framework);
	rm_timer_init(&secrets->deadline, loop, too_late, secrets);
	rm_timer_init(&secrets->again, loop, read_wanted, secrets);
	if (options->zk == NULL)
		return secrets;
	if (options->zk_auth != NULL)
		secrets->auth = rm_zk_auth_read(options->zk_auth, err);
	struct rm_zk_options zk = { .hosts = options->zk,
		.auth = secrets->auth,
		.on_session = session_changed,
		.arg = secrets };
	if (options->zk_auth == NULL || secrets->auth != NULL)
		secrets->zk = rm_zk_open(loop, &zk, err);
	if (secrets->zk == NULL) {
		rm_secrets_free(secrets);
		return NULL;
	}
	return secrets;
}

void
rm_secrets_free(struct rm_secrets *secrets)
{
	if (secrets == NULL)
		return;
	rm_zk_close(secrets->zk);
	while (!LIST_EMPTY(&secrets->entries)) {
		struct entry *entry = LIST_FIRST(&secrets->entries);
		LIST_REMOVE(entry, link);
		forget(entry);
		free(entry->cluster);
		free(entry);
	}
	rm_timer_free(&secrets->deadline);
	rm_timer_free(&secrets->again);
	rm_zk_auth_wipe(secrets->auth);
	free(secrets->root);
	free(secrets);
}

static struct entry *
find(struct rm_secrets *secrets, const char *cluster)
{
	struct entry *entry;
	LIST_FOREACH (entry, &secrets->entries, link)
		if (strcmp(entry->cluster, cluster) == 0)
			return entry;
	return NULL;
}

/* A cluster's name is part of a path. */
static bool
is_name(const char *cluster)
{
	return *cluster != '\0' && strchr(cluster, '/') == NULL &&
	       strcmp(cluster, ".") != 0 && strcmp(cluster, "..") != 0;
}

static void
want(struct rm_secrets *secrets, const char *cluster)
{
	struct entry *entry = find(secrets, cluster);
	if (!is_name(cluster))
		return; /* never known */
	if (entry == NULL) {
		entry = rm_alloc(sizeof(*entry));
		entry->secrets = secrets;
		entry->cluster = rm_strdup(cluster);
		entry->value = jv_invalid();
		LIST_INSERT_HEAD(&secrets->entries, entry, link);
	}
	entry->wanted = !jv_is_valid(entry->value);
}

void
rm_secrets_fetch(struct rm_secrets *secrets, jv clusters, double seconds,
    void (*done)(void *arg), void *arg)
{
	secrets->done = done;
	secrets->arg = arg;
	jv_array_foreach (clusters, i, cluster) {
		want(secrets, jv_string_value(cluster));
		jv_free(cluster);
	}
	jv_free(clusters);
	struct entry *entry;
	bool wanting = false;
	LIST_FOREACH (entry, &secrets->entries, link)
		wanting = wanting || entry->wanted;
	/* Nothing to read: done comes from the loop all the same. */
	rm_timer_set(
	    &secrets->deadline, wanting && secrets->zk != NULL ? seconds : 0);
	if (secrets->zk != NULL)
		read_wanted(secrets);
}

void
rm_secrets_cancel(struct rm_secrets *secrets)
{
	struct entry *entry;
	secrets->done = NULL;
	rm_timer_stop(&secrets->deadline);
	rm_timer_stop(&secrets->again);
	LIST_FOREACH (entry, &secrets->entries, link)
		entry->wanted = false;
}

jv
rm_secrets_get(void *secrets, const char *cluster, const char *field)
{
	const struct rm_secrets *all = secrets;
	if (strcmp(field, RM_SECRETS_ZK_AUTH) == 0)
		return all->auth != NULL ? jv_string(all->auth) : jv_invalid();
	struct entry *entry = find(secrets, cluster);
	if (entry == NULL || !jv_is_valid(entry->value))
		return jv_invalid();
	jv value = rm_json_get(entry->value, field);
	if (jv_get_kind(value) == JV_KIND_STRING)
		return value;
	jv_free(value);
	return jv_invalid();
}
