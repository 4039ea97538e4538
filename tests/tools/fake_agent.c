/*
 * fake_agent PORT [TOKEN [SOCKET]]: an agent of Mesos that knows one executor, for the
 * tests of rm-executor. It is strict about what it is told, and does what a
 * line on standard input says:
 *
 *     launch FILE        LAUNCH with the TaskInfo in FILE
 *     event JSON         any event
 *     kill TASK [SECS]   KILL, with a grace of its own
 *     shutdown           SHUTDOWN
 *     ack on|off         whether updates are acknowledged; on
 *     refuse STATUS      answer SUBSCRIBE so; 0: take it again
 *     cut                close the stream
 *     bytes TEXT         put TEXT into the stream as it is
 *     down, up           the whole agent goes away, comes back
 *
 * What the executor says comes out as it was said, a call a line; what is
 * wrong with it as {"bad":"…"}, and {"gone":true} when its stream ends.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/json.h"
#include "base/log.h"
#include "io/http_server.h"
#include "io/loop.h"
#include "mesos/recordio.h"
#include "stream/lines.h"

#define PATH "/slave(1)/api/v1/executor"

struct agent {
	struct event_base *loop;
	struct rm_server *server;
	struct rm_request *stream; /* NULL: nobody subscribed */
	int port, refuse;
	const char *token, *socket; /* path of a domain socket, or NULL */
	bool silent; /* no acknowledgements */
	bool terminal; /* a terminal update was seen */
	struct rm_lines lines;
};

static void
say(jv line)
{
	struct rm_str text = { 0 };
	rm_json_write(&text, line);
	puts(text.text);
	fflush(stdout);
	rm_str_free(&text);
}

static void
bad(const char *what)
{
	say(JV_OBJECT(jv_string("bad"), jv_string(what)));
}

static void
send_event(struct agent *agent, const char *text)
{
	struct rm_str framed = { 0 };
	if (agent->stream == NULL) {
		bad("no stream to send an event on");
		return;
	}
	rm_recordio_add(&framed, text, strlen(text));
	rm_stream_send(agent->stream, framed.text, framed.len);
	rm_str_free(&framed);
}

static void
stream_closed(void *arg)
{
	struct agent *agent = arg;
	agent->stream = NULL;
	say(JV_OBJECT(jv_string("gone"), jv_true()));
}

static bool
authorised(struct agent *agent, struct rm_request *request)
{
	const char *given = rm_request_header(request, "Authorization");
	if (agent->token == NULL)
		return true;
	char *wanted = rm_format("Bearer %s", agent->token);
	bool fine = given != NULL && strcmp(given, wanted) == 0;
	free(wanted);
	return fine;
}

static void
subscribe(struct agent *agent, struct rm_request *request, jv call)
{
	jv tasks = rm_json_path(call, "subscribe.unacknowledged_tasks");
	jv updates = rm_json_path(call, "subscribe.unacknowledged_updates");
	if (jv_get_kind(tasks) != JV_KIND_ARRAY ||
	    jv_get_kind(updates) != JV_KIND_ARRAY)
		bad("SUBSCRIBE without its lists");
	jv_free(tasks);
	jv_free(updates);
	if (agent->refuse > 0) {
		rm_reply_text(request, agent->refuse, "refused as told");
		return;
	}
	if (agent->stream != NULL) {
		bad("subscribed twice");
		rm_stream_end(agent->stream);
	}
	agent->stream = request;
	rm_stream_begin(request, 200, "application/json", stream_closed, agent);
	send_event(agent,
	    "{\"type\":\"SUBSCRIBED\",\"subscribed\":{\"framework_info\":"
	    "{\"name\":\"riak\",\"capabilities\":[{\"type\":\"MULTI_ROLE\"},"
	    "{\"type\":\"TASK_KILLING_STATE\"}]}}}");
}

