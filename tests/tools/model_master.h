/*
 * Of the model (model.c): agents with volumes and tasks, and the master that
 * offers them. It checks what must never be: two runs of a node, data in a
 * ring destroyed, a launch that no record tells of, more used than there is.
 */
#ifndef MODEL_MASTER_H
#define MODEL_MASTER_H

#include "model_pipe.h"
#include "model_riak.h"

#define AGENTS  7
#define HOSTED  4 /* nodes that an agent has room for */
#define VOLUMES 64
#define TASKS   4096

struct agent {
	char id[16], offer[16]; /* offer "": none is out */
	int changes; /* of its id */
	bool registered, dead, gone;
	double back_at, refuse_until;
};

struct volume {
	int agent; /* -1: free slot */
	int slot;
	char node[32], id[96];
	jv resources;
};

struct run {
	char id[64], node[32], agent_id[16];
	int agent;
	struct volume *volume;
	const char *state; /* as its executor has it last */
	bool alive, known; /* to the master */
	double next_at, kill_at;
	char uuid[16]; /* of an update that is not acknowledged; "" */
};

static struct agent agents[AGENTS];
static struct volume volumes[VOLUMES];
static struct run runs[TASKS];
static int run_count, offer_count, uuid_count;
static bool suppressed;
static double now = 1000;
static struct rm_str inbox; /* lines for the stages */

static void riak_up(struct run *run);
static void riak_down(struct run *run);

static bool
ended(const char *state)
{
	return strcmp(state, "TASK_STAGING") != 0 &&
	       strcmp(state, "TASK_STARTING") != 0 &&
	       strcmp(state, "TASK_RUNNING") != 0;
}

static struct run *
find_run(const char *id)
{
	for (int i = 0; i < run_count; i++)
		if (strcmp(runs[i].id, id) == 0)
			return &runs[i];
	return NULL;
}

/* ---- updates ---- */

static void
send_update(const char *task, const char *state, const char *agent,
    const char *uuid, const char *reason)
{
	jv status = JV_OBJECT(jv_string("task_id"),
	    JV_OBJECT(jv_string("value"), jv_string(task)), jv_string("state"),
	    jv_string(state), jv_string("source"),
	    jv_string(*uuid != '\0' ? "SOURCE_EXECUTOR" : "SOURCE_MASTER"));
	if (*agent != '\0')
		status = rm_json_set(status, "agent_id",
		    JV_OBJECT(jv_string("value"), jv_string(agent)));
	if (*uuid != '\0')
		status = rm_json_set(status, "uuid", jv_string(uuid));
	if (reason != NULL)
		status = rm_json_set(status, "reason", jv_string(reason));
	rm_json_write(
	    &inbox, JV_OBJECT(jv_string("event"), jv_string("UPDATE"),
			jv_string("at"), jv_number(now), jv_string("mesos"),
			JV_OBJECT(jv_string("update"),
			    JV_OBJECT(jv_string("status"), status))));
	rm_str_puts(&inbox, "\n");
}

/* The executor says it until it is acknowledged. */
static void
set_state(struct run *run, const char *state)
{
	run->state = state;
	snprintf(run->uuid, sizeof(run->uuid), "u%d", ++uuid_count);
	if (ended(state)) {
		run->alive = false;
		riak_down(run);
		agents[run->agent].refuse_until = 0;
	}
}

static void
say_again(struct run *run)
{
	struct agent *agent = &agents[run->agent];
	if (*run->uuid != '\0' && agent->registered && run->known &&
	    strcmp(agent->id, run->agent_id) == 0)
		send_update(
		    run->id, run->state, run->agent_id, run->uuid, NULL);
}

static void
reconcile_one(const char *id, const char *agent_id)
{
	static const char *const reason = "REASON_RECONCILIATION";
	struct run *run = find_run(id);
	struct agent *at = NULL;
	for (int a = 0; a < AGENTS; a++)
		if (strcmp(agents[a].id, *agent_id != '\0' ? agent_id
					 : run != NULL     ? run->agent_id
							   : "-") == 0)
			at = &agents[a];
	const char *state = at == NULL        ? "TASK_UNKNOWN"
			    : at->gone        ? "TASK_GONE_BY_OPERATOR"
			    : !at->registered ? "TASK_UNREACHABLE"
			    : run == NULL     ? "TASK_GONE"
			    : !run->known     ? "TASK_GONE"
					      : run->state;
	send_update(id, state, at != NULL ? at->id : agent_id, "", reason);
}

