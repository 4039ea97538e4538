#include "mesos/task_state.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define STAYS RM_TASK_COUNT_STAYS
#define GROWS RM_TASK_COUNT_GROWS
#define ENDS  RM_TASK_COUNT_ENDS

static const struct rm_task_state states[] = {
	/* name, life, count, ask, words */
	{ "TASK_STAGING", RM_TASK_ALIVE, STAYS, false,
	    "its agent fetches what it needs" },
	{ "TASK_STARTING", RM_TASK_ALIVE, STAYS, false, "Riak starts" },
	{ "TASK_RUNNING", RM_TASK_ALIVE, STAYS, false, "Riak is up" },
	{ "TASK_KILLING", RM_TASK_ALIVE, STAYS, false, "Riak stops" },
	{ "TASK_FINISHED", RM_TASK_ENDED, STAYS, false,
	    "Riak ended by itself" },
	{ "TASK_FAILED", RM_TASK_ENDED, GROWS, false, "it failed" },
	{ "TASK_KILLED", RM_TASK_ENDED, ENDS, false, "it was ended" },
	{ "TASK_ERROR", RM_TASK_ENDED, GROWS, false, "Mesos refused it" },
	{ "TASK_DROPPED", RM_TASK_ENDED, GROWS, false, "it never started" },
	{ "TASK_GONE", RM_TASK_ENDED, STAYS, false,
	    "its agent runs it no more" },
	{ "TASK_GONE_BY_OPERATOR", RM_TASK_LOST_FOR_GOOD, STAYS, false,
	    "its agent was marked gone, and its data with it" },
	{ "TASK_LOST", RM_TASK_UNSURE, STAYS, true,
	    "it may run: Mesos has lost sight of it" },
	{ "TASK_UNREACHABLE", RM_TASK_UNSURE, STAYS, false,
	    "it may run: its agent does not answer" },
	{ "TASK_UNKNOWN", RM_TASK_UNSURE, STAYS, false,
	    "it may run: Mesos does not know its agent" },
};

static const struct rm_task_reason reasons[] = {
	/* name, blameless, confirms, words */
	{ "REASON_AGENT_DISCONNECTED", true, false,
	    "its agent was not connected" },
	{ "REASON_AGENT_DRAINING", true, false, "its agent is drained" },
	{ "REASON_AGENT_REMOVED", true, false, "its agent was removed" },
	{ "REASON_AGENT_REMOVED_BY_OPERATOR", true, false,
	    "an operator removed its agent" },
	{ "REASON_AGENT_REREGISTERED", true, false, "its agent is back" },
	{ "REASON_AGENT_RESTARTED", true, false, "its agent was restarted" },
	{ "REASON_AGENT_UNKNOWN", true, false,
	    "Mesos does not know its agent" },
	{ "REASON_COMMAND_EXECUTOR_FAILED", false, false,
	    "its command failed" },
	{ "REASON_CONTAINER_LAUNCH_FAILED", false, false,
	    "its container could not be started" },
	{ "REASON_CONTAINER_LIMITATION", false, false,
	    "it went beyond a limit of its container" },
	{ "REASON_CONTAINER_LIMITATION_DISK", false, false,
	    "it used more disk than it has" },
	{ "REASON_CONTAINER_LIMITATION_MEMORY", false, false,
	    "it used more memory than it has" },
	{ "REASON_CONTAINER_PREEMPTED", true, false,
	    "its agent wanted the resources back" },
	{ "REASON_CONTAINER_UPDATE_FAILED", false, false,
	    "its container could not be changed" },
	{ "REASON_EXECUTOR_REGISTRATION_TIMEOUT", false, false,
	    "its executor did not come up in time" },
	{ "REASON_EXECUTOR_REREGISTRATION_TIMEOUT", false, false,
	    "its executor did not come back to its agent in time" },
	{ "REASON_EXECUTOR_TERMINATED", false, false, "its executor ended" },
	{ "REASON_EXECUTOR_UNREGISTERED", false, false,
	    "its executor was not registered" },
	{ "REASON_FRAMEWORK_REMOVED", true, false,
	    "the framework was removed" },
	{ "REASON_GC_ERROR", false, false,
	    "its old sandbox could not be kept from being cleared away" },
	{ "REASON_INVALID_FRAMEWORKID", false, false,
	    "Mesos does not know the framework" },
	{ "REASON_INVALID_OFFERS", false, false,
	    "its offer was taken back before it was used" },
	{ "REASON_IO_SWITCHBOARD_EXITED", false, false,
	    "its agent's input and output ended" },
	{ "REASON_MASTER_DISCONNECTED", true, false,
	    "the master was not connected" },
	{ "REASON_MAX_COMPLETION_TIME_REACHED", false, false,
	    "it ran longer than it may" },
	{ "REASON_RECONCILIATION", false, true, "the master was asked" },
	{ "REASON_RESOURCES_UNKNOWN", false, false,
	    "its agent does not have what was reserved" },
	{ "REASON_TASK_CHECK_STATUS_UPDATED", false, false,
	    "a check of it changed" },
	{ "REASON_TASK_GROUP_INVALID", false, false,
	    "Mesos does not take such a group of tasks" },
	{ "REASON_TASK_GROUP_UNAUTHORIZED", false, false,
	    "the principal may not start such a group of tasks" },
	{ "REASON_TASK_HEALTH_CHECK_STATUS_UPDATED", false, false,
	    "its health changed" },
	{ "REASON_TASK_INVALID", false, false,
	    "Mesos does not take such a task" },
	{ "REASON_TASK_KILLED_DURING_LAUNCH", false, false,
	    "it was ended before it started" },
	{ "REASON_TASK_UNAUTHORIZED", false, false,
	    "the principal may not start it" },
	{ "REASON_TASK_UNKNOWN", true, false, "Mesos does not know it" },
};

