#include "mesos/subscription.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/exit.h"
#include "base/log.h"
#include "io/loop.h"
#include "mesos/address.h"
#include "mesos/recordio.h"
#include "mesos/wire.h"

#define MISSED_HEARTBEATS 5
/* Until SUBSCRIBED says how often heartbeats come. */
#define FIRST_EVENT   30.0
/* A record that comes in pieces is no silence, if they are large enough. */
#define PROGRESS      ((size_t)16 << 10)
#define STREAM_ID_MAX 128
#define WORDS_MAX     ((size_t)4096)
#define KEPT          ((size_t)1 << 20) /* of an event's JSON, for the next */

struct rm_subscription {
	struct rm_subscription_options options;
	char *address;
	struct rm_http_call *call; /* NULL: it has ended */
	struct rm_recordio in;
	struct rm_wire *wire; /* NULL: events are JSON */
	struct rm_str json; /* of an event that was not */
	struct rm_str words; /* of an answer that is no stream */
	char stream_id[STREAM_ID_MAX + 1];
	double patience; /* seconds of silence */
	size_t since; /* bytes that were no word yet */
	bool whole; /* a record has come */
	struct rm_timer silence, resume;
	bool held, broken;
	int status; /* 0: no headers yet */
	char *location;
	struct rm_error why; /* it ended */
};

/* Ends it: on_end may free it. */
static void
end(struct rm_subscription *s)
{
	rm_timer_stop(&s->silence);
	rm_timer_stop(&s->resume);
	bool words = s->status != 0 && s->status != 200;
	struct rm_subscription_end how = { .status = s->status,
		.text = !words             ? s->why.text
			: s->words.len > 0 ? s->words.text
					   : "",
		.location = s->location };
	s->options.on_end(s->options.arg, &how);
}

static void
cut(struct rm_subscription *s)
{
	rm_http_cancel(s->call);
	s->call = NULL;
	end(s);
}

static void
silent(void *arg)
{
	struct rm_subscription *s = arg;
	rm_error_set(&s->why, RM_EXIT_OUTSIDE, "%s: not a %s for %.3g s",
	    s->address, s->since > 0 ? "whole event" : "word", s->patience);
	cut(s);
}

/* Silence begins anew. A byte now and then does not keep a master that has no
 * more to say. */
static void
heard(struct rm_subscription *s, size_t len)
{
	s->since += len;
	if (!s->whole && s->since < PROGRESS)
		return;
	s->since = 0;
	s->whole = false;
	if (!s->held)
		rm_timer_set(&s->silence, s->patience);
}

/* A record that is no event is lost, not the stream: an agent sends an update
 * again until it is acknowledged. */
static void
take(struct rm_subscription *s, const char *record, size_t len)
{
	struct rm_event event;
	struct rm_error err = { 0 };
	const char *text = record;
	size_t size = len;
	int rc = 0;
	s->whole = true;
	if (s->wire != NULL) {
		rm_str_clear(&s->json);
		rc = rm_wire_json(s->wire, record, len, &s->json, &err);
		text = s->json.text;
		size = s->json.len;
	}
	if (rc == 0 && rm_event_read(text, size, &event, &err) == 0)
		s->options.on_event(s->options.arg, &event);
	else
		rm_log_error("%s: a record of %zu bytes dropped: %s",
		    s->address, len, err.text);
	if (s->json.room > KEPT)
		rm_str_free(&s->json);
}

/* Hands out whole records; -1 when the stream is broken. */
static int
pump(struct rm_subscription *s)
{
	const char *record;
	size_t len;
	int more = 0;
	while (!s->held &&
	       (more = rm_recordio_next(&s->in, &record, &len, &s->why)) > 0)
		take(s, record, len);
	s->broken = more < 0;
	if (s->broken)
		rm_error_prefix(&s->why, "%s", s->address);
	return more;
}

static void
resume(void *arg)
{
	struct rm_subscription *s = arg;
	if (pump(s) < 0) {
		cut(s);
		return;
	}
	if (s->held)
		return;
	if (s->call == NULL) {
		end(s);
		return;
	}
	rm_timer_set(&s->silence, s->patience);
	rm_http_pause(s->call, false);
}

void
rm_subscription_hold(struct rm_subscription *s, bool held)
{
	if (s->held == held)
		return;
	s->held = held;
	if (held) {
		rm_timer_stop(&s->silence);
		rm_timer_stop(&s->resume);
		if (s->call != NULL)
			rm_http_pause(s->call, true);
	} else {
		rm_timer_set(&s->resume, 0);
	}
}

