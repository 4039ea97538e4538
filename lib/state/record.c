#include "state/record.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

const struct rm_record_info rm_record_table[RM_RECORD_KINDS] = {
	[RM_RECORD_SETTINGS] = { "settings", RM_OF_FRAMEWORK, NULL, false,
	    true },
	[RM_RECORD_FRAMEWORK] = { "framework", RM_OF_FRAMEWORK, "rm-status",
	    false, true },
	[RM_RECORD_CLUSTER] = { "clusters", RM_OF_CLUSTER, NULL, false, true },
	[RM_RECORD_NODE] = { "nodes", RM_OF_NODE, NULL, false, true },
	[RM_RECORD_RESERVATION] = { "reservations", RM_OF_NODE, "rm-offer",
	    false, true },
	[RM_RECORD_TASK] = { "tasks", RM_OF_NODE, "rm-launch", false, true },
	[RM_RECORD_STATUS] = { "status", RM_OF_NODE, "rm-status", false, true },
	[RM_RECORD_ORDER] = { "orders", RM_OF_NODE, "rm-cluster", false, true },
	[RM_RECORD_ROLLOUT] = { "rollouts", RM_OF_CLUSTER, "rm-cluster", false,
	    true },
	[RM_RECORD_MEMBER] = { "members", RM_OF_NODE, "rm-executor", true,
	    true },
	[RM_RECORD_VERDICT] = { "verdicts", RM_OF_CLUSTER, "rm-offer", false,
	    true },
	[RM_RECORD_ORPHAN] = { "orphans", RM_OF_VOLUME, "rm-offer", false,
	    true },
	[RM_RECORD_SECRET] = { "secrets", RM_OF_CLUSTER, NULL, false, false },
};

bool
rm_record_parse(const char *path, enum rm_record_kind *kind, const char **name)
{
	size_t dir = strcspn(path, "/");
	for (int k = 0; k < RM_RECORD_KINDS; k++) {
		const struct rm_record_info *info = &rm_record_table[k];
		bool single = info->of == RM_OF_FRAMEWORK;
		if (strlen(info->dir) != dir ||
		    strncmp(info->dir, path, dir) != 0 ||
		    single != (path[dir] == '\0'))
			continue;
		*kind = (enum rm_record_kind)k;
		*name = single ? path + dir : path + dir + 1;
		return single || rm_record_key_ok(*name);
	}
	return false;
}

bool
rm_record_key_ok(const char *text)
{
	if (!isalnum((unsigned char)text[0]) || strlen(text) > 128)
		return false;
	for (const char *p = text; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p) && strchr("-_.", *p) == NULL)
			return false;
	return true;
}

long
rm_record_node_number(
    const char *key, const char *framework, const char *cluster)
{
	size_t f = strlen(framework), c = strlen(cluster);
	if (strncmp(key, framework, f) != 0 || key[f] != '-' ||
	    strncmp(key + f + 1, cluster, c) != 0 || key[f + 1 + c] != '-')
		return -1;
	const char *digits = key + f + c + 2;
	size_t n = strspn(digits, "0123456789");
	if (n == 0 || n > 9 || digits[n] != '\0' || digits[0] == '0')
		return -1;
	return strtol(digits, NULL, 10);
}
