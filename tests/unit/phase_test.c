/*
 * A node's life, phase and waits, from its records; and the model under it.
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
#include "state/phase.h"

static struct rm_entry *
take(struct rm_model *model, const char *text)
{
	jv line;
	struct rm_entry *entry;
	assert_int_equal(rm_json_parse(text, strlen(text), &line, NULL), 0);
	assert_int_equal(rm_model_take(model, line, &entry, NULL), 0);
	jv_free(line);
	return entry;
}

static void
put(struct rm_model *model, const char *dir, const char *value)
{
	if (value == NULL)
		return;
	char *text = rm_format(
	    "{\"record\":\"%s/riak-kv-1\",\"value\":%s}", dir, value);
	take(model, text);
	free(text);
}

#define RUN      "{\"goal\":\"run\"}"
#define TASK(ms) "{\"task_id\":\"riak-kv-1." #ms "\"}"
#define STATUS(ms, state)                                                      \
	"{\"task_id\":\"riak-kv-1." #ms "\",\"state\":\"TASK_" #state "\"}"

static void
phases(void **state)
{
	(void)state;
	static const struct {
		const char *node, *reservation, *task, *status, *phase;
		enum rm_task_life life;
	} rows[] = {
		{ RUN, NULL, NULL, NULL, "requested", RM_TASK_NONE },
		{ RUN, "{}", NULL, NULL, "reserved", RM_TASK_NONE },
		{ RUN, "{}", TASK(1), NULL, "starting", RM_TASK_ALIVE },
		{ RUN, "{}", TASK(1), STATUS(1, STARTING), "starting",
		    RM_TASK_ALIVE },
		{ RUN, "{}", TASK(1), STATUS(1, RUNNING), "started",
		    RM_TASK_ALIVE },
		{ RUN, "{}", TASK(2), STATUS(1, FAILED), "starting",
		    RM_TASK_ALIVE },
		{ RUN, "{}", TASK(1), STATUS(1, FAILED), "restarting",
		    RM_TASK_ENDED },
		/* A newer task than the record tells of. */
		{ RUN, "{}", TASK(1), STATUS(2, RUNNING), "started",
		    RM_TASK_ALIVE },
		{ RUN, "{}", TASK(1), STATUS(1, UNREACHABLE), "restarting",
		    RM_TASK_UNSURE },
		{ RUN, "{}", TASK(1), STATUS(1, GONE_BY_OPERATOR), "restarting",
		    RM_TASK_LOST_FOR_GOOD },
		{ RUN, "{}", TASK(1), STATUS(1, NEVER_HEARD_OF), "restarting",
		    RM_TASK_UNSURE },
		/* Times are numbers: 10 is after 9. */
		{ RUN, "{}", TASK(10), STATUS(9, FAILED), "starting",
		    RM_TASK_ALIVE },
		{ "{\"goal\":\"stop\"}", "{}", TASK(1), STATUS(1, RUNNING),
		    "shutting_down", RM_TASK_ALIVE },
		{ "{\"goal\":\"stop\"}", "{}", TASK(1), STATUS(1, KILLED),
		    "shutdown", RM_TASK_ENDED },
		{ "{\"goal\":\"leave\"}", "{}", TASK(1), STATUS(1, RUNNING),
		    "leaving", RM_TASK_ALIVE },
		{ "{\"goal\":\"remove\"}", "{}", TASK(1), STATUS(1, FINISHED),
		    "shutdown", RM_TASK_ENDED },
		{ RUN, "{}", TASK(1),
		    "{\"task_id\":\"riak-kv-1.1\",\"state\":\"TASK_DROPPED\","
		    "\"unconfirmed\":true}",
		    "starting", RM_TASK_ALIVE },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct rm_model model;
		rm_model_init(&model, 0, 0, 0);
		put(&model, "nodes", rows[i].node);
		put(&model, "reservations", rows[i].reservation);
		put(&model, "tasks", rows[i].task);
		put(&model, "status", rows[i].status);
		struct rm_entry *node = rm_model_node(&model, "riak-kv-1");
		assert_string_equal(rm_node_phase(node), rows[i].phase);
		assert_int_equal(rm_node_life(node), rows[i].life);
		rm_model_free(&model);
	}
}

static void
retries(void **state)
{
	(void)state;
	static const struct {
		int failures;
		double wait;
	} rows[] = { { 1, 1 }, { 2, 2 }, { 4, 8 }, { 9, 256 }, { 10, 300 },
		{ 1000, 300 } };
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct rm_model model;
		char text[96];
		rm_model_init(&model, 0, 0, 0);
		snprintf(text, sizeof(text), "{\"failures\":%d,\"since\":100}",
		    rows[i].failures);
		put(&model, "status", text);
		const struct rm_entry *node = rm_model_node(&model, "riak-kv-1");
		assert_true(
		    rm_node_retry_at(node, 100) == 100 + rows[i].wait);
		/* Failed by a clock that was set back. */
		assert_true(rm_node_retry_at(node, 10) < 10 ||
			    rows[i].wait >= 10);
		rm_model_free(&model);
	}
}

