#include "mesos/events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/json.h"
#include "base/log.h"
#include "io/http_client.h"
#include "io/loop.h"
#include "io/zk_wait.h"
#include "mesos/address.h"
#include "mesos/credential.h"
#include "mesos/framework_load.h"
#include "mesos/leader.h"
#include "mesos/subscription.h"
#include "stream/figures.h"
#include "stream/pipe.h"

/* Waits before another attempt, seconds. */
#define FIRST_WAIT 0.5
#define MOST_WAIT  15.0
/* A master that does not lead yet: it soon will. */
#define ELECTION_WAIT 2.0
/* Redirects followed without a wait between them. */
#define HOPS_MAX 4
/* For the question whether the framework is there. */
#define ASK_TIMEOUT 30.0
#define ANSWER_MAX  ((size_t)64 << 20)
#define ASKING      "GET_FRAMEWORKS (--framework-id or --new goes without)"
/* For the last words: why it ends. */
#define DRAIN         5.0
#define DRAIN_STOP    0.5
#define HEARTBEAT_MIN 0.01
#define HEARTBEAT_MAX 3600.0

struct events {
	const struct rm_events_options *options;
	struct rm_framework *framework;
	struct rm_credential credential;
	struct event_base *loop;
	struct rm_http *http;
	struct rm_zk_wait zk;
	struct rm_pipe *pipe;
	struct rm_leader *leader;

	/* At most one of these is under way; else `retry` is armed, or nobody
	 * leads and on_change will tell. */
	bool checking; /* the fence */
	struct rm_http_call *asking; /* is the framework there? */
	struct rm_subscription *subscription;
	struct rm_timer retry;

	bool started, asked;
	unsigned tries, hops;
	struct rm_timer tick;
	double next_tick; /* monotonic */
	bool over;
	int code;
};

static void attempt(void *arg);

/* Ends the run after the callback we are in; what waits still goes out. */
static void
finish(struct events *ev, int code)
{
	if (ev->over)
		return;
	ev->over = true;
	ev->code = code;
	if (ev->loop != NULL)
		event_base_loopbreak(ev->loop);
}

static void
try_later(struct events *ev, double most)
{
	rm_timer_set(&ev->retry, rm_backoff(ev->tries++, FIRST_WAIT, most));
}

static const char *
master(const struct events *ev)
{
	const char *address = rm_leader_address(ev->leader);
	return address != NULL ? address : "the master";
}

/* One line for what a restart does not help. */
static void
refused(struct events *ev, const char *what, int status, const char *text)
{
	rm_log_error("%s refuses %s: HTTP %d: %.1000s%s", master(ev), what,
	    status, *text != '\0' ? text : "(no words)",
	    status == 401 && ev->credential.principal == NULL
		? " (--credentials)"
		: "");
	finish(ev, RM_EXIT_USAGE);
}

/* The one asked does not lead. */
static void
elsewhere(struct events *ev, const char *location)
{
	if (rm_leader_redirect(ev->leader, location) && ev->hops++ < HOPS_MAX) {
		rm_timer_set(&ev->retry, 0);
		return;
	}
	rm_log_info("%s does not lead yet", master(ev));
	ev->hops = 0;
	try_later(ev, ELECTION_WAIT);
}

/* What to do after an answer that is no stream, or after none. */
static void
judge(struct events *ev, const char *what, int status, const char *text,
    const char *location)
{
	if (status == 307) {
		elsewhere(ev, location);
		return;
	}
	if ((status >= 400 && status < 500) || status == 501) {
		refused(ev, what, status, text);
		return;
	}
	if (status == 0 || status == 200)
		rm_log_warn("%.1000s", text);
	else
		rm_log_warn("%s: HTTP %d: %.1000s", master(ev), status, text);
	rm_leader_skip(ev->leader);
	try_later(ev, MOST_WAIT);
}

static void
send_line(void *arg, const char *line, size_t len)
{
	struct events *ev = arg;
	rm_pipe_send(ev->pipe, line, len);
}

