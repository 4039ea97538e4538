#include "state/election.h"

#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/log.h"
#include "base/str.h"

enum standing {
	ABSENT, /* no node of ours is known to be there */
	ASKED, /* listing or creating */
	WAITING,
	LEADING,
};

struct rm_election {
	struct rm_zk *zk;
	struct rm_election_events events;
	char *dir; /* <root>/election */
	char *who;
	char *prefix; /* "<session>-": finds a node whose creation's answer was
			 lost */
	char *ours; /* name of our node, or NULL */
	enum standing standing;
	bool again; /* something changed while asked */
	bool led; /* leading was called, lost not since */
};

static void on_names(void *arg, enum rm_zk_result result,
    const char *const *names, size_t count);

static void
look(struct rm_election *e)
{
	if (e->standing == ASKED) {
		e->again = true;
		return;
	}
	e->standing = ASKED;
	rm_zk_list(e->zk, e->dir, NULL, on_names, e);
}

/* A lost answer is asked for again when the connection is back. */
static void
settle(struct rm_election *e, enum standing standing)
{
	e->standing = standing;
	if (e->again) {
		e->again = false;
		look(e);
	}
}

static void
give_up_node(struct rm_election *e)
{
	bool had = e->ours != NULL;
	free(e->ours);
	e->ours = NULL;
	e->led = false;
	if (had)
		e->events.lost(e->events.arg);
}

static bool
refused(struct rm_election *e, enum rm_zk_result result)
{
	struct rm_error err = { 0 };
	if (result != RM_ZK_NO_AUTH)
		return false;
	rm_error_set(&err, RM_EXIT_USAGE, "%s: %s (--zk-auth-file)", e->dir,
	    rm_zk_words(result));
	e->events.refused(e->events.arg, &err);
	return true;
}

static void
on_created(void *arg, enum rm_zk_result result, const char *path)
{
	struct rm_election *e = arg;
	(void)path;
	if (refused(e, result))
		return;
	if (result != RM_ZK_OK && result != RM_ZK_LOST)
		rm_log_error("election: %s: %s", e->dir, rm_zk_words(result));
	e->again |= result == RM_ZK_OK;
	settle(e, ABSENT);
}

static void
stand(struct rm_election *e)
{
	char *path = rm_format("%s/%s", e->dir, e->prefix);
	rm_zk_create(e->zk, path, e->who, strlen(e->who),
	    RM_ZK_EPHEMERAL | RM_ZK_SEQUENCE | RM_ZK_PARENTS, on_created, e);
	free(path);
}

/* The sequence number: what follows the last dash, ten digits. */
static const char *
sequence(const char *name)
{
	const char *dash = strrchr(name, '-');
	return dash != NULL ? dash + 1 : name;
}

/* Either the one before us, or we ourselves, have changed. */
static void
on_change(void *arg, const char *path)
{
	(void)path;
	look(arg);
}

static void
on_watched(void *arg, enum rm_zk_result result, const char *value, size_t len,
    const struct rm_zk_stat *stat)
{
	(void)value, (void)len, (void)stat;
	/* Gone between the list and the watch. */
	if (result == RM_ZK_NO_NODE)
		look(arg);
}

static void
watch(struct rm_election *e, const char *name)
{
	char *path = rm_format("%s/%s", e->dir, name);
	rm_zk_exists(e->zk, path, on_change, on_watched, e);
	free(path);
}

static void
lead(struct rm_election *e)
{
	bool led = e->led;
	e->led = true;
	settle(e, LEADING);
	watch(e, e->ours);
	if (led)
		return;
	char *path = rm_format("%s/%s", e->dir, e->ours);
	e->events.leading(e->events.arg, path);
	free(path);
}

static void
on_names(
    void *arg, enum rm_zk_result result, const char *const *names, size_t count)
{
	struct rm_election *e = arg;
	const char *mine = NULL, *before = NULL;
	int ahead = 0;
	if (refused(e, result))
		return;
	if (result != RM_ZK_OK && result != RM_ZK_NO_NODE) {
		settle(e, e->ours != NULL ? WAITING : ABSENT);
		return;
	}
	for (size_t i = 0; i < count; i++)
		if (strncmp(names[i], e->prefix, strlen(e->prefix)) == 0)
			mine = names[i];
	if (mine == NULL) {
		give_up_node(e);
		stand(e);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		if (strcmp(sequence(names[i]), sequence(mine)) >= 0)
			continue;
		ahead++;
		if (before == NULL ||
		    strcmp(sequence(names[i]), sequence(before)) > 0)
			before = names[i];
	}
	if (e->ours == NULL)
		e->ours = rm_strdup(mine);
	if (before == NULL) {
		lead(e);
		return;
	}
	settle(e, WAITING);
	watch(e, before);
	if (e->events.waiting != NULL)
		e->events.waiting(e->events.arg, ahead);
}

bool
rm_election_leads(const struct rm_election *e)
{
	return e->led;
}

static void
take_session(struct rm_election *e)
{
	free(e->prefix);
	e->prefix = rm_format("%016llx-", rm_zk_session_id(e->zk));
}

void
rm_election_session(struct rm_election *e, enum rm_zk_session state)
{
	if (state == RM_ZK_SUSPENDED)
		return;
	take_session(e);
	if (state == RM_ZK_RENEWED) {
		e->standing = ABSENT;
		e->again = false;
		give_up_node(e);
	}
	look(e);
}

struct rm_election *
rm_election_new(struct rm_zk *zk, const char *root, const char *who,
    const struct rm_election_events *events)
{
	struct rm_election *e = rm_alloc(sizeof(*e));
	e->zk = zk;
	e->events = *events;
	e->dir = rm_format("%s/election", root);
	e->who = rm_strdup(who);
	if (rm_zk_connected(zk)) {
		take_session(e);
		look(e);
	}
	return e;
}

void
rm_election_free(struct rm_election *e)
{
	if (e == NULL)
		return;
	if (e->ours != NULL) {
		char *path = rm_format("%s/%s", e->dir, e->ours);
		rm_zk_delete(e->zk, path, -1, NULL, NULL);
		free(path);
	}
	free(e->ours);
	free(e->prefix);
	free(e->dir);
	free(e->who);
	free(e);
}
