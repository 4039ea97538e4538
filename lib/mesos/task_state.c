#include "mesos/task_state.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static const struct rm_task_state table[] = {
	/* name, life, failure, ask */
	{ "TASK_STAGING", RM_TASK_ALIVE, false, false },
	{ "TASK_STARTING", RM_TASK_ALIVE, false, false },
	{ "TASK_RUNNING", RM_TASK_ALIVE, false, false },
	{ "TASK_KILLING", RM_TASK_ALIVE, false, false },
	{ "TASK_FINISHED", RM_TASK_ENDED, false, false },
	{ "TASK_FAILED", RM_TASK_ENDED, true, false },
	{ "TASK_KILLED", RM_TASK_ENDED, false, false },
	{ "TASK_ERROR", RM_TASK_ENDED, true, false },
	{ "TASK_DROPPED", RM_TASK_ENDED, true, false },
	{ "TASK_GONE", RM_TASK_ENDED, false, false },
	{ "TASK_GONE_BY_OPERATOR", RM_TASK_LOST_FOR_GOOD, false, false },
	{ "TASK_LOST", RM_TASK_UNSURE, false, true },
	{ "TASK_UNREACHABLE", RM_TASK_UNSURE, false, false },
	{ "TASK_UNKNOWN", RM_TASK_UNSURE, false, false },
};

const struct rm_task_state *
rm_task_state_find(const char *name)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
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
	return atoll(dot + 1);
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
