#include "local/life.h"

#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/json.h"
#include "base/log.h"
#include "local/agent.h"
#include "local/allocator.h"
#include "local/executor.h"
#include "local/framework.h"
#include "local/offer.h"
#include "local/task.h"

static void
rescind_all(struct rm_local_agent *agent)
{
	while (!TAILQ_EMPTY(&agent->offers))
		rm_local_offer_rescind(TAILQ_FIRST(&agent->offers));
}

/* FAILURE without an executor: an agent was removed. */
static void
tell_failure(struct rm_local_agent *agent)
{
	struct rm_local_framework *f;
	TAILQ_FOREACH (f, &agent->local->frameworks, entry)
		rm_local_framework_send(f, rm_local_event("FAILURE", "failure",
					       JV_OBJECT(jv_string("agent_id"),
						   rm_local_id(agent->id))));
}

/* Calls each for every task on the agent; each may free it. */
static void
each_task(struct rm_local_agent *agent, bool ended,
    void (*each)(struct rm_local_task *task))
{
	struct rm_local_framework *f;
	TAILQ_FOREACH (f, &agent->local->frameworks, entry) {
		struct rm_hash_link *link = rm_hash_next(&f->tasks, NULL);
		while (link != NULL) {
			struct rm_local_task *task = RM_HASH_ENTRY(
			    link, struct rm_local_task, link);
			link = rm_hash_next(&f->tasks, link);
			if (task->agent == agent && (ended || !task->ended))
				each(task);
		}
	}
}

static bool
has_executors(const struct rm_local_agent *agent)
{
	return !TAILQ_EMPTY(&agent->executors);
}

static void
fall_silent(struct rm_local_agent *agent, double timeout)
{
	struct rm_local *local = agent->local;
	agent->register_at = 0;
	local->dirty = true;
	if (agent->link != RM_LINK_REGISTERED)
		return;
	agent->link = RM_LINK_SILENT;
	agent->give_up_at = local->now + (timeout < 0
						 ? local->settings.agent_timeout
						 : timeout);
	rescind_all(agent);
	if (timeout >= 0 && timeout < 1e-3)
		rm_local_agent_give_up(agent);
}

void
rm_local_agent_stop(struct rm_local_agent *agent, double timeout)
{
	struct rm_local *local = agent->local;
	if (!agent->up)
		return;
	agent->up = false;
	struct rm_local_executor *executor;
	TAILQ_FOREACH (executor, &agent->executors, entry) {
		rm_local_executor_cut(executor);
		executor->kill_at = 0;
	}
	if (local->hooks.agent_down != NULL)
		local->hooks.agent_down(agent);
	fall_silent(agent, timeout);
}

void
rm_local_agent_cut(struct rm_local_agent *agent, double timeout)
{
	agent->cut = true;
	fall_silent(agent, timeout);
}

void
rm_local_agent_heal(struct rm_local_agent *agent)
{
	agent->cut = false;
	agent->local->dirty = true;
	if (agent->up && agent->link != RM_LINK_REGISTERED &&
	    agent->link != RM_LINK_GONE && agent->link != RM_LINK_REMOVED)
		rm_local_agent_register(agent);
}

static void
tell_return(struct rm_local_task *task)
{
	static const char *const members[] = { "healthy", "container_status" };
	jv extra = jv_object();
	for (size_t i = 0; i < 2; i++)
		extra = rm_json_set(
		    extra, members[i], rm_json_get(task->last, members[i]));
	rm_local_master_status(task->framework, task->id, task->state,
	    "REASON_AGENT_REREGISTERED", "Unreachable agent re-reregistered",
	    task->agent->id, task->executor_id, extra);
}

/* What is used, counted anew. */
static void
count_allocated(struct rm_local_agent *agent)
{
	rm_resources_free(&agent->allocated);
	struct rm_local_executor *executor;
	TAILQ_FOREACH (executor, &agent->executors, entry) {
		rm_local_agent_allocate(agent, &executor->resources);
		struct rm_local_task *task;
		TAILQ_FOREACH (task, &executor->tasks, entry) {
			task->freed = task->ended;
			if (!task->ended)
				rm_local_agent_allocate(
				    agent, &task->resources);
		}
	}
}

void
rm_local_agent_register(struct rm_local_agent *agent)
{
	struct rm_local *local = agent->local;
	if (agent->link == RM_LINK_REGISTERED || agent->link == RM_LINK_GONE)
		return;
	bool was_unreachable = agent->link == RM_LINK_UNREACHABLE;
	agent->register_at = agent->give_up_at = 0;
	if (agent->registered <= 0)
		agent->registered = local->wall;
	agent->reregistered = local->wall;
	agent->unreachable = 0;
	agent->link = RM_LINK_REGISTERED;
	local->dirty = true;
	rm_log_info(
	    "agent registered agent=%u id=%s", agent->number, agent->id);
	count_allocated(agent);
	if (was_unreachable)
		each_task(agent, false, tell_return);
	each_task(agent, true, rm_local_task_forward);
	struct rm_local_executor *executor;
	TAILQ_FOREACH (executor, &agent->executors, entry)
		if (executor->framework->removed)
			rm_local_executor_shutdown(executor);
	rm_local_allocate(local, agent);
}

