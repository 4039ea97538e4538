#include "executor/questions.h"

#include <malloc.h>
#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/json.h"
#include "base/list.h"
#include "base/str.h"
#include "base/token.h"
#include "executor/file.h"
#include "executor/logs.h"
#include "executor/type_change.h"
#include "io/http_server.h"
#include "io/loop.h"

#define KEPT       2.0 /* seconds */
#define ASKS       64 /* that are kept or wait */
#define WAITING    64 /* requests for one of them */
#define PROPS_MOST (32 << 10)
#define LINES      100
#define LINES_MOST 10000

/* Something that is asked of Riak, and its answer once it is there. */
struct ask {
	LIST_ENTRY(ask) entry;
	struct rm_questions *questions;
	char *key; /* path */
	char *member; /* of the answer */
	struct rm_request *waiting[WAITING];
	size_t count;
	int status; /* 0: not yet */
	char *text;
	double until; /* kept */
};

/* A bucket type that is made for a request. */
struct change {
	LIST_ENTRY(change) entry;
	struct rm_questions *questions;
	struct rm_request *request;
	struct rm_type_change *change;
	char *type;
};

struct rm_questions {
	struct event_base *loop;
	const char *root, *sandbox;
	char *token; /* "Bearer …" */
	struct rm_server *server;
	struct rm_queue *queue; /* NULL: Riak is not ready */
	char *why; /* it is not */
	char *overrides; /* NULL: there is no configuration yet */
	LIST_HEAD(, ask) asks;
	size_t ask_count;
	LIST_HEAD(, change) changes;
	struct rm_timer purge;
};

static void __attribute__((format(printf, 3, 4)))
refuse(struct rm_request *request, int status, const char *fmt, ...)
{
	char why[600];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	rm_reply_json(request, status,
	    JV_OBJECT(jv_string("success"), jv_false(), jv_string("error"),
		jv_string(why)));
}

static bool
riak_is_ready(const struct rm_questions *q, struct rm_request *request)
{
	if (q->queue == NULL)
		refuse(request, 503, "Riak is not ready: %s", q->why);
	return q->queue != NULL;
}

/* Of an answer that is no error too: ringready's is one when it says no. */
static int
status_of(const struct rm_admin_answer *answer)
{
	static const struct {
		const char *reason;
		int status;
	} reasons[] = { { "not-responding", 503 }, { "no-such-type", 404 },
		{ "bad-props", 400 } };
	if (answer->code == RM_EXIT_OK)
		return 200;
	if (answer->code == RM_EXIT_USAGE)
		return 400;
	if (answer->code == RM_EXIT_TIMEOUT)
		return 504;
	if (answer->code != RM_EXIT_NO)
		return 500;
	if (jv_is_valid(answer->value) && rm_json_has(answer->value, "ready"))
		return 200;
	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++)
		if (answer->reason != NULL &&
		    strcmp(answer->reason, reasons[i].reason) == 0)
			return reasons[i].status;
	return 409;
}

/* ---- questions to Riak ---- */

static void
ask_free(struct ask *ask)
{
	LIST_REMOVE(ask, entry);
	ask->questions->ask_count--;
	free(ask->key);
	free(ask->member);
	free(ask->text);
	free(ask);
}

/* Those that were answered: all, or those that are too old. */
static void
forget(struct rm_questions *q, double now)
{
	struct ask *ask = LIST_FIRST(&q->asks);
	while (ask != NULL) {
		struct ask *next = LIST_NEXT(ask, entry);
		if (ask->status != 0 && ask->until <= now)
			ask_free(ask);
		ask = next;
	}
}

static void
purge(void *arg)
{
	struct rm_questions *q = arg;
	forget(q, rm_now());
	if (!LIST_EMPTY(&q->asks))
		rm_timer_set(&q->purge, KEPT);
	malloc_trim(0);
}

static void
reply_kept(const struct ask *ask, struct rm_request *request)
{
	rm_reply(request, ask->status, "application/json", ask->text,
	    strlen(ask->text));
}

