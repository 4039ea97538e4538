/* rm-local's world over time, where no recording goes. */
#include "local_fixture.h"

static void
say(struct rm_local_executor *executor, const char *state_name,
    const char *uuid)
{
	char *text = rm_format(
	    "{\"task_id\":{\"value\":\"t1\"},\"state\":\"%s\",\"uuid\":\"%s\"}",
	    state_name, uuid);
	jv status = json(text);
	rm_local_executor_update(executor, status);
	jv_free(status);
	free(text);
}

/* A framework with one task that its executor knows of. */
static struct rm_local_framework *
with_task(const char *info)
{
	static const struct rm_local_sink nobody = { 0 };
	begin("cpus:4;mem:100", 1);
	struct rm_local_framework *f = subscribe(info, &box[0]);
	launch_on(f, offer_id(&box[0]), TASK("t1", "A", EXECUTOR("e1") USES));
	jv nothing = jv_object();
	rm_local_executor_subscribe(
	    TAILQ_FIRST(&local.agents[0]->executors), &nobody, nothing);
	jv_free(nothing);
	return f;
}

/* Without PARTITION_AWARE all that can't be known is TASK_LOST. */
static void
test_partitions(void **state)
{
	(void)state;
	struct rm_local_framework *f = with_task("\"role\":\"riak\"");
	struct rm_local_agent *agent = local.agents[0];
	rm_local_agent_cut(agent, 3);
	say(TAILQ_FIRST(&agent->executors), "TASK_RUNNING", "u1");
	check_none(&box[0], "UPDATE"); /* nobody hears it */
	rm_local_now(&local, 1003, 1003);
	check_status(&box[0], "TASK_LOST", "health check timed out");
	simple(f, "RECONCILE", ",\"reconcile\":{\"tasks\":[]}");
	check_none(&box[0], "UPDATE");
	rm_local_agent_heal(agent);
	check_status(&box[0], "TASK_RUNNING", "Unreachable agent");
	check_status(&box[0], "TASK_RUNNING", NULL);
}

static void
test_retries(void **state)
{
	(void)state;
	struct rm_local_framework *f = with_task(
	    "\"roles\":[\"riak\"],\"failover_timeout\":100," ABLE);
	struct rm_local_executor *executor = TAILQ_FIRST(
	    &local.agents[0]->executors);
	say(executor, "TASK_STARTING", "u1");
	say(executor, "TASK_STARTING", "u1"); /* it did not hear our answer */
	say(executor, "TASK_RUNNING", "u2");
	check_status(&box[0], "TASK_STARTING", NULL);
	check_none(&box[0], "UPDATE");
	rm_local_now(&local, 1010, 1010);
	check_status(&box[0], "TASK_STARTING", NULL);
	rm_local_now(&local, 1029, 1029);
	check_none(&box[0], "UPDATE"); /* twenty seconds now */
	rm_local_framework_disconnect(f);
	rm_local_now(&local, 1030, 1030);
	check_none(&box[0], "UPDATE");
	assert_ptr_equal(
	    subscribe_as(f->id,
		"\"roles\":[\"riak\"],\"failover_timeout\":100," ABLE, &box[0]),
	    f);
	rm_local_now(&local, 1070, 1070);
	check_status(&box[0], "TASK_STARTING", NULL);
	char *text = rm_format(
	    ",\"acknowledge\":{\"agent_id\":{\"value\":\"%s\"},\"task_id\":"
	    "{\"value\":\"t1\"},\"uuid\":\"u1\"}",
	    local.agents[0]->id);
	simple(f, "ACKNOWLEDGE", text);
	free(text);
	check_status(&box[0], "TASK_RUNNING", NULL);
}

static void
test_failover_timeout(void **state)
{
	(void)state;
	struct rm_local_framework *f = with_task(
	    "\"roles\":[\"riak\"],\"failover_timeout\":30," ABLE);
	rm_local_framework_disconnect(f);
	rm_local_now(&local, 1029.9, 1029.9);
	assert_false(f->removed);
	assert_non_null(rm_local_task_find(f, "t1"));
	rm_local_now(&local, 1030, 1030);
	assert_true(f->removed);
	assert_null(rm_local_task_find(f, "t1"));
	assert_true(TAILQ_FIRST(&local.agents[0]->executors)->stopping);
}

static void
test_heartbeats(void **state)
{
	(void)state;
	begin("cpus:4;mem:100", 1);
	subscribe("\"roles\":[\"riak\"]," ABLE, &box[0]);
	jv_free(next(&box[0], "HEARTBEAT"));
	rm_local_now(&local, 1014, 1014);
	check_none(&box[0], "HEARTBEAT");
	rm_local_now(&local, 1015, 1015);
	jv event = next(&box[0], "HEARTBEAT");
	assert_true(jv_is_valid(event));
	jv_free(event);
	local.mute = true;
	rm_local_now(&local, 1031, 1031);
	check_none(&box[0], "HEARTBEAT");
}

