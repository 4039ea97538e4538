/*
 * A strict master that plays a script: recorded streams as answers to
 * SUBSCRIBE, and whatever answers to calls a test wants. It checks what a real
 * master checks (captures of refused calls) and writes down every request.
 *
 *     fake_master --log FILE --subscribe ACTION... --call ACTION...
 *
 * The n-th SUBSCRIBE gets the n-th --subscribe, the last again and again; the
 * n-th other call the n-th --call, 202 after that. An ACTION is words joined
 * by commas:
 *
 *     play=FILE       200 and FILE's records as a stream, left open
 *     offers=N        200, SUBSCRIBED and one OFFERS event of N offers
 *     protobuf        FILE's records are protocol buffers
 *     type=T          the Content-Type, whatever is accepted
 *     chunk=N         the stream in chunks of N bytes
 *     heartbeat=S     HEARTBEAT every S seconds
 *     end, cut        the stream ends; breaks off
 *     status=N        an answer with this status
 *     text=T          its body; %20 is a space, %2C a comma
 *     location=L      its Location
 *     hang            no answer
 *     abort           the connection is cut
 *
 * Records are sent as protocol buffers to who accepts only those. Its port is
 * the first line on stdout.
 */
#include <event2/event.h>
#include <event2/http.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/exit.h"
#include "base/json.h"
#include "base/log.h"
#include "base/option.h"
#include "io/http_server.h"
#include "io/loop.h"
#include "mesos/recordio.h"
#include "mesos/wire.h"

struct options {
	const char *address, *log, *auth, *frameworks;
	long port;
	struct rm_option_list subscribe, call;
};

struct action {
	char *play, *text, *location, *type;
	long offers, chunk, status;
	double heartbeat;
	bool protobuf, end, cut, hang, abort;
};

struct master {
	const struct options *options;
	struct event_base *loop;
	struct rm_server *server;
	FILE *log;
	size_t subscribes, calls;
	char *framework_id;
	struct rm_wire *wire;
	bool protobuf; /* the subscriber accepts */
	char stream_id[32]; /* of the subscription; "" when there is none */
	struct rm_request *stream; /* NULL: the peer is gone */
	struct rm_timer beat;
	double heartbeat;
};

/* ---- actions ---- */

static void
set_word(struct action *a, const char *name, const char *value)
{
	static const struct {
		const char *name;
		size_t offset;
		char kind;
	} words[] = {
		{ "play", offsetof(struct action, play), 't' },
		{ "text", offsetof(struct action, text), 't' },
		{ "location", offsetof(struct action, location), 't' },
		{ "type", offsetof(struct action, type), 't' },
		{ "offers", offsetof(struct action, offers), 'n' },
		{ "chunk", offsetof(struct action, chunk), 'n' },
		{ "status", offsetof(struct action, status), 'n' },
		{ "heartbeat", offsetof(struct action, heartbeat), 'd' },
		{ "protobuf", offsetof(struct action, protobuf), 'b' },
		{ "end", offsetof(struct action, end), 'b' },
		{ "cut", offsetof(struct action, cut), 'b' },
		{ "hang", offsetof(struct action, hang), 'b' },
		{ "abort", offsetof(struct action, abort), 'b' },
	};
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strcmp(words[i].name, name) != 0)
			continue;
		void *at = (char *)a + words[i].offset;
		if (words[i].kind == 't')
			*(char **)at = evhttp_uridecode(value, 0, NULL);
		else if (words[i].kind == 'n')
			*(long *)at = atol(value);
		else if (words[i].kind == 'd')
			*(double *)at = atof(value);
		else
			*(bool *)at = true;
		return;
	}
	rm_log_error("no such word: %s", name);
	exit(RM_EXIT_USAGE);
}

static struct action
parse_action(const char *text)
{
	struct action a = { 0 };
	char *copy = rm_strdup(text), *rest = copy, *word;
	while ((word = strsep(&rest, ",")) != NULL) {
		char *value = strchr(word, '=');
		if (value != NULL)
			*value++ = '\0';
		set_word(&a, word, value != NULL ? value : "");
	}
	free(copy);
	return a;
}

static void
action_free(struct action *a)
{
	free(a->play);
	free(a->text);
	free(a->location);
	free(a->type);
}