static void
reconcile(jv tasks)
{
	int count = 0;
	jv_array_foreach (tasks, i, task) {
		const char *id = rm_json_path_text(task, "task_id.value");
		const char *on = rm_json_path_text(task, "agent_id.value");
		reconcile_one(id, on != NULL ? on : "");
		jv_free(task);
		count++;
	}
	for (int i = 0; count == 0 && i < run_count; i++)
		if (runs[i].known && agents[runs[i].agent].registered &&
		    !ended(runs[i].state))
			reconcile_one(runs[i].id, runs[i].agent_id);
	jv_free(tasks);
}

/* ---- offers ---- */

static int
hosted(int agent, bool *slots)
{
	int n = 0;
	memset(slots, 0, HOSTED * sizeof(*slots));
	for (int i = 0; i < VOLUMES; i++)
		if (volumes[i].agent == agent) {
			slots[volumes[i].slot] = true;
			n++;
		}
	return n;
}

static jv
scalar(const char *name, double value)
{
	return JV_OBJECT(jv_string("name"), jv_string(name), jv_string("type"),
	    jv_string("SCALAR"), jv_string("scalar"),
	    JV_OBJECT(jv_string("value"), jv_number(value)),
	    jv_string("allocation_info"),
	    JV_OBJECT(jv_string("role"), jv_string("riak")));
}

static struct run *
user_of(const struct volume *volume)
{
	for (int i = 0; i < run_count; i++)
		if (runs[i].volume == volume && runs[i].alive)
			return &runs[i];
	return NULL;
}

static jv
free_ports(int agent, const bool *slots)
{
	jv ranges = jv_array();
	for (int s = 0; s < HOSTED; s++)
		if (!slots[s])
			ranges = jv_array_append(ranges,
			    JV_OBJECT(jv_string("begin"),
				jv_number(1000 * agent + 10000 + 10 * s),
				jv_string("end"),
				jv_number(1000 * agent + 10009 + 10 * s)));
	jv ports = JV_OBJECT(jv_string("name"), jv_string("ports"),
	    jv_string("type"), jv_string("RANGES"), jv_string("ranges"),
	    JV_OBJECT(jv_string("range"), ranges));
	return rm_json_set(ports, "allocation_info",
	    JV_OBJECT(jv_string("role"), jv_string("riak")));
}

static jv
offered_resources(int a)
{
	bool slots[HOSTED];
	int room = HOSTED - hosted(a, slots);
	jv all = jv_array();
	if (room > 0)
		all = JV_ARRAY(scalar("cpus", 1.1 * room),
		    scalar("mem", 544 * room), scalar("disk", 1000 * room),
		    free_ports(a, slots));
	for (int i = 0; i < VOLUMES; i++)
		if (volumes[i].agent == a && user_of(&volumes[i]) == NULL)
			all = jv_array_concat(
			    all, jv_copy(volumes[i].resources));
	return all;
}

static void
make_offer(int a)
{
	struct agent *agent = &agents[a];
	char host[32];
	jv resources = offered_resources(a);
	if (jv_array_length(jv_copy(resources)) == 0) {
		jv_free(resources);
		return;
	}
	snprintf(agent->offer, sizeof(agent->offer), "O%d", ++offer_count);
	snprintf(host, sizeof(host), "10.0.0.%d", a + 1);
	jv offer = JV_OBJECT(jv_string("id"),
	    JV_OBJECT(jv_string("value"), jv_string(agent->offer)),
	    jv_string("agent_id"),
	    JV_OBJECT(jv_string("value"), jv_string(agent->id)),
	    jv_string("hostname"), jv_string(host), jv_string("resources"),
	    resources);
	rm_json_write(
	    &inbox, JV_OBJECT(jv_string("event"), jv_string("OFFERS"),
			jv_string("at"), jv_number(now), jv_string("mesos"),
			JV_OBJECT(jv_string("offers"),
			    JV_OBJECT(jv_string("offers"), JV_ARRAY(offer)))));
	rm_str_puts(&inbox, "\n");
}