static void
test_update_framework(void **state)
{
	(void)state;
	begin("cpus:4;mem:100", 1);
	struct rm_local_framework *f = subscribe(
	    "\"roles\":[\"riak\"]," ABLE, &box[0]);
	char *text = rm_format(
	    "{\"framework_id\":{\"value\":\"%s\"},\"type\":"
	    "\"UPDATE_FRAMEWORK\",\"update_framework\":{\"framework_info\":"
	    "{\"user\":\"%s\",\"name\":\"riak\",\"checkpoint\":true,"
	    "\"roles\":[\"riak\",\"b\"]," ABLE "}}}",
	    f->id, "root");
	assert_int_equal(post(text, ""), 200);
	free(text);
	assert_int_equal(jv_array_length(jv_copy(f->roles)), 2);
	text = rm_format(
	    "{\"framework_id\":{\"value\":\"%s\"},\"type\":"
	    "\"UPDATE_FRAMEWORK\",\"update_framework\":{\"framework_info\":"
	    "{\"user\":\"%s\",\"name\":\"riak\",\"checkpoint\":true,"
	    "\"roles\":[\"riak\"]," ABLE "}}}",
	    f->id, "nobody");
	assert_int_equal(
	    post(text, "Updating 'FrameworkInfo.user' is unsupported"), 400);
	free(text);
}

static char *
stored(const char *path)
{
	struct rm_error err = { 0 };
	local.dirty = true;
	if (rm_local_store_save(&local, path, &err) != 0)
		fail_msg("%s", err.text);
	jv value = jv_invalid();
	assert_int_equal(rm_json_read(path, &value, NULL), 0);
	jv agents = rm_json_get(value, "agents");
	jv agent = rm_json_set(
	    jv_array_get(agents, 0), "link", jv_string("whatever"));
	value = rm_json_set(value, "agents", JV_ARRAY(agent));
	struct rm_str text = { 0 };
	rm_json_write(&text, value);
	return rm_str_take(&text);
}

/* What was stored and read is stored as it was. */
static void
test_store(void **state)
{
	(void)state;
	char path[] = "/tmp/local_world_test.XXXXXX";
	close(mkstemp(path));
	struct rm_local_framework *f = with_task(
	    "\"roles\":[\"riak\"],\"principal\":\"p\",\"failover_timeout\":"
	    "100," ABLE);
	struct rm_local_executor *executor = TAILQ_FIRST(
	    &local.agents[0]->executors);
	executor->keeper = 12;
	executor->keeper_start = 345;
	say(executor, "TASK_RUNNING", "u1");
	rm_local_allocate(&local, NULL);
	accept_offer(
	    f, offer_id(&box[0]), RESERVE(CPUS("1", RESERVATION("riak"))));
	char *before = stored(path);
	end(NULL);

	begin("cpus:4;mem:100", 0);
	add_agent("cpus:4;mem:100");
	struct rm_error err = { 0 };
	if (rm_local_store_load(&local, path, &err) != 0)
		fail_msg("%s", err.text);
	char *after = stored(path);
	assert_string_equal(after, before);
	executor = TAILQ_FIRST(&local.agents[0]->executors);
	assert_non_null(executor);
	assert_int_equal(executor->keeper, 12);
	assert_int_equal(executor->keeper_start, 345);
	struct rm_local_task *task = TAILQ_FIRST(&executor->tasks);
	assert_ptr_equal(task->executor, executor);
	assert_string_equal(task->state, "TASK_RUNNING");
	assert_int_equal(jv_array_length(jv_copy(task->updates)), 1);
	assert_true(task->delivered);
	f = task->framework;
	assert_int_equal(jv_array_length(jv_copy(f->operations)), 1);
	assert_int_equal(rm_resources_total(&task->resources, "cpus"), 1000);
	assert_int_equal(local.agents[0]->link, RM_LINK_NEW);
	free(before);
	free(after);
	unlink(path);
}

static void
test_spec(void **state)
{
	(void)state;
	static const struct {
		double seconds;
		const char *text;
	} durations[] = { { 120, "2mins" }, { 5, "5secs" }, { 90, "1.5mins" },
		{ 0.25, "250ms" }, { 604800, "1weeks" }, { 0, "0ns" } };
	for (size_t i = 0; i < sizeof(durations) / sizeof(*durations); i++) {
		struct rm_str text = { 0 };
		rm_spec_duration(&text, durations[i].seconds);
		assert_string_equal(text.text, durations[i].text);
		rm_str_free(&text);
	}
	static const char *const bad[] = { "cpus", "cpus:", ":4", "cpus(a:4",
		"cpus:x", "ports:[1-", "ports:[5-1]", "[{]" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		jv list = jv_invalid();
		struct rm_error err = { 0 };
		assert_int_equal(rm_spec_resources(bad[i], &list, &err), -1);
		assert_true(strlen(err.text) > 0);
	}
	char *text = rm_spec_numbered("a{n}b{n}", 12);
	assert_string_equal(text, "a12b12");
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_partitions, end),
		cmocka_unit_test_teardown(test_retries, end),
		cmocka_unit_test_teardown(test_failover_timeout, end),
		cmocka_unit_test_teardown(test_heartbeats, end),
		cmocka_unit_test_teardown(test_update_framework, end),
		cmocka_unit_test_teardown(test_store, end),
		cmocka_unit_test(test_spec),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
