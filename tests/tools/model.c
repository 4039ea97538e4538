/*
 * model SEED [TICKS]: the four pure stages against a small model of Mesos,
 * ZooKeeper and Riak. Tasks fail, agents go and come back, with their id or
 * with another, or are gone for good; the master fails over; the stages are
 * killed in the middle of what they say; people change their minds. What must
 * never be ends it at once (model_master.h). When all that is over, the
 * goals must come true. The same seed is the same story. MODEL_LOG is a file
 * for what the stages log, MODEL_TRACE one for what they hear and say.
 */
#include "model_master.h"

#include <math.h>

#define CALM 3000 /* ticks until all must have come true */

static const char *const clusters[] = { "kv", "ts" };
static bool calm;
static unsigned long seed;
static FILE *trace;

static void
die(const char *what, const char *of)
{
	fprintf(
	    stderr, "model: seed %lu at %.0f: %s: %s\n", seed, now, what, of);
	if (trace != NULL)
		fclose(trace);
	exit(1);
}

static unsigned
dice(unsigned sides)
{
	static unsigned long state;
	if (state == 0)
		state = seed * 2862933555777941757UL + 3037000493UL;
	state = state * 6364136223846793005UL + 1442695040888963407UL;
	return (unsigned)(state >> 33) % sides;
}

/* ---- Riak and its executor ---- */

static void
member_path(char path[64], const char *node)
{
	snprintf(path, 64, "members/%s", node);
}

static void
riak_up(struct run *run)
{
	struct riak *r = riak_of(run->node);
	snprintf(
	    r->name, sizeof(r->name), "%s@10.0.0.%d", r->key, run->agent + 1);
	snprintf(r->task, sizeof(r->task), "%s", run->id);
	r->done[0] = '\0';
	jv_free(r->result);
	r->result = jv_null();
	r->runs = true;
	r->down = false;
	if (r->ring < 0) { /* removed: it begins anew, alone */
		r->ring = RIAKS + run_count;
		r->holds = false;
	}
}

static void
riak_down(struct run *run)
{
	struct riak *r = riak_find(run->node);
	char path[64];
	if (r == NULL || strcmp(r->task, run->id) != 0)
		return;
	member_path(path, r->key);
	store(path, jv_null());
	r->runs = false;
}

static void
obey(struct riak *r)
{
	char path[64];
	snprintf(path, sizeof(path), "orders/%s", r->key);
	jv order = record(path);
	const char *id = rm_json_text(order, "id", "");
	if (*id != '\0' && strcmp(id, r->done) != 0) {
		bool good = riak_order(r, order, now);
		snprintf(r->done, sizeof(r->done), "%s", id);
		jv_free(r->result);
		r->result = JV_OBJECT(jv_string("id"), jv_string(id),
		    jv_string("success"), jv_bool(good));
		if (!good &&
		    strcmp(rm_json_text(order, "verb", ""), "commit") == 0)
			r->result = rm_json_set(
			    r->result, "answer", staged_list(r->ring));
	}
	jv_free(order);
}

static void
riak_step(struct run *run)
{
	struct riak *r = riak_find(run->node);
	char path[64];
	if (r->ring < 0 || (r->leaving && now >= r->leaves_at)) {
		r->ring = -1;
		r->leaving = false;
		set_state(run, "TASK_FINISHED");
		return;
	}
	r->holds |= r->staged == NOTHING && ring_size(r->ring) > 1;
	if (dice(10) < 7)
		obey(r);
	member_path(path, r->key);
	jv is = riak_member(r), was = record(path);
	if (!jv_is_valid(was) || !rm_json_equal(is, was))
		store(path, jv_copy(is));
	jv_free(is);
	jv_free(was);
}

