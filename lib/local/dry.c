#include "local/dry.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "executor/task.h"
#include "io/loop.h"
#include "io/zk.h"
#include "io/zk_ephemeral.h"
#include "local/agent.h"
#include "local/framework.h"

#define PARTITIONS 64
#define GATHER     0.5 /* seconds: a ring is told once for all who came */

/* A ring: whoever was in it stays in it. */
struct ring {
	LIST_ENTRY(ring) entry;
	char *cluster;
	jv names; /* array of Erlang names */
	bool changed;
};

/* A run of a node. */
struct run {
	TAILQ_ENTRY(run) entry;
	struct rm_local_executor *executor;
	bool start, stop, destroy; /* what to do at the next turn */
	jv info; /* TaskInfo that came; invalid: none */
	struct rm_task task;
	struct ring *ring;
	struct rm_zk_ephemeral *member, *coordinated;
};

struct rm_local_dry {
	struct event_base *loop;
	void (*entering)(void *arg), (*changed)(void *arg);
	void *arg;
	struct rm_zk *zk; /* NULL before the first task */
	struct rm_timer turn, gather;
	TAILQ_HEAD(runs, run) runs;
	LIST_HEAD(, ring) rings;
};

static struct rm_local_dry *world; /* hooks have no argument */

static struct run *
find(const struct rm_local_executor *executor)
{
	struct run *run;
	TAILQ_FOREACH (run, &world->runs, entry)
		if (run->executor == executor)
			return run;
	return NULL;
}

static void
soon(void)
{
	if (!rm_timer_armed(&world->turn))
		rm_timer_set(&world->turn, 0);
}

/* ---- records ---- */

static void
session(void *arg, enum rm_zk_session state)
{
	struct rm_local_dry *dry = arg;
	struct run *run;
	TAILQ_FOREACH (run, &dry->runs, entry) {
		if (run->member == NULL)
			continue;
		rm_zk_ephemeral_session(run->member, state);
		rm_zk_ephemeral_session(run->coordinated, state);
	}
}

static int
open_zk(const struct rm_task_data *data)
{
	struct rm_error err = { 0 };
	struct rm_zk_options options = { .hosts = data->zookeepers,
		.auth = *data->zk_auth != '\0' ? data->zk_auth : NULL,
		.patient = true,
		.on_session = session,
		.arg = world };
	if (world->zk == NULL)
		world->zk = rm_zk_open(world->loop, &options, &err);
	if (world->zk == NULL)
		rm_log_error("%s", err.text);
	return world->zk != NULL ? 0 : -1;
}

static struct ring *
ring_of(const char *cluster)
{
	struct ring *ring;
	LIST_FOREACH (ring, &world->rings, entry)
		if (strcmp(ring->cluster, cluster) == 0)
			return ring;
	ring = rm_alloc(sizeof(*ring));
	ring->cluster = rm_strdup(cluster);
	ring->names = jv_array();
	LIST_INSERT_HEAD(&world->rings, ring, entry);
	return ring;
}

static bool
holds(jv names, const char *name)
{
	bool found = false;
	jv_array_foreach (names, i, one) {
		found = found || strcmp(jv_string_value(one), name) == 0;
		jv_free(one);
	}
	return found;
}

static void
join(struct run *run)
{
	const char *name = run->task.data.node;
	struct ring *ring = run->ring = ring_of(run->task.data.cluster);
	if (!holds(ring->names, name))
		ring->names = jv_array_append(ring->names, jv_string(name));
	ring->changed = true;
	if (!rm_timer_armed(&world->gather))
		rm_timer_set(&world->gather, GATHER);
}

/* As lib/executor/members.c has it; the caller's. */
static char *
member_text(const struct run *run)
{
	struct rm_str text = { 0 };
	int share = PARTITIONS / jv_array_length(jv_copy(run->ring->names));
	jv json = JV_OBJECT(jv_string("task_id"), jv_string(run->task.id),
	    jv_string("address"), jv_string(run->task.data.address),
	    jv_string("ready"), jv_true(), jv_string("members"),
	    jv_copy(run->ring->names), jv_string("partitions"),
	    jv_number(share), jv_string("transfers"), jv_number(0),
	    jv_string("leaving"), jv_false());
	json = rm_json_set(json, "health", jv_string("ok"));
	json = rm_json_set(json, "order", jv_null());
	rm_json_write(&text, rm_json_set(json, "owns", jv_null()));
	return rm_str_take(&text);
}

static char *
coordinated_text(const struct rm_task_data *data)
{
	struct rm_str text = { 0 };
	rm_json_write(&text,
	    JV_OBJECT(jv_string("FrameworkName"), jv_string(data->framework),
		jv_string("ClusterName"), jv_string(data->cluster),
		jv_string("NodeName"), jv_string(data->node),
		jv_string("DisterlPort"), jv_number(data->disterl),
		jv_string("PBPort"), jv_number(data->pb), jv_string("HTTPPort"),
		jv_number(data->http), jv_string("Hostname"),
		jv_string(data->address)));
	return rm_str_take(&text);
}