static void
answered(void *arg, const struct rm_admin_answer *answer)
{
	struct ask *ask = arg;
	struct rm_str text = { 0 };
	int status = status_of(answer);
	jv body = status == 200
		      ? JV_OBJECT(
			    jv_string(ask->member), jv_copy(answer->value))
		      : JV_OBJECT(jv_string("success"), jv_false(),
			    jv_string("error"), jv_string(answer->text));
	rm_json_write(&text, body);
	rm_str_puts(&text, "\n");
	ask->text = rm_str_take(&text);
	ask->status = status;
	ask->until = rm_now() + KEPT;
	for (size_t i = 0; i < ask->count; i++)
		reply_kept(ask, ask->waiting[i]);
	ask->count = 0;
	if (!rm_timer_armed(&ask->questions->purge))
		rm_timer_set(&ask->questions->purge, KEPT);
}

static struct ask *
find_ask(const struct rm_questions *q, const char *key)
{
	struct ask *ask;
	LIST_FOREACH (ask, &q->asks, entry)
		if (strcmp(ask->key, key) == 0)
			return ask;
	return NULL;
}

static struct ask *
add_ask(struct rm_questions *q, const char *key, const char *member)
{
	struct ask *ask = rm_alloc(sizeof(*ask));
	ask->questions = q;
	ask->key = rm_strdup(key);
	ask->member = rm_strdup(member);
	LIST_INSERT_HEAD(&q->asks, ask, entry);
	q->ask_count++;
	return ask;
}

/* operand may be NULL. */
static void
ask_riak(struct rm_questions *q, struct rm_request *request,
    const char *command, const char *member, const char *operand)
{
	struct rm_error err = { 0 };
	if (!riak_is_ready(q, request))
		return;
	forget(q, rm_now());
	struct ask *ask = find_ask(q, rm_request_path(request));
	if (ask != NULL && ask->status != 0) {
		reply_kept(ask, request);
		return;
	}
	if (ask == NULL && q->ask_count < ASKS) {
		ask = add_ask(q, rm_request_path(request), member);
		const struct rm_queue_entry entry = { .command = command,
			.count = operand != NULL ? 1 : 0,
			.operands = { operand },
			.done = answered,
			.arg = ask };
		if (rm_queue_add(q->queue, &entry, &err) != 0) {
			ask_free(ask);
			refuse(request, err.code == RM_EXIT_USAGE ? 400 : 503,
			    "%s", err.text);
			return;
		}
	}
	if (ask == NULL || ask->count == WAITING)
		refuse(request, 503, "too many questions");
	else
		ask->waiting[ask->count++] = request;
}

static const struct {
	const char *path, *command, *member;
} plain[] = {
	{ "/status", "member-status", "status" },
	{ "/ringready", "ringready", "ringready" },
	{ "/transfers", "transfers", "transfers" },
	{ "/aae", "aae-status", "aae" },
	{ "/types", "bucket-type list", "bucket_types" },
};

static void
get_plain(struct rm_request *request, void *arg)
{
	size_t i = 0;
	while (strcmp(plain[i].path, rm_request_path(request)) != 0)
		i++;
	ask_riak(arg, request, plain[i].command, plain[i].member, NULL);
}

static void
get_type(struct rm_request *request, void *arg)
{
	const char *type = rm_request_param(request, "type");
	ask_riak(arg, request, "bucket-type status", type, type);
}

/* ---- bucket types ---- */

static void
change_free(struct change *change)
{
	LIST_REMOVE(change, entry);
	free(change->type);
	free(change);
}

static void
changed(void *arg, const struct rm_admin_answer *answer, jv actions)
{
	struct change *change = arg;
	/* What was true before is not worth keeping. */
	forget(change->questions, rm_now() + 2 * KEPT);
	if (answer != NULL) {
		jv_free(actions);
		refuse(change->request, status_of(answer), "%s", answer->text);
	} else {
		jv result = JV_OBJECT(jv_string("success"), jv_true(),
		    jv_string("actions"), actions);
		rm_reply_json(change->request, 200,
		    JV_OBJECT(jv_string(change->type), result));
	}
	change_free(change);
}