static void
run_step(struct run *run)
{
	if (!run->alive)
		return;
	if (run->kill_at > 0 && now >= run->kill_at) {
		set_state(run, "TASK_KILLED");
	} else if (!calm && dice(400) == 0) {
		set_state(run, "TASK_FAILED");
	} else if (strcmp(run->state, "TASK_RUNNING") == 0) {
		riak_step(run);
	} else if (now >= run->next_at) {
		bool starts = strcmp(run->state, "TASK_STAGING") == 0;
		set_state(run, starts ? "TASK_STARTING" : "TASK_RUNNING");
		run->next_at = now + 2;
		if (!starts)
			riak_up(run);
	}
}

/* ---- agents ---- */

static void
new_id(struct agent *agent)
{
	snprintf(agent->id, sizeof(agent->id), "S%d.%d", (int)(agent - agents),
	    agent->changes++);
}

static void
end_runs(int a, const char *state)
{
	for (int i = 0; i < run_count; i++) {
		struct run *run = &runs[i];
		if (run->agent != a || !run->known)
			continue;
		if (!ended(run->state))
			send_update(run->id, state, run->agent_id, "", NULL);
		if (strcmp(state, "TASK_UNREACHABLE") == 0 && !agents[a].dead)
			continue;
		if (run->alive)
			riak_down(run);
		run->alive = run->known = false;
		run->uuid[0] = '\0';
	}
}

static void
lose_agent(int a, bool dead)
{
	struct agent *agent = &agents[a];
	if (!agent->registered)
		return;
	rescind(agent);
	agent->registered = false;
	agent->dead = dead;
	agent->back_at = now + 3 + dice(60);
	end_runs(a, "TASK_UNREACHABLE");
}

/* At most two: the others have room for all. */
static void
mark_gone(int a)
{
	int gone = 0;
	for (int i = 0; i < AGENTS; i++)
		gone += agents[i].gone;
	/* By its id alone a master can't tell who was there before. */
	if (gone >= 2 || agents[a].gone || agents[a].changes > 1)
		return;
	rescind(&agents[a]);
	agents[a].gone = agents[a].dead = true;
	agents[a].registered = false;
	for (int i = 0; i < VOLUMES; i++)
		if (volumes[i].agent == a) {
			jv_free(volumes[i].resources);
			volumes[i].agent = -1;
		}
	end_runs(a, "TASK_GONE_BY_OPERATOR");
}

static void
agent_step(int a)
{
	struct agent *agent = &agents[a];
	if (!agent->registered && !agent->gone && now >= agent->back_at) {
		agent->registered = true;
		agent->refuse_until = 0;
		if (agent->dead)
			new_id(agent);
		agent->dead = false;
		for (int i = 0; i < run_count; i++)
			if (runs[i].agent == a && runs[i].known &&
			    *runs[i].uuid == '\0')
				send_update(runs[i].id, runs[i].state,
				    runs[i].agent_id, "", NULL);
	}
	if (agent->registered && !suppressed && *agent->offer == '\0' &&
	    now >= agent->refuse_until && dice(10) < 7)
		make_offer(a);
}

/* ---- people ---- */

static jv
cluster_record(const char *key, char path[64])
{
	snprintf(path, 64, "clusters/%s", key);
	return record(path);
}

static void
set_field(const char *path, const char *field, jv value)
{
	if (has(path))
		store(path, rm_json_set(record(path), field, value));
	else
		jv_free(value);
}

static void
bump(const char *path, const char *field)
{
	jv value = record(path);
	set_field(path, field, jv_number(rm_json_number(value, field, 0) + 1));
	jv_free(value);
}

/* A node of the cluster whose goal is to run, by chance; "" when there are
 * fewer than so many. */
static void
pick(const char *cluster, int least, char path[64])
{
	jv keys = jv_keys(jv_copy(records));
	int seen = 0;
	path[0] = '\0';
	jv_array_foreach (keys, i, key) {
		const char *name = jv_string_value(key);
		jv value = record(name);
		if (strncmp(name, "nodes/", 6) == 0 &&
		    strcmp(rm_json_text(value, "cluster", ""), cluster) == 0 &&
		    strcmp(rm_json_text(value, "goal", ""), "run") == 0 &&
		    dice((unsigned)++seen) == 0)
			snprintf(path, 64, "%s", name);
		jv_free(value);
		jv_free(key);
	}
	jv_free(keys);
	if (seen < least)
		path[0] = '\0';
}