static void
tell_unreachable(struct rm_local_task *task)
{
	rm_local_master_status(task->framework, task->id, "TASK_UNREACHABLE",
	    "REASON_AGENT_REMOVED", "health check timed out", task->agent->id,
	    task->executor_id,
	    JV_OBJECT(jv_string("unreachable_time"),
		JV_OBJECT(jv_string("nanoseconds"),
		    jv_number(task->agent->unreachable * 1e9))));
}

void
rm_local_agent_give_up(struct rm_local_agent *agent)
{
	agent->give_up_at = 0;
	if (agent->link != RM_LINK_SILENT)
		return;
	rm_log_info("agent unreachable agent=%u", agent->number);
	agent->link = RM_LINK_UNREACHABLE;
	agent->unreachable = agent->local->wall;
	agent->local->dirty = true;
	each_task(agent, false, tell_unreachable);
	rescind_all(agent);
	tell_failure(agent);
}

/* The master has done with it: each task gets its last word. */
static void
dismiss(struct rm_local_agent *agent, enum rm_local_link link,
    void (*last_word)(struct rm_local_task *task))
{
	struct rm_local_executor *executor, *next;
	for (executor = TAILQ_FIRST(&agent->executors); executor != NULL;
	     executor = next) {
		next = TAILQ_NEXT(executor, entry);
		if (agent->up && executor->registered)
			rm_local_executor_shutdown(executor);
		else
			rm_local_executor_destroy(executor, NULL, NULL);
	}
	agent->link = link;
	agent->register_at = agent->give_up_at = 0;
	agent->local->dirty = true;
	each_task(agent, true, last_word);
	rescind_all(agent);
	rm_resources_free(&agent->allocated);
	tell_failure(agent);
	rm_local_agent_due(agent);
}

/* A status that the master sends of a task that it takes off its lists. */
static void
tell_removed(struct rm_local_task *task, const char *why)
{
	if (!task->ended) {
		char *message = rm_format(
		    "Agent %s removed: %s", task->agent->address, why);
		rm_local_master_status(task->framework, task->id, "TASK_LOST",
		    "REASON_AGENT_REMOVED", message, task->agent->id,
		    task->executor_id, jv_invalid());
		free(message);
	}
	rm_local_task_complete(task, task->ended ? task->state : "TASK_LOST");
}

static void
tell_lost(struct rm_local_task *task)
{
	tell_removed(task, "the agent unregistered");
}

void
rm_local_agent_unregister(struct rm_local_agent *agent)
{
	dismiss(agent, RM_LINK_REMOVED, tell_lost);
}

static void
tell_gone(struct rm_local_task *task)
{
	if (!task->ended)
		rm_local_master_status(task->framework, task->id,
		    "TASK_GONE_BY_OPERATOR", "REASON_AGENT_REMOVED_BY_OPERATOR",
		    "Agent has been marked gone", task->agent->id,
		    task->executor_id, jv_invalid());
	rm_local_task_complete(
	    task, task->ended ? task->state : "TASK_GONE_BY_OPERATOR");
}

void
rm_local_agent_mark_gone(struct rm_local_agent *agent)
{
	if (agent->link != RM_LINK_GONE)
		dismiss(agent, RM_LINK_GONE, tell_gone);
}

static void
tell_replaced(struct rm_local_task *task)
{
	tell_removed(task, "a new agent registered at the same address");
}

static void
leave_unreachable(struct rm_local_task *task)
{
	rm_local_task_complete(
	    task, task->ended ? task->state : "TASK_UNREACHABLE");
}

/*
 * An agent without its meta does not know what ran on it and kills nothing
 * (launcher=posix): executors are refused when they come. The master takes the
 * old one, which is not connected, off its lists when the new one comes from
 * its address (master.cpp, _registerSlave); one that was unreachable stays so.
 */
static void
replace_agent(struct rm_local_agent *agent, bool bare)
{
	struct rm_local *local = agent->local;
	while (has_executors(agent))
		rm_local_executor_free(TAILQ_FIRST(&agent->executors));
	if (agent->link == RM_LINK_SILENT) {
		dismiss(agent, RM_LINK_REMOVED, tell_replaced);
	} else if (agent->link == RM_LINK_UNREACHABLE ||
		   agent->link == RM_LINK_NEW) {
		double since = agent->unreachable > 0 ? agent->unreachable
						      : local->wall;
		local->unreachable = rm_json_set(
		    local->unreachable, agent->id, jv_number(since));
		each_task(agent, true, leave_unreachable);
		rm_resources_free(&agent->allocated);
	} else if (agent->link == RM_LINK_GONE) {
		local->gone = rm_json_set(local->gone, agent->id, jv_true());
		bare = true;
	}
	if (bare)
		rm_resources_copy(&agent->total, &agent->initial);
	agent->registered = agent->unreachable = 0;
	agent->register_at = agent->give_up_at = 0;
	agent->link = RM_LINK_NEW;
	rm_local_agent_reactivate(agent);
}

