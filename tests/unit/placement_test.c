/*
 * Where a node goes: a table numbered like the steps of placement.h, one for
 * the ranking, and 10,000 random clusters.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/str.h"
#include "rounds.h"
#include "sched/placement.h"

static const struct rm_constraints none;
static const struct rm_need need = {
	.cpus = 1100, .mem = 544000, .disk = 1000000, .ports = 10
};

static const struct rm_place_rules alone = { &need, &none, false };
static const struct rm_place_rules doubled = { &need, &none, true };

/* One offer as JSON; ports is how many, from 31000. */
static char *
offer(const char *agent, double cpus, double mem, double disk, int ports,
    const char *rest)
{
	struct rm_str s = { 0 };
	rm_str_printf(&s,
	    "{\"id\":{\"value\":\"O-%s-%g\"},\"agent_id\":{\"value\":\"%s\"},"
	    "\"hostname\":\"%s\",\"resources\":["
	    "{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":{\"value\":%g}},"
	    "{\"name\":\"mem\",\"type\":\"SCALAR\",\"scalar\":{\"value\":%g}},"
	    "{\"name\":\"disk\",\"type\":\"SCALAR\",\"scalar\":{\"value\":%g}}",
	    agent, cpus, agent, agent, cpus, mem, disk);
	if (ports > 0)
		rm_str_printf(&s,
		    ",{\"name\":\"ports\",\"type\":\"RANGES\",\"ranges\":"
		    "{\"range\":[{\"begin\":31000,\"end\":%d}]}}",
		    30999 + ports);
	rm_str_printf(&s, "]%s}", rest);
	return rm_str_take(&s);
}

static void
add(struct rm_agents *agents, char *text)
{
	jv value;
	assert_int_equal(rm_json_parse(text, strlen(text), &value, NULL), 0);
	assert_int_equal(rm_agents_add(agents, value, 1, NULL), 0);
	jv_free(value);
	free(text);
}

static const char
    *const away = ",\"unavailability\":{\"start\":{\"nanoseconds\":1}}";

static void
steps(void **state)
{
	(void)state;
	static const struct {
		int number;
		double cpus, mem, disk;
		int ports;
		unsigned here;
		bool leaving, double_up, barred;
		enum rm_place_step step;
		const char *text;
	} rows[] = {
		{ 0, 1.1, 544, 1000, 10, 0, false, false, false, RM_PLACE_FITS, NULL },
		{ 1, 4, 8192, 9000, 99, 0, true, false, false, RM_PLACE_MAINTENANCE,
		    "agents are scheduled for maintenance" },
		{ 1, 0, 0, 0, 0, 1, true, false, false, RM_PLACE_MAINTENANCE, NULL },
		{ 2, 1.099, 8192, 9000, 99, 0, false, false, false, RM_PLACE_CPUS,
		    "cpus: wants 1.1, at most 1.099 offered" },
		{ 2, 1, 1, 1, 1, 1, false, false, false, RM_PLACE_CPUS, NULL },
		{ 3, 4, 543, 9000, 99, 0, false, false, false, RM_PLACE_MEM,
		    "mem: wants 544, at most 543 offered" },
		{ 4, 4, 544, 999, 99, 0, false, false, false, RM_PLACE_DISK,
		    "disk: wants 1000, at most 999 offered" },
		{ 5, 4, 544, 1000, 9, 0, false, false, false, RM_PLACE_PORTS,
		    "ports: wants 10, at most 9 offered" },
		{ 5, 4, 544, 1000, 0, 1, false, false, false, RM_PLACE_PORTS,
		    "ports: wants 10, at most 0 offered" },
		{ 7, 4, 8192, 9000, 99, 1, false, false, true, RM_PLACE_WHERE,
		    "where: it holds for no agent that fits" },
		{ 8, 4, 8192, 9000, 99, 1, false, false, false, RM_PLACE_SPREAD,
		    NULL },
		{ 8, 4, 8192, 9000, 99, 2, false, true, false, RM_PLACE_FITS, NULL },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct rm_agents agents = { 0 };
		add(&agents,
		    offer("S1", rows[i].cpus, rows[i].mem, rows[i].disk,
			rows[i].ports, rows[i].leaving ? away : ""));
		struct rm_candidate c = { agents.items[0],
			{ .cluster = rows[i].here }, rows[i].barred };
		struct rm_place_rules rules = { &need, &none,
			rows[i].double_up };
		rm_place_survey(&c, 1, &none, NULL);
		struct rm_verdict v = rm_place_check(&c, &rules);
		assert_int_equal(v.step, rows[i].step);
		if (rows[i].text != NULL) {
			char *text = rm_verdict_text(&v, &none);
			assert_string_equal(text, rows[i].text);
			free(text);
		}
		rm_agents_free(&agents);
	}
}

static void
ranking(void **state)
{
	(void)state;
	static const struct {
		const char *why;
		double cpus[2], mem[2];
		struct rm_site site[2];
		long best;
	} rows[] = {
		{ "fewest of the cluster", { 2, 9 }, { 999, 9999 },
		    { { 1, 0, 0 }, { 0, 5, 5 } }, 1 },
		{ "then of its fault domain", { 2, 9 }, { 999, 9999 },
		    { { 0, 1, 0 }, { 0, 0, 5 } }, 1 },
		{ "then of any cluster", { 2, 9 }, { 999, 9999 },
		    { { 0, 0, 1 }, { 0, 0, 0 } }, 1 },
		{ "then least cpus", { 9, 2 }, { 999, 9999 },
		    { { 0, 0, 0 }, { 0, 0, 0 } }, 1 },
		{ "then least mem", { 2, 2 }, { 9999, 999 },
		    { { 0, 0, 0 }, { 0, 0, 0 } }, 1 },
		{ "then the agent's id", { 2, 2 }, { 999, 999 },
		    { { 0, 0, 0 }, { 0, 0, 0 } }, 0 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct rm_agents agents = { 0 };
		struct rm_candidate c[2] = { 0 };
		add(&agents,
		    offer("S2", rows[i].cpus[0], rows[i].mem[0], 9999, 99, ""));
		add(&agents, offer("S10", rows[i].cpus[1], rows[i].mem[1], 9999,
				 99, ""));
		for (int k = 0; k < 2; k++) {
			c[k].agent = agents.items[k];
			c[k].site = rows[i].site[k];
		}
		rm_place_survey(c, 2, &none, NULL);
		assert_string_equal(c[0].agent->id, "S2");
		assert_int_equal(
		    rm_place_choose(c, 2, &doubled, NULL, NULL), rows[i].best);
		rm_agents_free(&agents);
	}
}

/* The nearest miss is the one that came furthest, then the largest. */
static void
nearest_miss(void **state)
{
	(void)state;
	struct rm_agents agents = { 0 };
	struct rm_candidate c[3] = { 0 };
	struct rm_verdict nearest;
	unsigned counts[RM_PLACE_STEPS];
	add(&agents, offer("S1", 0.5, 1, 1, 1, ""));
	add(&agents, offer("S2", 2, 100, 1, 1, ""));
	add(&agents, offer("S3", 2, 300, 1, 1, ""));
	for (int k = 0; k < 3; k++)
		c[k].agent = agents.items[k];
	rm_place_survey(c, 3, &none, NULL);
	assert_int_equal(rm_place_choose(c, 3, &alone, counts, &nearest), -1);
	assert_int_equal(nearest.step, RM_PLACE_MEM);
	assert_int_equal(nearest.has, 300000);
	assert_int_equal(counts[RM_PLACE_CPUS], 1);
	assert_int_equal(counts[RM_PLACE_MEM], 2);
	rm_agents_free(&agents);
}

/* Offers of one agent are merged; one rescinded takes the agent away. */
static void
agents_of_offers(void **state)
{
	(void)state;
	struct rm_agents agents = { 0 };
	add(&agents, offer("S1", 1, 272, 500, 0, ""));
	add(&agents, offer("S1", 0.1, 272, 500, 10, ""));
	assert_int_equal(agents.count, 1);
	assert_int_equal(agents.items[0]->offer_count, 2);
	struct rm_candidate c = { agents.items[0], { 0 } };
	rm_place_survey(&c, 1, &none, NULL);
	assert_int_equal(rm_place_check(&c, &alone).step, RM_PLACE_FITS);
	jv others = jv_array();
	assert_false(rm_agents_rescind(&agents, "O-nobody", &others));
	assert_true(rm_agents_rescind(&agents, "O-S1-1", &others));
	assert_int_equal(jv_array_length(jv_copy(others)), 1);
	assert_int_equal(agents.count, 0);
	jv_free(others);
	rm_agents_free(&agents);
}

/* ---- random clusters ---- */

static uint64_t seed;

static int
below(int n)
{
	seed = seed * 6364136223846793005U + 1442695040888963407U;
	return (int)((seed >> 33) % (uint64_t)n);
}

static const char *const asked[] = { "[\"hostname\",\"UNIQUE\"]",
	"[\"rack\",\"UNIQUE\"]", "[\"rack\",\"MAX_PER\",\"2\"]",
	"[\"rack\",\"CLUSTER\"]", "[\"rack\",\"UNLIKE\",\"r[01]\"]" };

/* How often a rack, or an agent, was chosen. */
struct tally {
	int racks[4], agents[8], racks_used;
};

static void
kept(int constraint, const struct tally *t, int agent, int rack)
{
	if (constraint == 0)
		assert_int_equal(t->agents[agent], 1);
	if (constraint == 1)
		assert_int_equal(t->racks[rack], 1);
	if (constraint == 2)
		assert_in_range(t->racks[rack], 1, 2);
	if (constraint == 3)
		assert_int_equal(t->racks_used, 1);
	if (constraint == 4)
		assert_true(rack > 1);
}

/* One cluster: nodes are placed until none fits; what is checked is counted
 * here, apart from what is tested. */
static void
place_all(int constraint)
{
	struct rm_agents agents = { 0 };
	struct rm_candidate c[8] = { 0 };
	struct rm_constraints constraints = { 0 };
	struct tally t = { 0 };
	int racks[8], room[8], values[8], count = 1 + below(8), best;
	char text[64], rest[96];
	for (int i = 0; i < count; i++) {
		int cpus = below(5), ports = below(40);
		racks[i] = below(4);
		room[i] = cpus < ports / 10 ? cpus : ports / 10;
		snprintf(text, sizeof(text), "S%d", i);
		snprintf(rest, sizeof(rest),
		    ",\"attributes\":[{\"name\":\"rack\",\"type\":\"TEXT\","
		    "\"text\":{\"value\":\"r%d\"}}]",
		    racks[i]);
		add(&agents, offer(text, cpus * 1.1, 9999, 9999, ports, rest));
	}
	for (int i = 0; i < count; i++)
		c[i].agent = agents.items[i];
	snprintf(text, sizeof(text), "[%s]", asked[constraint]);
	assert_int_equal(rm_constraints_parse(text, &constraints, NULL), 0);
	const struct rm_place_rules rules = { &need, &constraints, true };
	rm_place_survey(c, (size_t)count, &constraints, values);
	while ((best = (int)rm_place_choose(
		    c, (size_t)count, &rules, NULL, NULL)) >= 0) {
		struct rm_share share = { 0 };
		struct rm_resources before = { 0 };
		rm_resources_copy(&before, &c[best].agent->resources);
		rm_share_take(&share, &c[best].agent->resources, &need,
		    jv_object(), jv_object());
		assert_int_equal(rm_ranges_size(&share.ports), need.ports);
		rm_place_note(c, (size_t)count, &constraints, (size_t)best);
		t.racks_used += t.racks[racks[best]]++ == 0;
		assert_in_range(++t.agents[best], 1, room[best]);
		kept(constraint, &t, best, racks[best]);
		/* Nothing is made: what is taken was there, and is gone. */
		static const char *const names[] = { "cpus", "mem", "disk" };
		for (int k = 0; k < 3; k++)
			assert_int_equal(
			    rm_resources_total(&before, names[k]),
			    rm_resources_total(
				&c[best].agent->resources, names[k]) +
				rm_resources_total(&share.all, names[k]));
		rm_resources_free(&before);
		rm_share_free(&share);
	}
	rm_constraints_free(&constraints);
	rm_agents_free(&agents);
}

static void
random_clusters(void **state)
{
	(void)state;
	int all = rounds(10000);
	assert_in_range(all, 100, 10000);
	for (int i = 0; i < all; i++) {
		seed = (uint64_t)i;
		place_all(i % (int)(sizeof(asked) / sizeof(*asked)));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps),
		cmocka_unit_test(ranking),
		cmocka_unit_test(nearest_miss),
		cmocka_unit_test(agents_of_offers),
		cmocka_unit_test(random_clusters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