static bool
has_type(const struct rm_request *request, const char *header, const char *type)
{
	const char *value = rm_request_header(request, header);
	return value != NULL && strcmp(value, type) == 0;
}

/* ---- streams ---- */

static void
peer_gone(void *arg)
{
	struct master *m = arg;
	m->stream = NULL;
	m->stream_id[0] = '\0';
	rm_timer_stop(&m->beat);
	fprintf(m->log, "{\"closed\":true}\n");
}

/* A stream of JSON as one of protocol buffers. */
static void
convert(struct master *m, struct rm_str *stream)
{
	struct rm_recordio in = { 0 };
	struct rm_str out = { 0 }, message = { 0 };
	struct rm_error err = { 0 };
	const char *record;
	size_t len;
	jv event;
	rm_recordio_feed(&in, stream->text, stream->len);
	while (rm_recordio_next(&in, &record, &len, &err) > 0) {
		rm_str_clear(&message);
		if (rm_json_parse(record, len, &event, &err) != 0 ||
		    rm_wire_protobuf(m->wire, event, &message, &err) != 0) {
			rm_log_error("%s", err.text);
			exit(RM_EXIT_USAGE);
		}
		jv_free(event);
		rm_recordio_add(&out, message.text, message.len);
	}
	rm_recordio_free(&in);
	rm_str_free(&message);
	rm_str_free(stream);
	*stream = out;
}

static void
beat(void *arg)
{
	static const char record[] = "{\"type\":\"HEARTBEAT\"}";
	struct master *m = arg;
	struct rm_str framed = { 0 };
	rm_recordio_add(&framed, record, sizeof(record) - 1);
	if (m->protobuf)
		convert(m, &framed);
	rm_stream_send(m->stream, framed.text, framed.len);
	rm_str_free(&framed);
	rm_timer_set(&m->beat, m->heartbeat);
}

static int
read_file(struct rm_str *to, const char *path)
{
	char chunk[65536];
	size_t n;
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return -1;
	while ((n = fread(chunk, 1, sizeof(chunk), file)) > 0)
		rm_str_add(to, chunk, n);
	fclose(file);
	return 0;
}

static void
add_record(struct rm_str *to, struct rm_str *record)
{
	rm_recordio_add(to, record->text, record->len);
	rm_str_clear(record);
}

/* About 900 bytes each, as real ones are. */
static void
make_offers(struct rm_str *to, long count)
{
	struct rm_str r = { 0 };
	rm_str_puts(&r, "{\"type\":\"SUBSCRIBED\",\"subscribed\":{"
			"\"framework_id\":{\"value\":\"F-0000\"},"
			"\"heartbeat_interval_seconds\":15.0}}");
	add_record(to, &r);
	rm_str_puts(&r, "{\"type\":\"OFFERS\",\"offers\":{\"offers\":[");
	for (long i = 0; i < count; i++) {
		rm_str_printf(&r,
		    "%s{\"id\":{\"value\":\"e30375ab-bef7-4148-O%ld\"},"
		    "\"framework_id\":{\"value\":\"F-0000\"},\"agent_id\":{"
		    "\"value\":\"e30375ab-bef7-4148-S%ld\"},\"hostname\":"
		    "\"agent-%ld.example\",\"resources\":[",
		    i > 0 ? "," : "", i, i, i);
		for (int k = 0; k < 4; k++)
			rm_str_printf(&r,
			    "%s{\"name\":\"cpus\",\"type\":\"SCALAR\","
			    "\"scalar\":{\"value\":4.0},\"allocation_info\":{"
			    "\"role\":\"riak\"},\"reservations\":[{\"role\":"
			    "\"riak\",\"type\":\"STATIC\"}]}",
			    k > 0 ? "," : "");
		rm_str_puts(&r, "],\"allocation_info\":{\"role\":\"riak\"},"
				"\"attributes\":[{\"name\":\"rack\",\"type\":"
				"\"TEXT\",\"text\":{\"value\":\"r1\"}}]}");
	}
	rm_str_puts(&r, "]}}");
	add_record(to, &r);
	rm_str_free(&r);
}

