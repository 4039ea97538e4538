#include "mesos/caller.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/list.h"
#include "base/log.h"
#include "io/http_client.h"
#include "io/loop.h"
#include "mesos/address.h"
#include "mesos/answer.h"
#include "mesos/call_figures.h"
#include "stream/figures.h"

/* Waits before a call is repeated, seconds. */
#define FIRST_WAIT 0.1
#define MOST_WAIT  2.0
/* With less than this left until the deadline nothing is tried. */
#define LEAST_TIME 0.1

struct waiting {
	TAILQ_ENTRY(waiting) link;
	struct rm_call call;
};

struct rm_caller {
	struct rm_caller_options options;
	struct rm_http *http;
	TAILQ_HEAD(waiting_list, waiting) queue;
	size_t count;

	bool live;
	double gone_at;
	char *address, *framework_id;
	char *stream_header;

	struct rm_call call; /* under way; type NULL: none */
	struct rm_str body;
	struct rm_http_call *post; /* NULL: waits for secrets or for `again` */
	bool old; /* of a subscription before the newest */
	double end; /* monotonic: its deadline */
	unsigned tries;
	struct rm_timer again;
	struct rm_timer next;
	unsigned long refused;
	struct rm_call_figures figures;
	double posted; /* monotonic */
};

static void prepare(struct rm_caller *caller);

static void
count(struct rm_caller *caller, const struct rm_call *call, const char *outcome)
{
	rm_call_figures_count(&caller->figures, call, outcome, rm_stream_now());
}

static void
drop_waiting(struct rm_caller *caller)
{
	while (!TAILQ_EMPTY(&caller->queue)) {
		struct waiting *waiting = TAILQ_FIRST(&caller->queue);
		TAILQ_REMOVE(&caller->queue, waiting, link);
		count(caller, &waiting->call, "lost");
		rm_call_free(&waiting->call);
		free(waiting);
	}
	caller->count = 0;
}

/* The call under way is over; the next one begins from the loop. */
static void
finish_call(struct rm_caller *caller)
{
	rm_timer_stop(&caller->again);
	rm_call_free(&caller->call);
	if (caller->body.text != NULL)
		explicit_bzero(caller->body.text, caller->body.len);
	rm_str_free(&caller->body);
	caller->old = false;
	rm_timer_set(&caller->next, 0);
}

static void
gone(struct rm_caller *caller, const char *what, const char *why)
{
	rm_log_warn("%s: %s: %s; %zu calls dropped", caller->call.type->name,
	    what, why, caller->count + 1);
	count(caller, &caller->call, "lost");
	caller->live = false;
	caller->gone_at = rm_stream_now();
	drop_waiting(caller);
	finish_call(caller);
}

/* Sends a DECLINE in place of an ACCEPT, so that its offers are not held. */
static void
let_go(struct rm_caller *caller)
{
	rm_call_decline(&caller->call);
	rm_str_clear(&caller->body);
	prepare(caller);
}

static void
wrong(struct rm_caller *caller, const char *why)
{
	rm_log_error("%s refused: %s", caller->call.type->name, why);
	caller->refused++;
	count(caller, &caller->call, "refused");
	if (caller->call.type->repeatable || caller->old)
		finish_call(caller);
	else
		let_go(caller);
}

static void
try_again(struct rm_caller *caller, const char *why)
{
	double left = caller->end - rm_now();
	double wait = rm_backoff(caller->tries++, FIRST_WAIT, MOST_WAIT);
	if (left < LEAST_TIME) {
		gone(caller, "not delivered in time", why);
		return;
	}
	rm_log_info("%s: %s; again", caller->call.type->name, why);
	count(caller, &caller->call, "repeated");
	rm_timer_set(&caller->again, wait < left ? wait : left);
}

static void
give_up(struct rm_caller *caller, int code, const char *what, const char *why)
{
	rm_log_error("%s: %s: %s", caller->call.type->name, what, why);
	count(caller, &caller->call, "failed");
	finish_call(caller);
	rm_timer_stop(&caller->next);
	caller->options.on_failure(caller->options.arg, code);
}

