#include "local/call.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/json.h"
#include "base/log.h"
#include "local/accept.h"
#include "local/agent.h"
#include "local/allocator.h"
#include "local/executor.h"
#include "local/feedback.h"
#include "local/framework.h"
#include "local/reconcile.h"
#include "local/shape.h"
#include "local/task.h"

__attribute__((format(printf, 3, 4))) static int
refuse(struct rm_local_answer *answer, int status, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	answer->status = status;
	if (vasprintf(&answer->text, fmt, ap) < 0)
		answer->text = NULL;
	va_end(ap);
	return -1;
}

static void
do_accept(struct rm_local_framework *f, jv body)
{
	rm_local_accept(f, body);
}

static void
do_decline(struct rm_local_framework *f, jv body)
{
	rm_local_decline(f, body);
}

static void
do_answer_inverse(struct rm_local_framework *f, jv body)
{
	rm_local_answer_inverse(f, body);
}

static void
do_revive(struct rm_local_framework *f, jv body)
{
	jv roles = rm_json_get(body, "roles");
	rm_local_framework_suppress(f, roles, false);
	for (size_t i = 0; i < f->local->agent_count; i++)
		rm_local_agent_unfilter(f->local->agents[i], f, roles);
	jv_free(roles);
	rm_local_allocate(f->local, NULL);
}

static void
do_suppress(struct rm_local_framework *f, jv body)
{
	jv roles = rm_json_get(body, "roles");
	rm_local_framework_suppress(f, roles, true);
	jv_free(roles);
}

static void
do_kill(struct rm_local_framework *f, jv body)
{
	const char *id = rm_json_path_text(body, "task_id.value");
	struct rm_local_task *task = rm_local_task_find(f, id);
	if (task == NULL || !rm_local_task_known(task)) {
		rm_local_reconcile_task(
		    f, id, rm_json_path_text(body, "agent_id.value"));
		return;
	}
	if (task->executor != NULL && rm_local_agent_talks(task->agent))
		rm_local_executor_kill(
		    task->executor, task, rm_json_get(body, "kill_policy"));
}

static void
do_shutdown(struct rm_local_framework *f, jv body)
{
	const struct rm_local_agent *agent = rm_local_agent_find(
	    f->local, rm_json_path_text(body, "agent_id.value"));
	if (agent == NULL || !rm_local_agent_talks(agent))
		return;
	struct rm_local_executor *executor = rm_local_executor_find(
	    agent, f->id, rm_json_path_text(body, "executor_id.value"));
	if (executor != NULL)
		rm_local_executor_shutdown(executor);
}

static void
do_acknowledge(struct rm_local_framework *f, jv body)
{
	struct rm_local_task *task = rm_local_task_find(
	    f, rm_json_path_text(body, "task_id.value"));
	const char *agent = rm_json_path_text(body, "agent_id.value");
	if (task != NULL && strcmp(task->agent->id, agent) == 0 &&
	    rm_local_agent_talks(task->agent))
		rm_local_task_acknowledge(task, rm_json_text(body, "uuid", ""));
}

static void
do_acknowledge_operation(struct rm_local_framework *f, jv body)
{
	rm_local_feedback_acknowledge(f,
	    rm_json_path_text(body, "operation_id.value"),
	    rm_json_text(body, "uuid", ""));
}

static void
do_reconcile(struct rm_local_framework *f, jv body)
{
	rm_local_reconcile(f, body);
}

static void
do_reconcile_operations(struct rm_local_framework *f, jv body)
{
	jv list = rm_json_get(body, "operations");
	rm_local_feedback_reconcile(f, list);
	jv_free(list);
}

static void
do_message(struct rm_local_framework *f, jv body)
{
	const struct rm_local_agent *agent = rm_local_agent_find(
	    f->local, rm_json_path_text(body, "agent_id.value"));
	if (agent == NULL || !rm_local_agent_talks(agent))
		return;
	struct rm_local_executor *executor = rm_local_executor_find(
	    agent, f->id, rm_json_path_text(body, "executor_id.value"));
	if (executor != NULL)
		rm_local_executor_send(
		    executor, rm_local_event("MESSAGE", "message",
				  JV_OBJECT(jv_string("data"),
				      rm_json_get(body, "data"))));
}

static void
do_teardown(struct rm_local_framework *f, jv body)
{
	(void)body;
	rm_local_framework_remove(f);
}

static jv
with_id(jv info, const char *id)
{
	info = rm_json_set(info, "id", rm_local_id(id));
	return rm_shape_order(rm_shape_framework, info);
}