/* A header goes out again with every call: no control bytes in it. */
static bool
keep_stream_id(struct rm_subscription *s, const char *id)
{
	size_t len = id != NULL ? strlen(id) : 0;
	if (len == 0 || len > STREAM_ID_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (id[i] <= ' ' || id[i] > '~')
			return false;
	memcpy(s->stream_id, id, len + 1);
	return true;
}

static const char *
media_type(const struct rm_subscription *s)
{
	return s->wire != NULL ? "application/x-protobuf" : "application/json";
}

/* A stream in the other form would only be dropped, record by record. */
static bool
has_media_type(
    const struct rm_subscription *s, const struct rm_http_response *response)
{
	const char *type = rm_http_header(response, "Content-Type");
	const char *wanted = media_type(s);
	return type == NULL || strncasecmp(type, wanted, strlen(wanted)) == 0;
}

static int
got_headers(void *arg, const struct rm_http_response *response)
{
	struct rm_subscription *s = arg;
	s->status = response->status;
	const char *location = rm_http_header(response, "Location");
	if (location != NULL)
		s->location = rm_strdup(location);
	if (s->status != 200)
		return 0;
	const char *id = rm_http_header(response, "Mesos-Stream-Id");
	s->broken = true;
	if (!keep_stream_id(s, id))
		return rm_error_set(&s->why, RM_EXIT_OUTSIDE,
		    "%s: an answer without Mesos-Stream-Id", s->address);
	if (!has_media_type(s, response))
		return rm_error_set(&s->why, RM_EXIT_OUTSIDE,
		    "%s: an answer that is not %s", s->address, media_type(s));
	s->broken = false;
	return 0;
}

static int
got_data(void *arg, const char *data, size_t len)
{
	struct rm_subscription *s = arg;
	if (s->status != 200) {
		size_t room = WORDS_MAX - s->words.len;
		rm_str_add(&s->words, data, len < room ? len : room);
		return 0;
	}
	rm_recordio_feed(&s->in, data, len);
	int rc = pump(s) < 0 ? -1 : 0;
	heard(s, len);
	return rc;
}

static void
done(void *arg, const struct rm_http_response *response,
    const struct rm_error *failure)
{
	struct rm_subscription *s = arg;
	s->call = NULL;
	s->status = response->status;
	if (failure != NULL && !s->broken)
		s->why = *failure;
	else if (!s->broken)
		rm_error_set(&s->why, RM_EXIT_OUTSIDE,
		    "%s: the master ended the stream%s", s->address,
		    rm_recordio_partial(&s->in) ? " in the middle of a record"
						: "");
	/* What came before the end is still to be told. */
	if (!s->held)
		end(s);
}

static struct rm_http_call *
send_call(struct rm_subscription *s, struct rm_http *http, struct rm_error *err)
{
	char accept[64];
	const char *const headers[] = {
		"Content-Type: application/json",
		accept,
		NULL,
	};
	snprintf(accept, sizeof(accept), "Accept: %s", media_type(s));
	char *url = rm_address_url(s->address, "/api/v1/scheduler");
	struct rm_http_request request = { .method = "POST",
		.url = url,
		.headers = headers,
		.body = s->options.body,
		.body_len = strlen(s->options.body),
		.ca_file = s->options.ca_file,
		.user = s->options.credential->principal,
		.password = s->options.credential->secret,
		.on_headers = got_headers,
		.on_data = got_data,
		.on_done = done,
		.arg = s };
	struct rm_http_call *call = rm_http_send(http, &request, err);
	free(url);
	return call;
}

struct rm_subscription *
rm_subscription_new(struct event_base *loop, struct rm_http *http,
    const struct rm_subscription_options *options, struct rm_error *err)
{
	struct rm_subscription *s = rm_alloc(sizeof(*s));
	s->options = *options;
	s->address = rm_strdup(options->address);
	s->patience = FIRST_EVENT;
	s->wire = options->protobuf ? rm_wire_new() : NULL;
	rm_timer_init(&s->silence, loop, silent, s);
	rm_timer_init(&s->resume, loop, resume, s);
	s->call = send_call(s, http, err);
	s->options.body = s->options.address = NULL;
	if (s->call == NULL) {
		rm_subscription_free(s);
		return NULL;
	}
	rm_timer_set(&s->silence, s->patience);
	return s;
}

void
rm_subscription_free(struct rm_subscription *s)
{
	if (s == NULL)
		return;
	rm_http_cancel(s->call);
	rm_timer_free(&s->silence);
	rm_timer_free(&s->resume);
	rm_recordio_free(&s->in);
	rm_wire_free(s->wire);
	rm_str_free(&s->json);
	rm_str_free(&s->words);
	free(s->location);
	free(s->address);
	free(s);
}

const char *
rm_subscription_stream_id(const struct rm_subscription *s)
{
	return s->stream_id;
}

const char *
rm_subscription_address(const struct rm_subscription *s)
{
	return s->address;
}

void
rm_subscription_expect(struct rm_subscription *s, double heartbeat)
{
	s->patience = heartbeat * MISSED_HEARTBEATS;
	if (!s->held)
		rm_timer_set(&s->silence, s->patience);
}