static void
acknowledge(struct agent *agent, jv call)
{
	jv event = JV_OBJECT(jv_string("type"), jv_string("ACKNOWLEDGED"),
	    jv_string("acknowledged"),
	    JV_OBJECT(jv_string("task_id"),
		rm_json_path(call, "update.status.task_id"), jv_string("uuid"),
		rm_json_path(call, "update.status.uuid")));
	struct rm_str text = { 0 };
	rm_json_write(&text, event);
	send_event(agent, text.text);
	rm_str_free(&text);
}

static bool
is_terminal(const char *state)
{
	return strcmp(state, "TASK_FINISHED") == 0 ||
	       strcmp(state, "TASK_FAILED") == 0 ||
	       strcmp(state, "TASK_KILLED") == 0;
}

static void
check_update(struct agent *agent, jv call)
{
	static const char *const texts[] = { "update.status.task_id.value",
		"update.status.executor_id.value", "update.status.source",
		"update.status.state", "update.status.uuid" };
	struct rm_str uuid = { 0 };
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (rm_json_path_text(call, texts[i]) == NULL) {
			bad(texts[i]);
			return;
		}
	const char *text = rm_json_path_text(call, "update.status.uuid");
	if (rm_base64_decode(&uuid, text, strlen(text)) != 0 || uuid.len != 16)
		bad("a uuid that is none");
	rm_str_free(&uuid);
	bool terminal = is_terminal(
	    rm_json_path_text(call, "update.status.state"));
	if (agent->terminal)
		bad("an update after the last");
	agent->terminal = terminal;
}

static void
update(struct agent *agent, struct rm_request *request, jv call)
{
	check_update(agent, call);
	if (agent->stream == NULL) {
		rm_reply_text(request, 403, "Executor is not subscribed");
		return;
	}
	rm_reply(request, 202, "text/plain", "", 0);
	if (!agent->silent)
		acknowledge(agent, call);
}

static void
handle(struct rm_request *request, void *arg)
{
	struct agent *agent = arg;
	size_t len;
	const char *body = rm_request_body(request, &len);
	const char *kind = rm_request_header(request, "Content-Type");
	jv call;
	if (!authorised(agent, request)) {
		bad("not authorised");
		rm_reply_text(request, 401, "not authorised");
		return;
	}
	if (kind == NULL || strcmp(kind, "application/json") != 0)
		bad("no Content-Type: application/json");
	if (rm_json_parse(body, len, &call, NULL) != 0) {
		bad("not JSON");
		rm_reply_text(request, 400, "not JSON");
		return;
	}
	say(jv_copy(call));
	const char *type = rm_json_text(call, "type", "");
	if (rm_json_path_text(call, "framework_id.value") == NULL ||
	    rm_json_path_text(call, "executor_id.value") == NULL)
		bad("a call without its ids");
	if (strcmp(type, "SUBSCRIBE") == 0)
		subscribe(agent, request, call);
	else if (strcmp(type, "UPDATE") == 0)
		update(agent, request, call);
	else
		rm_reply_text(request, 400, "unknown call");
	jv_free(call);
}

/* As an agent with http_executor_domain_sockets does. */
static int
listen_at(struct rm_server *server, const char *path, struct rm_error *err)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	unlink(path);
	if (bind(fd, (const struct sockaddr *)&at, sizeof(at)) != 0 ||
	    listen(fd, 16) != 0)
		return rm_error_set(err, 111, "%s: can't listen", path);
	return rm_server_accept(server, fd, err);
}

static void
up(struct agent *agent, char *rest)
{
	(void)rest;
	static const struct rm_route routes[] = { { "POST", PATH, handle },
		{ 0 } };
	struct rm_error err = { 0 };
	agent->server = rm_server_new(agent->loop, routes, agent, &err);
	if (agent->server == NULL ||
	    rm_server_listen(agent->server, "127.0.0.1", agent->port, &err) <
		0 ||
	    (agent->socket != NULL &&
		listen_at(agent->server, agent->socket, &err) != 0)) {
		fprintf(stderr, "fake_agent: %s\n", err.text);
		exit(111);
	}
}

static void
down(struct agent *agent, char *rest)
{
	(void)rest;
	agent->stream = NULL;
	rm_server_free(agent->server);
	agent->server = NULL;
}

