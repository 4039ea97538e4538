/*
 * placing COUNT [FIRST]: random frameworks, offers and constraints for
 * rm-offer, one process for all; what comes out is judged here, by rules that
 * are written down anew (placing_judge.h). Clusters share agents with each
 * other, with nodes that were there before, with other frameworks and with
 * static reservations; agents have disks of several kinds. Seed FIRST is the
 * first.
 */
#include "placing_judge.h"

static void
scalar(struct rm_str *s, const char *name, double value, const char *rest)
{
	rm_str_printf(s,
	    "{\"name\":\"%s\",\"type\":\"SCALAR\",\"scalar\":{\"value\":%.1f},"
	    "\"allocation_info\":{\"role\":\"riak\"}%s},",
	    name, value, rest);
}

static void
ports(struct rm_str *s, int first, int count, const char *rest)
{
	if (count > 0)
		rm_str_printf(s,
		    "{\"name\":\"ports\",\"type\":\"RANGES\",\"ranges\":{"
		    "\"range\":[{\"begin\":%d,\"end\":%d}]},"
		    "\"allocation_info\":{\"role\":\"riak\"}%s},",
		    first, first + count - 1, rest);
}

#define STATIC ",\"reservations\":[{\"type\":\"STATIC\",\"role\":\"riak\"}]"
#define FOREIGN                                                                \
	",\"reservations\":[{\"type\":\"DYNAMIC\",\"role\":\"riak\","          \
	"\"labels\":"                                                          \
	"{\"labels\":[{\"key\":\"framework\",\"value\":\"other\"},{\"key\":"   \
	"\"node\",\"value\":\"other-kv-1\"}]}}]"

/* What one of ours holds, or another framework does: labels tell. */
static void
held(struct rm_str *s, const char *key, int first, const char *volume)
{
	char rest[512], disk[768];
	snprintf(rest, sizeof(rest),
	    ",\"reservations\":[{\"type\":\"DYNAMIC\",\"role\":\"riak\","
	    "\"labels\":{\"labels\":[{\"key\":\"framework\",\"value\":\"riak\"}"
	    ",{\"key\":\"node\",\"value\":\"%s\"}]}}]",
	    key);
	snprintf(disk, sizeof(disk),
	    "%s,\"disk\":{\"persistence\":{\"id\":\"%s\"},\"volume\":{\"mode\":"
	    "\"RW\",\"container_path\":\"data\"}}",
	    rest, volume);
	scalar(s, "cpus", 1.1, rest);
	scalar(s, "mem", 544, rest);
	scalar(s, "disk", 1000, disk);
	ports(s, first, 10, rest);
}

static void
make_agent(int i)
{
	struct agent *a = &agents[i];
	*a = (struct agent){ .rack = below(5) - 1,
		.slot = below(4) - 1,
		.zone = below(4) - 1,
		.region = below(2),
		.leaving = below(12) == 0,
		.cpus = below(6),
		.mem = 544 * below(6),
		.disk = 1000 * below(5),
		.ports = below(45),
		.own_cpus = below(4) == 0 ? 2 : 0,
		.own_disk = below(5) == 0,
		.path_disk = below(5) == 0,
		.mount_disk = below(5) == 0 };
}