static void
do_update_framework(struct rm_local_framework *f, jv body)
{
	jv info = rm_json_get(body, "framework_info");
	jv roles = rm_json_get(body, "suppressed_roles");
	rm_local_framework_set_info(f, with_id(info, f->id));
	jv_free(f->suppressed);
	f->suppressed = jv_object();
	if (jv_get_kind(roles) == JV_KIND_ARRAY &&
	    jv_array_length(jv_copy(roles)) > 0)
		rm_local_framework_suppress(f, roles, true);
	jv_free(roles);
}

/* A call without a body may come without the member. */
static const struct kind {
	const char *type, *member;
	bool bodyless;
	int status;
	void (*run)(struct rm_local_framework *f, jv body);
} kinds[] = {
	{ "SUBSCRIBE", "subscribe", false, 200, NULL },
	{ "TEARDOWN", NULL, true, 202, do_teardown },
	{ "ACCEPT", "accept", false, 202, do_accept },
	{ "DECLINE", "decline", false, 202, do_decline },
	{ "ACCEPT_INVERSE_OFFERS", "accept_inverse_offers", false, 202,
	    do_answer_inverse },
	{ "DECLINE_INVERSE_OFFERS", "decline_inverse_offers", false, 202,
	    do_answer_inverse },
	{ "REVIVE", "revive", true, 202, do_revive },
	{ "SUPPRESS", "suppress", true, 202, do_suppress },
	{ "KILL", "kill", false, 202, do_kill },
	{ "SHUTDOWN", "shutdown", false, 202, do_shutdown },
	{ "ACKNOWLEDGE", "acknowledge", false, 202, do_acknowledge },
	{ "ACKNOWLEDGE_OPERATION_STATUS", "acknowledge_operation_status", false,
	    202, do_acknowledge_operation },
	{ "RECONCILE", "reconcile", false, 202, do_reconcile },
	{ "RECONCILE_OPERATIONS", "reconcile_operations", false, 202,
	    do_reconcile_operations },
	{ "MESSAGE", "message", false, 202, do_message },
	{ "UPDATE_FRAMEWORK", "update_framework", false, 200,
	    do_update_framework },
};

static const struct kind *
kind_of(jv call)
{
	const char *type = rm_json_text(call, "type", "");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strcmp(kinds[i].type, type) == 0)
			return &kinds[i];
	return NULL;
}

#define INVALID "Failed to validate scheduler::Call: "

static int
check_subscribe(const struct rm_local_caller *caller, jv call,
    struct rm_local_answer *answer)
{
	jv info = rm_json_path(call, "subscribe.framework_info");
	const char *principal = rm_json_text(info, "principal", NULL);
	const char *id = rm_json_path_text(info, "id.value");
	const char *call_id = rm_json_path_text(call, "framework_id.value");
	int rc = 0;
	if (strcmp(id != NULL ? id : "", call_id != NULL ? call_id : "") != 0)
		rc = refuse(answer, 400, "%s",
		    INVALID "'framework_id' differs from "
			    "'subscribe.framework_info.id'");
	else if (caller->authenticated && principal != NULL &&
		 strcmp(principal, caller->principal) != 0)
		rc = refuse(answer, 400,
		    INVALID "Authenticated principal '%s' does not match "
			    "principal '%s' set in `FrameworkInfo`",
		    caller->principal, principal);
	else if (caller->stream_id != NULL)
		rc = refuse(answer, 400,
		    "Subscribe calls should not include the "
		    "'Mesos-Stream-Id' header");
	jv_free(info);
	return rc;
}

int
rm_local_call_check(const struct rm_local_caller *caller, jv *call,
    struct rm_local_answer *answer)
{
	struct rm_error err = { 0 };
	if (rm_shape_check(rm_shape_call, *call, &err) != 0)
		return refuse(answer, 400,
		    "Failed to convert JSON into Call protobuf: %s", err.text);
	*call = rm_shape_order(rm_shape_call, *call);
	const struct kind *kind = kind_of(*call);
	if (kind == NULL)
		return refuse(answer, 400, "%s",
		    INVALID "Expecting 'type' to be present");
	if (!kind->bodyless && !rm_json_has(*call, kind->member))
		return refuse(answer, 400,
		    INVALID "Expecting '%s' to be present", kind->member);
	if (kind->run == NULL)
		return check_subscribe(caller, *call, answer);
	if (rm_json_path_text(*call, "framework_id.value") == NULL)
		return refuse(answer, 400, "%s",
		    INVALID "Expecting 'framework_id' to be present");
	return 0;
}