static void
judge(struct rm_caller *caller, enum rm_answer answer, int status,
    const char *why)
{
	switch (answer) {
	case RM_ANSWER_DONE:
		count(caller, &caller->call, "done");
		finish_call(caller);
		break;
	case RM_ANSWER_LOST:
		if (!caller->call.type->repeatable) {
			/* Sent again it would make Mesos report a running task
			 * as dropped. */
			give_up(caller, RM_EXIT_OUTSIDE,
			    "done or not, nobody knows", why);
			break;
		}
		/* fall through */
	case RM_ANSWER_AGAIN:
		try_again(caller, why);
		break;
	case RM_ANSWER_GONE:
		gone(caller, "the subscription is gone",
		    status == 307 ? "another master leads" : why);
		break;
	case RM_ANSWER_REFUSED:
		wrong(caller, why);
		break;
	case RM_ANSWER_DENIED:
		give_up(caller, RM_EXIT_USAGE, "wrong credentials", why);
		break;
	}
}

static void
answered(void *arg, const struct rm_http_response *response,
    const struct rm_error *failure)
{
	struct rm_caller *caller = arg;
	caller->post = NULL;
	int status = failure != NULL ? 0 : response->status;
	rm_figures_observe(RM_FIGURE_CALL_SECONDS, rm_now() - caller->posted);
	const char *why = failure != NULL ? failure->text : response->body;
	enum rm_answer answer = rm_answer_of(status, why, response->maybe_seen);
	bool lost = answer == RM_ANSWER_LOST && !caller->call.type->repeatable;
	char words[1024];
	if (failure != NULL)
		snprintf(words, sizeof(words), "%s", failure->text);
	else
		snprintf(words, sizeof(words), "HTTP %d: %s", status, why);
	/* Its subscription has ended: it is not tried again, and what the
	 * answer says of that subscription is no news. */
	if (caller->old && !lost && answer != RM_ANSWER_REFUSED)
		finish_call(caller);
	else
		judge(caller, answer, status, words);
}

static void
post(void *arg)
{
	struct rm_caller *caller = arg;
	const char *const headers[] = { "Content-Type: application/json",
		"Accept: application/json", caller->stream_header, NULL };
	double left = caller->end - rm_now();
	char *url = rm_address_url(caller->address, "/api/v1/scheduler");
	struct rm_error err = { 0 };
	struct rm_http_request request = { .method = "POST",
		.url = url,
		.headers = headers,
		.body = caller->body.text,
		.body_len = caller->body.len,
		.timeout = left > LEAST_TIME ? left : LEAST_TIME,
		.ca_file = caller->options.ca_file,
		.user = caller->options.credential->principal,
		.password = caller->options.credential->secret,
		.repeatable = caller->call.type->repeatable,
		.on_done = answered,
		.arg = caller };
	caller->posted = rm_now();
	caller->post = rm_http_send(caller->http, &request, &err);
	free(url);
	if (caller->post == NULL)
		give_up(caller, err.code, "can't be sent", err.text);
}

static jv
masked(void *arg, const char *cluster, const char *field)
{
	(void)arg;
	(void)cluster;
	(void)field;
	return jv_string("***");
}

/* An ACCEPT without its secret is not sent. */
static void
prepare(struct rm_caller *caller)
{
	struct rm_error err = { 0 };
	bool dry = caller->options.dry != NULL;
	caller->tries = 0;
	caller->end = rm_now() + caller->options.deadline;
	if (rm_call_post(&caller->call, caller->framework_id,
		dry ? masked : rm_secrets_get, caller->options.secrets,
		&caller->body, &err) != 0) {
		rm_log_error(
		    "%s not sent: %s", caller->call.type->name, err.text);
		count(caller, &caller->call, "failed");
		caller->refused++;
		let_go(caller);
		return;
	}
	if (!dry) {
		post(caller);
		return;
	}
	caller->options.dry(
	    caller->options.arg, caller->body.text, caller->body.len);
	finish_call(caller);
}

static void
secrets_fetched(void *arg)
{
	prepare(arg);
}

