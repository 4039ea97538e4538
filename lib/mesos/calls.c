#include "mesos/calls.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/json.h"
#include "base/log.h"
#include "io/loop.h"
#include "mesos/caller.h"
#include "stream/figures.h"
#include "stream/kind.h"
#include "stream/pipe.h"

/* Lines are left unread while this many calls wait. */
#define WAITING_MAX 1000
/* The master goes on talking to us, on a subscription whose calls it does not
 * take, this many seconds after it was found to be gone. */
#define GRACE 5.0
/* For what waits at the end. */
#define DRAIN 5.0

struct calls {
	const struct rm_calls_options *options;
	struct rm_credential credential;
	struct event_base *loop;
	struct rm_secrets *secrets;
	struct rm_caller *caller;
	struct rm_pipe *pipe;
	bool ended; /* input */
	bool followed; /* SUBSCRIBED came */
	unsigned long dropped;
	bool over;
	int code;
};

static void
finish(struct calls *calls, int code)
{
	if (calls->over)
		return;
	calls->over = true;
	calls->code = code;
	if (calls->loop != NULL)
		event_base_loopbreak(calls->loop);
}

static int
lacks(struct rm_error *err, const char *what)
{
	return rm_error_set(err, RM_EXIT_REJECTED, "SUBSCRIBED lacks %s", what);
}

/* It goes into a header. */
static bool
is_plain(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text > '~')
			return false;
	return true;
}

/* Borrows line. */
static int
follow(struct calls *calls, jv line, struct rm_error *err)
{
	const char *master = rm_json_text(line, "master", NULL);
	const char *stream_id = rm_json_text(line, "stream_id", NULL);
	const char *framework = rm_json_path_text(
	    line, "mesos.subscribed.framework_id.value");
	if (master == NULL)
		return lacks(err, "master");
	if (stream_id == NULL || !is_plain(stream_id))
		return lacks(err, "stream_id");
	if (framework == NULL)
		return lacks(err, "mesos.subscribed.framework_id.value");
	calls->followed = true;
	rm_caller_follow(calls->caller, master, stream_id, framework);
	return 0;
}

static int
take_subscribed(
    struct calls *calls, const char *text, size_t len, struct rm_error *err)
{
	jv line;
	if (rm_json_parse(text, len, &line, err) != 0)
		return -1;
	int rc = follow(calls, line, err);
	jv_free(line);
	return rc;
}

/* The subscription that takes no calls must not live on for long: whoever
 * starts us again begins a new one. */
static int
take_heartbeat(
    struct calls *calls, const char *text, size_t len, struct rm_error *err)
{
	jv line;
	if (!calls->followed || rm_caller_live(calls->caller))
		return 0;
	if (rm_json_parse(text, len, &line, err) != 0)
		return -1;
	double at = rm_json_number(line, "at", 0);
	jv_free(line);
	if (at > rm_caller_gone_at(calls->caller) + GRACE) {
		rm_log_error("the subscription lives, but takes no calls");
		finish(calls, RM_EXIT_OUTSIDE);
	}
	return 0;
}

/* The master's words are for others; here it is when they came. */
static int
take_update(
    struct calls *calls, const char *text, size_t len, struct rm_error *err)
{
	jv line;
	if (rm_json_parse(text, len, &line, err) != 0)
		return -1;
	rm_caller_update(calls->caller, line);
	jv_free(line);
	return 0;
}

/* {"tick":T}: how long has it been under way? */
static int
take_tick(
    struct calls *calls, const char *text, size_t len, struct rm_error *err)
{
	jv line;
	(void)calls;
	if (rm_json_parse(text, len, &line, err) != 0)
		return -1;
	double at = rm_json_number(line, "tick", -1);
	jv_free(line);
	if (at >= 0)
		rm_figures_observe(
		    RM_FIGURE_DELAY_SECONDS, rm_stream_now() - at);
	return 0;
}

static int
take_call(
    struct calls *calls, const char *text, size_t len, struct rm_error *err)
{
	struct rm_call call = { 0 };
	if (rm_call_read(text, len, &call, err) != 0)
		return -1;
	if (!calls->followed) {
		rm_error_set(err, RM_EXIT_REJECTED,
		    "%s before the first SUBSCRIBED", call.type->name);
		rm_call_free(&call);
		return -1;
	}
	rm_caller_add(calls->caller, &call);
	return 0;
}

static int
take_unknown(
    struct calls *calls, const char *text, size_t len, struct rm_error *err)
{
	(void)calls;
	(void)text;
	(void)len;
	return rm_error_set(err, RM_EXIT_REJECTED, "starts with no known kind");
}

