#include "local/framework.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "local/agent.h"
#include "local/executor.h"
#include "local/offer.h"
#include "local/task.h"

static const struct {
	const char *name;
	enum rm_local_capability can;
} capabilities[] = {
	{ "PARTITION_AWARE", RM_CAN_PARTITIONS },
	{ "MULTI_ROLE", RM_CAN_ROLES },
	{ "RESERVATION_REFINEMENT", RM_CAN_REFINE },
	{ "REGION_AWARE", RM_CAN_REGIONS },
};

static unsigned
capabilities_of(jv info)
{
	unsigned can = 0;
	jv list = rm_json_get(info, "capabilities");
	if (jv_get_kind(list) == JV_KIND_ARRAY) {
		jv_array_foreach (list, i, one) {
			const char *type = rm_json_text(one, "type", "");
			for (size_t k = 0; k < 4; k++)
				if (strcmp(capabilities[k].name, type) == 0)
					can |= capabilities[k].can;
			jv_free(one);
		}
	}
	jv_free(list);
	return can;
}

static jv
roles_of(jv info, unsigned can)
{
	if (can & RM_CAN_ROLES)
		return rm_json_array(info, "roles");
	return JV_ARRAY(jv_string(rm_json_text(info, "role", "*")));
}

/* What a role must not be (roles.md), or NULL. */
static const char *
role_fault(const char *role)
{
	size_t n = strlen(role);
	if (n == 0)
		return "is empty";
	if (role[0] == '/')
		return "cannot start with a slash";
	if (role[0] == '-')
		return "cannot start with a dash";
	if (role[n - 1] == '/')
		return "cannot end with a slash";
	if (strstr(role, "//") != NULL)
		return "cannot contain two slashes in a row";
	if (n > 1 && (strchr(role, '*') != NULL))
		return "cannot contain a star";
	for (const char *p = role; *p != '\0'; p++)
		if (isspace((unsigned char)*p) || *p == '\\' ||
		    iscntrl((unsigned char)*p))
			return "cannot contain white space or a backslash";
	if (strcmp(role, ".") == 0 || strcmp(role, "..") == 0)
		return "cannot be a dot or two";
	return NULL;
}

char *
rm_local_framework_fault(jv info)
{
	unsigned can = capabilities_of(info);
	bool multi = (can & RM_CAN_ROLES) != 0;
	if (multi && rm_json_has(info, "role"))
		return rm_strdup("'FrameworkInfo.role' must not be set "
				 "when the framework is MULTI_ROLE capable");
	if (!multi && rm_json_has(info, "roles"))
		return rm_strdup("'FrameworkInfo.roles' must not be set "
				 "when the framework is not MULTI_ROLE "
				 "capable");
	char *fault = NULL;
	jv roles = roles_of(info, can);
	jv_array_foreach (roles, i, role) {
		const char *text = jv_get_kind(role) == JV_KIND_STRING
				       ? jv_string_value(role)
				       : "";
		const char *why = role_fault(text);
		if (why != NULL && fault == NULL)
			fault = rm_format("'FrameworkInfo.%s' contains "
					  "invalid role: Role '%s' %s",
			    multi ? "roles" : "role", text, why);
		jv_free(role);
	}
	jv_free(roles);
	return fault;
}

struct rm_local_framework *
rm_local_framework_find(const struct rm_local *local, const char *id)
{
	struct rm_hash_link *link = id != NULL
					? rm_hash_find(
					      &local->frameworks_by_id, id)
					: NULL;
	return link == NULL
		   ? NULL
		   : RM_HASH_ENTRY(link, struct rm_local_framework, link);
}

void
rm_local_framework_set_info(struct rm_local_framework *f, jv info)
{
	jv_free(f->info);
	jv_free(f->roles);
	f->info = info;
	f->can = capabilities_of(info);
	f->roles = roles_of(info, f->can);
	f->local->dirty = true;
}

struct rm_local_framework *
rm_local_framework_new(struct rm_local *local, jv info)
{
	struct rm_local_framework *f = rm_alloc(sizeof(*f));
	f->local = local;
	f->id = rm_strdup(rm_json_path_text(info, "id.value"));
	f->info = f->roles = jv_invalid();
	f->suppressed = jv_object();
	f->operations = jv_array();
	f->completed = jv_array();
	f->fresh = true;
	f->registered = local->wall;
	TAILQ_INIT(&f->offers);
	rm_local_framework_set_info(f, info);
	f->link.key = f->id;
	rm_hash_add(&local->frameworks_by_id, &f->link);
	TAILQ_INSERT_TAIL(&local->frameworks, f, entry);
	return f;
}

void
rm_local_framework_send(struct rm_local_framework *f, jv event)
{
	if (f->connected && !f->removed && f->sink.send != NULL)
		f->sink.send(f->sink.arg, event);
	else
		jv_free(event);
}

static void
recover_offers(struct rm_local_framework *f)
{
	while (!TAILQ_EMPTY(&f->offers))
		rm_local_offer_recover(TAILQ_FIRST(&f->offers));
}