static void
rescind(struct agent *agent)
{
	if (*agent->offer != '\0')
		rm_str_printf(&inbox,
		    "{\"event\":\"RESCIND\",\"at\":%.0f,\"mesos\":{\"rescind\":"
		    "{\"offer_id\":{\"value\":\"%s\"}}}}\n",
		    now, agent->offer);
	agent->offer[0] = '\0';
}

/* ---- ACCEPT ---- */

/* Whether one that stays, or hands its data over, is in the ring too. */
static bool
is_wanted(const struct riak *of)
{
	bool wanted = false;
	for (int i = 0; of->ring >= 0 && i < riak_count; i++) {
		char path[64];
		snprintf(path, sizeof(path), "nodes/%.31s", riaks[i].key);
		jv node = record(path);
		const char *goal = rm_json_text(node, "goal", "");
		wanted |= &riaks[i] != of && riaks[i].ring == of->ring &&
			  (strcmp(goal, "run") == 0 ||
			      strcmp(goal, "leave") == 0);
		jv_free(node);
	}
	return wanted;
}

static struct volume *
find_volume(int agent, const char *id)
{
	for (int i = 0; i < VOLUMES; i++)
		if (volumes[i].agent == agent &&
		    (id == NULL || strcmp(volumes[i].id, id) == 0))
			return &volumes[i];
	return NULL;
}

/* The persistence id among resources; "" when there is none. Consumes. */
static const char *
persistence_of(jv resources)
{
	static char id[96];
	id[0] = '\0';
	jv_array_foreach (resources, i, one) {
		const char *found = rm_json_path_text(
		    one, "disk.persistence.id");
		if (found != NULL)
			snprintf(id, sizeof(id), "%s", found);
		jv_free(one);
	}
	jv_free(resources);
	return id;
}

static void
create(int a, jv info)
{
	bool slots[HOSTED];
	jv all = rm_json_get(info, "resources");
	jv rest = rm_json_path(info, "executor.resources");
	const char *id = persistence_of(jv_copy(all));
	struct volume *volume = find_volume(a, id);
	if (volume == NULL && (volume = find_volume(-1, NULL)) != NULL) {
		if (hosted(a, slots) >= HOSTED)
			die("more used than there is", id);
		volume->slot = 0;
		while (slots[volume->slot])
			volume->slot++;
		snprintf(volume->id, sizeof(volume->id), "%s", id);
		snprintf(volume->node, sizeof(volume->node), "%s",
		    rm_json_text(info, "name", ""));
		volume->agent = a;
		volume->resources = jv_array_concat(
		    jv_copy(all), jv_copy(rest));
	}
	jv_free(all);
	jv_free(rest);
}

static void
launch(int a, jv info)
{
	const char *id = rm_json_path_text(info, "task_id.value");
	const char *node = rm_json_text(info, "name", "");
	char path[128];
	snprintf(path, sizeof(path), "tasks/%s", node);
	jv known = record(path);
	if (strcmp(rm_json_text(known, "task_id", ""), id) != 0)
		die("a launch that no record tells of", id);
	jv_free(known);
	for (int i = 0; i < run_count; i++)
		if (runs[i].alive && strcmp(runs[i].node, node) == 0)
			die("a second run", id);
	if (find_run(id) != NULL)
		die("a task id that was used before", id);
	struct run *run = &runs[run_count++];
	*run = (struct run){ .agent = a,
		.volume = find_volume(
		    a, persistence_of(rm_json_get(info, "resources"))),
		.state = "TASK_STAGING",
		.alive = true,
		.known = true,
		.next_at = now + 1 };
	if (run->volume == NULL)
		die("a launch without its volume", id);
	snprintf(run->id, sizeof(run->id), "%s", id);
	snprintf(run->node, sizeof(run->node), "%s", node);
	snprintf(run->agent_id, sizeof(run->agent_id), "%s", agents[a].id);
}

