#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/json.h"
#include "mesos/answer.h"
#include "mesos/call.h"

#define DATA(more)                                                             \
	"{\"NodeKey\":\"riak-kv-1\",\"Cookie\":{\"secret\":\"kv\",\"field\":"  \
	"\"cookie\"}" more "}"
#define TASK(data) "{\"name\":\"riak-kv-1\",\"data\":" data "}"
#define ACCEPT(tasks)                                                          \
	"{\"call\":\"ACCEPT\",\"mesos\":{\"type\":\"ACCEPT\",\"accept\":{"     \
	"\"offer_ids\":[{\"value\":\"O1\"},{\"value\":\"O2\"}],"               \
	"\"operations\":[{\"type\":\"RESERVE\",\"reserve\":{}},"               \
	"{\"type\":\"LAUNCH\",\"launch\":{\"task_infos\":[" tasks "]}}]}}}"
#define DECLINE(ids, more)                                                     \
	"{\"call\":\"DECLINE\",\"mesos\":{\"type\":\"DECLINE\","               \
	"\"decline\":{\"offer_ids\":[" ids "]" more "}}}"

static struct rm_call
call_of(const char *line)
{
	struct rm_call call = { 0 };
	struct rm_error err = { 0 };
	if (rm_call_read(line, strlen(line), &call, &err) != 0)
		fail_msg("%s: %s", err.text, line);
	return call;
}

static void
check_json(jv value, const char *expected)
{
	struct rm_str text = { 0 };
	rm_json_write(&text, value);
	assert_string_equal(text.text, expected);
	rm_str_free(&text);
}

static void
test_what_is_a_call(void **state)
{
	(void)state;
	static const struct {
		const char *line, *why; /* NULL: it is one */
	} table[] = {
		{ ACCEPT(""), NULL },
		{ DECLINE("", ""), NULL },
		{ "{\"call\":\"REVIVE\",\"mesos\":{\"type\":\"REVIVE\"}}",
		    NULL },
		{ "{\"call\":\"REVIVE\"}", "another type" },
		{ "{\"call\":\"REVIVE\",\"mesos\":7}", "another type" },
		{ "{\"call\":\"KILL\",\"mesos\":{\"type\":\"KILL\"}}",
		    "KILL lacks kill" },
		{ "{\"call\":\"KILL\",\"mesos\":{\"type\":\"KILL\",\"kill\":"
		  "[]}}",
		    "KILL lacks kill" },
		{ "{\"call\":\"KILL\",\"mesos\":{\"type\":\"REVIVE\"}}",
		    "another type" },
		{ "{\"call\":\"SUBSCRIBE\",\"mesos\":{\"type\":"
		  "\"SUBSCRIBE\"}}",
		    "no call that is known: SUBSCRIBE" },
		{ "{\"call\":7,\"mesos\":{}}", "no call that is known" },
		{ "{\"call\":\"REVIVE\",", "not JSON" },
		{ "", "not JSON" },
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct rm_call call = { 0 };
		struct rm_error err = { 0 };
		int rc = rm_call_read(
		    table[i].line, strlen(table[i].line), &call, &err);
		if (rc != (table[i].why == NULL ? 0 : -1) ||
		    (rc != 0 && strstr(err.text, table[i].why) == NULL))
			fail_msg("%d %s: %s", rc, err.text, table[i].line);
		rm_call_free(&call);
	}
}

static void
test_what_may_be_repeated(void **state)
{
	(void)state;
	for (const struct rm_call_type *type = rm_call_types;
	     type->name != NULL; type++)
		assert_int_equal(
		    type->repeatable, strcmp(type->name, "ACCEPT") != 0);
}

static jv
secret(void *arg, const char *cluster, const char *field)
{
	(void)arg;
	if (strcmp(cluster, "kv") != 0 || strcmp(field, "cookie") != 0)
		return jv_invalid();
	return jv_string("mon\"ster");
}

