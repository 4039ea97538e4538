/*
 * What a client sends to rm-api, through its real server and routes: it is
 * answered and the connection ends, an answer in JSON is JSON, no file outside
 * of --static is served, and a change that is made of it writes JSON to records
 * of this framework and to nothing else. The records are in memory: view.h and
 * commit.h have their other half here, since ZooKeeper takes milliseconds.
 */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "api/api.h"
#include "api/commit.h"
#include "base/json.h"
#include "base/log.h"
#include "io/loop.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ROOT    "/riak/frameworks/riak"
#define SECONDS 60 /* that one input may take */

struct rm_view {
	struct rm_model model;
	jv scheduler;
};

static const char *const records[] = {
	"{\"record\":\"settings\",\"version\":0,\"value\":{\"schema\":1,"
	"\"framework\":\"riak\",\"role\":\"riak\",\"resources\":"
	"{\"executor\":\"http://h/e.tgz\",\"riak-3-2\":\"http://h/r.tgz\"}}}",
	"{\"record\":\"framework\",\"version\":0,\"value\":{\"id\":\"F-1\"}}",
	"{\"record\":\"clusters/kv\",\"version\":3,\"value\":{\"riak_version\":"
	"\"riak-3-2\",\"next\":4,\"generation\":7,\"riak_config\":"
	"\"nodename = {{fullyqualifiednodename}}\\n\"}}",
	"{\"record\":\"clusters/old\",\"version\":1,\"value\":{\"riak_version\""
	":\"riak-3-2\",\"next\":1,\"destroy\":true}}",
	"{\"record\":\"clusters/bad\",\"error\":\"not JSON\"}",
	"{\"record\":\"clusters/none\",\"version\":0,\"value\":"
	"{\"riak_version\":\"riak-3-2\",\"next\":1}}",
	"{\"record\":\"nodes/riak-kv-1\",\"version\":0,\"value\":"
	"{\"cluster\":\"kv\",\"goal\":\"run\"}}",
	"{\"record\":\"nodes/riak-kv-2\",\"version\":2,\"value\":"
	"{\"cluster\":\"kv\",\"goal\":\"run\",\"restart\":2}}",
	"{\"record\":\"nodes/riak-kv-3\",\"version\":0,\"value\":"
	"{\"cluster\":\"kv\",\"goal\":\"leave\"}}",
	"{\"record\":\"reservations/riak-kv-2\",\"version\":0,\"value\":"
	"{\"state\":\"held\",\"agent_id\":\"A-1\",\"hostname\":\"127.0.0.1\","
	"\"persistence_id\":\"riak.riak-kv-2.1\"}}",
	"{\"record\":\"verdicts/kv\",\"version\":0,\"value\":"
	"{\"reasons\":{\"mem\":2}}}",
	"{\"record\":\"orphans/riak.riak-kv-9.5\",\"version\":0,\"value\":"
	"{\"agent_id\":\"A-2\",\"persistence_id\":\"riak.riak-kv-9.5\","
	"\"hostname\":\"127.0.0.2\",\"node\":\"riak-kv-9\"}}",
};

/* ---- the view ---- */

struct rm_view *
rm_view_new(struct event_base *loop, const struct rm_view_options *options,
    struct rm_error *err)
{
	(void)loop, (void)options;
	struct rm_view *view = rm_alloc(sizeof(*view));
	rm_model_init(&view->model, 0, 0, 0);
	view->scheduler = jv_invalid();
	for (size_t i = 0; i < sizeof(records) / sizeof(*records); i++) {
		jv line;
		if (rm_json_parse(records[i], strlen(records[i]), &line, err) ||
		    rm_model_take(&view->model, line, NULL, err) != 0)
			abort();
		jv_free(line);
	}
	view->model.complete = true;
	return view;
}

void
rm_view_free(struct rm_view *view)
{
	(void)view;
}

/* Only running nodes are asked, and here none runs. */
struct rm_zk *
rm_view_zk(const struct rm_view *view)
{
	(void)view;
	abort();
}

const char *
rm_view_root(const struct rm_view *view)
{
	(void)view;
	return ROOT;
}

bool
rm_view_connected(const struct rm_view *view)
{
	return view != NULL;
}

bool
rm_view_complete(const struct rm_view *view)
{
	return view != NULL;
}

const struct rm_model *
rm_view_model(const struct rm_view *view)
{
	return &view->model;
}

jv
rm_view_scheduler(const struct rm_view *view)
{
	return view->scheduler;
}

bool
rm_view_serves(const struct rm_view *view, const struct rm_entry *node)
{
	(void)view, (void)node;
	return false;
}

/* ---- changes ---- */

static void
check_op(const struct rm_zk_op *op)
{
	static const char *const kinds[] = { "clusters", "nodes", "secrets",
		"verdicts", "orphans", "reservations", "rollouts", "status" };
	char kind[32] = "", key[256] = "", more;
	if (sscanf(op->path, ROOT "/%31[a-z]/%255[^/]%c", kind, key, &more) !=
		2 ||
	    strcmp(key, ".") == 0 || strcmp(key, "..") == 0)
		abort();
	size_t i = 0, n = sizeof(kinds) / sizeof(*kinds);
	while (i < n && strcmp(kinds[i], kind) != 0)
		i++;
	jv value = jv_invalid();
	if (i == n ||
	    (op->value != NULL &&
		rm_json_parse(op->value, op->len, &value, NULL) != 0))
		abort();
	jv_free(value);
}

