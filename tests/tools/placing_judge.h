/*
 * Of the tool placing: the case at hand, and whether what rm-offer says of it
 * is right: never more than is offered, never two nodes on one volume or disk,
 * constraints kept, nothing of others, every offer answered once, and what
 * fits no node that waits is declined for long.
 */
#ifndef PLACING_JUDGE_H
#define PLACING_JUDGE_H

#define STAGES "rm-offer"

#include <jv.h>
#include <stdint.h>

#include "base/json.h"
#include "stages_pipe.h"

#define AGENTS   8
#define CLUSTERS 3
#define NODES    16

struct agent {
	int rack, slot, region, zone; /* -1: it has none */
	int cpus, ports; /* cpus in nodes' worth, 1.1 */
	int own_cpus; /* of a static reservation, likewise */
	int mem, disk;
	bool own_disk, path_disk, mount_disk, leaving;
	int offer; /* number of its offer */
	bool used; /* by a plan */
};

struct node {
	char key[32], volume[64];
	int cluster, on, first_port; /* on: an agent; -1: none yet */
	bool there; /* it has a reservation */
	bool runs;
	int placed; /* where, by this round; -1 */
};

static struct agent agents[AGENTS];
static struct node nodes[NODES];
static unsigned asked[CLUSTERS]; /* bits of rules */
static const char *const cluster_names[] = { "kv", "ts", "x" };
static int agent_count, node_count, cluster_count, offer_count, now = 1000;
static bool patient; /* no doubling up within the case */
static bool where; /* hosts below h4 alone */
static uint64_t seed;
static struct {
	long placed, again, not, declined;
} tally;

static void
die(const char *what, const char *of)
{
	fprintf(stderr, "placing: seed %lu: %s: %s\n", (unsigned long)seed,
	    what, of);
	exit(1);
}

static int
below(int n)
{
	static uint64_t state, of;
	if (of != seed) {
		of = seed;
		state = seed * 2862933555777941757U + 3037000493U;
	}
	state = state * 6364136223846793005U + 1442695040888963407U;
	return (int)((state >> 33) % (uint64_t)n);
}

/* ---- constraints ---- */

enum operator{ UNIQUE, CLUSTER, CLUSTER_IS, GROUP_BY, LIKE, UNLIKE, MAX_PER };

static int
rack(int a)
{
	return agents[a].rack;
}

static int
slot(int a)
{
	return agents[a].slot;
}

static int
zone(int a)
{
	return agents[a].zone;
}

static int
region(int a)
{
	return agents[a].zone >= 0 ? agents[a].region : -1;
}

static int
host(int a)
{
	return a;
}

/* n: how many; or, in bits, which values do. */
static const struct {
	const char *text;
	int (*field)(int agent);
	enum operator operator;
	int n;
} rules[] = {
	{ "[\"hostname\",\"UNIQUE\"]", host, UNIQUE, 0 },
	{ "[\"rack\",\"UNIQUE\"]", rack, UNIQUE, 0 },
	{ "[\"rack\",\"MAX_PER\",\"2\"]", rack, MAX_PER, 2 },
	{ "[\"@zone\",\"MAX_PER\",\"1\"]", zone, MAX_PER, 1 },
	{ "[\"rack\",\"CLUSTER\"]", rack, CLUSTER, 0 },
	{ "[\"rack\",\"CLUSTER\",\"r1\"]", rack, CLUSTER_IS, 2 },
	{ "[\"@region\",\"CLUSTER\"]", region, CLUSTER, 0 },
	{ "[\"rack\",\"GROUP_BY\"]", rack, GROUP_BY, 0 },
	{ "[\"@zone\",\"GROUP_BY\",\"3\"]", zone, GROUP_BY, 3 },
	{ "[\"hostname\",\"GROUP_BY\"]", host, GROUP_BY, 0 },
	{ "[\"rack\",\"LIKE\",\"r[12]\"]", rack, LIKE, 6 },
	{ "[\"hostname\",\"LIKE\",\"h[0-5]\\\\.x\"]", host, LIKE, 63 },
	{ "[\"slot\",\"IS\",\"1\"]", slot, LIKE, 2 },
	{ "[\"@zone\",\"IS\",\"z0\"]", zone, LIKE, 1 },
	{ "[\"rack\",\"UNLIKE\",\"r[01]\"]", rack, UNLIKE, 3 },
	{ "[\"slot\",\"UNLIKE\",\"2\"]", slot, UNLIKE, 4 },
};
#define RULES (int)(sizeof(rules) / sizeof(*rules))

