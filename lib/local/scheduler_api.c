#include "local/scheduler_api.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "local/call.h"
#include "local/credentials.h"
#include "local/framework.h"
#include "local/page.h"
#include "local/stream.h"
#include "local/write.h"

#define SCHEDULER_PATH "/master/api/v1/scheduler"

void
rm_local_serve_health(struct rm_request *request, void *any)
{
	(void)any;
	rm_reply(request, 200, NULL, "", 0);
}

/* Where the leader is; during an election, as real ones do, at this very
 * master (captures: 02). The caller's. */
static char *
leader_of(const struct rm_local *local)
{
	if (local->leader != NULL)
		return rm_strdup(local->leader);
	return rm_format("%s:%d", local->address, local->port);
}

static void
redirect(
    struct rm_request *request, const struct rm_local *local, const char *path)
{
	char *leader = leader_of(local);
	char *location = rm_format("//%s%s", leader, path);
	rm_request_add_header(request, "Location", location);
	rm_reply(request, 307, NULL, "", 0);
	free(location);
	free(leader);
}

void
rm_local_serve_redirect(struct rm_request *request, void *arg)
{
	const struct rm_local_daemon *daemon = arg;
	redirect(request, &daemon->local, "");
}

void
rm_local_serve_master_page(struct rm_request *request, void *arg)
{
	struct rm_local_daemon *daemon = arg;
	struct rm_str text = { 0 };
	rm_local_write(&text, rm_local_master_page(&daemon->local));
	rm_reply(request, 200, "application/json", text.text, text.len);
	rm_str_free(&text);
}

static void
unauthorized(struct rm_request *request)
{
	rm_request_add_header(request, "WWW-Authenticate",
	    "Basic realm=\"mesos-master-scheduler\"");
	rm_reply_text(request, 401, "401 Unauthorized.");
}

static bool
wants_protobuf(const struct rm_request *request)
{
	const char *accept = rm_request_header(request, "Accept");
	return accept != NULL && strstr(accept, "x-protobuf") != NULL &&
	       strstr(accept, "json") == NULL;
}

/* The parsed body, or invalid after a refusal. */
static jv
body_of(struct rm_request *request)
{
	const char *type = rm_request_header(request, "Content-Type");
	if (type == NULL) {
		rm_reply_text(
		    request, 400, "Expecting 'Content-Type' to be present");
		return jv_invalid();
	}
	if (strncasecmp(type, "application/json", 16) != 0) {
		rm_reply_text(request, 415,
		    "Expecting 'Content-Type' of application/json");
		return jv_invalid();
	}
	const char *accept = rm_request_header(request, "Accept");
	if (accept != NULL && strstr(accept, "json") == NULL &&
	    strstr(accept, "*/*") == NULL && !wants_protobuf(request)) {
		rm_reply_text(request, 406,
		    "Expecting 'Accept' to allow application/json or "
		    "application/x-protobuf");
		return jv_invalid();
	}
	size_t len;
	const char *body = rm_request_body(request, &len);
	jv call = jv_invalid();
	struct rm_error err = { 0 };
	if (rm_json_parse(body, len, &call, &err) != 0) {
		rm_error_prefix(&err, "Failed to parse body into JSON");
		rm_reply_text(request, 400, err.text);
	}
	return call;
}

static bool
refused_by_role(struct rm_request *request, const struct rm_local *local)
{
	if (local->unavailable_until > 0) {
		rm_reply_text(request, 503, "Master has not finished recovery");
		return true;
	}
	if (local->leader == NULL && local->electing_until <= 0)
		return false;
	redirect(request, local, SCHEDULER_PATH);
	return true;
}

static void
scheduler_gone(void *owner, void *subject)
{
	struct rm_local_daemon *daemon = owner;
	rm_local_daemon_enter(daemon);
	rm_local_framework_disconnect(subject);
	rm_local_daemon_settle(daemon);
}

static void
subscribe(struct rm_local_daemon *daemon, struct rm_request *request, jv call)
{
	char stream_id[RM_UUID_SIZE];
	rm_uuid_text(stream_id);
	struct rm_local_sink sink = rm_local_stream_begin(request, stream_id,
	    wants_protobuf(request), scheduler_gone, daemon);
	struct rm_local_framework *f = rm_local_subscribe(
	    &daemon->local, call, &sink, stream_id);
	if (f != NULL)
		rm_local_stream_serve(&sink, f);
}

static void
answer(struct rm_request *request, struct rm_local_answer *reply)
{
	if (reply->text != NULL)
		rm_reply_text(request, reply->status, reply->text);
	else
		rm_reply(request, reply->status, NULL, "", 0);
	free(reply->text);
}

void
rm_local_serve_scheduler(struct rm_request *request, void *arg)
{
	struct rm_local_daemon *daemon = arg;
	struct rm_local *local = &daemon->local;
	struct rm_local_caller caller = {
		.stream_id = rm_request_header(request, "Mesos-Stream-Id"),
	};
	char *principal = NULL;
	if (refused_by_role(request, local))
		return;
	if (jv_is_valid(daemon->credentials)) {
		principal = rm_local_credentials_check(daemon->credentials,
		    rm_request_header(request, "Authorization"));
		if (principal == NULL) {
			unauthorized(request);
			return;
		}
		caller.authenticated = true;
		caller.principal = principal;
	}
	jv call = body_of(request);
	if (jv_is_valid(call)) {
		struct rm_local_answer reply = { 0 };
		rm_local_daemon_enter(daemon);
		if (rm_local_call_check(&caller, &call, &reply) != 0)
			answer(request, &reply);
		else if (strcmp(rm_json_text(call, "type", ""), "SUBSCRIBE") ==
			 0)
			subscribe(daemon, request, call);
		else {
			rm_local_call(local, &caller, call, &reply);
			answer(request, &reply);
		}
		rm_local_daemon_settle(daemon);
	}
	jv_free(call);
	free(principal);
}
