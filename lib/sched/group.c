#include "sched/group.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "sched/need.h"

static struct rm_group *
group_for(struct rm_groups *groups, struct rm_agent *agent, const char *node)
{
	for (size_t i = groups->count;
	     i-- > 0 && groups->items[i].agent == agent;)
		if (strcmp(groups->items[i].node, node) == 0)
			return &groups->items[i];
	if (groups->count == groups->room) {
		groups->room = groups->room > 0 ? groups->room * 2 : 16;
		groups->items = rm_realloc(
		    groups->items, groups->room * sizeof(*groups->items));
	}
	struct rm_group *group = &groups->items[groups->count++];
	*group = (struct rm_group){ .agent = agent, .node = rm_strdup(node) };
	return group;
}

static void
clear(struct rm_groups *groups)
{
	for (size_t i = 0; i < groups->count; i++) {
		free(groups->items[i].node);
		rm_resources_free(&groups->items[i].resources);
	}
	groups->count = 0;
}

bool
rm_group_labelled(const struct rm_resource *r)
{
	return r->id->depth > 0 &&
	       r->id->reservations[r->id->depth - 1].dynamic;
}

/* Of a persistence id of ours; the caller's. NULL: it is none. */
static char *
node_of_volume(const char *id, const char *framework)
{
	size_t n = strlen(framework);
	if (id == NULL || strncmp(id, framework, n) != 0 || id[n] != '.')
		return NULL;
	const char *node = id + n + 1, *dot = strrchr(node, '.');
	if (dot == NULL || dot == node || dot[1] == '\0' ||
	    dot[1 + strspn(dot + 1, "0123456789")] != '\0')
		return NULL;
	return rm_format("%.*s", (int)(dot - node), node);
}

void
rm_groups_find(struct rm_groups *groups, const struct rm_agents *agents,
    const char *framework)
{
	clear(groups);
	for (size_t a = 0; a < agents->count; a++) {
		struct rm_agent *agent = agents->items[a];
		for (size_t i = 0; i < agent->resources.count; i++) {
			const struct rm_resource *r = &agent->resources
							   .items[i];
			if (r->id->depth == 0)
				continue;
			char *owner = rm_group_labelled(r)
					  ? NULL
					  : node_of_volume(
						r->id->persistence_id,
						framework);
			if (owner != NULL)
				rm_resources_add(
				    &group_for(groups, agent, owner)->resources,
				    r);
			free(owner);
			const char *of = rm_identity_label(
			    r->id, RM_LABEL_FRAMEWORK);
			const char *node = rm_identity_label(
			    r->id, RM_LABEL_NODE);
			if (of == NULL || node == NULL ||
			    strcmp(of, framework) != 0)
				continue;
			rm_resources_add(
			    &group_for(groups, agent, node)->resources, r);
		}
	}
}

bool
rm_group_without_others(const struct rm_group *group,
    const char *persistence_id, struct rm_resources *to)
{
	bool others = false;
	rm_resources_free(to);
	for (size_t i = 0; i < group->resources.count; i++) {
		const struct rm_resource *r = &group->resources.items[i];
		const char *id = r->id->persistence_id;
		if (id == NULL || strcmp(id, persistence_id) == 0)
			rm_resources_add(to, r);
		else
			others = true;
	}
	return others;
}

static bool
has_volume(const struct rm_group *group)
{
	for (size_t i = 0; i < group->resources.count; i++)
		if (group->resources.items[i].id->persistence_id != NULL)
			return true;
	return false;
}

struct rm_group *
rm_groups_of(const struct rm_groups *groups, const char *node,
    const char *persistence_id, const char *agent_id)
{
	struct rm_group *on_agent = NULL;
	for (size_t i = 0; i < groups->count; i++) {
		struct rm_group *group = &groups->items[i];
		if (strcmp(group->node, node) != 0)
			continue;
		if (rm_resources_volume(&group->resources, persistence_id) !=
		    NULL)
			return group;
		if (on_agent == NULL && !has_volume(group) &&
		    strcmp(group->agent->id, agent_id) == 0)
			on_agent = group;
	}
	return on_agent;
}

void
rm_groups_free(struct rm_groups *groups)
{
	clear(groups);
	free(groups->items);
	*groups = (struct rm_groups){ 0 };
}

