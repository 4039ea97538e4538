#include "mesos/leader.h"

#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/json.h"
#include "base/log.h"
#include "io/loop.h"
#include "io/zk.h"
#include "mesos/address.h"

/* The masters' znodes: label and sequence number. */
#define PREFIX "json.info_"
/* Looks again after this when the group is not there or can't be read. */
#define LOOK_AGAIN 1.0

struct rm_leader {
	struct rm_leader_options options;
	struct rm_masters masters;
	size_t at; /* in the list */
	char *address; /* redirected to, or found; NULL: as `at` says */

	struct rm_zk *zk; /* NULL with a list */
	struct rm_timer again;
	bool looking;
	bool stale; /* something changed meanwhile */
	bool watched;
};

static void look(struct rm_leader *leader);

static void
look_again(void *arg)
{
	look(arg);
}

static void
group_changed(void *arg, const char *path)
{
	(void)path;
	struct rm_leader *leader = arg;
	leader->watched = false;
	look(leader);
}

/* Takes over address, which may be NULL. */
static void
found(struct rm_leader *leader, char *address)
{
	leader->looking = false;
	if (leader->stale) {
		leader->stale = false;
		free(address);
		look(leader);
		return;
	}
	bool same = leader->address != NULL && address != NULL
			? strcmp(leader->address, address) == 0
			: leader->address == address;
	free(leader->address);
	leader->address = address;
	if (same)
		return;
	rm_log_info("leading master: %s", address != NULL ? address : "none");
	leader->options.on_change(leader->options.arg);
}

/* Nothing to be learned now: what was known stays. */
static void
put_off(struct rm_leader *leader)
{
	leader->looking = leader->stale = false;
	rm_timer_set(&leader->again, LOOK_AGAIN);
}

static void
got_info(void *arg, enum rm_zk_result result, const char *value, size_t len,
    const struct rm_zk_stat *stat)
{
	(void)stat;
	struct rm_leader *leader = arg;
	struct rm_error err = { 0 };
	jv info;
	if (result != RM_ZK_OK) { /* gone meanwhile, or not reachable */
		put_off(leader);
		return;
	}
	char *address = NULL;
	if (rm_json_parse(value, len, &info, &err) == 0) {
		address = rm_address_of_master(info, leader->options.tls);
		jv_free(info);
	}
	if (address == NULL)
		rm_log_warn("the leading master's record in %s has no address",
		    leader->masters.zk_path);
	found(leader, address);
}

static void
got_names(
    void *arg, enum rm_zk_result result, const char *const *names, size_t count)
{
	struct rm_leader *leader = arg;
	if (result != RM_ZK_OK) {
		leader->stale = false;
		if (result == RM_ZK_NO_NODE)
			found(leader, NULL);
		put_off(leader);
		return;
	}
	leader->watched = true;
	/* Sorted, and the numbers have ten digits: the first is the lowest. */
	size_t i = 0;
	while (i < count && strncmp(names[i], PREFIX, strlen(PREFIX)) != 0)
		i++;
	if (i == count) {
		found(leader, NULL);
		return;
	}
	char *path = rm_format("%s/%s", leader->masters.zk_path, names[i]);
	rm_zk_get(leader->zk, path, NULL, got_info, leader);
	free(path);
}

static void
look(struct rm_leader *leader)
{
	if (leader->looking) {
		leader->stale = true;
		return;
	}
	leader->looking = true;
	rm_timer_stop(&leader->again);
	rm_zk_list(leader->zk, leader->masters.zk_path,
	    leader->watched ? NULL : group_changed, got_names, leader);
}

static void
session_changed(void *arg, enum rm_zk_session state)
{
	struct rm_leader *leader = arg;
	if (state == RM_ZK_RENEWED)
		leader->watched = false;
	if (state != RM_ZK_SUSPENDED)
		look(leader);
}

static int
open_zk(struct event_base *loop, struct rm_leader *leader, struct rm_error *err)
{
	struct rm_zk_options options = { .hosts = leader->masters.zk_hosts,
		.on_session = session_changed,
		.arg = leader };
	rm_timer_init(&leader->again, loop, look_again, leader);
	leader->zk = rm_zk_open(loop, &options, err);
	return leader->zk != NULL ? 0 : -1;
}

struct rm_leader *
rm_leader_new(struct event_base *loop, const struct rm_leader_options *options,
    struct rm_error *err)
{
	struct rm_leader *leader = rm_alloc(sizeof(*leader));
	leader->options = *options;
	if (rm_masters_parse(options->masters, &leader->masters, err) != 0 ||
	    (leader->masters.zk_hosts != NULL &&
		open_zk(loop, leader, err) != 0)) {
		rm_leader_free(leader);
		return NULL;
	}
	return leader;
}

void
rm_leader_free(struct rm_leader *leader)
{
	if (leader == NULL)
		return;
	rm_zk_close(leader->zk);
	rm_timer_free(&leader->again);
	rm_masters_free(&leader->masters);
	free(leader->address);
	free(leader);
}

const char *
rm_leader_address(const struct rm_leader *leader)
{
	if (leader->address != NULL || leader->zk != NULL)
		return leader->address;
	return leader->masters.addresses[leader->at];
}

bool
rm_leader_redirect(struct rm_leader *leader, const char *location)
{
	const char *asked = rm_leader_address(leader);
	if (leader->zk != NULL || location == NULL || asked == NULL)
		return false;
	char *address = rm_address_of_location(
	    location, rm_address_is_tls(asked));
	if (address == NULL || strcmp(address, asked) == 0) {
		free(address);
		return false;
	}
	free(leader->address);
	leader->address = address;
	return true;
}

void
rm_leader_skip(struct rm_leader *leader)
{
	if (leader->zk != NULL)
		return;
	/* Where it was sent is not in the list: the list begins again. */
	if (leader->address == NULL)
		leader->at = (leader->at + 1) % leader->masters.count;
	free(leader->address);
	leader->address = NULL;
}
