#include "executor/update.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/base64.h"
#include "base/json.h"

static void
add(struct rm_updates *updates, const char *state)
{
	const struct rm_status status = { .task_id = "t.1",
		.state = state,
		.message = "m\"\n",
		.data = "{}",
		.health = RM_HEALTHY };
	rm_updates_add(updates, &status, "e.1");
}

static jv
written(const struct rm_updates *updates)
{
	struct rm_str text = { 0 };
	jv list;
	rm_updates_write(&text, updates);
	assert_int_equal(rm_json_parse(text.text, text.len, &list, NULL), 0);
	rm_str_free(&text);
	return list;
}

/* As the captures of a real agent have them. */
static void
writes(void **state)
{
	(void)state;
	struct rm_updates updates;
	struct rm_str uuid = { 0 };
	rm_updates_init(&updates);
	jv list = written(&updates);
	assert_int_equal(jv_array_length(list), 0);
	add(&updates, "TASK_RUNNING");
	list = written(&updates);
	jv one = jv_array_get(list, 0);
	assert_string_equal(
	    rm_json_path_text(one, "status.task_id.value"), "t.1");
	assert_string_equal(
	    rm_json_path_text(one, "status.executor_id.value"), "e.1");
	assert_string_equal(
	    rm_json_path_text(one, "status.state"), "TASK_RUNNING");
	assert_string_equal(
	    rm_json_path_text(one, "status.source"), "SOURCE_EXECUTOR");
	assert_string_equal(rm_json_path_text(one, "status.message"), "m\"\n");
	assert_string_equal(rm_json_path_text(one, "status.data"), "e30=");
	const char *text = rm_json_path_text(one, "status.uuid");
	assert_int_equal(rm_base64_decode(&uuid, text, strlen(text)), 0);
	assert_int_equal(uuid.len, 16);
	assert_int_equal(uuid.text[6] & 0xf0, 0x40);
	rm_str_free(&uuid);
	jv_free(one);
	rm_updates_free(&updates);
}

static void
keeps_until_acknowledged(void **state)
{
	(void)state;
	struct rm_updates updates;
	rm_updates_init(&updates);
	assert_true(rm_updates_empty(&updates));
	add(&updates, "TASK_STARTING");
	add(&updates, "TASK_RUNNING");
	struct rm_update *first = rm_updates_next(&updates);
	assert_non_null(strstr(first->text, "TASK_STARTING"));
	/* Telling is no acknowledgement. */
	rm_updates_told(&updates, first->uuid);
	struct rm_update *second = rm_updates_next(&updates);
	assert_non_null(strstr(second->text, "TASK_RUNNING"));
	assert_false(rm_updates_empty(&updates));
	rm_updates_told(&updates, NULL);
	assert_null(rm_updates_next(&updates));
	jv list = written(&updates);
	assert_int_equal(jv_array_length(list), 2);

	assert_false(rm_updates_acknowledge(&updates, "bm8="));
	assert_true(rm_updates_acknowledge(&updates, second->uuid));
	list = written(&updates);
	assert_int_equal(jv_array_length(list), 1);
	assert_true(rm_updates_acknowledge(&updates, first->uuid));
	assert_true(rm_updates_empty(&updates));
	rm_updates_free(&updates);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes),
		cmocka_unit_test(keeps_until_acknowledged),
	};
	return cmocka_run_group_tests_name("update", tests, NULL, NULL);
}