/* Nodes of a cluster by the value that they have: those that were there, and
 * those that were placed before this one, which are the ones before it. */
struct counts {
	int nodes[16];
	int total, used; /* all of them; values that some have */
	int least; /* of a used value */
};

static struct counts
count(const struct node *of, int rule)
{
	struct counts c = { .least = NODES };
	for (int i = 0; i < node_count; i++) {
		const struct node *n = &nodes[i];
		int at = n->there ? n->on : n < of ? n->placed : -1;
		if (n->cluster != of->cluster || at < 0)
			continue;
		c.total++;
		if (rules[rule].field(at) >= 0)
			c.nodes[rules[rule].field(at)]++;
	}
	for (int v = 0; v < 16; v++) {
		c.used += c.nodes[v] > 0;
		if (c.nodes[v] > 0 && c.nodes[v] < c.least)
			c.least = c.nodes[v];
	}
	return c;
}

static bool
may_have(const struct counts *c, int rule, int value)
{
	int n = rules[rule].n;
	switch (rules[rule].operator) {
	case UNIQUE:
		return c->nodes[value] == 0;
	case MAX_PER:
		return c->nodes[value] < n;
	case CLUSTER:
		return c->total == 0 || c->nodes[value] > 0;
	case GROUP_BY:
		return c->nodes[value] == 0 ||
		       (c->used >= n && c->nodes[value] == c->least);
	case UNLIKE:
		return (n >> value & 1) == 0;
	case CLUSTER_IS:
	case LIKE:
		return (n >> value & 1) != 0;
	}
	return false;
}

static void
judge_constraints(const struct node *n)
{
	for (int k = 0; k < RULES; k++) {
		if ((asked[n->cluster] & 1U << k) == 0)
			continue;
		int value = rules[k].field(n->placed);
		struct counts c = count(n, k);
		if (value < 0 ? rules[k].operator != UNLIKE
			      : !may_have(&c, k, value))
			die(rules[k].text, n->key);
	}
	if (where && n->placed >= 4)
		die("where does not hold", n->key);
	if (agents[n->placed].leaving)
		die("its agent is to be maintained", n->key);
	for (int i = 0; patient && i < node_count; i++)
		if (&nodes[i] != n && nodes[i].cluster == n->cluster &&
		    (nodes[i].there ? nodes[i].on : nodes[i].placed) ==
			n->placed)
			die("doubled up too early", n->key);
}

/* ---- resources ---- */

/* What plans take of one agent: of nobody's, and of the static reservation. */
struct taken {
	double cpus, mem, disk, own_cpus, own_disk;
	int path, mount;
	bool ports[50000];
};

static struct node *
find_node(const char *key)
{
	for (int i = 0; i < node_count; i++)
		if (strcmp(nodes[i].key, key) == 0)
			return &nodes[i];
	die("a node that nobody asked for", key);
	return NULL;
}

/* Whose it is, in the end: "static", or the label's node; of another framework
 * it is nothing that we may name at all. */
static const char *
owner(jv resource)
{
	static char name[64];
	jv stack = rm_json_get(resource, "reservations");
	jv top = jv_array_get(
	    jv_copy(stack), jv_array_length(jv_copy(stack)) - 1);
	jv labels = rm_json_path(top, "labels.labels");
	bool ours = false;
	snprintf(name, sizeof(name), "static");
	if (strcmp(rm_json_text(top, "type", ""), "DYNAMIC") == 0)
		jv_array_foreach (jv_copy(labels), i, label) {
			const char *key = rm_json_text(label, "key", "");
			const char *value = rm_json_text(label, "value", "");
			ours |= strcmp(key, "framework") == 0 &&
				strcmp(value, "riak") == 0;
			if (strcmp(key, "node") == 0)
				snprintf(name, sizeof(name), "%s", value);
			jv_free(label);
		}
	if (strcmp(name, "static") != 0 && !ours)
		die("another framework's", name);
	jv_free(labels);
	jv_free(top);
	jv_free(stack);
	return name;
}