/* The framework's id is what the stream's SUBSCRIBED says. */
static void
learn_id(struct master *m, const struct rm_str *stream, bool protobuf)
{
	struct rm_recordio in = { 0 };
	struct rm_str json = { 0 };
	const char *record;
	size_t len;
	jv event;
	rm_recordio_feed(&in, stream->text, stream->len);
	if (rm_recordio_next(&in, &record, &len, NULL) <= 0)
		len = 0;
	if (len > 0 && protobuf &&
	    rm_wire_json(m->wire, record, len, &json, NULL) == 0) {
		record = json.text;
		len = json.len;
	}
	if (len > 0 && rm_json_parse(record, len, &event, NULL) == 0) {
		const char *id = rm_json_path_text(
		    event, "subscribed.framework_id.value");
		free(m->framework_id);
		m->framework_id = rm_strdup(id != NULL ? id : "");
		jv_free(event);
	}
	rm_recordio_free(&in);
	rm_str_free(&json);
}

static void
begin_stream(
    struct master *m, struct rm_request *request, const struct action *a)
{
	struct rm_str stream = { 0 };
	if (a->offers > 0)
		make_offers(&stream, a->offers);
	else if (read_file(&stream, a->play) != 0) {
		rm_log_error("%s can't be read", a->play);
		exit(RM_EXIT_USAGE);
	}
	learn_id(m, &stream, a->protobuf);
	m->protobuf = has_type(request, "Accept", "application/x-protobuf");
	if (m->protobuf && !a->protobuf)
		convert(m, &stream);
	if (m->stream != NULL)
		rm_request_abort(m->stream);
	snprintf(
	    m->stream_id, sizeof(m->stream_id), "stream-%zu", m->subscribes);
	m->stream = request;
	rm_request_add_header(request, "Mesos-Stream-Id", m->stream_id);
	const char *type = m->protobuf ? "application/x-protobuf"
				       : "application/json";
	rm_stream_begin(request, 200, a->type != NULL ? a->type : type,
	    peer_gone, m);
	size_t step = a->chunk > 0 ? (size_t)a->chunk : stream.len;
	for (size_t at = 0; at < stream.len; at += step)
		rm_stream_send(request, stream.text + at,
		    stream.len - at < step ? stream.len - at : step);
	rm_str_free(&stream);
	m->heartbeat = a->heartbeat;
	if (a->heartbeat > 0)
		rm_timer_set(&m->beat, a->heartbeat);
	if (a->end || a->cut) {
		m->stream = NULL;
		m->stream_id[0] = '\0';
	}
	if (a->end)
		rm_stream_end(request);
	if (a->cut)
		rm_request_abort(request);
}

/* ---- requests ---- */

static void
answer(struct master *m, struct rm_request *request, const struct action *a)
{
	if (a->hang)
		return;
	if (a->abort) {
		rm_request_abort(request);
		return;
	}
	if (a->play != NULL || a->offers > 0) {
		begin_stream(m, request, a);
		return;
	}
	if (a->location != NULL)
		rm_request_add_header(request, "Location", a->location);
	rm_reply_text(request, (int)a->status, a->text != NULL ? a->text : "");
}

/* What a call must have, by type: its body; SUBSCRIBE apart. */
static const char *
body_of(const char *type)
{
	static const char *const names[][2] = { { "ACCEPT", "accept" },
		{ "DECLINE", "decline" }, { "KILL", "kill" },
		{ "ACKNOWLEDGE", "acknowledge" },
		{ "ACKNOWLEDGE_OPERATION_STATUS",
		    "acknowledge_operation_status" },
		{ "RECONCILE", "reconcile" }, { "REVIVE", "type" },
		{ "SUPPRESS", "type" }, { "TEARDOWN", "type" } };
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(names[i][0], type) == 0)
			return names[i][1];
	return NULL;
}

static const char *
wrong_subscribe(const struct rm_request *request, jv call)
{
	jv info = rm_json_path(call, "subscribe.framework_info");
	const char *outer = rm_json_path_text(call, "framework_id.value");
	const char *inner = rm_json_path_text(info, "id.value");
	const char *why = NULL;
	if (rm_request_header(request, "Mesos-Stream-Id") != NULL)
		why = "Subscribe calls should not include the "
		      "'Mesos-Stream-Id' header";
	else if (!rm_json_has(info, "user") || !rm_json_has(info, "name"))
		why = "Failed to convert JSON into Call protobuf: Missing "
		      "required fields: subscribe.framework_info.user";
	else if (!rm_json_has(info, "roles") ||
		 !rm_json_bool(info, "checkpoint", false))
		why = "no roles, or no checkpoint";
	else if (strcmp(outer != NULL ? outer : "",
		     inner != NULL ? inner : "") != 0)
		why = "Failed to validate scheduler::Call: 'framework_id' "
		      "differs from 'subscribe.framework_info.id'";
	jv_free(info);
	return why;
}