static int
count_nodes(const char *cluster, bool all)
{
	jv keys = jv_keys(jv_copy(records));
	int count = 0;
	jv_array_foreach (keys, i, key) {
		jv value = record(jv_string_value(key));
		count += strncmp(jv_string_value(key), "nodes/", 6) == 0 &&
			 strcmp(rm_json_text(value, "cluster", ""), cluster) ==
			     0 &&
			 (all || strcmp(rm_json_text(value, "goal", ""),
				     "run") == 0);
		jv_free(value);
		jv_free(key);
	}
	jv_free(keys);
	return count;
}

static void
add_node(const char *cluster, const char *replaces)
{
	char path[64], of[64];
	jv record_of = cluster_record(cluster, of);
	int next = (int)rm_json_number(record_of, "next", 1);
	jv_free(record_of);
	do
		snprintf(
		    path, sizeof(path), "nodes/riak-%s-%d", cluster, next++);
	while (has(path));
	set_field(of, "next", jv_number(next));
	jv node = JV_OBJECT(jv_string("cluster"), jv_string(cluster),
	    jv_string("goal"), jv_string("run"), jv_string("restart"),
	    jv_number(0));
	if (replaces != NULL)
		node = rm_json_set(node, "replaces", jv_string(replaces));
	store(path, node);
}

static void
command(const char *cluster, const char *verb)
{
	char path[64];
	static int id;
	snprintf(path, sizeof(path), "clusters/%s", cluster);
	set_field(path, "command",
	    JV_OBJECT(jv_string("id"), jv_number(++id), jv_string("verb"),
		jv_string(verb)));
}

static void
people(void)
{
	const char *cluster = clusters[dice(2)];
	char node[64], of[64];
	snprintf(of, sizeof(of), "clusters/%s", cluster);
	switch (dice(9)) {
	case 0:
	case 1:
		if (count_nodes(cluster, true) < 6)
			add_node(cluster, NULL);
		break;
	case 2:
		pick(cluster, 3, node);
		set_field(node, "goal", jv_string("leave"));
		break;
	case 3:
		pick(cluster, 3, node);
		set_field(node, "goal", jv_string("remove"));
		break;
	case 4:
		pick(cluster, 3, node);
		if (*node != '\0' && count_nodes(cluster, true) < 6) {
			add_node(cluster, node + strlen("nodes/"));
			set_field(node, "goal", jv_string("remove"));
		}
		break;
	case 5:
		pick(cluster, 1, node);
		if (*node != '\0')
			bump(node, "restart");
		break;
	case 6:
		bump(of, "restart");
		break;
	case 7:
		command(cluster, "pause");
		break;
	default:
		command(cluster, dice(4) == 0 ? "abort" : "resume");
	}
}

/* ---- the stages ---- */

static void
subscribe(void)
{
	suppressed = false;
	for (int a = 0; a < AGENTS; a++) {
		agents[a].offer[0] = '\0';
		agents[a].refuse_until = 0;
	}
	rm_str_printf(&inbox,
	    "{\"event\":\"SUBSCRIBED\",\"at\":%.0f,\"mesos\":{\"subscribed\":"
	    "{\"framework_id\":{\"value\":\"F\"}}}}\n",
	    now);
}

static void
restart_stages(void)
{
	stop_stages();
	start_stages();
	rm_str_clear(&inbox);
	snapshot(&inbox);
	subscribe();
}

static void
take_write(jv line)
{
	const char *path = rm_json_text(line, "write", "");
	double version = rm_json_number(line, "version", -1);
	if (version >= 0 &&
	    (!has(path) || version != rm_json_number(versions, path, 0)))
		return;
	store(path, rm_json_get(line, "value"));
}