static void
new_name(struct rm_local_agent *agent)
{
	struct rm_local *local = agent->local;
	char *id = rm_format("%s-S%ld", local->master_id, local->agents_made++);
	rm_local_agent_name(agent, id);
	free(id);
}

int
rm_local_agent_start(
    struct rm_local_agent *agent, enum rm_local_start how, struct rm_error *err)
{
	struct rm_local *local = agent->local;
	bool new_id = how != RM_START_AGAIN;
	if (agent->link == RM_LINK_GONE && !new_id)
		return rm_error_set(err, RM_EXIT_CONFLICT,
		    "agent %u is marked gone", agent->number);
	if (agent->up)
		return rm_error_set(
		    err, RM_EXIT_CONFLICT, "agent %u is up", agent->number);
	if (agent->id != NULL && new_id)
		replace_agent(agent, how == RM_START_BARE);
	if (agent->id == NULL || new_id)
		new_name(agent);
	agent->up = true;
	local->dirty = true;
	if (local->hooks.agent_up != NULL)
		local->hooks.agent_up(agent);
	struct rm_local_executor *executor;
	TAILQ_FOREACH (executor, &agent->executors, entry)
		rm_local_executor_await(executor);
	/* As Mesos: recovery takes as long as executors may need. */
	agent->register_at = local->now +
			     (has_executors(agent)
				     ? local->settings.reregister_timeout
				     : 0);
	if (!has_executors(agent))
		rm_local_agent_due(agent);
	return 0;
}

static void
kill_for_drain(struct rm_local_task *task)
{
	if (task->executor == NULL)
		return;
	jv grace = rm_json_get(task->agent->drain, "max_grace_period");
	rm_local_executor_kill(task->executor, task,
	    jv_is_valid(grace) ? JV_OBJECT(jv_string("grace_period"), grace)
			       : grace);
}

void
rm_local_agent_drain(struct rm_local_agent *agent, double grace, bool mark_gone)
{
	jv drain = jv_object();
	if (grace >= 0)
		drain = rm_json_set(drain, "max_grace_period",
		    JV_OBJECT(jv_string("nanoseconds"), jv_number(grace)));
	drain = rm_json_set(drain, "mark_gone", jv_bool(mark_gone));
	jv_free(agent->drain);
	agent->drain = drain;
	agent->drained_at = agent->local->wall;
	agent->local->dirty = true;
	rescind_all(agent);
	if (rm_local_agent_talks(agent))
		each_task(agent, false, kill_for_drain);
	rm_local_agent_due(agent);
}

void
rm_local_agent_reactivate(struct rm_local_agent *agent)
{
	jv_free(agent->drain);
	agent->drain = jv_invalid();
	agent->local->dirty = true;
}

void
rm_local_agent_maintain(struct rm_local_agent *agent, jv unavailability)
{
	jv_free(agent->unavailability);
	agent->unavailability = unavailability;
	agent->local->dirty = true;
	rescind_all(agent);
	rm_local_allocate_inverse(agent->local);
}

static bool
drained(const struct rm_local_agent *agent)
{
	const struct rm_local_framework *f;
	TAILQ_FOREACH (f, &agent->local->frameworks, entry) {
		const struct rm_hash_link *link = NULL;
		while ((link = rm_hash_next(&f->tasks, link)) != NULL) {
			const struct rm_local_task *task = RM_HASH_ENTRY(
			    (struct rm_hash_link *)(uintptr_t)link,
			    struct rm_local_task, link);
			if (task->agent == agent)
				return false;
		}
	}
	return true;
}

static void
executors_due(struct rm_local_agent *agent)
{
	struct rm_local_executor *executor, *next;
	for (executor = TAILQ_FIRST(&agent->executors); executor != NULL;
	     executor = next) {
		next = TAILQ_NEXT(executor, entry);
		if (executor->kill_at > 0 &&
		    executor->kill_at <= agent->local->now)
			rm_local_executor_destroy(executor, NULL, NULL);
	}
}

void
rm_local_agent_due(struct rm_local_agent *agent)
{
	struct rm_local *local = agent->local;
	if (agent->up)
		executors_due(agent);
	if (agent->register_at > 0 && agent->register_at <= local->now &&
	    !agent->cut)
		rm_local_agent_register(agent);
	if (agent->give_up_at > 0 && agent->give_up_at <= local->now)
		rm_local_agent_give_up(agent);
	if (agent->link == RM_LINK_REGISTERED &&
	    rm_json_bool(agent->drain, "mark_gone", false) && drained(agent))
		rm_local_agent_mark_gone(agent);
	if (agent->up && !has_executors(agent) &&
	    (agent->link == RM_LINK_REMOVED || agent->link == RM_LINK_GONE)) {
		agent->up = false;
		local->dirty = true;
		if (local->hooks.agent_down != NULL)
			local->hooks.agent_down(agent);
	}
}