static void
test_data_is_filled(void **state)
{
	(void)state;
	struct rm_call call = call_of(ACCEPT(
	    TASK(DATA(",\"deep\":[{\"a\":{\"field\":\"cookie\",\"secret\":"
		      "\"kv\"}}]")) "," TASK("\"bm8=\"")));
	struct rm_str text = { 0 }, plain = { 0 };
	struct rm_error err = { 0 };
	assert_int_equal(
	    rm_call_post(&call, "F-0000", secret, NULL, &text, &err), 0);
	jv post;
	assert_int_equal(rm_json_parse(text.text, text.len, &post, NULL), 0);
	assert_string_equal(
	    rm_json_path_text(post, "framework_id.value"), "F-0000");
	jv operations = rm_json_path(post, "accept.operations");
	jv launch = jv_array_get(operations, 1);
	jv tasks = rm_json_path(launch, "launch.task_infos");
	jv first = jv_array_get(jv_copy(tasks), 0);
	jv second = jv_array_get(tasks, 1);
	const char *data = rm_json_text(first, "data", "");
	assert_int_equal(rm_base64_decode(&plain, data, strlen(data)), 0);
	assert_string_equal(plain.text,
	    "{\"NodeKey\":\"riak-kv-1\",\"Cookie\":\"mon\\\"ster\","
	    "\"deep\":[{\"a\":\"mon\\\"ster\"}]}");
	assert_string_equal(rm_json_text(second, "data", ""), "bm8=");
	jv_free(first);
	jv_free(second);
	jv_free(launch);
	jv_free(post);
	/* The call itself has no secret in it, and can be posted again. */
	check_json(rm_call_clusters(&call), "[\"kv\"]");
	rm_call_free(&call);
	rm_str_free(&text);
	rm_str_free(&plain);
}

static void
test_missing_secret(void **state)
{
	(void)state;
	struct rm_call call = call_of(
	    ACCEPT(TASK("{\"Key\":{\"secret\":\"kv\",\"field\":\"key\"},\"X\":{"
			"\"secret\":\"other\",\"field\":\"key\"}}")));
	struct rm_str text = { 0 };
	struct rm_error err = { 0 };
	check_json(rm_call_clusters(&call), "[\"kv\",\"other\"]");
	assert_int_equal(
	    rm_call_post(&call, "F", secret, NULL, &text, &err), -1);
	assert_non_null(strstr(err.text, "cluster"));
	assert_int_equal(text.len, 0);
	rm_call_decline(&call);
	assert_int_equal(
	    rm_call_post(&call, "F", secret, NULL, &text, &err), 0);
	assert_string_equal(text.text,
	    "{\"type\":\"DECLINE\",\"decline\":{\"offer_ids\":[{\"value\":"
	    "\"O1\"},{\"value\":\"O2\"}]},\"framework_id\":{\"value\":\"F\"}}");
	rm_call_free(&call);
	rm_str_free(&text);
}

/* Placeholders mean something in tasks' data alone. */
static void
test_nothing_else_is_filled(void **state)
{
	(void)state;
	static const char *const lines[] = {
		"{\"call\":\"DECLINE\",\"mesos\":{\"type\":\"DECLINE\","
		"\"decline\":{\"data\":{\"secret\":\"kv\",\"field\":\"cookie\""
		"}}}}",
		ACCEPT("{\"name\":{\"secret\":\"kv\",\"field\":\"cookie\"}}"),
		/* A call with an ACCEPT's body is no ACCEPT. */
		"{\"call\":\"REVIVE\",\"mesos\":{\"type\":\"REVIVE\","
		"\"accept\":{\"operations\":[{\"launch\":{\"task_infos\":["
		"{\"data\":{\"secret\":\"kv\",\"field\":\"cookie\"}}]}}]}}}",
	};
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		struct rm_call call = call_of(lines[i]);
		struct rm_str text = { 0 };
		check_json(rm_call_clusters(&call), "[]");
		assert_int_equal(
		    rm_call_post(&call, "F", secret, NULL, &text, NULL), 0);
		assert_null(strstr(text.text, "mon"));
		rm_call_free(&call);
		rm_str_free(&text);
	}
}