static void
end_stream(struct rm_local_framework *f)
{
	struct rm_local_sink sink = f->sink;
	f->connected = false;
	f->sink = (struct rm_local_sink){ 0 };
	if (sink.end != NULL)
		sink.end(sink.arg);
}

void
rm_local_framework_connect(struct rm_local_framework *f,
    const struct rm_local_sink *sink, const char *stream_id)
{
	struct rm_local *local = f->local;
	if (f->connected) {
		rm_local_framework_send(
		    f, rm_local_event("ERROR", "error",
			   JV_OBJECT(jv_string("message"),
			       jv_string("Framework failed over"))));
		end_stream(f);
	}
	recover_offers(f);
	f->sink = *sink;
	f->connected = true;
	f->remove_at = 0;
	f->reregistered = local->wall;
	f->heartbeat_at = local->now + local->settings.heartbeat;
	memcpy(f->stream_id, stream_id, RM_UUID_SIZE);
	local->dirty = true;
	jv body = JV_OBJECT(jv_string("framework_id"), rm_local_id(f->id));
	body = rm_json_set(body, "heartbeat_interval_seconds",
	    jv_number(local->settings.heartbeat));
	body = rm_json_set(body, "master_info", rm_local_master_info(local));
	rm_local_framework_send(
	    f, rm_local_event("SUBSCRIBED", "subscribed", body));
	if (!local->mute)
		rm_local_framework_send(
		    f, rm_local_event("HEARTBEAT", NULL, jv_invalid()));
}

void
rm_local_framework_disconnect(struct rm_local_framework *f)
{
	struct rm_local *local = f->local;
	f->connected = false;
	f->sink = (struct rm_local_sink){ 0 };
	recover_offers(f);
	f->remove_at = local->now +
		       rm_json_number(f->info, "failover_timeout", 0);
	local->dirty = true;
	rm_log_info("framework disconnected framework=%s", f->id);
}

void
rm_local_framework_cut(struct rm_local_framework *f)
{
	struct rm_local_sink sink = f->sink;
	if (!f->connected)
		return;
	rm_local_framework_disconnect(f);
	if (sink.cut != NULL)
		sink.cut(sink.arg);
}

/* Its tasks are done with, its executors are asked to end. */
static void
end_tasks(struct rm_local_framework *f)
{
	struct rm_hash_link *link;
	while ((link = rm_hash_next(&f->tasks, NULL)) != NULL) {
		struct rm_local_task *task = RM_HASH_ENTRY(
		    link, struct rm_local_task, link);
		task->ended = true;
		rm_local_task_settle(task);
		rm_local_task_complete(task, "TASK_KILLED");
	}
	for (size_t i = 0; i < f->local->agent_count; i++) {
		struct rm_local_agent *agent = f->local->agents[i];
		if (!rm_local_agent_talks(agent))
			continue;
		struct rm_local_executor *executor;
		TAILQ_FOREACH (executor, &agent->executors, entry)
			if (executor->framework == f)
				rm_local_executor_shutdown(executor);
	}
}

void
rm_local_framework_remove(struct rm_local_framework *f)
{
	if (f->removed)
		return;
	rm_log_info("framework removed framework=%s", f->id);
	if (f->connected)
		end_stream(f);
	recover_offers(f);
	end_tasks(f);
	for (size_t i = 0; i < f->local->agent_count; i++)
		rm_local_agent_unfilter(f->local->agents[i], f, jv_invalid());
	jv_free(f->operations);
	f->operations = jv_array();
	f->removed = true;
	f->remove_at = 0;
	f->unregistered = f->local->wall;
	f->local->dirty = true;
}

void
rm_local_framework_free(struct rm_local_framework *f)
{
	recover_offers(f);
	struct rm_hash_link *link;
	while ((link = rm_hash_next(&f->tasks, NULL)) != NULL)
		rm_local_task_free(
		    RM_HASH_ENTRY(link, struct rm_local_task, link));
	rm_hash_free(&f->tasks);
	rm_hash_remove(&f->local->frameworks_by_id, &f->link);
	TAILQ_REMOVE(&f->local->frameworks, f, entry);
	jv_free(f->info);
	jv_free(f->roles);
	jv_free(f->suppressed);
	jv_free(f->operations);
	jv_free(f->completed);
	free(f->id);
	free(f);
}

void
rm_local_framework_suppress(
    struct rm_local_framework *f, jv roles, bool suppressed)
{
	jv list = jv_get_kind(roles) == JV_KIND_ARRAY &&
			  jv_array_length(jv_copy(roles)) > 0
		      ? jv_copy(roles)
		      : jv_copy(f->roles);
	jv_array_foreach (list, i, role) {
		if (jv_get_kind(role) != JV_KIND_STRING)
			jv_free(role);
		else if (suppressed)
			f->suppressed = jv_object_set(
			    f->suppressed, role, jv_true());
		else
			f->suppressed = jv_object_delete(f->suppressed, role);
	}
	jv_free(list);
	f->local->dirty = true;
}