/* A line that they say. */
static void
take_line(const char *text, size_t len)
{
	jv line;
	if (strncmp(text, "{\"write\"", 8) != 0 &&
	    strncmp(text, "{\"call\"", 7) != 0)
		return;
	if (rm_json_parse(text, len, &line, NULL) != 0)
		die("not JSON", text);
	if (rm_json_has(line, "write")) {
		take_write(line);
	} else {
		jv mesos = rm_json_get(line, "mesos");
		take_call(rm_json_text(line, "call", ""), mesos);
		jv_free(mesos);
	}
	jv_free(line);
}

/* All they say, or, when they are killed, a part. */
static void
hear(bool killed)
{
	struct rm_str said = { 0 };
	if (trace != NULL)
		fprintf(trace, "%s", inbox.text != NULL ? inbox.text : "");
	exchange(&inbox, &said);
	rm_str_clear(&inbox);
	size_t lines = 0;
	for (size_t i = 0; i < said.len; i++)
		lines += said.text[i] == '\n';
	if (killed)
		lines = dice((unsigned)lines);
	char *at = said.text;
	for (size_t i = 0; i < lines; i++) {
		size_t len = strcspn(at, "\n");
		if (trace != NULL && (at[2] == 'w' || at[2] == 'c'))
			fprintf(trace, "> %.*s\n", (int)len, at);
		take_line(at, len);
		at += len + 1;
	}
	rm_str_free(&said);
}

static void
faults(void)
{
	if (dice(60) == 0)
		lose_agent((int)dice(AGENTS), dice(2) == 0);
	if (dice(900) == 0)
		mark_gone((int)dice(AGENTS));
	if (dice(20) == 0)
		people();
	if (dice(200) == 0)
		subscribe();
}

/* People free what is frozen, and let go on what they have paused. */
static void
mend(void)
{
	jv keys = jv_keys(jv_copy(records));
	jv_array_foreach (keys, i, key) {
		const char *path = jv_string_value(key);
		jv value = record(path);
		jv frozen = rm_json_get(value, "frozen");
		char node[64];
		snprintf(node, sizeof(node), "nodes/%s", path + 7);
		if (strncmp(path, "status/", 7) == 0 &&
		    jv_get_kind(frozen) == JV_KIND_OBJECT) {
			jv of = record(node);
			if (rm_json_number(frozen, "restart", 0) >=
			    rm_json_number(of, "restart", 0))
				bump(node, "restart");
			jv_free(of);
		}
		jv_free(frozen);
		jv_free(value);
		jv_free(key);
	}
	jv_free(keys);
}

static void
tick(void)
{
	bool killed = !calm && dice(40) == 0;
	now += 1;
	if (!calm)
		faults();
	else
		mend();
	for (int i = 0; i < run_count; i++)
		run_step(&runs[i]);
	for (int a = 0; a < AGENTS; a++)
		agent_step(a);
	for (int i = 0; i < run_count; i++)
		if (calm || dice(2) == 0)
			say_again(&runs[i]);
	tell_news(&inbox, (int)dice((unsigned)news_count + 1));
	rm_str_printf(&inbox, "{\"tick\":%.0f}\n", now);
	hear(killed);
	if (killed)
		restart_stages();
}

/* ---- whether it has come true ---- */

static struct run *
run_of(const char *node)
{
	for (int i = 0; i < run_count; i++)
		if (runs[i].alive && strcmp(runs[i].node, node) == 0 &&
		    strcmp(runs[i].state, "TASK_RUNNING") == 0)
			return &runs[i];
	return NULL;
}

