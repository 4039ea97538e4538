/*
 * The calls that were recorded with a real master and real agents, played to
 * rm-local's world in the recorded time: it has to give the recorded answers
 * and events, byte for byte, but for what is random or a time.
 */
#include "local_replay.h"

#define FIRST "2d4d2b49-ea11-4c25-8a37-6a31b17ae526"

static void
add_three(void)
{
	for (int i = 1; i <= 3; i++) {
		static const char *const ids[] = { FIRST "-S1", FIRST "-S0",
			FIRST "-S2" };
		char *address = rm_format("127.0.0.%d", i);
		char *resources = rm_format(
		    "cpus:4;mem:8192;disk:20000;ports:[3%d000-3%d999]", i, i);
		char *attributes = rm_format("rack:r%d;node:n%d", i, i);
		add_agent(address, resources, attributes, NULL, ids[i - 1]);
		free(attributes);
		free(resources);
		free(address);
	}
}

static void
test_lifecycle(void **state)
{
	(void)state;
	begin(1795332820.0, FIRST, jv_invalid());
	w.allocate_at = 1795332820.355;
	add_three();
	record_file("01-lifecycle.calls.jsonl", CALL, NULL);
	record_file("01-lifecycle.events.jsonl", EVENT, NULL);
	record_file("executor-riak-kv-1.1.a.jsonl", EXECUTOR, "riak-kv-1.1");
	record_file("executor-riak-kv-1.2.a.jsonl", EXECUTOR, "riak-kv-1.2");
	record_file("executor-riak-kv-1.5.a.jsonl", EXECUTOR, "riak-kv-1.5");
	/* The second instance took over before the last call of the first. */
	record_file("01b-second-instance.calls.jsonl", CALL, NULL);
	record_file("01b-second-instance.events.jsonl", EVENT, NULL);
	record_file("01c-removed-framework.calls.jsonl", CALL, NULL);
	record_file("01c-removed-framework.events.jsonl", EVENT, NULL);
	play();
	nothing_left();
	assert_false(w.open);
}

/* Agents fail, then the master, then an operator is at work. */
static void
test_failures(void **state)
{
	(void)state;
	begin(1795332933.0, FIRST, jv_invalid());
	w.allocate_at = 1795332934.355;
	w.local.frameworks_made = 1;
	w.local.offers_made = 22;
	add_three();
	record_file("02-agent-and-master-failures.calls.jsonl", CALL, NULL);
	record_file("02-agent-and-master-failures.events.jsonl", EVENT, NULL);
	record_file("executor-riak-kv-1.1.b.jsonl", EXECUTOR, "riak-kv-1.1");
	fault(1795332934.440, "stop", 0, 3.86);
	fault(1795332941.600, "start", 0, 0);
	fault(1795332948.626, "stop", 0, 75);
	fault(1795332949.220, "start", 0, 0);
	fault(1795332952.000, "failover", 0, 0);
	record_file("02b-after-master-failover.calls.jsonl", CALL, NULL);
	record_file("02b-after-master-failover.events.jsonl", EVENT, NULL);
	record_file("executor-riak-kv-1.2.b.jsonl", EXECUTOR, "riak-kv-1.2");
	record_file("executor-riak-kv-2.1.a.jsonl", EXECUTOR, "riak-kv-2.1");
	record_file("executor-riak-kv-3.1.a.jsonl", EXECUTOR, "riak-kv-3.1");
	fault(1795332985.606, "unregister", 0, 0);
	fault(1795332985.618, "end", 0, 0);
	fault(1795333002.500, "start", 0, 0);
	fault(1795333004.390, "gone", 0, 0);
	fault(1795333016.932, "drain", 1, 0);
	fault(1795333025.421, "maintain", 2, 0);
	fault(1795333028.440, "state", 0, 0);
	play();
	nothing_left();
	assert_false(w.open);
}

#define THIRD "c3d8a1a3-6700-409f-994d-09cd5e049362"

/* Fault domains, attributes, static reservations, disks; then the same seen
 * by frameworks that can do less; then subscriptions that are refused. */
static void
test_formats(void **state)
{
	(void)state;
	jv domain = jv_invalid();
	assert_int_equal(rm_spec_domain("eu-west/z1", &domain, NULL), 0);
	begin(1795333195.0, THIRD, domain);
	w.allocate_at = 1795333196.9;
	add_agent("127.0.0.1",
	    "cpus(riak):4;mem(riak):8192;disk(riak):20000;"
	    "ports(riak):[31000-31999];cpus:2;mem:2048;ports:[31000-31999]",
	    "rack:r1;load:3.5;slots:[1-5, 9-12];os:debian-12", "eu-west/z1",
	    THIRD "-S0");
	add_agent("127.0.0.2", "cpus:4;mem:8192;disk:20000;ports:[32000-32999]",
	    "rack:r2", "eu-west/z2", THIRD "-S1");
	add_agent("127.0.0.3",
	    "[{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":"
	    "{\"value\":4}},{\"name\":\"mem\",\"type\":\"SCALAR\","
	    "\"scalar\":{\"value\":8192}},{\"name\":\"disk\",\"type\":"
	    "\"SCALAR\",\"scalar\":{\"value\":20000}},{\"name\":\"disk\","
	    "\"type\":\"SCALAR\",\"scalar\":{\"value\":10000},\"disk\":"
	    "{\"source\":{\"type\":\"PATH\",\"path\":{\"root\":"
	    "\"/opt/capture-----/run3/disk-path\"}}}},{\"name\":\"disk\","
	    "\"type\":\"SCALAR\",\"scalar\":{\"value\":30000},\"disk\":"
	    "{\"source\":{\"type\":\"MOUNT\",\"mount\":{\"root\":"
	    "\"/opt/capture-----/mnt\"}}}},{\"name\":\"ports\",\"type\":"
	    "\"RANGES\",\"ranges\":{\"range\":[{\"begin\":33000,\"end\":"
	    "33009},{\"begin\":33020,\"end\":33099}]}}]",
	    "rack:r3", "eu-west/z3", THIRD "-S2");
	static const char *const names[] = {
		"03-offers-domains-attributes-disks-static-roles",
		"03b-offers-without-refinement",
		"03c-offers-refinement-single-role",
		"03e-subscribe-bad-role",
	};
	for (size_t i = 0; i < 4; i++) {
		char *calls = rm_format("%s.calls.jsonl", names[i]);
		char *events = rm_format("%s.events.jsonl", names[i]);
		record_file(calls, CALL, NULL);
		record_file(events, EVENT, NULL);
		free(calls);
		free(events);
	}
	record_file("03d-subscribe-bad-no-user.calls.jsonl", CALL, NULL);
	play();
	nothing_left();
	assert_false(w.open);
}

/* Authentication itself is HTTP's; what follows from it is not. */
static void
test_principals(void **state)
{
	(void)state;
	begin(
	    1795333239.0, "93b2c169-1c31-4bad-812d-c3b76f55cf88", jv_invalid());
	w.principal = "admin";
	record_file("05d-auth-other-principal.calls.jsonl", CALL, NULL);
	play();
	nothing_left();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_lifecycle, end),
		cmocka_unit_test_teardown(test_failures, end),
		cmocka_unit_test_teardown(test_formats, end),
		cmocka_unit_test_teardown(test_principals, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
