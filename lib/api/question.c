/* Questions that only a node's executor can answer: rm-executor(8) has the
 * other end. */
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "api/handlers.h"
#include "api/shape.h"
#include "base/json.h"
#include "base/str.h"
#include "base/token.h"
#include "state/phase.h"

#define DEADLINE 60 /* seconds: admin commands take turns */

struct rm_api_question {
	LIST_ENTRY(rm_api_question) entry;
	struct rm_api *api;
	struct rm_request *request; /* NULL: nobody is to be answered */
	struct rm_http_call *call; /* NULL: its secret is still read */
	const char *member; /* of the answer, or NULL: it is passed on */
	bool changes;
	char *node, *task, *url;
};

/* What may be asked, and how the original calls the answer. */
static const struct {
	const char *name, *member;
	bool private; /* not for everybody */
} known[] = {
	{ "aae", "aae" },
	{ "status", "status" },
	{ "ringready", "ringready" },
	{ "transfers", "transfers" },
	{ "types", "bucket_types" },
	{ "config", NULL, true },
	{ "overrides", NULL, true },
	{ "log", NULL, true },
};

static void
question_free(struct rm_api_question *q)
{
	if (q->request != NULL)
		LIST_REMOVE(q, entry);
	free(q->node);
	free(q->task);
	free(q->url);
	free(q);
}

void
rm_api_questions_free(struct rm_api *api)
{
	struct rm_api_question *q;
	while ((q = LIST_FIRST(&api->questions)) != NULL) {
		if (q->call != NULL) {
			rm_http_cancel(q->call);
			question_free(q);
		} else {
			LIST_REMOVE(q, entry);
			q->request = NULL;
		}
	}
}

static void
refuse(struct rm_api_question *q, const char *why)
{
	rm_api_refuse_as(q->request, 200, "%s: %s", q->node, why);
	question_free(q);
}

static void
answered(void *arg, const struct rm_http_response *response,
    const struct rm_error *failure)
{
	struct rm_api_question *q = arg;
	struct rm_error err = { 0 };
	jv answer;
	if (failure != NULL) {
		refuse(q, failure->text);
		return;
	}
	const char *type = rm_http_header(response, "Content-Type");
	if (response->status == 200 && type != NULL &&
	    strncmp(type, "text/plain", 10) == 0) {
		rm_reply(q->request, 200, "text/plain; charset=utf-8",
		    response->body, response->body_len);
		question_free(q);
		return;
	}
	if (rm_json_parse(response->body, response->body_len, &answer, &err) !=
	    0) {
		rm_error_prefix(
		    &err, "its executor answered %d", response->status);
		refuse(q, err.text);
		return;
	}
	const char *why = rm_json_text(answer, "error", NULL);
	if (response->status != 200 || why != NULL) {
		char *text = why != NULL ? rm_strdup(why)
					 : rm_format("its executor answered %d",
					       response->status);
		jv_free(answer);
		refuse(q, text);
		free(text);
		return;
	}
	if (q->member != NULL && !rm_json_has(answer, q->member))
		answer = JV_OBJECT(jv_string(q->member), answer);
	rm_reply_json(q->request, 200, answer);
	question_free(q);
}

static void
send_question(struct rm_api_question *q, const char *key)
{
	struct rm_error err = { 0 };
	size_t len;
	const char *body = rm_request_body(q->request, &len);
	char *token = rm_token_make(key, q->task);
	char *header = rm_format("Authorization: Bearer %s", token);
	const char *const headers[] = { header,
		q->changes ? "Content-Type: application/json" : NULL, NULL };
	const struct rm_http_request request = {
		.method = q->changes ? "POST" : "GET",
		.url = q->url,
		.headers = headers,
		.body = q->changes ? body : NULL,
		.body_len = q->changes ? len : 0,
		.timeout = DEADLINE,
		.on_done = answered,
		.arg = q,
	};
	q->call = rm_http_send(q->api->http, &request, &err);
	if (q->call == NULL)
		refuse(q, err.text);
	free(header);
	free(token);
}

