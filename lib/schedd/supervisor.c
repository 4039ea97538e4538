#include "schedd/supervisor.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "io/loop.h"
#include "io/ready.h"
#include "io/zk.h"
#include "io/zk_ephemeral.h"
#include "schedd/settings.h"
#include "state/election.h"
#include "stream/figures.h"

/* A pipeline that ran this long ends a row of failures. */
#define STABLE       60.0
#define REPORT_EVERY 10.0
/* ZooKeeper has to answer once within this, at start. */
#define FIRST_CONNECTION 15.0

struct supervisor {
	struct event_base *loop;
	struct rm_supervisor_options options;
	char *root; /* /riak/frameworks/<framework> */
	char *settings;
	struct rm_zk *zk;
	struct rm_election *election;
	struct rm_zk_ephemeral *report;
	struct rm_pipeline *pipeline;
	char *fence; /* NULL: not leading */
	struct rm_timer backoff, reporter, first;
	unsigned failures;
	double started_at;
	unsigned long restarts;
	bool stopping, told;
	bool doubted; /* the fence is looked at: does it still hold? */
	int code;
};

static void settle(struct supervisor *s);

static void
end(struct supervisor *s, int code)
{
	s->code = code;
	event_base_loopbreak(s->loop);
}

/* ---- who we are, for others to see ---- */

static char *
who(void)
{
	char host[HOST_NAME_MAX + 1] = "";
	gethostname(host, sizeof(host) - 1);
	struct rm_str text = { 0 };
	rm_json_write(&text, JV_OBJECT(jv_string("host"), jv_string(host),
				 jv_string("pid"), jv_number(getpid())));
	return rm_str_take(&text);
}

static void
on_report(void *arg)
{
	struct supervisor *s = arg;
	char host[HOST_NAME_MAX + 1] = "";
	gethostname(host, sizeof(host) - 1);
	struct rm_str text = { 0 };
	rm_json_write(
	    &text, JV_OBJECT(jv_string("leader"),
		       jv_string_fmt("%s:%d", host, (int)getpid()),
		       jv_string("running"),
		       s->pipeline != NULL ? jv_true() : jv_false(),
		       jv_string("restarts"), jv_number((double)s->restarts),
		       jv_string("at"), jv_number(rm_wall()),
		       jv_string("counters"), rm_figures_json()));
	if (s->fence != NULL && s->report == NULL) {
		char *path = rm_format("%s/scheduler", s->root);
		s->report = rm_zk_ephemeral_new(
		    s->zk, path, text.text, NULL, NULL);
		free(path);
	} else if (s->report != NULL) {
		rm_zk_ephemeral_set(s->report, text.text);
	}
	rm_str_free(&text);
	rm_timer_set(&s->reporter, REPORT_EVERY);
}

static void
tell_ready(struct supervisor *s, const char *status)
{
	struct rm_error err = { 0 };
	if (s->told)
		return;
	s->told = true;
	if (rm_ready_tell(s->options.ready_fd, status, &err) != 0)
		rm_log_warn("readiness: %s", err.text);
}

/* ---- the pipeline ---- */

static void
retry_later(struct supervisor *s)
{
	double wait = rm_backoff(s->failures++, s->options.first_backoff,
	    s->options.longest_backoff);
	rm_log_info("the pipeline starts again in %.1f s", wait);
	rm_timer_set(&s->backoff, wait);
}

/* A stage has met another scheduler. With our election node gone that is how
 * it hears of a session that has expired: we shall stand again. */
static void
on_fence(void *arg, enum rm_zk_result result, const char *value, size_t len,
    const struct rm_zk_stat *stat)
{
	struct supervisor *s = arg;
	(void)value, (void)len, (void)stat;
	if (!s->doubted || s->stopping)
		return;
	s->doubted = false;
	if (result == RM_ZK_OK) {
		rm_log_error(
		    "giving up: %s", rm_exit_meaning(RM_EXIT_CONFLICT));
		end(s, RM_EXIT_CONFLICT);
	} else if (result != RM_ZK_NO_NODE) {
		retry_later(s);
	}
}

