#include "local/feedback.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "local/agent.h"
#include "local/framework.h"

#define RETRY_MAX 600.0

static void
send_status(struct rm_local_framework *f, jv status)
{
	rm_local_framework_send(f,
	    rm_local_event("UPDATE_OPERATION_STATUS", "update_operation_status",
		JV_OBJECT(jv_string("status"), status)));
}

/* Kept as {"status":…,"retry_at":N,"wait":N}. */
static jv
keep_until(struct rm_local_framework *f, jv kept, double wait)
{
	kept = rm_json_set(kept, "wait", jv_number(wait));
	return rm_json_set(kept, "retry_at", jv_number(f->local->now + wait));
}

static void
report_error(struct rm_local_framework *f, const struct rm_local_agent *agent,
    jv id, const char *message)
{
	struct rm_str text = { 0 };
	rm_str_puts(&text, message);
	if (agent != NULL) {
		char *pid = rm_local_agent_pid(agent);
		rm_str_printf(&text, "; on agent %s at %s (%s)", agent->id, pid,
		    agent->address);
		free(pid);
	}
	jv status = JV_OBJECT(jv_string("operation_id"), id);
	status = rm_json_set(status, "state", jv_string("OPERATION_ERROR"));
	status = rm_json_set(status, "message", jv_string(text.text));
	rm_str_free(&text);
	send_status(f, status);
}

void
rm_local_feedback(struct rm_local_framework *f,
    const struct rm_local_agent *agent, jv operation, const char *message)
{
	if (message != NULL)
		rm_log_info(
		    "operation refused framework=%s: %s", f->id, message);
	jv id = rm_json_get(operation, "id");
	if (!jv_is_valid(id)) {
		jv_free(id);
		return;
	}
	if (message != NULL) {
		report_error(f, agent, id, message);
		return;
	}
	char *uuid = rm_uuid_bytes();
	jv status = JV_OBJECT(jv_string("operation_id"), id);
	status = rm_json_set(status, "state", jv_string("OPERATION_FINISHED"));
	status = rm_json_set(status, "uuid", rm_local_id(uuid));
	status = rm_json_set(status, "agent_id", rm_local_id(agent->id));
	free(uuid);
	f->operations = jv_array_append(f->operations,
	    keep_until(f, JV_OBJECT(jv_string("status"), jv_copy(status)),
		f->local->settings.update_retry));
	f->local->dirty = true;
	send_status(f, status);
}

static bool
path_is(jv value, const char *path, const char *text)
{
	const char *has = rm_json_path_text(value, path);
	return has != NULL && strcmp(has, text) == 0;
}

void
rm_local_feedback_acknowledge(
    struct rm_local_framework *f, const char *operation_id, const char *uuid)
{
	jv left = jv_array();
	jv_array_foreach (f->operations, i, kept) {
		if (path_is(kept, "status.operation_id.value", operation_id) &&
		    path_is(kept, "status.uuid.value", uuid))
			jv_free(kept);
		else
			left = jv_array_append(left, kept);
	}
	jv_free(f->operations);
	f->operations = left;
	f->local->dirty = true;
}

void
rm_local_feedback_due(struct rm_local_framework *f)
{
	int n = jv_array_length(jv_copy(f->operations));
	for (int i = 0; i < n; i++) {
		jv kept = jv_array_get(jv_copy(f->operations), i);
		if (rm_json_number(kept, "retry_at", 0) > f->local->now) {
			jv_free(kept);
			continue;
		}
		double wait = rm_json_number(kept, "wait", RETRY_MAX) * 2;
		send_status(f, rm_json_get(kept, "status"));
		f->operations = jv_array_set(f->operations, i,
		    keep_until(f, kept, wait < RETRY_MAX ? wait : RETRY_MAX));
	}
}

static bool
wanted(jv list, const char *id)
{
	bool found = jv_get_kind(list) != JV_KIND_ARRAY ||
		     jv_array_length(jv_copy(list)) == 0;
	if (found)
		return true;
	jv_array_foreach (list, i, one) {
		found = found || path_is(one, "operation_id.value", id);
		jv_free(one);
	}
	return found;
}

/* An operation that is not pending: nothing is known of it any more. */
static void
answer_unknown(struct rm_local_framework *f, jv asked)
{
	const char *id = rm_json_path_text(asked, "operation_id.value");
	jv_array_foreach (f->operations, i, kept) {
		bool same = path_is(kept, "status.operation_id.value", id);
		jv_free(kept);
		if (same)
			return;
	}
	jv status = JV_OBJECT(jv_string("operation_id"), rm_local_id(id));
	status = rm_json_set(status, "state", jv_string("OPERATION_UNKNOWN"));
	status = rm_json_set(status, "message",
	    jv_string("Reconciliation: Operation is unknown"));
	send_status(
	    f, rm_json_set(status, "agent_id", rm_json_get(asked, "agent_id")));
}

void
rm_local_feedback_reconcile(struct rm_local_framework *f, jv asked_for)
{
	jv_array_foreach (f->operations, i, kept) {
		const char *id = rm_json_path_text(
		    kept, "status.operation_id.value");
		if (id != NULL && wanted(asked_for, id))
			send_status(f, rm_json_get(kept, "status"));
		jv_free(kept);
	}
	if (jv_get_kind(asked_for) != JV_KIND_ARRAY)
		return;
	jv_array_foreach (asked_for, k, asked) {
		answer_unknown(f, asked);
		jv_free(asked);
	}
}