/* Who may speak for the framework, on which stream. */
static int
check_caller(const struct rm_local_caller *caller,
    const struct rm_local_framework *f, struct rm_local_answer *answer)
{
	if (f == NULL || f->removed)
		return refuse(answer, 400, "Framework cannot be found");
	const char *principal = rm_json_text(f->info, "principal", NULL);
	if (caller->authenticated && principal != NULL &&
	    strcmp(principal, caller->principal) != 0)
		return refuse(answer, 403,
		    "Authenticated principal '%s' does not match principal "
		    "'%s' set in `FrameworkInfo`",
		    caller->principal, principal);
	if (!f->connected)
		return refuse(answer, 403, "Framework is not subscribed");
	if (caller->stream_id == NULL)
		return refuse(answer, 400,
		    "All non-subscribe calls should include the "
		    "'Mesos-Stream-Id' header");
	if (strcmp(caller->stream_id, f->stream_id) != 0)
		return refuse(answer, 400,
		    "The stream ID '%.128s' included in this request didn't "
		    "match the stream ID currently associated with framework "
		    "ID %s",
		    caller->stream_id, f->id);
	return 0;
}

/* What can't be changed of a framework (upgrading a framework's info). */
static int
check_update(
    const struct rm_local_framework *f, jv body, struct rm_local_answer *answer)
{
	static const char *const fixed[] = { "user", "principal",
		"checkpoint" };
	jv info = rm_json_get(body, "framework_info");
	int rc = 0;
	for (size_t i = 0; i < 3 && rc == 0; i++) {
		jv was = rm_json_get(f->info, fixed[i]);
		jv is = rm_json_get(info, fixed[i]);
		if (!jv_equal(was, is))
			rc = refuse(answer, 400,
			    "Updating 'FrameworkInfo.%s' is unsupported",
			    fixed[i]);
	}
	char *fault = rc == 0 ? rm_local_framework_fault(info) : NULL;
	if (fault != NULL)
		rc = refuse(answer, 400, "%s", fault);
	free(fault);
	jv_free(info);
	return rc;
}

void
rm_local_call(struct rm_local *local, const struct rm_local_caller *caller,
    jv call, struct rm_local_answer *answer)
{
	const struct kind *kind = kind_of(call);
	assert(kind != NULL); /* rm_local_call_check has seen to it */
	struct rm_local_framework *f = rm_local_framework_find(
	    local, rm_json_path_text(call, "framework_id.value"));
	if (check_caller(caller, f, answer) != 0)
		return;
	jv body = kind->member != NULL ? rm_json_get(call, kind->member)
				       : jv_invalid();
	if (kind->run != do_update_framework ||
	    check_update(f, body, answer) == 0) {
		answer->status = kind->status;
		kind->run(f, body);
	}
	jv_free(body);
}

static struct rm_local_framework *
refuse_stream(const struct rm_local_sink *sink, const char *message)
{
	sink->send(sink->arg,
	    rm_local_event("ERROR", "error",
		JV_OBJECT(jv_string("message"), jv_string(message))));
	sink->end(sink->arg);
	return NULL;
}

struct rm_local_framework *
rm_local_subscribe(struct rm_local *local, jv call,
    const struct rm_local_sink *sink, const char *stream_id)
{
	jv info = rm_json_path(call, "subscribe.framework_info");
	const char *id = rm_json_path_text(info, "id.value");
	struct rm_local_framework *f = rm_local_framework_find(local, id);
	char *fault = rm_local_framework_fault(info);
	if (fault != NULL || (f != NULL && f->removed)) {
		refuse_stream(
		    sink, fault != NULL ? fault : "Framework has been removed");
		free(fault);
		jv_free(info);
		return NULL;
	}
	char *name = id != NULL ? rm_strdup(id)
				: rm_format("%s-%04ld", local->master_id,
				      local->frameworks_made++);
	info = with_id(info, name);
	free(name);
	if (f == NULL)
		f = rm_local_framework_new(local, info);
	else
		rm_local_framework_set_info(f, info);
	jv roles = rm_json_path(call, "subscribe.suppressed_roles");
	jv_free(f->suppressed);
	f->suppressed = jv_object();
	if (jv_get_kind(roles) == JV_KIND_ARRAY &&
	    jv_array_length(jv_copy(roles)) > 0)
		rm_local_framework_suppress(f, roles, true);
	jv_free(roles);
	bool fresh = f->fresh;
	rm_local_framework_connect(f, sink, stream_id);
	rm_log_info("framework subscribed framework=%s", f->id);
	if (fresh)
		rm_local_allocate(local, NULL);
	return f;
}