/* Its offers: all in one, or in two. */
static void
offer_agent(struct rm_str *s, int i)
{
	struct agent *a = &agents[i];
	struct rm_str r = { 0 };
	scalar(&r, "cpus", 1.1 * a->cpus, "");
	scalar(&r, "mem", a->mem, "");
	scalar(&r, "disk", a->disk, "");
	ports(&r, 20000, a->ports, "");
	if (a->own_cpus > 0)
		scalar(&r, "cpus", 1.1 * a->own_cpus, STATIC);
	if (a->own_disk)
		scalar(&r, "disk", 1000, STATIC);
	if (a->path_disk)
		scalar(&r, "disk", 1500,
		    ",\"disk\":{\"source\":{\"type\":\"PATH\",\"path\":{"
		    "\"root\":\"/p\"}}}");
	if (a->mount_disk)
		scalar(&r, "disk", 2000,
		    ",\"disk\":{\"source\":{\"type\":\"MOUNT\",\"mount\":{"
		    "\"root\":\"/m\"}}}");
	if (below(4) == 0) {
		scalar(&r, "cpus", 9, FOREIGN);
		scalar(&r, "mem", 9999, FOREIGN);
		ports(&r, 40000, 30, FOREIGN);
	}
	for (int n = 0; n < node_count; n++)
		if (nodes[n].on == i && nodes[n].there && !nodes[n].runs)
			held(&r, nodes[n].key, nodes[n].first_port,
			    nodes[n].volume);
	rm_str_printf(s,
	    "{\"id\":{\"value\":\"O%d\"},\"agent_id\":{\"value\":\"S%d\"},"
	    "\"hostname\":\"h%d.x\",\"attributes\":[",
	    ++offer_count, i, i);
	if (a->rack >= 0)
		rm_str_printf(s,
		    "{\"name\":\"rack\",\"type\":\"TEXT\",\"text\":{\"value\":"
		    "\"r%d\"}}%s",
		    a->rack, a->slot >= 0 ? "," : "");
	if (a->slot >= 0)
		rm_str_printf(s,
		    "{\"name\":\"slot\",\"type\":\"SCALAR\",\"scalar\":{"
		    "\"value\":%d}}",
		    a->slot);
	rm_str_puts(s, "]");
	if (a->zone >= 0)
		rm_str_printf(s,
		    ",\"domain\":{\"fault_domain\":{\"region\":{\"name\":"
		    "\"e%d\"},\"zone\":{\"name\":\"z%d\"}}}",
		    a->region, a->zone);
	if (a->leaving)
		rm_str_puts(
		    s, ",\"unavailability\":{\"start\":{\"nanoseconds\":1}}");
	rm_str_printf(s, ",\"resources\":[%.*s]},", (int)r.len - 1, r.text);
	a->offer = offer_count;
	rm_str_free(&r);
}

/* Some nodes were there before: they run, or have ended on their volume. */
static void
make_node(int cluster, int number)
{
	struct node *n = &nodes[node_count++];
	char key[32];
	snprintf(
	    key, sizeof(key), "riak-%s-%d", cluster_names[cluster], number);
	*n = (struct node){ .cluster = cluster, .on = -1, .placed = -1 };
	snprintf(n->key, sizeof(n->key), "%s", key);
	if (below(3) > 0)
		return;
	n->there = true;
	n->runs = below(2) == 0;
	n->on = below(agent_count);
	n->first_port = 30000 + 10 * node_count;
	snprintf(n->volume, sizeof(n->volume), "riak.%s.5", key);
}

static void
write_there(struct rm_str *s, const struct node *n)
{
	const struct agent *a = &agents[n->on];
	struct rm_str r = { 0 };
	held(&r, n->key, n->first_port, n->volume);
	rm_str_printf(s,
	    "{\"write\":\"reservations/%s\",\"value\":{\"state\":\"held\","
	    "\"agent_id\":\"S%d\",\"hostname\":\"h%d.x\",\"attributes\":[",
	    n->key, n->on, n->on);
	if (a->rack >= 0)
		rm_str_printf(s,
		    "{\"name\":\"rack\",\"type\":\"TEXT\",\"text\":{\"value\":"
		    "\"r%d\"}}%s",
		    a->rack, a->slot >= 0 ? "," : "");
	if (a->slot >= 0)
		rm_str_printf(s,
		    "{\"name\":\"slot\",\"type\":\"SCALAR\",\"scalar\":{"
		    "\"value\":%d}}",
		    a->slot);
	rm_str_puts(s, "],\"domain\":");
	if (a->zone >= 0)
		rm_str_printf(s,
		    "{\"fault_domain\":{\"region\":{\"name\":\"e%d\"},"
		    "\"zone\":{\"name\":\"z%d\"}}}",
		    a->region, a->zone);
	else
		rm_str_puts(s, "null");
	rm_str_printf(s,
	    ",\"resources\":[%.*s],\"persistence_id\":\"%s\",\"ports\":{"
	    "\"http\":%d}}}\n",
	    (int)r.len - 1, r.text, n->volume, n->first_port);
	rm_str_free(&r);
	rm_str_printf(s,
	    "{\"write\":\"status/%s\",\"value\":{\"task_id\":\"%s.5\","
	    "\"agent_id\":\"S%d\",\"state\":\"TASK_%s\",\"since\":1}}\n",
	    n->key, n->key, n->on, n->runs ? "RUNNING" : "KILLED");
	rm_str_printf(s,
	    "{\"record\":\"tasks/%s\",\"value\":{\"task_id\":\"%s.5\","
	    "\"agent_id\":\"S%d\"},\"version\":0}\n",
	    n->key, n->key, n->on);
}