static void
launch(struct agent *agent, char *file)
{
	jv info;
	struct rm_error err = { 0 };
	if (rm_json_read(file, &info, &err) != 0) {
		bad(err.text);
		return;
	}
	struct rm_str text = { 0 };
	agent->terminal = false;
	rm_json_write(&text,
	    JV_OBJECT(jv_string("type"), jv_string("LAUNCH"),
		jv_string("launch"), JV_OBJECT(jv_string("task"), info)));
	send_event(agent, text.text);
	rm_str_free(&text);
}

static void
send_kill(struct agent *agent, char *rest)
{
	const char *task = strsep(&rest, " ");
	char *policy = rest != NULL
			   ? rm_format(",\"kill_policy\":{\"grace_period\":"
				       "{\"nanoseconds\":%s000000000}}",
				 rest)
			   : rm_strdup("");
	char *event = rm_format("{\"type\":\"KILL\",\"kill\":{\"task_id\":"
				"{\"value\":\"%s\"}%s}}",
	    task, policy);
	send_event(agent, event);
	free(event);
	free(policy);
}

static void
do_event(struct agent *agent, char *rest)
{
	send_event(agent, rest);
}

static void
do_shutdown(struct agent *agent, char *rest)
{
	(void)rest;
	send_event(agent, "{\"type\":\"SHUTDOWN\"}");
}

static void
do_ack(struct agent *agent, char *rest)
{
	agent->silent = strcmp(rest, "off") == 0;
}

static void
do_refuse(struct agent *agent, char *rest)
{
	agent->refuse = atoi(rest);
}

static void
do_bytes(struct agent *agent, char *rest)
{
	if (agent->stream != NULL)
		rm_stream_send(agent->stream, rest, strlen(rest));
}

static void
do_cut(struct agent *agent, char *rest)
{
	(void)rest;
	if (agent->stream != NULL)
		rm_request_abort(agent->stream);
	agent->stream = NULL;
}

static const struct {
	const char *word;
	void (*obey)(struct agent *agent, char *rest);
} commands[] = {
	{ "launch", launch },
	{ "event", do_event },
	{ "kill", send_kill },
	{ "shutdown", do_shutdown },
	{ "ack", do_ack },
	{ "refuse", do_refuse },
	{ "bytes", do_bytes },
	{ "cut", do_cut },
	{ "down", down },
	{ "up", up },
};

static void
obey(struct agent *agent, char *line)
{
	size_t n = strcspn(line, " ");
	char *rest = line + n + (line[n] == ' ');
	line[n] = '\0';
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (strcmp(commands[i].word, line) == 0) {
			commands[i].obey(agent, rest);
			return;
		}
	bad("a command that is none");
}

static void
input(evutil_socket_t fd, short what, void *arg)
{
	(void)what;
	struct agent *agent = arg;
	char piece[4096];
	const char *line;
	size_t len;
	ssize_t n = read(fd, piece, sizeof(piece));
	if (n <= 0) {
		event_base_loopbreak(agent->loop);
		return;
	}
	rm_lines_feed(&agent->lines, piece, (size_t)n);
	while (rm_lines_next(&agent->lines, &line, &len) == RM_LINES_LINE) {
		char *copy = rm_format("%.*s", (int)len, line);
		obey(agent, copy);
		free(copy);
	}
}

int
main(int argc, char **argv)
{
	struct agent agent = { 0 };
	struct rm_error err = { 0 };
	if (argc < 2)
		return 100;
	rm_log_open("fake_agent", RM_LOG_TEXT, RM_LOG_INFO);
	agent.port = atoi(argv[1]);
	agent.token = argc > 2 ? argv[2] : NULL;
	agent.socket = argc > 3 ? argv[3] : NULL;
	agent.loop = rm_loop_new(true, &err);
	up(&agent, NULL);
	struct event *in = event_new(
	    agent.loop, STDIN_FILENO, EV_READ | EV_PERSIST, input, &agent);
	event_add(in, NULL);
	event_base_dispatch(agent.loop);
	return 0;
}