/* {"props":{…}}, the caller's, or NULL and it is answered. */
static char *
read_props(struct rm_request *request)
{
	struct rm_error err = { 0 };
	struct rm_str text = { 0 };
	size_t len;
	const char *body = rm_request_body(request, &len);
	jv value = jv_invalid();
	if (len > PROPS_MOST) {
		refuse(request, 413, "more than %d bytes", PROPS_MOST);
		return NULL;
	}
	if (rm_json_parse(body, len, &value, &err) != 0) {
		refuse(request, 400, "%s", err.text);
		return NULL;
	}
	jv props = jv_get_kind(value) == JV_KIND_OBJECT
		       ? rm_json_get(value, "props")
		       : jv_invalid();
	jv_free(value);
	if (jv_get_kind(props) != JV_KIND_OBJECT) {
		jv_free(props);
		refuse(request, 400, "not an object {\"props\":{...}}");
		return NULL;
	}
	rm_json_write(&text, JV_OBJECT(jv_string("props"), props));
	return rm_str_take(&text);
}

static void
post_type(struct rm_request *request, void *arg)
{
	struct rm_questions *q = arg;
	struct rm_error err = { 0 };
	if (!riak_is_ready(q, request))
		return;
	char *props = read_props(request);
	if (props == NULL)
		return;
	struct change *change = rm_alloc(sizeof(*change));
	change->questions = q;
	change->request = request;
	change->type = rm_strdup(rm_request_param(request, "type"));
	LIST_INSERT_HEAD(&q->changes, change, entry);
	const struct rm_type_change_options options = { q->queue, change->type,
		props, changed, change };
	change->change = rm_type_change_start(q->loop, &options, &err);
	free(props);
	if (change->change != NULL)
		return;
	change_free(change);
	refuse(request, err.code == RM_EXIT_USAGE ? 400 : 503, "%s", err.text);
}

/* ---- files ---- */

static void
get_config(struct rm_request *request, void *arg)
{
	struct rm_questions *q = arg;
	struct rm_error err = { 0 };
	struct rm_str conf = { 0 }, shown = { 0 };
	char *path = rm_format("%s/etc/riak.conf", q->root);
	if (rm_file_read(&conf, path, &err) != 0) {
		refuse(request, 503, "%s", err.text);
	} else {
		rm_str_puts(&conf, "");
		rm_str_puts(&shown, "");
		rm_logs_hide(&shown, conf.text);
		rm_reply_text(request, 200, shown.text);
	}
	free(path);
	rm_str_free(&conf);
	rm_str_free(&shown);
}

static void
get_overrides(struct rm_request *request, void *arg)
{
	struct rm_questions *q = arg;
	if (q->overrides != NULL)
		rm_reply_text(request, 200, q->overrides);
	else
		refuse(request, 503, "there is no configuration yet");
}

static void
get_logs(struct rm_request *request, void *arg)
{
	struct rm_questions *q = arg;
	rm_reply_json(request, 200,
	    JV_OBJECT(jv_string("files"), rm_logs_list(q->root, q->sandbox)));
}

/* 0: not a number that makes sense. */
static size_t
lines_of(const struct rm_request *request)
{
	const char *text = rm_request_query(request, "tail");
	char *end;
	if (text == NULL)
		return LINES;
	if (*text < '0' || *text > '9')
		return 0;
	unsigned long n = strtoul(text, &end, 10);
	return *end == '\0' && n <= LINES_MOST ? n : 0;
}

static void
get_log(struct rm_request *request, void *arg)
{
	struct rm_questions *q = arg;
	struct rm_str text = { 0 };
	const char *name = rm_request_param(request, "name");
	size_t lines = lines_of(request);
	if (lines == 0)
		refuse(request, 400, "tail: not a number from 1 to %d",
		    LINES_MOST);
	else if (rm_logs_tail(&text, q->root, q->sandbox, name, lines) != 0)
		refuse(request, 404, "no such log: %s", name);
	else
		rm_reply(request, 200, "text/plain; charset=utf-8", text.text,
		    text.len);
	rm_str_free(&text);
	if (!rm_timer_armed(&q->purge))
		rm_timer_set(&q->purge, KEPT);
}