void
rm_commit_start(struct rm_api *api, const struct rm_commit_options *how)
{
	(void)api;
	const struct rm_store store = { .root = (char[]){ ROOT } };
	struct rm_error err = { 0 };
	int rc = 0;
	for (int surprise = 0; rc == 0 && surprise < 2; surprise++) {
		struct rm_change change = { 0 };
		rc = how->make(how->arg, &store, surprise, &change, &err);
		for (size_t i = 0; rc == 0 && i < change.count; i++)
			check_op(&change.ops[i]);
		rm_change_free(&change);
	}
	if (rc != 0 && err.text[0] == '\0')
		abort();
	how->done(how->arg, rc == 0 ? NULL : &err);
}

void
rm_commit_look(struct rm_api *api)
{
	(void)api;
}

void
rm_commit_drop_all(struct rm_api *api)
{
	(void)api;
}

/* ---- a client ---- */

static struct rm_api *api;
static struct event_base *loop;
static struct event *deadline;
static struct sockaddr_un address = { .sun_family = AF_UNIX };
static socklen_t address_len;

static void
too_late(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what, (void)arg;
	abort();
}

static void
start(void)
{
	struct rm_error err = { 0 };
	const struct rm_api_options options = {
		.view = { .framework = "riak" },
		.addresses = "127.0.0.1",
		.static_dir = "tests/fuzz",
		.open = true,
	};
	rm_log_open("rest_fuzz", RM_LOG_TEXT, RM_LOG_NONE);
	signal(SIGPIPE, SIG_IGN);
	loop = rm_loop_new(false, &err);
	api = loop != NULL ? rm_api_new(loop, &options, &err) : NULL;
	deadline = evtimer_new(loop, too_late, NULL);
	/* Connections of TCP would fill the table of those that ended. */
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	address_len = sizeof(address);
	if (api == NULL || bind(fd, (struct sockaddr *)&address, 2) != 0 ||
	    listen(fd, 16) != 0 || rm_server_accept(api->server, fd, &err) ||
	    getsockname(fd, (struct sockaddr *)&address, &address_len) != 0)
		abort();
}

/* All is said: it may end when it is answered. */
static void
sent(struct bufferevent *bev, void *arg)
{
	(void)arg;
	shutdown(bufferevent_getfd(bev), SHUT_WR);
}

static void
ended(struct bufferevent *bev, short what, void *arg)
{
	(void)bev, (void)what, (void)arg;
	event_base_loopbreak(loop);
}

/* Whether it is there as a whole, when it tells that it is. */
static void
check_json(const char *body, size_t len, const char *told)
{
	size_t n = strtoul(told, NULL, 10);
	jv value;
	if (n > len || rm_json_parse(body, n, &value, NULL) != 0)
		abort();
	jv_free(value);
}

/* Of several the first. A request that ended too early has none. */
static void
check_answer(const char *text, size_t len, bool head)
{
	static const char json[] = "\r\nContent-Type: application/json\r\n",
			  length[] = "\r\nContent-Length: ";
	const char *end = memmem(text, len, "\r\n\r\n", 4);
	if (end == NULL || strncmp(text, "HTTP/", 5) != 0)
		abort();
	size_t n = (size_t)(end - text) + 2;
	const char *told = memmem(text, n, length, sizeof(length) - 1);
	if (!head && told != NULL &&
	    memmem(text, n, json, sizeof(json) - 1) != NULL)
		check_json(end + 4, len - n - 2, told + sizeof(length) - 1);
}

/* A line of a file that everybody has, where nobody asked in its words. */
static bool
has_passwd(const void *text, size_t len)
{
	static const char line[] = "root:x:0:0:";
	return memmem(text, len, line, sizeof(line) - 1) != NULL;
}

static void
check(const uint8_t *data, size_t size, const char *text, size_t len)
{
	if (len == 0)
		return;
	check_answer(text, len, size > 5 && memcmp(data, "HEAD ", 5) == 0);
	if (has_passwd(text, len) && !has_passwd(data, size))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (api == NULL)
		start();
	if (size == 0)
		return 0;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (connect(fd, (struct sockaddr *)&address, address_len) != 0)
		abort();
	evutil_make_socket_nonblocking(fd);
	struct bufferevent *bev = bufferevent_socket_new(
	    loop, fd, BEV_OPT_CLOSE_ON_FREE);
	bufferevent_setcb(bev, NULL, sent, ended, NULL);
	bufferevent_write(bev, data, size);
	bufferevent_enable(bev, EV_READ | EV_WRITE);
	event_add(deadline, &(struct timeval){ .tv_sec = SECONDS });
	event_base_dispatch(loop);
	event_del(deadline);
	struct evbuffer *in = bufferevent_get_input(bev);
	size_t len = evbuffer_get_length(in);
	check(data, size, (const char *)evbuffer_pullup(in, -1), len);
	bufferevent_free(bev);
	return 0;
}
