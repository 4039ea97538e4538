#include "local/operator_api.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "io/http_server.h"
#include "local/framework.h"

static jv
health(const struct rm_local *local)
{
	(void)local;
	return JV_OBJECT(jv_string("type"), jv_string("GET_HEALTH"),
	    jv_string("get_health"),
	    JV_OBJECT(jv_string("healthy"), jv_true()));
}

static jv
nanoseconds(double seconds)
{
	return JV_OBJECT(jv_string("nanoseconds"), jv_number(seconds * 1e9));
}

static jv
framework_of(const struct rm_local_framework *f)
{
	return JV_OBJECT(jv_string("framework_info"), jv_copy(f->info),
	    jv_string("active"), jv_bool(f->connected), jv_string("connected"),
	    jv_bool(f->connected), jv_string("recovered"), jv_false(),
	    jv_string("registered_time"), nanoseconds(f->registered));
}

static jv
frameworks(const struct rm_local *local)
{
	jv known = jv_array(), completed = jv_array();
	const struct rm_local_framework *f;
	TAILQ_FOREACH (f, &local->frameworks, entry) {
		jv *list = f->removed ? &completed : &known;
		*list = jv_array_append(*list, framework_of(f));
	}
	return JV_OBJECT(jv_string("type"), jv_string("GET_FRAMEWORKS"),
	    jv_string("get_frameworks"),
	    JV_OBJECT(jv_string("frameworks"), known,
		jv_string("completed_frameworks"), completed));
}

void
rm_local_serve_operator(struct rm_request *request, void *arg)
{
	static const struct {
		const char *type;
		jv (*answer)(const struct rm_local *local);
	} calls[] = { { "GET_HEALTH", health },
		{ "GET_FRAMEWORKS", frameworks } };
	const struct rm_local_daemon *daemon = arg;
	size_t len;
	const char *body = rm_request_body(request, &len);
	jv call = jv_invalid();
	const char *type = rm_json_parse(body, len, &call, NULL) == 0
			       ? rm_json_text(call, "type", "")
			       : "";
	size_t i = 0, n = sizeof(calls) / sizeof(*calls);
	while (i < n && strcmp(calls[i].type, type) != 0)
		i++;
	if (i < n)
		rm_reply_json(request, 200, calls[i].answer(&daemon->local));
	else
		rm_reply_text(request, 400,
		    "rm-local answers GET_HEALTH and GET_FRAMEWORKS here");
	jv_free(call);
}

void
rm_local_serve_teardown(struct rm_request *request, void *arg)
{
	static const char key[] = "frameworkId=";
	struct rm_local_daemon *daemon = arg;
	size_t len;
	const char *body = rm_request_body(request, &len);
	bool named = len >= strlen(key) && memcmp(body, key, strlen(key)) == 0;
	if (!named) {
		rm_reply_text(request, 400,
		    "Missing 'frameworkId' query parameter in the request "
		    "body");
		return;
	}
	char *id = rm_format("%.*s", (int)(len - strlen(key)),
	    body + strlen(key));
	struct rm_local_framework *f = rm_local_framework_find(
	    &daemon->local, id);
	free(id);
	if (f == NULL || f->removed) {
		rm_reply_text(
		    request, 400, "No framework found with specified ID");
		return;
	}
	rm_local_framework_remove(f);
	rm_reply(request, 200, "text/plain", "", 0);
}