/* Borrows subscribed, the whole event. */
static void
subscribed(struct events *ev, jv event)
{
	const char *id = rm_json_path_text(
	    event, "subscribed.framework_id.value");
	jv body = rm_json_get(event, "subscribed");
	double heartbeat = rm_json_number(
	    body, "heartbeat_interval_seconds", 15);
	jv_free(body);
	if (id != NULL) {
		free(ev->framework->id);
		ev->framework->id = rm_strdup(id);
	}
	if (heartbeat >= HEARTBEAT_MIN && heartbeat <= HEARTBEAT_MAX)
		rm_subscription_expect(ev->subscription, heartbeat);
	ev->tries = ev->hops = 0;
	rm_log_info("subscribed master=%s framework=%s",
	    rm_subscription_address(ev->subscription),
	    id != NULL ? id : "(none)");
}

/* An ERROR event ends the subscription for good. A newer instance of us has
 * won when it says so; everything else is for people to see to. */
static void
error_event(struct events *ev, jv event)
{
	const char *message = rm_json_path_text(event, "error.message");
	bool newer = message != NULL &&
		     strcmp(message, "Framework failed over") == 0;
	rm_log_error("the master ends our subscription: %.1000s",
	    message != NULL ? message : "(no words)");
	finish(ev, newer ? RM_EXIT_CONFLICT : RM_EXIT_USAGE);
}

/* The events that concern us too. */
static const struct {
	const char *type;
	void (*handle)(struct events *ev, jv event);
} handlers[] = {
	{ "SUBSCRIBED", subscribed },
	{ "ERROR", error_event },
};

static void
on_event(void *arg, const struct rm_event *event)
{
	struct events *ev = arg;
	if (ev->over)
		return;
	struct rm_event_source source = {
		.master = rm_subscription_address(ev->subscription),
		.stream_id = rm_subscription_stream_id(ev->subscription),
	};
	char type[64];
	snprintf(type, sizeof(type), "%.*s", (int)event->type.len,
	    event->type.at);
	rm_figures_add(RM_FIGURE_EVENTS, type, NULL, 1);
	rm_event_write(event, rm_stream_now(), &source, send_line, ev);
	for (size_t i = 0; i < sizeof(handlers) / sizeof(*handlers); i++) {
		jv value;
		if (!rm_slice_is(event->type, handlers[i].type) ||
		    rm_json_parse(
			event->record.at, event->record.len, &value, NULL) != 0)
			continue;
		handlers[i].handle(ev, value);
		jv_free(value);
	}
	if (!ev->over && rm_pipe_full(ev->pipe))
		rm_subscription_hold(ev->subscription, true);
}

static void
on_end(void *arg, const struct rm_subscription_end *end)
{
	struct events *ev = arg;
	if (!ev->over)
		judge(ev, "SUBSCRIBE", end->status, end->text, end->location);
	rm_subscription_free(ev->subscription);
	ev->subscription = NULL;
}

static void
subscribe(struct events *ev)
{
	struct rm_str body = { 0 };
	struct rm_error err = { 0 };
	rm_json_write(&body, rm_framework_subscribe(ev->framework));
	struct rm_subscription_options options = {
		.address = rm_leader_address(ev->leader),
		.body = body.text,
		.credential = &ev->credential,
		.ca_file = ev->options->ca_file,
		.protobuf = ev->options->protobuf,
		.on_event = on_event,
		.on_end = on_end,
		.arg = ev,
	};
	ev->subscription = rm_subscription_new(
	    ev->loop, ev->http, &options, &err);
	rm_str_free(&body);
	if (ev->subscription == NULL) {
		rm_log_error("%s", err.text);
		finish(ev, err.code);
	}
}

static void
there_already(struct events *ev, const char *id)
{
	rm_log_error("the master knows a framework %s with role %s, id %s: "
		     "--framework-id %s takes it up, --new begins another",
	    ev->framework->name, ev->framework->role, id, id);
	finish(ev, RM_EXIT_CONFLICT);
}

