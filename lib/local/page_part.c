#include "local/page_part.h"

#include <string.h>

#include "base/json.h"
#include "local/executor.h"
#include "local/offer.h"
#include "local/task.h"

jv
rm_page_texts(const char *const *texts)
{
	jv list = jv_array();
	for (; *texts != NULL; texts++)
		list = jv_array_append(list, jv_string(*texts));
	return list;
}

jv
rm_page_text(jv page, const char *key, const char *text)
{
	return rm_json_set(page, key, jv_string(text));
}

jv
rm_page_number(jv page, const char *key, double n)
{
	return rm_json_set(page, key, jv_number(n));
}

jv
rm_page_build(void)
{
	jv page = rm_page_text(jv_object(), "version", "1.12.0");
	page = rm_page_text(page, "git_sha", "rm-local");
	page = rm_page_text(page, "build_date", "1970-01-01 00:00:00 UTC");
	page = rm_page_number(page, "build_time", 0);
	/* The real ones say who built them; this one what it is. */
	return rm_page_text(page, "build_user", "rm-local");
}

jv
rm_page_agent_capabilities(void)
{
	static const char *const names[] = { "MULTI_ROLE", "HIERARCHICAL_ROLE",
		"RESERVATION_REFINEMENT", "RESOURCE_PROVIDER", "RESIZE_VOLUME",
		"AGENT_OPERATION_FEEDBACK", "AGENT_DRAINING",
		"TASK_RESOURCE_LIMITS", NULL };
	return rm_page_texts(names);
}

/* {"rack":"r1"}: values as text or number. Borrows. */
jv
rm_page_attributes(jv attributes)
{
	jv page = jv_object();
	jv_array_foreach (attributes, i, one) {
		const char *name = rm_json_text(one, "name", "");
		jv text = rm_json_path(one, "text.value");
		jv scalar = rm_json_path(one, "scalar.value");
		jv value = jv_copy(jv_is_valid(text) ? text : scalar);
		jv ranges = rm_json_get(one, "ranges");
		struct rm_ranges r = { 0 };
		if (jv_is_valid(ranges) &&
		    rm_ranges_parse(ranges, &r, NULL) == 0) {
			struct rm_str list = { 0 };
			rm_ranges_text(&list, &r);
			jv_free(value);
			value = jv_string(list.text);
			rm_str_free(&list);
		}
		rm_ranges_free(&r);
		page = rm_json_set(page, name, value);
		jv_free(ranges);
		jv_free(text);
		jv_free(scalar);
		jv_free(one);
	}
	return page;
}

/* Those reserved for role (NULL: unreserved). */
static void
select_role(
    const struct rm_resources *from, const char *role, struct rm_resources *to)
{
	for (size_t i = 0; i < from->count; i++) {
		const struct rm_identity *id = from->items[i].id;
		const char *its = id->depth > 0
				      ? id->reservations[id->depth - 1].role
				      : NULL;
		if (its == NULL || role == NULL ? its == role
						: strcmp(its, role) == 0)
			rm_resources_add(to, &from->items[i]);
	}
}

/* An object by role of what is reserved; full: as resources, not totals. */
jv
rm_page_reserved(const struct rm_resources *total, bool full)
{
	jv page = jv_object();
	for (size_t i = 0; i < total->count; i++) {
		const struct rm_identity *id = total->items[i].id;
		if (id->depth == 0)
			continue;
		const char *role = id->reservations[id->depth - 1].role;
		if (rm_json_has(page, role))
			continue;
		struct rm_resources mine = { 0 };
		select_role(total, role, &mine);
		page = rm_json_set(page, role,
		    full ? rm_resources_json(&mine, RM_FORMAT_BOTH)
			 : rm_local_resources_page(&mine));
		rm_resources_free(&mine);
	}
	return page;
}

jv
rm_page_unreserved(const struct rm_resources *total, bool full)
{
	struct rm_resources mine = { 0 };
	select_role(total, NULL, &mine);
	jv page = full ? rm_resources_json(&mine, RM_FORMAT_BOTH)
		       : rm_local_resources_page(&mine);
	rm_resources_free(&mine);
	return page;
}

/* Of tasks and executors; on agent, and of f, where not NULL. */
void
rm_page_add_used(const struct rm_local_agent *agent,
    const struct rm_local_framework *f, struct rm_resources *to)
{
	const struct rm_local_executor *executor;
	TAILQ_FOREACH (executor, &agent->executors, entry) {
		if (f != NULL && executor->framework != f)
			continue;
		rm_resources_add_all(to, &executor->resources);
		const struct rm_local_task *task;
		TAILQ_FOREACH (task, &executor->tasks, entry)
			if (!task->ended)
				rm_resources_add_all(to, &task->resources);
	}
}