static void
destroy(int a, const char *id)
{
	struct volume *volume = find_volume(a, id);
	if (volume == NULL)
		return;
	const struct riak *r = riak_find(volume->node);
	if (user_of(volume) != NULL)
		die("a volume in use was destroyed", id);
	if (r != NULL && r->holds && is_wanted(r))
		die("data that a ring still wants were destroyed", id);
	jv_free(volume->resources);
	volume->agent = -1;
}

static void
operate(int a, jv operation)
{
	jv infos = rm_json_path(operation, "launch.task_infos");
	jv gone = rm_json_path(operation, "destroy.volumes");
	if (jv_get_kind(infos) == JV_KIND_ARRAY)
		jv_array_foreach (infos, i, info) {
			create(a, info);
			launch(a, info);
			jv_free(info);
		}
	if (jv_get_kind(gone) == JV_KIND_ARRAY)
		destroy(a, persistence_of(jv_copy(gone)));
	jv_free(infos);
	jv_free(gone);
}

/* One whose offers are gone drops what it was to launch. */
static void
take_accept(jv body)
{
	jv ids = rm_json_get(body, "offer_ids"), id = jv_array_get(ids, 0);
	const char *offer = rm_json_text(id, "value", "-");
	int at = -1;
	for (int a = 0; a < AGENTS; a++)
		if (strcmp(agents[a].offer, offer) == 0)
			at = a;
	jv_free(id);
	jv operations = rm_json_get(body, "operations");
	jv_array_foreach (operations, i, operation) {
		jv infos = rm_json_path(operation, "launch.task_infos");
		if (at >= 0)
			operate(at, operation);
		else if (jv_get_kind(infos) == JV_KIND_ARRAY)
			jv_array_foreach (infos, n, info) {
				send_update(
				    rm_json_path_text(info, "task_id.value"),
				    "TASK_DROPPED", "", "",
				    "REASON_INVALID_OFFERS");
				jv_free(info);
			}
		jv_free(infos);
		jv_free(operation);
	}
	jv_free(operations);
	if (at >= 0)
		agents[at].offer[0] = '\0';
}

static void
take_decline(jv body)
{
	jv ids = rm_json_get(body, "offer_ids");
	jv refuse = rm_json_path(body, "filters.refuse_seconds");
	jv_array_foreach (ids, i, id) {
		for (int a = 0; a < AGENTS; a++)
			if (strcmp(agents[a].offer,
				rm_json_text(id, "value", "-")) == 0) {
				agents[a].offer[0] = '\0';
				agents[a].refuse_until = now + jv_number_value(
								   refuse);
			}
		jv_free(id);
	}
	jv_free(refuse);
	jv_free(ids);
}

static void
take_call(const char *type, jv mesos)
{
	if (strcmp(type, "ACCEPT") == 0) {
		jv body = rm_json_get(mesos, "accept");
		take_accept(body);
		jv_free(body);
	} else if (strcmp(type, "DECLINE") == 0) {
		jv body = rm_json_get(mesos, "decline");
		take_decline(body);
		jv_free(body);
	} else if (strcmp(type, "RECONCILE") == 0) {
		reconcile(rm_json_path(mesos, "reconcile.tasks"));
	} else if (strcmp(type, "KILL") == 0) {
		const char *id = rm_json_path_text(mesos, "kill.task_id.value");
		struct run *run = find_run(id);
		if (run != NULL && run->alive && run->known &&
		    agents[run->agent].registered && run->kill_at <= 0)
			run->kill_at = now + 2;
		else if (run == NULL || !run->known)
			send_update(id, "TASK_UNKNOWN", "", "",
			    "REASON_RECONCILIATION");
	} else if (strcmp(type, "ACKNOWLEDGE") == 0) {
		for (int i = 0; i < run_count; i++)
			if (strcmp(runs[i].uuid, rm_json_path_text(mesos,
						     "acknowledge.uuid")) == 0)
				runs[i].uuid[0] = '\0';
	} else if (strcmp(type, "SUPPRESS") == 0) {
		suppressed = true;
	} else if (strcmp(type, "REVIVE") == 0) {
		suppressed = false;
		for (int a = 0; a < AGENTS; a++)
			agents[a].refuse_until = 0;
	}
}

#endif
