#include "executor/task.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/base64.h"
#include "base/json.h"
#include "executor/duration.h"

static const char data[] =
    "{\"FullyQualifiedNodeName\":\"riak-kv-1@10.0.0.1\",\"Host\":\"10.0.0.1\","
    "\"Zookeepers\":[\"z1:2181\",\"z2:2181\"],\"FrameworkName\":\"riak\","
    "\"URI\":\"http://x\",\"ClusterName\":\"kv\",\"HTTPPort\":31000,"
    "\"PBPort\":31001,\"HandoffPort\":31002,\"DisterlPort\":31003,"
    "\"CepmdPort\":31004,\"ClusterManagerPort\":31005,"
    "\"ExecutorPort\":31006,\"RiakRootPath\":\"riak\","
    "\"NodeKey\":\"riak-kv-1\",\"TaskId\":\"riak-kv-1.5\","
    "\"Address\":\"10.0.0.1\",\"ContainerPath\":\"data\",\"Cookie\":\"c\","
    "\"Key\":\"k\",\"KillGrace\":30,\"StartLimit\":90}";

static jv
parsed(const char *text)
{
	jv value;
	assert_int_equal(rm_json_parse(text, strlen(text), &value, NULL), 0);
	return value;
}

/* A TaskInfo with these data, and more. */
static jv
info(const char *text, const char *more)
{
	struct rm_str s = { 0 };
	rm_str_puts(&s, "{\"task_id\":{\"value\":\"riak-kv-1.5\"},\"data\":\"");
	rm_base64_encode(&s, text, strlen(text));
	rm_str_printf(&s, "\"%s}", more);
	jv value = parsed(s.text);
	rm_str_free(&s);
	return value;
}

static void
durations(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		double seconds;
	} table[] = { { "2mins", 120 }, { "5secs", 5 }, { "15mins", 900 },
		{ "1.5hrs", 5400 }, { "250ms", 0.25 }, { "0ns", 0 },
		{ "1days", 86400 }, { "2weeks", 1209600 }, { "", -1 },
		{ "5", -1 }, { "secs", -1 }, { "-5secs", -1 }, { "5 secs", -1 },
		{ "5secss", -1 }, { "1.2.3secs", -1 }, { "0x5secs", -1 } };
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (rm_duration_parse(table[i].text) != table[i].seconds)
			fail_msg("%s", table[i].text);
}

static void
reads(void **state)
{
	(void)state;
	struct rm_task t;
	jv one = info(data, "");
	assert_int_equal(rm_task_parse(&t, one, NULL), 0);
	assert_string_equal(t.id, "riak-kv-1.5");
	assert_string_equal(t.data.node, "riak-kv-1@10.0.0.1");
	assert_string_equal(t.data.zookeepers, "z1:2181,z2:2181");
	assert_string_equal(t.data.data_dir, "../data");
	assert_int_equal(t.data.cluster_manager, 31005);
	assert_true(t.kill_grace == 30);
	assert_true(t.data.start_limit == 90);
	rm_task_free(&t);
	rm_task_free(&t);
	jv_free(one);

	one = info(data, ",\"kill_policy\":{\"grace_period\":"
			 "{\"nanoseconds\":2500000000}}");
	assert_int_equal(rm_task_parse(&t, one, NULL), 0);
	assert_true(t.kill_grace == 2.5);
	rm_task_free(&t);
	jv_free(one);
}

/* Replaces a member; the error that this gives. */
static const char *
error_with(const char *key, const char *value)
{
	static struct rm_error err;
	struct rm_task_data t;
	jv object = parsed(data);
	object = value != NULL ? rm_json_set(object, key, parsed(value))
			       : jv_object_delete(object, jv_string(key));
	err.text[0] = '\0';
	int rc = rm_task_data_parse(&t, object, &err);
	assert_int_equal(rc, err.text[0] != '\0' ? -1 : 0);
	jv_free(object);
	rm_task_data_free(&t);
	return err.text;
}

static void
refuses(void **state)
{
	(void)state;
	static const char *const table[][2] = {
		{ "FullyQualifiedNodeName", "\"riak\"" },
		{ "FullyQualifiedNodeName", "\"a@b\\nx = y\"" },
		{ "FullyQualifiedNodeName", "\"a@b@c\"" },
		{ "NodeKey", "\"../x\"" },
		{ "NodeKey", "\"a/b\"" },
		{ "FrameworkName", "\"\"" },
		{ "ClusterName", "7" },
		{ "Host", "\"a b\"" },
		{ "Address", "\"example.org\"" },
		{ "Cookie", "\"a#b\"" },
		{ "Cookie", "\"a b\"" },
		{ "Cookie", "\"\"" },
		{ "ContainerPath", "\"..\"" },
		{ "ContainerPath", "\"/data\"" },
		{ "ContainerPath", "\"riak\"" },
		{ "HTTPPort", "0" },
		{ "HTTPPort", "70000" },
		{ "HTTPPort", "1.5" },
		{ "HTTPPort", "\"31000\"" },
		{ "KillGrace", "-1" },
		{ "StartLimit", "1e300" },
		{ "Zookeepers", "\"z:1\"" },
		{ "Zookeepers", "[]" },
		{ "Zookeepers", "[\"a b\"]" },
		{ "Zookeepers", "[7]" },
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		char *want = rm_format(
		    "the task's data: %s is missing or bad", table[i][0]);
		assert_string_equal(error_with(table[i][0], table[i][1]), want);
		if (strcmp(table[i][0], "ContainerPath") != 0 &&
		    strcmp(table[i][0], "KillGrace") != 0 &&
		    strcmp(table[i][0], "StartLimit") != 0)
			assert_string_equal(
			    error_with(table[i][0], NULL), want);
		free(want);
	}
	assert_string_equal(error_with("PBPort", "31000"),
	    "the task's data: HTTPPort and PBPort are one port");
	assert_string_equal(error_with("ContainerPath", NULL), "");
	assert_string_equal(error_with("Address", "\"::1\""), "");
}

static void
bad_data(void **state)
{
	(void)state;
	struct rm_task t;
	struct rm_error err = { 0 };
	jv one = info("not JSON", "");
	assert_int_equal(rm_task_parse(&t, one, &err), -1);
	assert_non_null(strstr(err.text, "the task's data: "));
	assert_string_equal(t.id, "riak-kv-1.5");
	rm_task_free(&t);
	jv_free(one);

	one = parsed("{\"task_id\":{\"value\":\"x\"},\"data\":\"*\"}");
	assert_int_equal(rm_task_parse(&t, one, &err), -1);
	assert_string_equal(err.text, "the task's data are not base64");
	rm_task_free(&t);
	jv_free(one);

	one = parsed("{}");
	assert_int_equal(rm_task_parse(&t, one, &err), -1);
	assert_null(t.id);
	rm_task_free(&t);
	jv_free(one);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations),
		cmocka_unit_test(reads),
		cmocka_unit_test(refuses),
		cmocka_unit_test(bad_data),
	};
	return cmocka_run_group_tests_name("task", tests, NULL, NULL);
}