/* Takes the first that waits, and the DECLINEs behind it that can go with
 * it. */
static void
take_first(struct rm_caller *caller)
{
	struct waiting *first, *next;
	TAILQ_FOREACH_SAFE (first, &caller->queue, link, next) {
		if (caller->call.type == NULL)
			caller->call = first->call;
		else if (rm_call_merge(&caller->call, &first->call))
			rm_call_free(&first->call);
		else
			return;
		TAILQ_REMOVE(&caller->queue, first, link);
		free(first);
		caller->count--;
	}
}

static void
begin_next(void *arg)
{
	struct rm_caller *caller = arg;
	if (caller->call.type != NULL)
		return;
	take_first(caller);
	if (caller->call.type != NULL) {
		jv clusters = rm_call_clusters(&caller->call);
		if (caller->options.dry == NULL &&
		    jv_array_length(jv_copy(clusters)) > 0) {
			rm_secrets_fetch(caller->options.secrets, clusters,
			    caller->options.deadline, secrets_fetched, caller);
		} else {
			jv_free(clusters);
			prepare(caller);
		}
	}
	caller->options.on_progress(caller->options.arg);
}

struct rm_caller *
rm_caller_new(struct event_base *loop, const struct rm_caller_options *options,
    struct rm_error *err)
{
	struct rm_http *http = rm_http_new(loop, err);
	if (http == NULL)
		return NULL;
	struct rm_caller *caller = rm_alloc(sizeof(*caller));
	caller->options = *options;
	caller->http = http;
	TAILQ_INIT(&caller->queue);
	rm_call_figures_init(&caller->figures);
	rm_timer_init(&caller->again, loop, post, caller);
	rm_timer_init(&caller->next, loop, begin_next, caller);
	return caller;
}

void
rm_caller_free(struct rm_caller *caller)
{
	if (caller == NULL)
		return;
	rm_secrets_cancel(caller->options.secrets);
	rm_http_free(caller->http);
	drop_waiting(caller);
	rm_call_figures_free(&caller->figures);
	rm_call_free(&caller->call);
	rm_str_free(&caller->body);
	rm_timer_free(&caller->again);
	rm_timer_free(&caller->next);
	free(caller->address);
	free(caller->framework_id);
	free(caller->stream_header);
	free(caller);
}

static void
replace(char **text, char *with)
{
	free(*text);
	*text = with;
}

void
rm_caller_follow(struct rm_caller *caller, const char *address,
    const char *stream_id, const char *framework_id)
{
	drop_waiting(caller);
	caller->old = caller->post != NULL;
	if (caller->call.type != NULL && caller->post == NULL) {
		rm_secrets_cancel(caller->options.secrets);
		finish_call(caller);
	}
	caller->live = true;
	replace(&caller->address, rm_strdup(address));
	replace(&caller->framework_id, rm_strdup(framework_id));
	replace(&caller->stream_header,
	    rm_format("Mesos-Stream-Id: %s", stream_id));
}

void
rm_caller_add(struct rm_caller *caller, struct rm_call *call)
{
	if (!caller->live) {
		count(caller, call, "lost");
		rm_call_free(call);
		return;
	}
	struct waiting *waiting = rm_alloc(sizeof(*waiting));
	waiting->call = *call;
	*call = (struct rm_call){ 0 };
	TAILQ_INSERT_TAIL(&caller->queue, waiting, link);
	caller->count++;
	if (caller->call.type == NULL)
		rm_timer_set(&caller->next, 0);
}

void
rm_caller_update(struct rm_caller *caller, jv line)
{
	rm_call_figures_update(&caller->figures, line);
}

bool
rm_caller_live(const struct rm_caller *caller)
{
	return caller->live;
}

double
rm_caller_gone_at(const struct rm_caller *caller)
{
	return caller->gone_at;
}

size_t
rm_caller_pending(const struct rm_caller *caller)
{
	return caller->count + (caller->call.type != NULL);
}

unsigned long
rm_caller_refused(const struct rm_caller *caller)
{
	return caller->refused;
}