static void
write_records(struct run *run)
{
	const struct rm_task_data *data = &run->task.data;
	char *text = member_text(run);
	if (run->member != NULL) {
		rm_zk_ephemeral_set(run->member, text);
		free(text);
		return;
	}
	char *path = rm_format(
	    "/riak/frameworks/%s/members/%s", data->framework, data->key);
	run->member = rm_zk_ephemeral_new(world->zk, path, text, NULL, NULL);
	free(path);
	free(text);
	path = rm_format("/riak/frameworks/%s/coordinator/coordinatedNodes/%s",
	    data->framework, run->task.id);
	text = coordinated_text(data);
	run->coordinated = rm_zk_ephemeral_new(
	    world->zk, path, text, NULL, NULL);
	free(path);
	free(text);
}

static void
tell_rings(void *arg)
{
	struct rm_local_dry *dry = arg;
	struct run *run;
	struct ring *ring;
	TAILQ_FOREACH (run, &dry->runs, entry)
		if (run->ring != NULL && run->ring->changed)
			write_records(run);
	LIST_FOREACH (ring, &dry->rings, entry)
		ring->changed = false;
}

/* ---- what the agent says, and what it is answered ---- */

static void
hear(void *arg, jv event)
{
	struct run *run = arg;
	const char *type = rm_json_text(event, "type", "");
	if (strcmp(type, "LAUNCH") == 0 && !jv_is_valid(run->info))
		run->info = rm_json_path(event, "launch.task");
	else if (strcmp(type, "KILL") == 0 || strcmp(type, "SHUTDOWN") == 0)
		run->stop = true;
	jv_free(event);
	soon();
}

static void
update(struct run *run, const char *state)
{
	char *uuid = rm_uuid_bytes();
	jv status = JV_OBJECT(jv_string("task_id"),
	    JV_OBJECT(jv_string("value"), jv_string(run->task.id)),
	    jv_string("state"), jv_string(state), jv_string("uuid"),
	    jv_string(uuid), jv_string("healthy"), jv_true());
	rm_local_executor_update(run->executor, status);
	jv_free(status);
	free(uuid);
}

static void
begin_task(struct run *run)
{
	struct rm_error err = { 0 };
	jv info = run->info;
	run->info = jv_invalid();
	int rc = rm_task_parse(&run->task, info, &err);
	jv_free(info);
	if (rc != 0) {
		rm_log_error("%s", err.text);
		run->destroy = true;
		return;
	}
	update(run, "TASK_STARTING");
	if (open_zk(&run->task.data) == 0)
		join(run);
	update(run, "TASK_RUNNING");
}

/* Its run is freed by it, by way of release. */
static void
end(struct run *run, int status)
{
	if (run->stop && !run->destroy && run->task.id != NULL)
		update(run, "TASK_KILLED");
	rm_local_executor_ended(run->executor, status, NULL);
}

static void
take_turn(void *arg)
{
	struct rm_local_dry *dry = arg;
	static const struct rm_local_sink sink = { .send = hear };
	struct run *run, *next;
	dry->entering(dry->arg);
	for (run = TAILQ_FIRST(&dry->runs); run != NULL; run = next) {
		next = TAILQ_NEXT(run, entry);
		/* What happens on an agent that is not there waits. */
		if (!run->executor->agent->up)
			continue;
		if (run->start) {
			struct rm_local_sink mine = sink;
			mine.arg = run;
			run->start = false;
			rm_local_executor_subscribe(
			    run->executor, &mine, jv_null());
		}
		if (jv_is_valid(run->info))
			begin_task(run);
		if (run->stop || run->destroy)
			end(run, run->destroy ? 9 : 0);
	}
	dry->changed(dry->arg);
}

/* ---- hooks ---- */

int
rm_local_dry_launch(struct rm_local_executor *executor, struct rm_error *err)
{
	(void)err;
	struct run *run = rm_alloc(sizeof(*run));
	run->executor = executor;
	run->info = jv_invalid();
	run->start = true;
	TAILQ_INSERT_TAIL(&world->runs, run, entry);
	soon();
	return 0;
}

void
rm_local_dry_destroy(struct rm_local_executor *executor)
{
	struct run *run = find(executor);
	if (run == NULL)
		return;
	run->destroy = true;
	soon();
}

void
rm_local_dry_release(struct rm_local_executor *executor)
{
	struct run *run = find(executor);
	if (run == NULL)
		return;
	TAILQ_REMOVE(&world->runs, run, entry);
	if (run->member != NULL) {
		rm_zk_ephemeral_free(run->member);
		rm_zk_ephemeral_free(run->coordinated);
	}
	rm_task_free(&run->task);
	jv_free(run->info);
	free(run);
}

struct rm_local_dry *
rm_local_dry_new(struct event_base *loop, void (*entering)(void *arg),
    void (*changed)(void *arg), void *arg)
{
	struct rm_local_dry *dry = rm_alloc(sizeof(*dry));
	dry->loop = loop;
	dry->entering = entering;
	dry->changed = changed;
	dry->arg = arg;
	TAILQ_INIT(&dry->runs);
	LIST_INIT(&dry->rings);
	rm_timer_init(&dry->turn, loop, take_turn, dry);
	rm_timer_init(&dry->gather, loop, tell_rings, dry);
	return world = dry;
}

void
rm_local_dry_free(struct rm_local_dry *dry)
{
	struct ring *ring;
	if (dry == NULL)
		return;
	while ((ring = LIST_FIRST(&dry->rings)) != NULL) {
		LIST_REMOVE(ring, entry);
		jv_free(ring->names);
		free(ring->cluster);
		free(ring);
	}
	rm_timer_free(&dry->turn);
	rm_timer_free(&dry->gather);
	rm_zk_close(dry->zk);
	free(dry);
	world = NULL;
}