static void
test_declines_merge(void **state)
{
	(void)state;
#define FILTER(n) ",\"filters\":{\"refuse_seconds\":" n "}"
	struct rm_call call = call_of(
	    DECLINE("{\"value\":\"O1\"}", FILTER("5")));
	struct rm_call same = call_of(
	    DECLINE("{\"value\":\"O2\"},{\"value\":\"O3\"}", FILTER("5")));
	struct rm_call longer = call_of(
	    DECLINE("{\"value\":\"O4\"}", FILTER("3600")));
	struct rm_call revive = call_of(
	    "{\"call\":\"REVIVE\",\"mesos\":{\"type\":\"REVIVE\"}}");
	struct rm_call accept = call_of(ACCEPT(""));
	assert_true(rm_call_merge(&call, &same));
	assert_false(rm_call_merge(&call, &longer));
	assert_false(rm_call_merge(&call, &revive));
	assert_false(rm_call_merge(&revive, &revive));
	assert_false(rm_call_merge(&accept, &accept));
	check_json(jv_copy(call.mesos),
	    "{\"type\":\"DECLINE\",\"decline\":{\"filters\":{"
	    "\"refuse_seconds\":5},\"offer_ids\":[{\"value\":\"O1\"},"
	    "{\"value\":\"O2\"},{\"value\":\"O3\"}]}}");
	int merged = 0;
	while (rm_call_merge(&call, &same))
		merged++;
	assert_int_equal(merged, 498); /* 3 + 2 * 498 <= 1000 */
	rm_call_free(&call);
	rm_call_free(&same);
	rm_call_free(&longer);
	rm_call_free(&revive);
	rm_call_free(&accept);
}

static void
test_answers(void **state)
{
	(void)state;
	static const struct {
		int status;
		const char *text;
		bool seen;
		enum rm_answer answer;
	} table[] = {
		{ 200, "", true, RM_ANSWER_DONE },
		{ 202, "", true, RM_ANSWER_DONE },
		/* captures, 01 */
		{ 400,
		    "The stream ID '00000000-0000-0000-0000-000000000000' "
		    "included in this request didn't match the stream ID "
		    "currently associated with framework ID 2d4d",
		    true, RM_ANSWER_GONE },
		{ 400,
		    "Failed to validate scheduler::Call: Expecting 'type' to "
		    "be present",
		    true, RM_ANSWER_REFUSED },
		{ 400, "Framework cannot be found", true, RM_ANSWER_GONE },
		{ 403, "Framework is not subscribed", true, RM_ANSWER_GONE },
		{ 403, "no", true, RM_ANSWER_REFUSED },
		{ 401, "401 Unauthorized.", true, RM_ANSWER_DENIED },
		{ 307, "", true, RM_ANSWER_GONE },
		{ 404, "", true, RM_ANSWER_REFUSED },
		{ 503, "No leader elected", true, RM_ANSWER_AGAIN },
		{ 500, "", true, RM_ANSWER_LOST },
		{ 502, "", true, RM_ANSWER_LOST },
		{ 0, "", true, RM_ANSWER_LOST },
		{ 0, "", false, RM_ANSWER_AGAIN },
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (rm_answer_of(table[i].status, table[i].text,
			table[i].seen) != table[i].answer)
			fail_msg("%d %s", table[i].status, table[i].text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_a_call),
		cmocka_unit_test(test_what_may_be_repeated),
		cmocka_unit_test(test_data_is_filled),
		cmocka_unit_test(test_missing_secret),
		cmocka_unit_test(test_nothing_else_is_filled),
		cmocka_unit_test(test_declines_merge),
		cmocka_unit_test(test_answers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
