#include "local/local.h"

#include <arpa/inet.h>
#include <math.h>
#include <stdlib.h>

#include "base/json.h"
#include "local/agent.h"
#include "local/feedback.h"
#include "local/framework.h"
#include "local/life.h"
#include "local/offer.h"
#include "local/task.h"

void
rm_local_init(struct rm_local *local, const struct rm_local_settings *settings)
{
	*local = (struct rm_local){ .settings = *settings };
	local->gone = jv_object();
	local->unreachable = jv_object();
	TAILQ_INIT(&local->frameworks);
	rm_local_elect(local);
}

void
rm_local_free(struct rm_local *local)
{
	for (size_t i = 0; i < local->agent_count; i++)
		rm_local_agent_free(local->agents[i]);
	while (!TAILQ_EMPTY(&local->frameworks))
		rm_local_framework_free(TAILQ_FIRST(&local->frameworks));
	rm_hash_free(&local->frameworks_by_id);
	rm_hash_free(&local->agents_by_id);
	rm_hash_free(&local->offers_by_id);
	jv_free(local->settings.domain);
	jv_free(local->gone);
	jv_free(local->unreachable);
	free(local->leader);
	free(local->agents);
	*local = (struct rm_local){ 0 };
}

void
rm_local_elect(struct rm_local *local)
{
	rm_uuid_text(local->master_id);
	local->frameworks_made = local->agents_made = local->offers_made = 0;
	local->elected = local->wall;
	local->dirty = true;
}

static void
cut_all(struct rm_local *local)
{
	struct rm_local_framework *f;
	TAILQ_FOREACH (f, &local->frameworks, entry) {
		rm_local_framework_cut(f);
		f->fresh = true;
		if (!f->removed)
			f->remove_at = local->now + rm_json_number(f->info,
							"failover_timeout", 0);
	}
}

void
rm_local_follow(struct rm_local *local, const char *leader)
{
	free(local->leader);
	local->leader = leader != NULL ? rm_strdup(leader) : NULL;
	if (leader != NULL)
		cut_all(local);
}

void
rm_local_fail_over(struct rm_local *local, double election, double agents)
{
	cut_all(local);
	rm_local_elect(local);
	local->electing_until = local->now + election;
	for (size_t i = 0; i < local->agent_count; i++) {
		struct rm_local_agent *agent = local->agents[i];
		if (agent->link != RM_LINK_REGISTERED &&
		    agent->link != RM_LINK_SILENT)
			continue;
		agent->link = RM_LINK_NEW;
		agent->give_up_at = 0;
		agent->register_at = agent->up ? local->electing_until + agents
					       : 0;
		rm_local_agent_forget_filters(agent);
	}
	if (local->hooks.failed_over != NULL)
		local->hooks.failed_over(local);
}

static void
framework_due(struct rm_local_framework *f)
{
	struct rm_local *local = f->local;
	if (f->connected && f->heartbeat_at <= local->now) {
		f->heartbeat_at = local->now + local->settings.heartbeat;
		if (!local->mute)
			rm_local_framework_send(
			    f, rm_local_event("HEARTBEAT", NULL, jv_invalid()));
	}
	if (f->remove_at > 0 && f->remove_at <= local->now)
		rm_local_framework_remove(f);
	rm_local_feedback_due(f);
	struct rm_hash_link *link = NULL;
	while ((link = rm_hash_next(&f->tasks, link)) != NULL) {
		struct rm_local_task *task = RM_HASH_ENTRY(
		    link, struct rm_local_task, link);
		if (task->retry_at > 0 && task->retry_at <= local->now)
			rm_local_task_forward(task);
	}
}

void
rm_local_now(struct rm_local *local, double now, double wall)
{
	local->now = now;
	local->wall = wall;
	if (local->electing_until > 0 && local->electing_until <= now) {
		local->electing_until = 0;
		local->elected = wall;
	}
	if (local->unavailable_until <= now)
		local->unavailable_until = 0;
	struct rm_local_framework *f;
	TAILQ_FOREACH (f, &local->frameworks, entry)
		if (!f->removed)
			framework_due(f);
	for (size_t i = 0; i < local->agent_count; i++)
		rm_local_agent_due(local->agents[i]);
}

static jv
capability_list(void)
{
	static const char *const names[] = { "AGENT_UPDATE", "AGENT_DRAINING",
		"QUOTA_V2" };
	jv list = jv_array();
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		list = jv_array_append(
		    list, JV_OBJECT(jv_string("type"), jv_string(names[i])));
	return list;
}

jv
rm_local_master_info(const struct rm_local *local)
{
	struct in_addr packed = { 0 };
	inet_pton(AF_INET, local->address, &packed);
	char *pid = rm_format("master@%s:%d", local->address, local->port);
	jv address = JV_OBJECT(
	    jv_string("hostname"), jv_string(local->address));
	address = rm_json_set(address, "ip", jv_string(local->address));
	address = rm_json_set(address, "port", jv_number(local->port));
	jv info = JV_OBJECT(jv_string("id"), jv_string(local->master_id));
	/* As Mesos: the four bytes in network order, read as they lie. */
	info = rm_json_set(info, "ip", jv_number(packed.s_addr));
	info = rm_json_set(info, "port", jv_number(local->port));
	info = rm_json_set(info, "pid", jv_string(pid));
	info = rm_json_set(info, "hostname", jv_string(local->address));
	info = rm_json_set(info, "version", jv_string("1.12.0"));
	info = rm_json_set(info, "address", address);
	info = rm_json_set(info, "domain", jv_copy(local->settings.domain));
	info = rm_json_set(info, "capabilities", capability_list());
	free(pid);
	return info;
}

jv
rm_local_id(const char *id)
{
	return JV_OBJECT(jv_string("value"), jv_string(id));
}

jv
rm_local_timestamp(const struct rm_local *local)
{
	return jv_number(nearbyint(local->wall * 1e6) / 1e6);
}

jv
rm_local_event(const char *type, const char *key, jv body)
{
	jv event = JV_OBJECT(jv_string("type"), jv_string(type));
	if (key == NULL) {
		jv_free(body);
		return event;
	}
	return rm_json_set(event, key, body);
}