static void
answered(void *arg, const struct rm_http_response *response,
    const struct rm_error *failure)
{
	struct events *ev = arg;
	ev->asking = NULL;
	if (failure != NULL || response->status != 200) {
		judge(ev, ASKING, failure != NULL ? 0 : response->status,
		    failure != NULL ? failure->text : response->body,
		    rm_http_header(response, "Location"));
		return;
	}
	struct rm_error err = { 0 };
	jv answer;
	char *id = NULL;
	if (rm_json_parse(response->body, response->body_len, &answer, &err) !=
		0 ||
	    rm_framework_find(ev->framework, answer, &id, &err) != 0) {
		judge(ev, ASKING, 0, err.text, NULL);
	} else if (id != NULL) {
		there_already(ev, id);
	} else {
		ev->asked = true;
		subscribe(ev);
	}
	free(id);
}

/* A framework that is there already must not get a second id silently: its
 * tasks would be orphaned. */
static void
ask(struct events *ev)
{
	static const char *const headers[] = { "Content-Type: application/json",
		"Accept: application/json", NULL };
	static const char body[] = "{\"type\":\"GET_FRAMEWORKS\"}";
	struct rm_error err = { 0 };
	char *url = rm_address_url(rm_leader_address(ev->leader), "/api/v1");
	struct rm_http_request request = { .method = "POST",
		.url = url,
		.headers = headers,
		.body = body,
		.body_len = sizeof(body) - 1,
		.timeout = ASK_TIMEOUT,
		.body_limit = ANSWER_MAX,
		.ca_file = ev->options->ca_file,
		.user = ev->credential.principal,
		.password = ev->credential.secret,
		.on_done = answered,
		.arg = ev };
	ev->asking = rm_http_send(ev->http, &request, &err);
	free(url);
	if (ev->asking == NULL) {
		rm_log_error("%s", err.text);
		finish(ev, err.code);
	}
}

static void
go_on(struct events *ev)
{
	if (rm_leader_address(ev->leader) == NULL)
		return; /* on_change tells */
	if (ev->framework->id == NULL && !ev->options->fresh && !ev->asked)
		ask(ev);
	else
		subscribe(ev);
}

static void
fence_checked(void *arg, enum rm_zk_result result, const char *value,
    size_t len, const struct rm_zk_stat *stat)
{
	(void)value;
	(void)len;
	(void)stat;
	struct events *ev = arg;
	ev->checking = false;
	if (ev->over)
		return;
	if (result == RM_ZK_OK) {
		go_on(ev);
	} else if (result == RM_ZK_NO_NODE) {
		rm_log_error(
		    "%s is gone: another one leads", ev->options->fence);
		finish(ev, RM_EXIT_CONFLICT);
	} else {
		rm_log_warn("%s: %s", ev->options->fence, rm_zk_words(result));
		try_later(ev, ELECTION_WAIT);
	}
}

/* Where every attempt begins. */
static void
attempt(void *arg)
{
	struct events *ev = arg;
	if (!ev->started || ev->over || ev->checking || ev->asking != NULL ||
	    ev->subscription != NULL)
		return;
	rm_timer_stop(&ev->retry);
	if (rm_leader_address(ev->leader) == NULL) {
		rm_log_info("waiting for a master to lead");
		return;
	}
	if (ev->options->fence == NULL) {
		go_on(ev);
		return;
	}
	ev->checking = true;
	rm_zk_exists(ev->zk.zk, ev->options->fence, NULL, fence_checked, ev);
}

/* While nobody leads, what there is stays: it ends by itself. */
static void
leader_changed(void *arg)
{
	struct events *ev = arg;
	const char *address = rm_leader_address(ev->leader);
	if (ev->over || address == NULL)
		return;
	if (ev->subscription != NULL &&
	    strcmp(rm_subscription_address(ev->subscription), address) != 0) {
		rm_subscription_free(ev->subscription);
		ev->subscription = NULL;
	}
	rm_http_cancel(ev->asking);
	ev->asking = NULL;
	ev->tries = 0;
	attempt(ev);
}