/* The status and words of a real master's refusal; 0: nothing is wrong. */
static int
wrong_call(const struct master *m, const struct rm_request *request, jv call,
    const char **why)
{
	const char *type = rm_json_text(call, "type", "");
	const char *id = rm_json_path_text(call, "framework_id.value");
	const char *stream = rm_request_header(request, "Mesos-Stream-Id");
	const char *body = body_of(type);
	*why = NULL;
	if (body == NULL || !rm_json_has(call, body))
		*why = "Failed to validate scheduler::Call: Expecting a body "
		       "to be present";
	else if (id == NULL || m->framework_id == NULL ||
		 strcmp(id, m->framework_id) != 0)
		*why = "Framework cannot be found";
	if (*why != NULL)
		return 400;
	*why = "Framework is not subscribed";
	if (m->stream_id[0] == '\0')
		return 403;
	*why = "All non-subscribe calls should include the "
	       "'Mesos-Stream-Id' header";
	if (stream == NULL)
		return 400;
	*why = "The stream ID included in this request didn't match the "
	       "stream ID currently associated with framework ID";
	return strcmp(stream, m->stream_id) != 0 ? 400 : 0;
}

static void
write_down(struct master *m, const struct rm_request *request, jv call)
{
	const char *auth = rm_request_header(request, "Authorization");
	const char *stream = rm_request_header(request, "Mesos-Stream-Id");
	jv line = JV_OBJECT(jv_string("path"),
	    jv_string(rm_request_path(request)), jv_string("call"), call);
	if (auth != NULL)
		line = rm_json_set(line, "auth", jv_string(auth));
	if (stream != NULL)
		line = rm_json_set(line, "stream", jv_string(stream));
	struct rm_str text = { 0 };
	rm_json_write(&text, line);
	fprintf(m->log, "%s\n", text.text);
	rm_str_free(&text);
}

static void
subscribe(struct master *m, struct rm_request *request, jv call)
{
	const struct rm_option_list *list = &m->options->subscribe;
	const char *why = wrong_subscribe(request, call);
	if (why != NULL) {
		rm_reply_text(request, 400, why);
		return;
	}
	size_t n = m->subscribes++;
	if (list->count == 0) {
		rm_reply_text(request, 503, "No leader elected");
		return;
	}
	struct action a = parse_action(
	    list->items[n < list->count ? n : list->count - 1]);
	answer(m, request, &a);
	action_free(&a);
}

static void
other_call(struct master *m, struct rm_request *request, jv call)
{
	const struct rm_option_list *list = &m->options->call;
	const char *why;
	int status = wrong_call(m, request, call, &why);
	if (status != 0) {
		rm_reply_text(request, status, why);
		return;
	}
	size_t n = m->calls++;
	if (n >= list->count) {
		rm_reply(request, 202, NULL, "", 0);
		return;
	}
	struct action a = parse_action(list->items[n]);
	answer(m, request, &a);
	action_free(&a);
}

/* JSON in the right headers, from who may: else answered already. */
static bool
accept_request(const struct master *m, struct rm_request *request, jv *call)
{
	const char *auth = rm_request_header(request, "Authorization");
	size_t len;
	const char *body = rm_request_body(request, &len);
	if (m->options->auth != NULL &&
	    (auth == NULL || strcmp(auth, m->options->auth) != 0)) {
		rm_request_add_header(request, "WWW-Authenticate",
		    "Basic realm=\"mesos-master-scheduler\"");
		rm_reply_text(request, 401, "401 Unauthorized.");
	} else if (!has_type(request, "Content-Type", "application/json")) {
		rm_reply_text(request, 415, "Expecting 'Content-Type'");
	} else if (!has_type(request, "Accept", "application/json") &&
		   !has_type(request, "Accept", "application/x-protobuf")) {
		rm_reply_text(request, 406, "Expecting 'Accept'");
	} else if (rm_json_parse(body, len, call, NULL) != 0) {
		rm_reply_text(request, 400, "Failed to parse body into JSON");
	} else {
		return true;
	}
	return false;
}