static const struct {
	enum rm_kind kind;
	const char *value;
	int (*take)(struct calls *calls, const char *text, size_t len,
	    struct rm_error *err);
} rules[] = {
	{ RM_KIND_CALL, NULL, take_call },
	{ RM_KIND_EVENT, "SUBSCRIBED", take_subscribed },
	{ RM_KIND_EVENT, "HEARTBEAT", take_heartbeat },
	{ RM_KIND_EVENT, "UPDATE", take_update },
	{ RM_KIND_TICK, NULL, take_tick },
	{ RM_KIND_NONE, NULL, take_unknown },
};

static void
on_line(void *arg, const char *line, size_t len, unsigned long number)
{
	struct calls *calls = arg;
	struct rm_head head = rm_kind_of(line, len);
	struct rm_error err = { 0 };
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
		if (rules[i].kind != head.kind ||
		    !rm_head_is(&head, rules[i].value))
			continue;
		if (rules[i].take(calls, line, len, &err) != 0) {
			rm_log_warn("line %lu dropped: %s", number, err.text);
			rm_figures_dropped();
			calls->dropped++;
		}
		break;
	}
	if (calls->over || rm_caller_pending(calls->caller) >= WAITING_MAX)
		rm_pipe_hold(calls->pipe, true);
}

/* At the end of input, when all calls are out. */
static void
maybe_done(struct calls *calls)
{
	if (!calls->ended || rm_caller_pending(calls->caller) > 0)
		return;
	bool rejected = calls->dropped > 0 ||
			rm_caller_refused(calls->caller) > 0;
	finish(calls, rejected ? RM_EXIT_REJECTED : RM_EXIT_OK);
}

static void
on_end(void *arg)
{
	struct calls *calls = arg;
	calls->ended = true;
	maybe_done(calls);
}

static void
on_progress(void *arg)
{
	struct calls *calls = arg;
	if (!calls->over && !rm_pipe_full(calls->pipe) &&
	    rm_caller_pending(calls->caller) < WAITING_MAX)
		rm_pipe_hold(calls->pipe, false);
	maybe_done(calls);
}

static void
on_failure(void *arg, int code)
{
	finish(arg, code);
}

/* Also when all is done and what was printed can't go out. */
static void
pipe_failed(void *arg, const struct rm_error *err)
{
	struct calls *calls = arg;
	if (err->text[0] != '\0')
		rm_log_error("%s", err->text);
	finish(calls, RM_EXIT_OUTSIDE);
	calls->code = RM_EXIT_OUTSIDE;
}

static void
stop(void *arg)
{
	finish(arg, RM_EXIT_OK);
}

static void
print(void *arg, const char *body, size_t len)
{
	struct calls *calls = arg;
	rm_pipe_send(calls->pipe, body, len);
}

static int
start(struct calls *calls, struct rm_error *err)
{
	const struct rm_calls_options *options = calls->options;
	struct rm_secrets_options secrets = {
		.zk = options->dry_run ? NULL : options->zk,
		.zk_auth = options->zk_auth,
		.framework = options->name,
	};
	struct rm_pipe_options pipe = {
		.on_line = on_line,
		.on_end = on_end,
		.on_error = pipe_failed,
		.arg = calls,
	};
	calls->loop = rm_loop_new(true, err);
	if (calls->loop == NULL || rm_credential_read(options->credentials,
				       &calls->credential, err) != 0)
		return -1;
	calls->secrets = rm_secrets_new(calls->loop, &secrets, err);
	if (calls->secrets == NULL)
		return -1;
	struct rm_caller_options caller = {
		.credential = &calls->credential,
		.ca_file = options->ca_file,
		.secrets = calls->secrets,
		.deadline = options->deadline,
		.dry = options->dry_run ? print : NULL,
		.on_progress = on_progress,
		.on_failure = on_failure,
		.arg = calls,
	};
	calls->caller = rm_caller_new(calls->loop, &caller, err);
	if (calls->caller == NULL ||
	    rm_loop_on_stop(calls->loop, stop, calls, err) != 0)
		return -1;
	calls->pipe = rm_pipe_new(calls->loop, &pipe);
	return 0;
}

static void
clean(struct calls *calls)
{
	if (calls->pipe != NULL)
		rm_pipe_drain(calls->pipe, DRAIN);
	rm_pipe_free(calls->pipe);
	rm_caller_free(calls->caller);
	rm_secrets_free(calls->secrets);
	rm_credential_free(&calls->credential);
	if (calls->loop != NULL)
		event_base_free(calls->loop);
}

int
rm_calls_run(const struct rm_calls_options *options)
{
	struct calls calls = { .options = options };
	struct rm_error err = { 0 };
	if (start(&calls, &err) != 0) {
		rm_log_error("%s", err.text);
		finish(&calls, err.code);
	} else {
		event_base_dispatch(calls.loop);
	}
	clean(&calls);
	return calls.code;
}