static jv
label(const char *key, const char *value)
{
	return JV_OBJECT(jv_string("key"), jv_string(key), jv_string("value"),
	    jv_string(value));
}

jv
rm_group_reservation(const char *role, const char *principal,
    const char *framework, const char *framework_id, const char *node)
{
	jv labels = JV_ARRAY(label(RM_LABEL_FRAMEWORK, framework));
	if (framework_id != NULL)
		labels = jv_array_append(
		    labels, label(RM_LABEL_FRAMEWORK_ID, framework_id));
	labels = jv_array_append(labels, label(RM_LABEL_NODE, node));
	jv reservation = JV_OBJECT(jv_string("type"), jv_string("DYNAMIC"),
	    jv_string("role"), jv_string(role));
	if (principal != NULL)
		reservation = rm_json_set(
		    reservation, "principal", jv_string(principal));
	return rm_json_set(
	    reservation, "labels", JV_OBJECT(jv_string("labels"), labels));
}

/* Whether the record's part of that name is of a static reservation. */
static bool
is_static(const struct rm_resources *recorded, const char *name)
{
	for (size_t i = 0; i < recorded->count; i++)
		if (strcmp(recorded->items[i].id->name, name) == 0)
			return !rm_group_labelled(&recorded->items[i]);
	return false;
}

static bool
can_give(const struct rm_resource *r, const char *name, bool fixed)
{
	return strcmp(r->id->name, name) == 0 &&
	       (!fixed || (r->id->depth > 0 && !rm_group_labelled(r)));
}

/* As much of a scalar as the record's resources have. */
static bool
take_scalar(const struct rm_group *group, const struct rm_resources *recorded,
    const char *name, struct rm_resources *held)
{
	int64_t amount = rm_resources_total(recorded, name);
	bool fixed = is_static(recorded, name);
	const struct rm_resources *pool = fixed ? &group->agent->resources
						: &group->resources;
	for (size_t i = 0; i < pool->count; i++) {
		const struct rm_resource *r = &pool->items[i];
		if (!can_give(r, name, fixed) || r->scalar < amount)
			continue;
		struct rm_resource piece = rm_resource_scalar(r->id, amount);
		rm_resources_add(held, &piece);
		rm_resource_free(&piece);
		return true;
	}
	return false;
}

static bool
take_ports(const struct rm_group *group, const struct rm_resources *recorded,
    struct rm_resources *held, struct rm_ranges *ports)
{
	bool fixed = is_static(recorded, "ports");
	const struct rm_resources *pool = fixed ? &group->agent->resources
						: &group->resources;
	rm_resources_total_ranges(recorded, "ports", ports);
	for (size_t i = 0; i < pool->count; i++) {
		const struct rm_resource *r = &pool->items[i];
		if (!can_give(r, "ports", fixed))
			continue;
		if (rm_ranges_size(ports) != RM_PORTS ||
		    !rm_ranges_contain(&r->ranges, ports))
			if (!rm_ranges_take(&r->ranges, RM_PORTS, ports))
				continue;
		struct rm_resource piece = rm_resource_ranges(r->id, ports);
		rm_resources_add(held, &piece);
		rm_resource_free(&piece);
		return true;
	}
	return false;
}

const char *
rm_group_take(const struct rm_group *group, jv reservation,
    struct rm_resources *held, struct rm_ranges *ports)
{
	struct rm_resources recorded = { 0 };
	jv array = rm_json_get(reservation, "resources");
	const char *lacks = NULL;
	const char *id = rm_json_text(reservation, "persistence_id", "");
	const struct rm_resource *volume = rm_resources_volume(
	    &group->resources, id);

	rm_resources_free(held);
	if (jv_get_kind(array) != JV_KIND_ARRAY ||
	    rm_resources_parse(array, &recorded, NULL) != 0)
		lacks = "a readable reservation record";
	else if (volume == NULL)
		lacks = "its volume";
	else if (!take_scalar(group, &recorded, "cpus", held))
		lacks = "its cpus";
	else if (!take_scalar(group, &recorded, "mem", held))
		lacks = "its mem";
	else if (!take_ports(group, &recorded, held, ports))
		lacks = "its ports";
	else
		rm_resources_add(held, volume);
	if (lacks != NULL)
		rm_resources_free(held);
	rm_resources_free(&recorded);
	jv_free(array);
	return lacks;
}