static void
take_ports(
    struct taken *t, const struct agent *a, const struct node *n, jv resource)
{
	jv ranges = rm_json_path(resource, "ranges.range");
	int from = n->there ? n->first_port : 20000, sum = 0;
	int to = n->there ? from + 9 : 19999 + a->ports;
	jv_array_foreach (ranges, i, range) {
		int end = (int)rm_json_number(range, "end", 0);
		for (int p = (int)rm_json_number(range, "begin", 0); p <= end;
		     p++, sum++) {
			if (p < from || p > to)
				die("a port that is not offered", n->key);
			if (t->ports[p])
				die("a port for two", n->key);
			t->ports[p] = true;
		}
		jv_free(range);
	}
	jv_free(ranges);
	if (sum != 10)
		die("not ten ports", n->key);
}

static void
take_disk(struct taken *t, jv resource, double amount, bool fixed)
{
	const char *type = rm_json_path_text(resource, "disk.source.type");
	if (type == NULL)
		*(fixed ? &t->own_disk : &t->disk) += amount;
	else if (strcmp(type, "PATH") == 0)
		t->path += (int)amount;
	else if (amount != 2000)
		die("a part of a disk that is taken whole", type);
	else
		t->mount++;
}

/* A node that runs again takes what is its own; a new one what nobody has. */
static void
take(struct taken *t, const struct agent *a, const struct node *n, jv resource)
{
	const char *name = rm_json_text(resource, "name", "");
	const char *whose = owner(resource);
	bool fixed = strcmp(whose, "static") == 0;
	double amount = rm_json_number(resource, "scalar", 0);
	jv scalar = rm_json_get(resource, "scalar");
	if (jv_is_valid(scalar))
		amount = rm_json_number(scalar, "value", 0);
	jv_free(scalar);
	if (!fixed && strcmp(whose, n->key) != 0)
		die("what another node has", n->key);
	if (strcmp(name, "ports") == 0)
		take_ports(t, a, n, resource);
	else if (n->there)
		return;
	else if (strcmp(name, "cpus") == 0)
		*(fixed ? &t->own_cpus : &t->cpus) += amount;
	else if (strcmp(name, "mem") == 0)
		t->mem += amount;
	else
		take_disk(t, resource, amount, fixed);
}

static void
judge_agent(const struct taken *t, const struct agent *a, const char *plan)
{
	if (t->cpus > 1.1 * a->cpus + 1e-6 || t->mem > a->mem + 1e-6 ||
	    t->disk > a->disk + 1e-6 ||
	    t->own_cpus > 1.1 * a->own_cpus + 1e-6 ||
	    t->own_disk > (a->own_disk ? 1000 : 0) ||
	    t->path > (a->path_disk ? 1500 : 0) || t->mount > a->mount_disk)
		die("more than is offered", plan);
}

/* ---- what is said ---- */

static void
judge_launch(struct taken *t, int agent, jv launch)
{
	static const char *const parts[] = { "resources", "executor" };
	struct node *n = find_node(rm_json_text(launch, "node", ""));
	const char *volume = rm_json_text(launch, "persistence", "");
	double cpus = 0, mem = 0;
	if (n->placed >= 0 || n->runs)
		die("launched twice", n->key);
	if (n->there && (strcmp(volume, n->volume) != 0 || n->on != agent))
		die("not on its own volume", n->key);
	n->placed = agent;
	snprintf(n->volume, sizeof(n->volume), "%s", volume);
	for (int i = 0; i < node_count; i++)
		if (&nodes[i] != n && strcmp(nodes[i].volume, volume) == 0)
			die("two nodes on one volume", volume);
	for (int k = 0; k < 2; k++) {
		jv all = rm_json_get(launch, parts[k]);
		jv_array_foreach (all, i, one) {
			const char *name = rm_json_text(one, "name", "");
			jv scalar = rm_json_get(one, "scalar");
			double value = rm_json_number(scalar, "value", 0);
			cpus += strcmp(name, "cpus") == 0 ? value : 0;
			mem += strcmp(name, "mem") == 0 ? value : 0;
			take(t, &agents[agent], n, one);
			jv_free(scalar);
			jv_free(one);
		}
		jv_free(all);
	}
	if (cpus < 1.1 - 1e-6 || mem < 544 - 1e-6)
		die("less than it needs", n->key);
}