/* Why not yet, or NULL. */
static const char *
wrong_with(const char *path, jv value)
{
	const char *key = strchr(path, '/');
	char node[64];
	if (key == NULL)
		return NULL;
	snprintf(node, sizeof(node), "nodes/%s", key + 1);
	if (strncmp(path, "nodes/", 6) == 0) {
		const struct riak *r = riak_find(key + 1);
		const char *cluster = rm_json_text(value, "cluster", "");
		if (strcmp(rm_json_text(value, "goal", ""), "run") != 0)
			return "not gone yet";
		if (run_of(key + 1) == NULL)
			return "does not run";
		if (ring_size(r->ring) != count_nodes(cluster, false))
			return "not one ring";
	} else if (strncmp(path, "rollouts/", 9) == 0) {
		const char *state = rm_json_text(value, "state", "");
		if (strcmp(state, "done") != 0 && strcmp(state, "aborted") != 0)
			return "a rollout that is not done";
	} else if (strncmp(path, "orphans/", 8) == 0) {
		return "an orphan";
	} else if (strncmp(path, "clusters/", 9) != 0 &&
		   strncmp(path, "verdicts/", 9) != 0 && !has(node)) {
		return "a record of no node";
	}
	return NULL;
}

static const char *
look(char where[64])
{
	const char *wrong = NULL;
	jv keys = jv_keys(jv_copy(records));
	jv_array_foreach (keys, i, key) {
		jv value = record(jv_string_value(key));
		const char *why = wrong_with(jv_string_value(key), value);
		if (wrong == NULL && why != NULL) {
			wrong = why;
			snprintf(where, 64, "%s", jv_string_value(key));
		}
		jv_free(value);
		jv_free(key);
	}
	jv_free(keys);
	for (int i = 0; wrong == NULL && i < VOLUMES; i++) {
		snprintf(where, 64, "nodes/%s", volumes[i].node);
		if (volumes[i].agent >= 0 && !has(where))
			wrong = "a volume of no node";
	}
	return wrong;
}

static void
begin(void)
{
	records = jv_object();
	versions = jv_object();
	for (int i = 0; i < VOLUMES; i++)
		volumes[i].agent = -1;
	for (int a = 0; a < AGENTS; a++) {
		agents[a].registered = true;
		new_id(&agents[a]);
	}
	store("settings",
	    JV_OBJECT(jv_string("schema"), jv_number(1), jv_string("framework"),
		jv_string("riak"), jv_string("role"), jv_string("riak"),
		jv_string("node"),
		JV_OBJECT(jv_string("cpus"), jv_number(1), jv_string("mem"),
		    jv_number(512), jv_string("disk"), jv_number(1000)),
		jv_string("executor"),
		JV_OBJECT(jv_string("cpus"), jv_number(0.1), jv_string("mem"),
		    jv_number(32)),
		jv_string("spread_wait"), jv_number(5), jv_string("kill_grace"),
		jv_number(5), jv_string("resources"),
		JV_OBJECT(jv_string("executor"), jv_string("file:///e"),
		    jv_string("riak-3"), jv_string("file:///r"))));
	for (int c = 0; c < 2; c++) {
		char path[64];
		snprintf(path, sizeof(path), "clusters/%s", clusters[c]);
		store(path,
		    JV_OBJECT(jv_string("riak_version"), jv_string("riak-3"),
			jv_string("next"), jv_number(1),
			jv_string("generation"), jv_number(1),
			jv_string("restart"), jv_number(0)));
		for (int n = 0; n < 3; n++)
			add_node(clusters[c], NULL);
	}
	start_stages();
	snapshot(&inbox);
	subscribe();
}

int
main(int argc, char **argv)
{
	char where[64];
	const char *wrong = "";
	long ticks = argc > 2 ? atol(argv[2]) : 600;
	seed = argc > 1 ? strtoul(argv[1], NULL, 10) : 1;
	signal(SIGPIPE, SIG_IGN);
	if (getenv("MODEL_TRACE") != NULL)
		trace = fopen(getenv("MODEL_TRACE"), "we");
	begin();
	for (long i = 0; i < ticks; i++)
		tick();
	calm = true;
	for (int c = 0; c < 2; c++)
		command(clusters[c], "resume");
	long i = 0;
	for (; i < CALM && (wrong = look(where)) != NULL; i++)
		tick();
	if (wrong != NULL)
		die(wrong, where);
	printf("seed %lu: %d tasks, %d offers, well %ld s after the last "
	       "fault\n",
	    seed, run_count, offer_count, i);
	stop_stages();
	return 0;
}
