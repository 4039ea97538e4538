#include "sched/plan.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/str.h"

struct rm_plan *
rm_plan_of(struct rm_agent *agent)
{
	if (agent->own == NULL)
		agent->own = rm_alloc(sizeof(struct rm_plan));
	return agent->own;
}

bool
rm_plan_empty(const struct rm_agent *agent)
{
	const struct rm_plan *plan = agent->own;
	return plan == NULL ||
	       (plan->launches.len == 0 && plan->releases.len == 0);
}

static void
append(struct rm_str *list, jv element)
{
	if (list->len > 0)
		rm_str_puts(list, ",");
	rm_json_write(list, element);
}

void
rm_plan_launch(struct rm_agent *agent, const char *node, const char *task,
    const char *persistence_id, const struct rm_resources *reserve,
    const struct rm_resource *create, const struct rm_resources *held,
    const struct rm_resources *executor, jv ports)
{
	struct rm_plan *plan = rm_plan_of(agent);
	jv launch = JV_OBJECT(jv_string("node"), jv_string(node),
	    jv_string("task"), jv_string(task), jv_string("persistence"),
	    jv_string(persistence_id));
	launch = rm_json_set(
	    launch, "reserve", rm_resources_json(reserve, RM_FORMAT_STACK));
	launch = rm_json_set(launch, "create",
	    create != NULL ? JV_ARRAY(rm_resource_json(create, RM_FORMAT_STACK))
			   : jv_array());
	launch = rm_json_set(
	    launch, "resources", rm_resources_json(held, RM_FORMAT_STACK));
	launch = rm_json_set(
	    launch, "executor", rm_resources_json(executor, RM_FORMAT_STACK));
	launch = rm_json_set(launch, "ports", ports);
	append(&plan->launches, launch);
}

void
rm_plan_release(struct rm_agent *agent, const char *node,
    const struct rm_resources *volumes, const struct rm_resources *reserved)
{
	struct rm_plan *plan = rm_plan_of(agent);
	append(&plan->releases,
	    JV_OBJECT(jv_string("node"), jv_string(node), jv_string("destroy"),
		rm_resources_json(volumes, RM_FORMAT_STACK),
		jv_string("unreserve"),
		rm_resources_json(reserved, RM_FORMAT_STACK)));
}

void
rm_plan_take(
    struct rm_agent *agent, double at, double refuse, struct rm_str *to)
{
	const struct rm_plan *plan = rm_plan_of(agent);
	jv line = JV_OBJECT(jv_string("plan"), jv_string(agent->id),
	    jv_string("at"), jv_number(at), jv_string("hostname"),
	    jv_string(agent->hostname), jv_string("address"),
	    jv_string(agent->address));
	line = rm_json_set(line, "attributes", rm_agent_attributes(agent));
	line = rm_json_set(line, "domain", rm_agent_domain(agent));
	line = rm_json_set(line, "offers", rm_agent_offer_ids(agent));
	line = rm_json_set(line, "refuse_seconds", jv_number(refuse));
	rm_json_write(to, line);
	to->len--; /* its bracket */
	rm_str_printf(to, ",\"launch\":[%s],\"release\":[%s]}",
	    plan->launches.len > 0 ? plan->launches.text : "",
	    plan->releases.len > 0 ? plan->releases.text : "");
	rm_plan_drop(agent);
}

void
rm_plan_drop(struct rm_agent *agent)
{
	struct rm_plan *plan = agent->own;
	if (plan == NULL)
		return;
	rm_str_free(&plan->launches);
	rm_str_free(&plan->releases);
	free(plan);
	agent->own = NULL;
}