static void
frozen(void **state)
{
	(void)state;
	struct rm_model model;
	rm_model_init(&model, 0, 0, 0);
	put(&model, "nodes", "{\"goal\":\"run\",\"restart\":1}");
	put(&model, "status",
	    "{\"frozen\":{\"why\":\"it ended\",\"restart\":1}}");
	struct rm_entry *node = rm_model_node(&model, "riak-kv-1");
	char *why = rm_node_frozen(node);
	assert_string_equal(why, "it ended");
	free(why);
	/* A restart asked for after that frees it. */
	put(&model, "nodes", "{\"goal\":\"run\",\"restart\":2}");
	assert_null(rm_node_frozen(node));
	/* A record that is there and can't be read is not an absent one. */
	take(
	    &model, "{\"record\":\"tasks/riak-kv-1\",\"error\":\"cut short\"}");
	assert_true(node->broken);
	why = rm_node_frozen(node);
	assert_string_equal(
	    why, "record tasks/riak-kv-1 can't be read: cut short");
	free(why);
	put(&model, "tasks", "[]");
	assert_true(node->broken);
	put(&model, "tasks", "null");
	assert_false(node->broken);
	rm_model_free(&model);
}

/* After the snapshot the echo of one's own kinds is ignored. */
static void
own_kinds(void **state)
{
	(void)state;
	struct rm_model model;
	rm_model_init(&model, 1U << RM_RECORD_STATUS, 0, 0);
	put(&model, "status", "{\"state\":\"A\"}");
	take(&model, "{\"record\":\"\",\"snapshot\":true}");
	take(&model,
	    "{\"write\":\"status/riak-kv-1\",\"value\":{\"state\":\"B\"}}");
	put(&model, "status", "{\"state\":\"A\"}");
	put(&model, "tasks", "{\"task_id\":\"t\"}");
	struct rm_entry *node = rm_model_node(&model, "riak-kv-1");
	assert_string_equal(
	    rm_entry_text(node, RM_RECORD_STATUS, "state", ""), "B");
	assert_string_equal(
	    rm_entry_text(node, RM_RECORD_TASK, "task_id", ""), "t");
	assert_null(take(&model, "{\"record\":\"nonsense/x\",\"value\":{}}"));
	rm_model_free(&model);
}

static void
natural_order(void **state)
{
	(void)state;
	struct rm_model model;
	rm_model_init(&model, 0, 0, 0);
	for (int i = 12; i > 0; i--) {
		char text[80];
		snprintf(text, sizeof(text),
		    "{\"record\":\"nodes/riak-kv-%d\",\"value\":{}}", i);
		take(&model, text);
	}
	for (int i = 0; i < 12; i++) {
		char key[32];
		snprintf(key, sizeof(key), "riak-kv-%d", i + 1);
		assert_string_equal(model.nodes.items[i]->key, key);
	}
	take(&model, "{\"record\":\"nodes/riak-kv-3\",\"value\":null}");
	rm_model_sweep(&model);
	assert_int_equal(model.nodes.count, 11);
	assert_null(rm_model_node(&model, "riak-kv-3"));
	rm_model_free(&model);
}

static void
keys(void **state)
{
	(void)state;
	enum rm_record_kind kind;
	const char *name;
	assert_true(rm_record_parse("nodes/riak-kv-1", &kind, &name));
	assert_int_equal(kind, RM_RECORD_NODE);
	assert_string_equal(name, "riak-kv-1");
	assert_true(rm_record_parse("settings", &kind, &name));
	assert_false(rm_record_parse("settings/x", &kind, &name));
	assert_false(rm_record_parse("nodes", &kind, &name));
	assert_false(rm_record_parse("nodes/", &kind, &name));
	assert_false(rm_record_parse("nodes/../x", &kind, &name));
	assert_false(rm_record_parse("nodes/a/b", &kind, &name));
	assert_int_equal(rm_record_node_number("riak-kv-12", "riak", "kv"), 12);
	assert_int_equal(
	    rm_record_node_number("riak-kv-012", "riak", "kv"), -1);
	assert_int_equal(rm_record_node_number("riak-kv-", "riak", "kv"), -1);
	assert_int_equal(rm_record_node_number("riak-kv-1", "riak", "k"), -1);
	assert_int_equal(rm_task_id_time("riak-kv-1.15", "riak-kv-1"), 15);
	assert_int_equal(rm_task_id_time("riak-kv-1.15", "riak-kv-2"), -1);
	assert_int_equal(rm_task_id_time("a.b.15", NULL), 15);
	assert_int_equal(rm_task_id_time(".15", NULL), -1);
	assert_int_equal(rm_task_id_time("a.15x", NULL), -1);
	char *key = rm_task_id_key("a.b.15");
	assert_string_equal(key, "a.b");
	free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(phases),
		cmocka_unit_test(retries),
		cmocka_unit_test(frozen),
		cmocka_unit_test(own_kinds),
		cmocka_unit_test(natural_order),
		cmocka_unit_test(keys),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
