/*
 * What states and reasons mean. The lists are those of v1/mesos.proto: one that
 * is not in the tables would mean nothing here.
 */
#include "mesos/task_state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const states[] = { "STAGING", "STARTING", "RUNNING",
	"KILLING", "FINISHED", "FAILED", "KILLED", "ERROR", "DROPPED", "GONE",
	"GONE_BY_OPERATOR", "LOST", "UNREACHABLE", "UNKNOWN" };

static const char *const reasons[] = { "COMMAND_EXECUTOR_FAILED",
	"CONTAINER_LAUNCH_FAILED", "CONTAINER_LIMITATION",
	"CONTAINER_LIMITATION_DISK", "CONTAINER_LIMITATION_MEMORY",
	"CONTAINER_PREEMPTED", "CONTAINER_UPDATE_FAILED",
	"MAX_COMPLETION_TIME_REACHED", "EXECUTOR_REGISTRATION_TIMEOUT",
	"EXECUTOR_REREGISTRATION_TIMEOUT", "EXECUTOR_TERMINATED",
	"EXECUTOR_UNREGISTERED", "FRAMEWORK_REMOVED", "GC_ERROR",
	"INVALID_FRAMEWORKID", "INVALID_OFFERS", "IO_SWITCHBOARD_EXITED",
	"MASTER_DISCONNECTED", "RECONCILIATION", "RESOURCES_UNKNOWN",
	"AGENT_DISCONNECTED", "AGENT_DRAINING", "AGENT_REMOVED",
	"AGENT_REMOVED_BY_OPERATOR", "AGENT_REREGISTERED", "AGENT_RESTARTED",
	"AGENT_UNKNOWN", "TASK_KILLED_DURING_LAUNCH",
	"TASK_CHECK_STATUS_UPDATED", "TASK_HEALTH_CHECK_STATUS_UPDATED",
	"TASK_GROUP_INVALID", "TASK_GROUP_UNAUTHORIZED", "TASK_INVALID",
	"TASK_UNAUTHORIZED", "TASK_UNKNOWN" };

static char *
full(const char *prefix, const char *name)
{
	static char text[64];
	strcpy(text, prefix);
	return strcat(text, name);
}

static void
all_are_there(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++) {
		const struct rm_task_state *s = rm_task_state_find(
		    full("TASK_", states[i]));
		assert_non_null(s);
		assert_true(*s->words != '\0' && s->life != RM_TASK_NONE);
	}
	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++) {
		const struct rm_task_reason *r = rm_task_reason_find(
		    full("REASON_", reasons[i]));
		assert_non_null(r);
		assert_true(*r->words != '\0');
		assert_int_equal(
		    r->confirms, strcmp(reasons[i], "RECONCILIATION") == 0);
	}
	assert_null(rm_task_state_find("TASK_NEW"));
	assert_null(rm_task_reason_find("REASON_NEW"));
	assert_null(rm_task_reason_find(NULL));
}

static void
what_counts(void **state)
{
	(void)state;
	static const struct {
		const char *state, *reason;
		enum rm_task_count count;
	} rows[] = {
		{ "TASK_FAILED", NULL, RM_TASK_COUNT_GROWS },
		{ "TASK_FAILED", "REASON_NEW", RM_TASK_COUNT_GROWS },
		{ "TASK_FAILED", "REASON_EXECUTOR_TERMINATED",
		    RM_TASK_COUNT_GROWS },
		{ "TASK_FAILED", "REASON_AGENT_RESTARTED",
		    RM_TASK_COUNT_STAYS },
		{ "TASK_DROPPED", "REASON_AGENT_DISCONNECTED",
		    RM_TASK_COUNT_STAYS },
		{ "TASK_DROPPED", "REASON_INVALID_OFFERS",
		    RM_TASK_COUNT_GROWS },
		{ "TASK_ERROR", "REASON_TASK_INVALID", RM_TASK_COUNT_GROWS },
		{ "TASK_KILLED", NULL, RM_TASK_COUNT_ENDS },
		{ "TASK_KILLED", "REASON_AGENT_DRAINING", RM_TASK_COUNT_ENDS },
		{ "TASK_RUNNING", NULL, RM_TASK_COUNT_STAYS },
		{ "TASK_NEW", NULL, RM_TASK_COUNT_STAYS },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_int_equal(
		    rm_task_count_of(rows[i].state, rows[i].reason),
		    rows[i].count);
}

static void
what_it_says(void **state)
{
	(void)state;
	static const struct {
		const char *state, *reason, *message, *words;
	} rows[] = {
		{ "TASK_FAILED", NULL, NULL, "TASK_FAILED: it failed" },
		{ "TASK_FAILED", NULL, "exit 3",
		    "TASK_FAILED: it failed: exit 3" },
		{ "TASK_FAILED", "REASON_CONTAINER_LIMITATION_MEMORY",
		    "Memory limit exceeded",
		    "TASK_FAILED: it used more memory than it has: "
		    "Memory limit exceeded" },
		{ "TASK_UNREACHABLE", "REASON_RECONCILIATION", "",
		    "TASK_UNREACHABLE: it may run: its agent does not answer" },
		{ "TASK_NEW", "REASON_NEW", "so", "TASK_NEW: so" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char *words = rm_task_words(
		    rows[i].state, rows[i].reason, rows[i].message);
		assert_string_equal(words, rows[i].words);
		free(words);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_are_there),
		cmocka_unit_test(what_counts),
		cmocka_unit_test(what_it_says),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