static void
no_such(struct rm_request *request, void *arg)
{
	(void)arg;
	refuse(request, 404, "no such question: %s %s",
	    rm_request_method(request), rm_request_path(request));
}

/* ---- the server ---- */

static const struct rm_route routes[] = {
	{ "GET", "/status", get_plain },
	{ "GET", "/ringready", get_plain },
	{ "GET", "/transfers", get_plain },
	{ "GET", "/aae", get_plain },
	{ "GET", "/types", get_plain },
	{ "GET", "/types/:type", get_type },
	{ "POST", "/types/:type", post_type },
	{ "GET", "/config", get_config },
	{ "GET", "/overrides", get_overrides },
	{ "GET", "/log", get_logs },
	{ "GET", "/log/:name", get_log },
	{ "*", "/*", no_such },
	{ NULL, NULL, NULL },
};

static bool
has_token(struct rm_request *request, void *arg)
{
	struct rm_questions *q = arg;
	const char *given = rm_request_header(request, "Authorization");
	size_t len = strlen(q->token);
	if (given != NULL && strlen(given) == len &&
	    CRYPTO_memcmp(given, q->token, len) == 0)
		return true;
	rm_request_add_header(request, "WWW-Authenticate", "Bearer");
	refuse(request, 401, "the task's token is needed");
	return false;
}

struct rm_questions *
rm_questions_new(struct event_base *loop, const struct rm_task *task,
    const char *root, const char *sandbox, struct rm_error *err)
{
	struct rm_questions *q = rm_alloc(sizeof(*q));
	char *token = rm_token_make(task->data.secret, task->id);
	q->loop = loop;
	q->root = root;
	q->sandbox = sandbox;
	q->token = rm_format("Bearer %s", token);
	q->why = rm_strdup("starting");
	free(token);
	LIST_INIT(&q->asks);
	LIST_INIT(&q->changes);
	rm_timer_init(&q->purge, loop, purge, q);
	q->server = rm_server_new(loop, routes, q, err);
	if (q->server != NULL) {
		rm_server_guard(q->server, has_token);
		if (rm_server_listen(q->server, task->data.address,
			task->data.executor, err) >= 0)
			return q;
	}
	rm_questions_free(q);
	return NULL;
}

void
rm_questions_ready(
    struct rm_questions *q, struct rm_queue *queue, const char *why)
{
	char *copy = why != NULL ? rm_strdup(why) : NULL;
	free(q->why);
	q->why = copy;
	q->queue = queue;
}

void
rm_questions_overrides(struct rm_questions *q, const char *overrides)
{
	free(q->overrides);
	q->overrides = rm_strdup(overrides);
}

static void
drop_all(struct rm_questions *q)
{
	struct change *change, *next_change;
	struct ask *ask, *next;
	LIST_FOREACH_SAFE (change, &q->changes, entry, next_change) {
		rm_type_change_cancel(change->change);
		change_free(change);
	}
	LIST_FOREACH_SAFE (ask, &q->asks, entry, next)
		ask_free(ask);
}

void
rm_questions_stop(struct rm_questions *q, const char *why)
{
	struct ask *ask;
	struct change *change;
	struct rm_queue *queue = q->queue;
	rm_questions_ready(q, NULL, why);
	LIST_FOREACH (ask, &q->asks, entry)
		for (size_t i = 0; i < ask->count; i++)
			riak_is_ready(q, ask->waiting[i]);
	LIST_FOREACH (change, &q->changes, entry)
		riak_is_ready(q, change->request);
	if (queue != NULL)
		LIST_FOREACH (ask, &q->asks, entry)
			rm_queue_drop(queue, ask);
	drop_all(q);
}

void
rm_questions_free(struct rm_questions *q)
{
	if (q == NULL)
		return;
	drop_all(q);
	rm_server_free(q->server);
	rm_timer_free(&q->purge);
	free(q->token);
	free(q->why);
	free(q->overrides);
	free(q);
}