static void
tick(void *arg)
{
	struct events *ev = arg;
	double now = rm_now();
	rm_pipe_send_tick(ev->pipe, rm_stream_now());
	/* A timer may fire a little early. */
	while (ev->next_tick <= now + 0.5)
		ev->next_tick += 1;
	rm_timer_set(&ev->tick, ev->next_tick - now);
}

static void
pipe_failed(void *arg, const struct rm_error *err)
{
	struct events *ev = arg;
	if (err->text[0] != '\0')
		rm_log_error("%s", err->text);
	finish(ev, RM_EXIT_OUTSIDE);
}

static void
pipe_has_room(void *arg)
{
	struct events *ev = arg;
	if (ev->subscription != NULL)
		rm_subscription_hold(ev->subscription, false);
}

static void
stop(void *arg)
{
	finish(arg, RM_EXIT_OK);
}

static int
load(struct events *ev, struct rm_error *err)
{
	const struct rm_events_options *options = ev->options;
	bool records = options->zk != NULL;
	if (options->fence != NULL && !records)
		return rm_error_set(err, RM_EXIT_USAGE, "--fence wants --zk");
	struct rm_zk_options zk = { .hosts = options->zk,
		.auth_file = options->zk_auth };
	if (rm_credential_read(options->credentials, &ev->credential, err) !=
		0 ||
	    (records && rm_zk_wait_open(&ev->zk, ev->loop, &zk, 0, err) != 0) ||
	    rm_framework_load(ev->framework, options->name,
		records ? &ev->zk : NULL, err) != 0)
		return -1;
	if (options->fence == NULL && records)
		rm_zk_wait_close(&ev->zk);
	/* The master takes the credential's when FrameworkInfo has none. */
	if (ev->framework->principal == NULL &&
	    ev->credential.principal != NULL)
		ev->framework->principal = rm_strdup(ev->credential.principal);
	return 0;
}

static int
start(struct events *ev, struct rm_error *err)
{
	struct rm_leader_options leader = {
		.masters = ev->options->masters,
		.tls = ev->options->ca_file != NULL,
		.on_change = leader_changed,
		.arg = ev,
	};
	struct rm_pipe_options pipe = {
		.on_error = pipe_failed,
		.on_room = pipe_has_room,
		.arg = ev,
	};
	ev->loop = rm_loop_new(true, err);
	if (ev->loop == NULL)
		return -1;
	rm_timer_init(&ev->retry, ev->loop, attempt, ev);
	rm_timer_init(&ev->tick, ev->loop, tick, ev);
	ev->leader = rm_leader_new(ev->loop, &leader, err);
	if (ev->leader == NULL || load(ev, err) != 0)
		return -1;
	ev->http = rm_http_new(ev->loop, err);
	if (ev->http == NULL || rm_loop_on_stop(ev->loop, stop, ev, err) != 0)
		return -1;
	ev->pipe = rm_pipe_new(ev->loop, &pipe);
	ev->next_tick = rm_now();
	ev->started = true;
	tick(ev);
	attempt(ev);
	return 0;
}

static void
clean(struct events *ev)
{
	if (ev->pipe != NULL)
		rm_pipe_drain(
		    ev->pipe, ev->code == RM_EXIT_OK ? DRAIN_STOP : DRAIN);
	rm_pipe_free(ev->pipe);
	rm_subscription_free(ev->subscription);
	rm_http_free(ev->http);
	rm_leader_free(ev->leader);
	rm_zk_wait_close(&ev->zk);
	rm_timer_free(&ev->retry);
	rm_timer_free(&ev->tick);
	rm_credential_free(&ev->credential);
	rm_framework_free(ev->framework);
	if (ev->loop != NULL)
		event_base_free(ev->loop);
}

int
rm_events_run(
    const struct rm_events_options *options, struct rm_framework *framework)
{
	struct events ev = { .options = options, .framework = framework };
	struct rm_error err = { 0 };
	if (start(&ev, &err) != 0) {
		rm_log_error("%s", err.text);
		finish(&ev, err.code);
	} else if (!ev.over) {
		event_base_dispatch(ev.loop);
	}
	clean(&ev);
	return ev.code;
}