static void
scheduler(struct rm_request *request, void *arg)
{
	struct master *m = arg;
	jv call;
	if (!accept_request(m, request, &call))
		return;
	write_down(m, request, jv_copy(call));
	if (strcmp(rm_json_text(call, "type", ""), "SUBSCRIBE") == 0)
		subscribe(m, request, call);
	else
		other_call(m, request, call);
	jv_free(call);
}

static void
operator(struct rm_request *request, void *arg)
{
	struct master *m = arg;
	struct rm_str answered = { 0 };
	jv call;
	if (!accept_request(m, request, &call))
		return;
	write_down(m, request, call);
	if (m->options->frameworks == NULL ||
	    read_file(&answered, m->options->frameworks) != 0)
		rm_str_puts(&answered, "{\"type\":\"GET_FRAMEWORKS\","
				       "\"get_frameworks\":{}}");
	rm_reply(request, 200, "application/json", answered.text, answered.len);
	rm_str_free(&answered);
}

static void
stop(void *arg)
{
	event_base_loopbreak(arg);
}

static int
run(void *values, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	static const struct rm_route routes[] = {
		{ "POST", "/api/v1/scheduler", scheduler },
		{
		    "POST",
		    "/api/v1",
		    operator},
		    { 0 },
		};
	const struct options *o = values;
	struct rm_error err = { 0 };
	struct master m = { .options = o, .log = stderr };
	m.wire = rm_wire_new();
	if (o->log != NULL && (m.log = fopen(o->log, "ae")) == NULL)
		return RM_EXIT_USAGE;
	setlinebuf(m.log);
	m.loop = rm_loop_new(false, &err);
	rm_timer_init(&m.beat, m.loop, beat, &m);
	m.server = rm_server_new(m.loop, routes, &m, &err);
	int port = rm_server_listen(m.server, o->address, (int)o->port, &err);
	if (port < 0) {
		rm_log_error("%s", err.text);
		return err.code;
	}
	rm_loop_on_stop(m.loop, stop, m.loop, &err);
	printf("%d\n", port);
	fflush(stdout);
	event_base_dispatch(m.loop);
	rm_server_free(m.server);
	rm_timer_free(&m.beat);
	event_base_free(m.loop);
	free(m.framework_id);
	rm_wire_free(m.wire);
	fclose(m.log);
	return RM_EXIT_OK;
}

#define AT(field) offsetof(struct options, field)
static const struct rm_option table[] = {
	{ RM_OPTION_TEXT, "address", 0, "IP", NULL, NULL, "127.0.0.1",
	    "to listen on", AT(address), false },
	{ RM_OPTION_COUNT, "port", 0, "PORT", NULL, NULL, "0",
	    "to listen on; 0 takes a free one", AT(port), false },
	{ RM_OPTION_TEXT, "log", 0, "FILE", NULL, NULL, NULL,
	    "every request, a JSON line each", AT(log), false },
	{ RM_OPTION_TEXT, "auth", 0, "HEADER", NULL, NULL, NULL,
	    "what Authorization must be", AT(auth), false },
	{ RM_OPTION_TEXT, "frameworks", 0, "FILE", NULL, NULL, NULL,
	    "answer to GET_FRAMEWORKS", AT(frameworks), false },
	{ RM_OPTION_LIST, "subscribe", 0, "ACTION", NULL, NULL, NULL,
	    "answer to a SUBSCRIBE", AT(subscribe), false },
	{ RM_OPTION_LIST, "call", 0, "ACTION", NULL, NULL, NULL,
	    "answer to another call", AT(call), false },
	RM_OPTIONS_END,
};

int
main(int argc, char **argv)
{
	static const struct rm_command commands[] = {
		{ NULL, NULL, NULL, table, 0, 0, run },
		{ 0 },
	};
	static const struct rm_program program = {
		.name = "fake_master",
		.summary = "play a Mesos master from a script",
		.commands = commands,
		.options_size = sizeof(struct options),
	};
	return rm_program_main(&program, argc, argv);
}