static void
got_secret(void *arg, enum rm_zk_result result, const char *value, size_t len,
    const struct rm_zk_stat *stat)
{
	(void)stat;
	struct rm_api_question *q = arg;
	jv secret = jv_invalid();
	const char *key = NULL;
	if (q->request == NULL) {
		question_free(q);
		return;
	}
	if (result == RM_ZK_OK && rm_json_parse(value, len, &secret, NULL) == 0)
		key = rm_json_text(secret, "key", NULL);
	if (key != NULL)
		send_question(q, key);
	else
		refuse(q, result == RM_ZK_LOST
			      ? "no connection to ZooKeeper"
			      : "its cluster's secret can't be read");
	jv_free(secret);
}

/* Where its executor listens; the caller's, or NULL: no task runs. */
static char *
url_of(const struct rm_entry *node, const char *path)
{
	jv task = rm_entry_value(node, RM_RECORD_TASK);
	jv ports = rm_json_get(task, "ports");
	double port = rm_json_number(ports, "executor", 0);
	const char *address = rm_shape_address(node);
	jv_free(ports);
	enum rm_task_life life = rm_node_life(node);
	bool alive = life == RM_TASK_ALIVE || life == RM_TASK_UNSURE;
	if (!alive || port <= 0 || address == NULL)
		return NULL;
	return rm_format("http://%s:%.0f/%s", address, port, path);
}

static void
ask(struct rm_request *request, struct rm_api *api, const char *path,
    const char *member)
{
	const struct rm_entry *node = rm_api_node(api, request);
	if (node == NULL)
		return;
	char *url = url_of(node, path);
	const char *task = rm_entry_text(node, RM_RECORD_TASK, "task_id", "");
	if (url == NULL) {
		rm_api_refuse_as(request, 200, "%s is %s: nobody to ask",
		    node->key, rm_node_phase(node));
		return;
	}
	struct rm_api_question *q = rm_alloc(sizeof(*q));
	*q = (struct rm_api_question){ .api = api,
		.request = request,
		.member = member,
		.changes = strcmp(rm_request_method(request), "POST") == 0,
		.node = rm_strdup(node->key),
		.task = rm_strdup(task),
		.url = url };
	LIST_INSERT_HEAD(&api->questions, q, entry);
	char *secret = rm_format("%s/secrets/%s", rm_view_root(api->view),
	    rm_request_param(request, "cluster"));
	rm_zk_get(rm_view_zk(api->view), secret, NULL, got_secret, q);
	free(secret);
}

void
rm_api_ask_node(struct rm_request *request, void *arg)
{
	const char *name = rm_request_param(request, "question");
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strcmp(known[i].name, name) == 0) {
			if (!known[i].private || rm_api_allow(arg, request))
				ask(request, arg, name, known[i].member);
			return;
		}
	rm_api_refuse_as(request, 404, "no such path");
}

void
rm_api_ask_type(struct rm_request *request, void *arg)
{
	const char *type = rm_request_param(request, "type");
	if (!rm_record_key_ok(type)) {
		rm_api_refuse_as(
		    request, 200, "not a name of a bucket type: %s", type);
		return;
	}
	char *path = rm_format("types/%s", type);
	ask(request, arg, path, NULL);
	free(path);
}

void
rm_api_ask_log(struct rm_request *request, void *arg)
{
	const char *log = rm_request_param(request, "log");
	const char *tail = rm_request_query(request, "tail");
	bool number = tail == NULL ||
		      (*tail != '\0' && strlen(tail) < 9 &&
			  strspn(tail, "0123456789") == strlen(tail));
	if (!rm_api_allow(arg, request))
		return;
	if (!rm_record_key_ok(log) || !number) {
		rm_api_refuse_as(request, 404, "no such log: %s", log);
		return;
	}
	char *path = rm_format(
	    "log/%s%s%s", log, tail ? "?tail=" : "", tail ? tail : "");
	ask(request, arg, path, NULL);
	free(path);
}