static void
judge_plan(jv plan)
{
	static struct taken taken;
	const char *name = rm_json_text(plan, "plan", "S?");
	int agent = atoi(name + 1);
	jv launches = rm_json_get(plan, "launch");
	jv releases = rm_json_get(plan, "release");
	memset(&taken, 0, sizeof(taken));
	if (jv_array_length(releases) > 0)
		die("a release that nobody asked for", name);
	jv_array_foreach (launches, i, launch) {
		judge_launch(&taken, agent, launch);
		jv_free(launch);
	}
	jv_free(launches);
	judge_agent(&taken, &agents[agent], name);
}

/* Each offer has one answer, of its own agent. */
static void
answer(jv ids, const char *agent, bool soon, bool *late)
{
	jv_array_foreach (ids, i, id) {
		int number = atoi(rm_json_text(id, "value", "O0") + 1), at = -1;
		for (int a = 0; a < agent_count; a++)
			if (agents[a].offer == number)
				at = a;
		if (at < 0 || agents[at].used)
			die("answered twice, or not offered",
			    rm_json_text(id, "value", "?"));
		if (agent != NULL && atoi(agent + 1) != at)
			die("another agent's offer", agent);
		agents[at].used = true;
		late[at] = agent == NULL && !soon;
		jv_free(id);
	}
	jv_free(ids);
}

/* By its amounts alone, after what plans took. */
static bool
has_room(const struct agent *a)
{
	bool disk = a->disk >= 1000 || a->own_disk || a->path_disk ||
		    a->mount_disk;
	return (a->cpus > 0 || a->own_cpus > 0) && a->mem >= 544 && disk &&
	       a->ports >= 10 && !a->leaving;
}

static void
judge_filters(const bool *late)
{
	for (int a = 0; a < agent_count; a++) {
		bool waits = false, holds = false;
		for (int i = 0; i < node_count; i++) {
			waits |= !nodes[i].there && nodes[i].placed < 0;
			holds |= nodes[i].there && !nodes[i].runs &&
				 nodes[i].on == a && nodes[i].placed < 0;
		}
		if (!agents[a].used)
			die("an offer without an answer", "");
		tally.declined += late[a];
		bool planned = false;
		for (int i = 0; i < node_count; i++)
			planned |= nodes[i].placed == a;
		if (!late[a] && !planned && !holds &&
		    (!waits || !has_room(&agents[a]) || !patient))
			die("what fits nobody is asked for again soon", "");
	}
}

static void
judge_line(const char *text, size_t len, bool *late)
{
	jv line;
	if (strncmp(text, "{\"plan\"", 7) != 0 &&
	    strncmp(text, "{\"call\":\"DECLINE", 16) != 0)
		return;
	if (rm_json_parse(text, len, &line, NULL) != 0)
		die("not JSON", text);
	if (rm_json_has(line, "plan")) {
		judge_plan(line);
		answer(rm_json_get(line, "offers"),
		    rm_json_text(line, "plan", NULL), false, late);
	} else {
		jv body = rm_json_path(line, "mesos.decline");
		jv filters = rm_json_get(body, "filters");
		answer(rm_json_get(body, "offer_ids"), NULL,
		    rm_json_number(filters, "refuse_seconds", 0) < 3600, late);
		jv_free(filters);
		jv_free(body);
	}
	jv_free(line);
}

static void
judge(const struct rm_str *said)
{
	bool late[AGENTS] = { false };
	for (const char *at = said->text; *at != '\0';
	     at += strcspn(at, "\n") + 1)
		judge_line(at, strcspn(at, "\n"), late);
	for (int i = 0; i < node_count; i++) {
		if (nodes[i].placed >= 0 && !nodes[i].there)
			judge_constraints(&nodes[i]);
		tally.placed += nodes[i].placed >= 0 && !nodes[i].there;
		tally.again += nodes[i].placed >= 0 && nodes[i].there;
		tally.not += nodes[i].placed < 0 && !nodes[i].runs;
	}
	judge_filters(late);
}

#endif
