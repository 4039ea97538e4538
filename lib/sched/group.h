/*
 * What is ours in the offers: reserved resources that carry our framework's
 * label, and volumes on static reservations, which can't have one and are told
 * by their persistence id, <framework>.<node>.<ms>; put together by agent and
 * node. Pure.
 */
#ifndef RM_SCHED_GROUP_H
#define RM_SCHED_GROUP_H

#include <jv.h>

#include "mesos/agents.h"

#define RM_LABEL_FRAMEWORK    "framework"
#define RM_LABEL_FRAMEWORK_ID "framework_id"
#define RM_LABEL_NODE         "node"

struct rm_group {
	struct rm_agent *agent; /* borrowed */
	char *node; /* key */
	struct rm_resources resources;
	bool done; /* the round has used or judged it */
};

/* In the agents' order, then in that of their resources. */
struct rm_groups {
	struct rm_group *items;
	size_t count, room;
};

/* Its top reservation is dynamic, so that it can be unreserved. */
bool rm_group_labelled(const struct rm_resource *r);

/* Replaces what groups holds; agents outlive it. */
void rm_groups_find(struct rm_groups *groups, const struct rm_agents *agents,
    const char *framework);
/* The one of that node that holds the volume, or, when none does, the first
 * of the node on that agent that holds no other; NULL. */
struct rm_group *rm_groups_of(const struct rm_groups *groups, const char *node,
    const char *persistence_id, const char *agent_id);
void rm_groups_free(struct rm_groups *groups);

/* Replaces *to by what the group has, but for other volumes than that one (a
 * node may have lost its record of them). Returns whether there are others. */
bool rm_group_without_others(const struct rm_group *group,
    const char *persistence_id, struct rm_resources *to);

/* {"type":"DYNAMIC","role",…,"labels":{"labels":[…]}}; NULL principal or id is
 * left out. */
jv rm_group_reservation(const char *role, const char *principal,
    const char *framework, const char *framework_id, const char *node);

/*
 * Takes out of a group what a reservation record says the node has: its
 * volume, as much cpus and mem, ten ports (those that it had, when they are
 * there); of a static reservation from what its agent offers. Replaces *held
 * and *ports. Returns NULL, or what lacks ("cpus").
 */
const char *rm_group_take(const struct rm_group *group, jv reservation,
    struct rm_resources *held, struct rm_ranges *ports);

#endif