const struct rm_task_state *
rm_task_state_find(const char *name)
{
	for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++)
		if (strcmp(states[i].name, name) == 0)
			return &states[i];
	return NULL;
}

const struct rm_task_reason *
rm_task_reason_find(const char *name)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++)
		if (name != NULL && strcmp(reasons[i].name, name) == 0)
			return &reasons[i];
	return NULL;
}

enum rm_task_count
rm_task_count_of(const char *state, const char *reason)
{
	const struct rm_task_state *s = rm_task_state_find(state);
	const struct rm_task_reason *why = rm_task_reason_find(reason);
	if (s == NULL)
		return RM_TASK_COUNT_STAYS;
	return s->count == RM_TASK_COUNT_GROWS && why != NULL && why->blameless
		   ? RM_TASK_COUNT_STAYS
		   : s->count;
}

/* An answer of the master's says nothing of why. */
char *
rm_task_words(const char *state, const char *reason, const char *message)
{
	const struct rm_task_state *s = rm_task_state_find(state);
	const struct rm_task_reason *why = rm_task_reason_find(reason);
	struct rm_str text = { 0 };
	rm_str_puts(&text, state);
	if (why != NULL && !why->confirms)
		rm_str_printf(&text, ": %s", why->words);
	else if (s != NULL)
		rm_str_printf(&text, ": %s", s->words);
	if (message != NULL && *message != '\0')
		rm_str_printf(&text, ": %s", message);
	return rm_str_take(&text);
}

long long
rm_task_id_time(const char *id, const char *key)
{
	const char *dot = strrchr(id, '.');
	if (dot == NULL || dot == id)
		return -1;
	size_t n = strspn(dot + 1, "0123456789");
	if (n == 0 || n > 18 || dot[1 + n] != '\0')
		return -1;
	if (key != NULL && (strlen(key) != (size_t)(dot - id) ||
			       strncmp(id, key, (size_t)(dot - id)) != 0))
		return -1;
	return strtoll(dot + 1, NULL, 10);
}

char *
rm_task_id_key(const char *id)
{
	if (rm_task_id_time(id, NULL) < 0)
		return NULL;
	struct rm_str key = { 0 };
	rm_str_add(&key, id, (size_t)(strrchr(id, '.') - id));
	return rm_str_take(&key);
}