static void
write_case(struct rm_str *s)
{
	rm_str_printf(s,
	    "{\"record\":\"settings\",\"value\":{\"schema\":1,\"framework\":"
	    "\"riak\",\"role\":\"riak\",\"node\":{\"cpus\":1,\"mem\":512,"
	    "\"disk\":1000},\"executor\":{\"cpus\":0.1,\"mem\":32},"
	    "\"spread_wait\":%d,\"resources\":{\"riak-3\":\"file:///r\"}",
	    patient ? 1000 : 0);
	if (where)
		rm_str_puts(s, ",\"where\":\".hostname < \\\"h4\\\"\"");
	rm_str_puts(s, "},\"version\":0}\n");
	for (int c = 0; c < cluster_count; c++) {
		rm_str_printf(s,
		    "{\"record\":\"clusters/%s\",\"value\":{\"riak_version\":"
		    "\"riak-3\",\"constraints\":[",
		    cluster_names[c]);
		for (int k = 0; k < RULES; k++)
			if (asked[c] & 1U << k)
				rm_str_printf(s, "%s%s",
				    asked[c] & ((1U << k) - 1) ? "," : "",
				    rules[k].text);
		rm_str_puts(s, "]},\"version\":0}\n");
	}
	for (int n = 0; n < node_count; n++) {
		rm_str_printf(s,
		    "{\"record\":\"nodes/%s\",\"value\":{\"cluster\":\"%s\","
		    "\"goal\":\"run\"},\"version\":0}\n",
		    nodes[n].key, cluster_names[nodes[n].cluster]);
		if (nodes[n].there)
			write_there(s, &nodes[n]);
	}
	/* A round without offers: from now on they have waited. */
	rm_str_printf(s, "{\"tick\":%d}\n", ++now);
	for (int i = 0; i < agent_count; i++) {
		struct rm_str offers = { 0 };
		offer_agent(&offers, i);
		rm_str_printf(s,
		    "{\"event\":\"OFFERS\",\"at\":%d.5,\"mesos\":{\"offers\":{"
		    "\"offers\":[%.*s]}}}\n",
		    now, (int)offers.len - 1, offers.text);
		rm_str_free(&offers);
	}
	rm_str_printf(s, "{\"tick\":%d}\n", ++now);
}

static void
write_end(struct rm_str *s)
{
	static const char *const kinds[] = { "record\":\"nodes",
		"write\":\"reservations", "write\":\"status",
		"record\":\"tasks" };
	for (int n = 0; n < node_count; n++)
		for (int k = 0; k < 4; k++)
			rm_str_printf(s, "{\"%s/%s\",\"value\":null}\n",
			    kinds[k], nodes[n].key);
	for (int c = 0; c < cluster_count; c++)
		rm_str_printf(s,
		    "{\"record\":\"clusters/%s\",\"value\":null}\n",
		    cluster_names[c]);
	rm_str_printf(s, "{\"tick\":%d}\n", ++now);
}

static void
make_case(unsigned long number)
{
	seed = number;
	agent_count = 1 + below(8);
	cluster_count = 1 + below(3);
	patient = below(3) == 0;
	/* Compiled when it changes, which takes longer than all the rest. */
	where = number / 500 % 5 == 0;
	node_count = 0;
	for (int i = 0; i < agent_count; i++)
		make_agent(i);
	for (int c = 0; c < cluster_count; c++) {
		asked[c] = 0;
		for (int k = below(4); k > 0; k--)
			asked[c] |= 1U << below(RULES);
		/* In the order in which they get their places. */
		for (int n = 1, last = 1 + below(5); n <= last; n++)
			make_node(c, n);
	}
}

static void
begin(void)
{
	struct rm_str s = { 0 }, said = { 0 };
	start_stages();
	rm_str_puts(&s,
	    "{\"record\":\"\",\"snapshot\":true}\n{\"event\":\"SUBSCRIBED\","
	    "\"at\":1,\"mesos\":{\"subscribed\":{\"framework_id\":{\"value\":"
	    "\"F\"}}}}\n");
	exchange(&s, &said);
	rm_str_free(&s);
	rm_str_free(&said);
}

int
main(int argc, char **argv)
{
	unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 10) : 100;
	unsigned long first = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
	signal(SIGPIPE, SIG_IGN);
	begin();
	for (unsigned long i = first; i < first + count; i++) {
		struct rm_str in = { 0 }, out = { 0 }, rest = { 0 };
		make_case(i);
		write_case(&in);
		exchange(&in, &out);
		judge(&out);
		rm_str_clear(&in);
		write_end(&in);
		exchange(&in, &rest);
		rm_str_free(&in);
		rm_str_free(&out);
		rm_str_free(&rest);
	}
	printf(
	    "%lu cases: %ld nodes placed, %ld run again, %ld not, %ld offers "
	    "declined for long\n",
	    count, tally.placed, tally.again, tally.not, tally.declined);
	stop_stages();
	return 0;
}
