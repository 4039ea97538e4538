#include "local/executor_api.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "local/agent.h"
#include "local/executor.h"
#include "local/framework.h"
#include "local/page.h"
#include "local/shape.h"
#include "local/stream.h"
#include "local/write.h"

#define INVALID "Failed to validate executor::Call: "

void
rm_local_serve_agent_page(struct rm_request *request, void *arg)
{
	const struct rm_local_site *site = arg;
	struct rm_str text = { 0 };
	rm_local_write(&text, rm_local_agent_page(site->agent));
	rm_reply(request, 200, "application/json", text.text, text.len);
	rm_str_free(&text);
}

static void
executor_gone(void *owner, void *subject)
{
	(void)owner;
	rm_local_executor_disconnected(subject);
}

static void
do_subscribe(struct rm_request *request, struct rm_local_site *site,
    struct rm_local_executor *executor, jv body)
{
	struct rm_local_sink sink = rm_local_stream_begin(
	    request, NULL, false, executor_gone, site);
	rm_local_stream_serve(&sink, executor);
	rm_local_executor_subscribe(executor, &sink, body);
}

static void
accepted(struct rm_request *request)
{
	rm_reply(request, 202, NULL, "", 0);
}

static void
do_update(struct rm_request *request, struct rm_local_site *site,
    struct rm_local_executor *executor, jv body)
{
	(void)site;
	jv status = rm_json_get(body, "status");
	if (rm_json_text(status, "uuid", NULL) == NULL) {
		rm_reply_text(
		    request, 400, INVALID "Expecting 'uuid' to be present");
	} else {
		accepted(request);
		rm_local_executor_update(executor, status);
	}
	jv_free(status);
}

static void
do_message(struct rm_request *request, struct rm_local_site *site,
    struct rm_local_executor *executor, jv body)
{
	accepted(request);
	if (!rm_local_agent_talks(site->agent))
		return;
	jv message = JV_OBJECT(
	    jv_string("agent_id"), rm_local_id(site->agent->id));
	message = rm_json_set(
	    message, "executor_id", rm_local_id(executor->id));
	message = rm_json_set(message, "data", rm_json_get(body, "data"));
	rm_local_framework_send(
	    executor->framework, rm_local_event("MESSAGE", "message", message));
}

static const struct kind {
	const char *type, *member;
	bool subscribed; /* only after SUBSCRIBE */
	void (*run)(struct rm_request *request, struct rm_local_site *site,
	    struct rm_local_executor *executor, jv body);
} kinds[] = {
	{ "SUBSCRIBE", "subscribe", false, do_subscribe },
	{ "UPDATE", "update", true, do_update },
	{ "MESSAGE", "message", true, do_message },
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

/* NULL: it is one; else why it is refused, and with what. */
static const char *
check(const struct rm_local_site *site, jv call, const struct kind **kind,
    struct rm_local_executor **executor, int *status)
{
	const char *framework = rm_json_path_text(call, "framework_id.value");
	*status = 400;
	*kind = kind_of(call);
	if (*kind == NULL)
		return INVALID "Expecting 'type' to be present";
	if (!rm_json_has(call, (*kind)->member))
		return INVALID "Expecting the type's member to be present";
	if (rm_local_framework_find(&site->daemon->local, framework) == NULL)
		return "Framework cannot be found";
	*executor = rm_local_executor_find(site->agent, framework,
	    rm_json_path_text(call, "executor_id.value"));
	if (*executor == NULL)
		return "Executor cannot be found";
	*status = 403;
	if ((*kind)->subscribed && !(*executor)->subscribed)
		return "Executor is not subscribed";
	return NULL;
}

/* Whether it may speak as this executor; if not, it has been answered. */
static bool
authenticated(
    struct rm_request *request, const struct rm_local_executor *executor)
{
	const char *header = rm_request_header(request, "Authorization");
	if (executor->token[0] == '\0')
		return true;
	if (header != NULL && strncmp(header, "Bearer ", 7) == 0 &&
	    strcmp(header + 7, executor->token) == 0)
		return true;
	rm_request_add_header(request, "WWW-Authenticate",
	    "Bearer realm=\"mesos-agent-executor\"");
	rm_reply_text(request, 401, "401 Unauthorized.");
	return false;
}

static void
serve_call(struct rm_request *request, struct rm_local_site *site, jv call)
{
	struct rm_error err = { 0 };
	if (rm_shape_check(rm_shape_executor_call, call, &err) != 0) {
		rm_error_prefix(
		    &err, "Failed to convert JSON into Call protobuf");
		rm_reply_text(request, 400, err.text);
		return;
	}
	const struct kind *kind;
	struct rm_local_executor *executor;
	int status;
	const char *why = check(site, call, &kind, &executor, &status);
	if (why != NULL) {
		rm_reply_text(request, status, why);
		return;
	}
	if (!authenticated(request, executor))
		return;
	jv body = rm_json_get(call, kind->member);
	rm_local_daemon_enter(site->daemon);
	kind->run(request, site, executor, body);
	rm_local_daemon_settle(site->daemon);
	jv_free(body);
}

void
rm_local_serve_executor(struct rm_request *request, void *arg)
{
	size_t len;
	const char *body = rm_request_body(request, &len);
	jv call = jv_invalid();
	struct rm_error err = { 0 };
	if (rm_json_parse(body, len, &call, &err) != 0) {
		rm_error_prefix(&err, "Failed to parse body into JSON");
		rm_reply_text(request, 400, err.text);
		return;
	}
	serve_call(request, arg, call);
	jv_free(call);
}