static void
on_pipeline_end(void *arg, int code, const char *what)
{
	struct supervisor *s = arg;
	s->pipeline = NULL;
	if (s->stopping) {
		end(s, RM_EXIT_OK);
		return;
	}
	s->restarts++;
	if (rm_now() - s->started_at >= STABLE)
		s->failures = 0;
	if (code == RM_EXIT_USAGE) {
		rm_log_error("giving up: %s: %s", what, rm_exit_meaning(code));
		end(s, code);
		return;
	}
	if (code == RM_EXIT_CONFLICT) {
		rm_log_warn("%s", what);
		s->doubted = true;
		rm_zk_exists(s->zk, s->fence, NULL, on_fence, s);
		return;
	}
	if (code == RM_EXIT_BUG)
		rm_log_error("a bug: %s; please report it", what);
	else
		rm_log_warn("%s", what);
	retry_later(s);
}

static void
start_pipeline(struct supervisor *s)
{
	struct rm_error err = { 0 };
	struct rm_pipeline_options o = s->options.pipeline;
	o.fence = s->fence;
	o.on_end = on_pipeline_end;
	o.arg = s;
	/* Another framework is begun once; after that its record says which. */
	s->options.pipeline.fresh = false;
	s->started_at = rm_now();
	s->pipeline = rm_pipeline_start(s->loop, &o, &err);
	if (s->pipeline != NULL) {
		rm_log_info("the pipeline runs");
		rm_figures_add(RM_FIGURE_STARTS, NULL, NULL, 1);
		tell_ready(s, "leading");
		on_report(s);
		return;
	}
	rm_log_error("%s", err.text);
	if (err.code == RM_EXIT_USAGE)
		end(s, err.code);
	else
		retry_later(s);
}

/* ---- settings ---- */

static void
on_settled(void *arg, enum rm_zk_result result, int failed)
{
	struct supervisor *s = arg;
	if (s->fence == NULL || s->stopping)
		return;
	if (result == RM_ZK_OK) {
		start_pipeline(s);
		return;
	}
	/* The first op is the fence; when it failed, `lost` comes too. */
	rm_log_warn("settings not written: %s%s", rm_zk_words(result),
	    failed == 0 ? " (leadership lost)" : "");
	retry_later(s);
}

static void
on_old_settings(void *arg, enum rm_zk_result result, const char *value,
    size_t len, const struct rm_zk_stat *stat)
{
	struct supervisor *s = arg;
	struct rm_error err = { 0 };
	if (s->fence == NULL || s->stopping)
		return;
	if (result != RM_ZK_OK && result != RM_ZK_NO_NODE) {
		rm_log_warn("settings not read: %s", rm_zk_words(result));
		retry_later(s);
		return;
	}
	if (rm_settings_check(value, len, &err) != 0) {
		rm_log_error("%s", err.text);
		end(s, err.code);
		return;
	}
	char *path = rm_format("%s/settings", s->root);
	struct rm_zk_op ops[] = {
		{ .kind = RM_ZK_OP_CHECK, .path = s->fence, .version = -1 },
		{ .kind = stat != NULL ? RM_ZK_OP_SET : RM_ZK_OP_CREATE,
		    .path = path,
		    .value = s->settings,
		    .len = strlen(s->settings),
		    .version = stat != NULL ? stat->version : -1 },
	};
	rm_zk_multi(s->zk, ops, 2, on_settled, s);
	free(path);
}

/* Reads what is there, writes ours, starts the pipeline. */
static void
settle(struct supervisor *s)
{
	char *path = rm_format("%s/settings", s->root);
	rm_zk_get(s->zk, path, NULL, on_old_settings, s);
	free(path);
}

static void
on_backoff(void *arg)
{
	struct supervisor *s = arg;
	if (s->fence != NULL && s->pipeline == NULL && !s->stopping)
		settle(s);
}

/* ---- election ---- */

static void
on_leading(void *arg, const char *fence)
{
	struct supervisor *s = arg;
	rm_log_info("leading, fence %s", fence);
	free(s->fence);
	s->fence = rm_strdup(fence);
	s->failures = 0;
	settle(s);
}

static void
on_lost(void *arg)
{
	struct supervisor *s = arg;
	if (s->fence != NULL)
		rm_log_warn("leadership lost; standing by");
	free(s->fence);
	s->fence = NULL;
	s->doubted = false;
	rm_timer_stop(&s->backoff);
	if (s->pipeline != NULL)
		rm_pipeline_kill(s->pipeline);
	s->pipeline = NULL;
	if (s->report != NULL)
		rm_zk_ephemeral_free(s->report);
	s->report = NULL;
}

static void
on_waiting(void *arg, int ahead)
{
	rm_log_info("standing by, %d ahead", ahead);
	tell_ready(arg, "standing by");
}

static void
on_refused(void *arg, const struct rm_error *err)
{
	rm_log_error("%s", err->text);
	end(arg, err->code);
}

static void
on_session(void *arg, enum rm_zk_session state)
{
	struct supervisor *s = arg;
	if (state == RM_ZK_SUSPENDED) {
		rm_log_warn("ZooKeeper: no server answers");
		return;
	}
	rm_timer_stop(&s->first);
	rm_log_info("ZooKeeper: %s", state == RM_ZK_RENEWED
					 ? "connected, in a new session"
					 : "connected");
	rm_election_session(s->election, state);
	if (s->report != NULL)
		rm_zk_ephemeral_session(s->report, state);
}

static void
on_no_connection(void *arg)
{
	struct supervisor *s = arg;
	rm_log_error("ZooKeeper: no answer from %s", s->options.pipeline.zk);
	end(s, RM_EXIT_OUTSIDE);
}

static void
on_stop(void *arg)
{
	struct supervisor *s = arg;
	if (s->stopping)
		return;
	rm_log_info("stopping");
	s->stopping = true;
	if (s->pipeline != NULL)
		rm_pipeline_stop(s->pipeline);
	else
		end(s, RM_EXIT_OK);
}

/* ---- the whole ---- */

static int
open_all(struct supervisor *s, struct rm_error *err)
{
	const struct rm_election_events events = { on_leading, on_lost,
		on_waiting, on_refused, s };
	const struct rm_zk_options zk = {
		.hosts = s->options.pipeline.zk,
		.auth_file = s->options.pipeline.zk_auth_file,
		.on_session = on_session,
		.arg = s,
	};
	rm_timer_init(&s->backoff, s->loop, on_backoff, s);
	rm_timer_init(&s->reporter, s->loop, on_report, s);
	rm_timer_init(&s->first, s->loop, on_no_connection, s);
	s->options.pipeline.figures_fd = rm_figures_new(err);
	if (s->options.pipeline.figures_fd < 0 ||
	    rm_loop_on_stop(s->loop, on_stop, s, err) != 0)
		return -1;
	s->zk = rm_zk_open(s->loop, &zk, err);
	if (s->zk == NULL)
		return -1;
	char *me = who();
	s->election = rm_election_new(s->zk, s->root, me, &events);
	free(me);
	rm_timer_set(&s->first, FIRST_CONNECTION);
	return 0;
}

static void
close_all(struct supervisor *s)
{
	if (s->pipeline != NULL)
		rm_pipeline_kill(s->pipeline);
	if (s->report != NULL)
		rm_zk_ephemeral_free(s->report);
	rm_election_free(s->election);
	if (s->zk != NULL)
		rm_zk_close(s->zk);
	rm_timer_free(&s->backoff);
	rm_timer_free(&s->reporter);
	rm_timer_free(&s->first);
	free(s->fence);
	free(s->settings);
	free(s->root);
}

int
rm_supervisor_run(
    struct event_base *loop, const struct rm_supervisor_options *options)
{
	struct supervisor s = { .loop = loop, .options = *options };
	struct rm_error err = { 0 };
	struct rm_str text = { 0 };
	rm_json_write(&text, options->settings);
	s.settings = rm_str_take(&text);
	s.root = rm_format("/riak/frameworks/%s", options->pipeline.framework);
	if (open_all(&s, &err) == 0) {
		event_base_dispatch(loop);
	} else {
		rm_log_error("%s", err.text);
		s.code = err.code;
	}
	close_all(&s);
	return s.code;
}
