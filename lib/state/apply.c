#include "state/apply.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/log.h"
#include "base/str.h"
#include "io/loop.h"
#include "state/election.h"
#include "state/write_line.h"
#include "state/writer.h"
#include "stream/figures.h"
#include "stream/kind.h"
#include "stream/pipe.h"

/* Stdin is not read while more than this waits. */
#define BACKLOG_MOST ((size_t)4 << 20)
/* A call passes on a fence that was seen within this many seconds, well below
 * the session's timeout: a process that was stopped for a while, and whose
 * session is over without its knowing, looks first. */
#define PROOF_LASTS 3.0
/* For what is to be done at the end. */
#define STOP_SECONDS 2.0

/* A line that waits: a call for what was written before it, another line for
 * the call before it. */
struct held {
	STAILQ_ENTRY(held) entry;
	bool call;
	unsigned long after; /* a call: the write that must be settled */
	size_t len;
	char line[];
};

struct apply {
	const struct rm_state_options *options;
	struct event_base *loop;
	struct rm_zk *zk;
	struct rm_pipe *pipe;
	struct rm_election *election; /* NULL with --fence */
	struct rm_writer *writer; /* once there is a fence */
	char *root, *fence;
	struct rm_timer deadline; /* of the beginning, or of the end */
	STAILQ_HEAD(, held) held;
	size_t held_bytes;
	unsigned long line; /* the one being read */
	unsigned long dropped;
	bool connected, ended, stopping;
	bool fence_watched;
	bool waited; /* for another that leads */
	int code;
};

static void
finish(struct apply *apply, int code)
{
	if (apply->code < 0)
		apply->code = code;
	if (apply->loop != NULL)
		event_base_loopbreak(apply->loop);
}

static bool
finished(const struct apply *apply)
{
	return apply->code >= 0;
}

static void
fail(struct apply *apply, const struct rm_error *err)
{
	if (err->text[0] != '\0')
		rm_log_error("%s", err->text);
	finish(apply, err->code);
}

static void
drop_line(struct apply *apply, const char *why)
{
	rm_log_warn("line %lu dropped: %s", apply->line, why);
	rm_figures_dropped();
	apply->dropped++;
}

/* ---- what may pass ---- */

static void
read_or_wait(struct apply *apply)
{
	size_t backlog = apply->held_bytes + rm_writer_pending(apply->writer);
	rm_pipe_hold(apply->pipe, backlog > BACKLOG_MOST);
}

static bool
all_done(const struct apply *apply)
{
	return STAILQ_EMPTY(&apply->held) && rm_writer_settled(apply->writer) ==
						 rm_writer_last(apply->writer);
}

/* Whether a call may pass now; if not, what it waits for is on its way. */
static bool
call_passes(struct apply *apply, unsigned long *after)
{
	if (rm_writer_settled(apply->writer) < *after ||
	    !rm_zk_connected(apply->zk))
		return false;
	if (rm_now() - rm_writer_proven(apply->writer) < PROOF_LASTS)
		return true;
	*after = rm_writer_check(apply->writer);
	return false;
}

static void
release(struct apply *apply)
{
	struct held *held;
	while ((held = STAILQ_FIRST(&apply->held)) != NULL &&
	       !finished(apply) && !rm_pipe_full(apply->pipe)) {
		if (held->call && !call_passes(apply, &held->after))
			break;
		STAILQ_REMOVE_HEAD(&apply->held, entry);
		apply->held_bytes -= held->len;
		rm_pipe_send(apply->pipe, held->line, held->len);
		free(held);
	}
	read_or_wait(apply);
	if (apply->ended && all_done(apply))
		finish(
		    apply, apply->dropped > 0 ? RM_EXIT_REJECTED : RM_EXIT_OK);
}

static void
hold(struct apply *apply, const char *line, size_t len, bool call,
    unsigned long after)
{
	struct held *held = rm_alloc(sizeof(*held) + len);
	*held = (struct held){ .call = call, .after = after, .len = len };
	memcpy(held->line, line, len);
	STAILQ_INSERT_TAIL(&apply->held, held, entry);
	apply->held_bytes += len;
}

static void
pass(struct apply *apply, const char *line, size_t len, bool call)
{
	unsigned long after = rm_writer_last(apply->writer);
	bool waits = !STAILQ_EMPTY(&apply->held);
	if (waits || (call && !call_passes(apply, &after)))
		hold(apply, line, len, call, after);
	else
		rm_pipe_send(apply->pipe, line, len);
}

static void
take_write(struct apply *apply, const char *line, size_t len)
{
	struct rm_write_line write;
	struct rm_error err = { 0 };
	if (rm_write_line_parse(line, len, &write, &err) == 0) {
		rm_figures_add(RM_FIGURE_WRITES, "asked", NULL, 1);
		rm_writer_put(apply->writer, write.path, write.value, write.len,
		    write.version);
		return;
	}
	rm_error_prefix(&err, "write");
	drop_line(apply, err.text);
}

static void
on_line(void *arg, const char *line, size_t len, unsigned long number)
{
	struct apply *apply = arg;
	struct rm_head head = rm_kind_of(line, len);
	if (finished(apply))
		return;
	apply->line = number;
	if (head.kind == RM_KIND_NONE)
		drop_line(apply, "starts with no known kind");
	else if (head.kind == RM_KIND_WRITE)
		take_write(apply, line, len);
	else
		pass(apply, line, len, head.kind == RM_KIND_CALL);
	read_or_wait(apply);
}

/* ---- beginning and end ---- */

static void
on_end(void *arg)
{
	struct apply *apply = arg;
	apply->ended = true;
	rm_timer_set(&apply->deadline, apply->options->wait);
	release(apply);
}

static void
on_stop(void *arg)
{
	struct apply *apply = arg;
	apply->stopping = true;
	if (apply->writer == NULL) {
		finish(apply, RM_EXIT_OK);
		return;
	}
	on_end(apply);
	rm_timer_set(&apply->deadline, STOP_SECONDS);
}

static void
on_pipe_error(void *arg, const struct rm_error *err)
{
	struct apply *apply = arg;
	apply->code = -1; /* also after the end of input */
	fail(apply, err);
}

static void
on_deadline(void *arg)
{
	struct apply *apply = arg;
	if (apply->ended)
		rm_log_error("ZooKeeper %s: no answer: %lu writes may be lost",
		    apply->options->zk,
		    rm_writer_last(apply->writer) -
			rm_writer_settled(apply->writer));
	else if (apply->waited) {
		rm_log_error("another leads %s", apply->options->framework);
		finish(apply, RM_EXIT_CONFLICT);
		return;
	} else
		rm_log_error("ZooKeeper %s: no %s within %.0f s",
		    apply->options->zk,
		    apply->connected ? "answer" : "connection",
		    apply->options->wait);
	finish(apply, RM_EXIT_OUTSIDE);
}

static void
may_release(void *arg)
{
	struct apply *apply = arg;
	if (apply->writer == NULL)
		return;
	if (apply->ended && !apply->stopping) /* it goes on */
		rm_timer_set(&apply->deadline, apply->options->wait);
	release(apply);
}

static void
on_dropped(void *arg, const char *path, const char *why)
{
	struct apply *apply = arg;
	rm_log_warn("write dropped: %s: %s", path, why);
	rm_figures_add(RM_FIGURE_WRITES, "dropped", NULL, 1);
	apply->dropped++;
}

static void
on_failed(void *arg, const struct rm_error *err)
{
	fail(arg, err);
}

/* There is a fence: lines may come. */
static void
begin(struct apply *apply)
{
	const struct rm_writer_options options = { .root = apply->root,
		.fence = apply->fence,
		.settled = may_release,
		.dropped = on_dropped,
		.failed = on_failed,
		.arg = apply };
	rm_timer_stop(&apply->deadline);
	apply->writer = rm_writer_new(apply->loop, apply->zk, &options);
	rm_pipe_hold(apply->pipe, false);
}

static void
fence_lost(struct apply *apply)
{
	struct rm_error err = { 0 };
	rm_error_set(&err, RM_EXIT_CONFLICT, "%s: the election node is gone",
	    apply->fence);
	fail(apply, &err);
}

static void
fence_failed(struct apply *apply, enum rm_zk_result why)
{
	struct rm_error err = { 0 };
	rm_error_set(&err, RM_EXIT_USAGE, "--fence %s: %s", apply->fence,
	    rm_zk_words(why));
	fail(apply, &err);
}

static void look_at_fence(struct apply *apply);

static void
fence_changed(void *arg, const char *path)
{
	(void)path;
	look_at_fence(arg);
}

static void
fence_seen(void *arg, enum rm_zk_result result, const char *value, size_t len,
    const struct rm_zk_stat *stat)
{
	(void)value;
	(void)len;
	(void)stat;
	struct apply *apply = arg;
	apply->fence_watched = result == RM_ZK_OK;
	if (result == RM_ZK_NO_NODE)
		fence_lost(apply);
	else if (result == RM_ZK_OK && apply->writer == NULL)
		begin(apply);
	else if (result != RM_ZK_OK && result != RM_ZK_LOST)
		fence_failed(apply, result);
}

/* With --fence it is another process's, so we hear of its end by a watch. */
static void
look_at_fence(struct apply *apply)
{
	rm_zk_exists(apply->zk, apply->fence, fence_changed, fence_seen, apply);
}

static void
on_leading(void *arg, const char *fence)
{
	struct apply *apply = arg;
	apply->fence = rm_strdup(fence);
	rm_log_info("leading: %s", fence);
	begin(apply);
}

static void
on_waiting(void *arg, int ahead)
{
	struct apply *apply = arg;
	apply->waited = true;
	rm_log_info("waiting to lead: %d ahead", ahead);
}

static void
on_lost(void *arg)
{
	struct apply *apply = arg;
	if (apply->fence != NULL)
		fence_lost(apply);
}

static void
on_refused(void *arg, const struct rm_error *err)
{
	fail(arg, err);
}

static void
on_session(void *arg, enum rm_zk_session state)
{
	struct apply *apply = arg;
	apply->connected |= state != RM_ZK_SUSPENDED;
	apply->fence_watched &= state != RM_ZK_RENEWED;
	if (apply->election != NULL)
		rm_election_session(apply->election, state);
	else if (state != RM_ZK_SUSPENDED && !apply->fence_watched)
		look_at_fence(apply);
	if (apply->writer == NULL || finished(apply))
		return;
	if (state == RM_ZK_SUSPENDED) {
		rm_log_warn("ZooKeeper is not connected: calls wait");
		return;
	}
	rm_log_info("ZooKeeper is connected again");
	rm_writer_session(apply->writer, state);
	may_release(apply);
}

static int
set_up(struct apply *apply, struct rm_error *err)
{
	const struct rm_state_options *options = apply->options;
	const struct rm_pipe_options pipe = { .on_line = on_line,
		.on_end = on_end,
		.on_error = on_pipe_error,
		.on_room = may_release,
		.arg = apply };
	const struct rm_zk_options zk = { .hosts = options->zk,
		.auth_file = options->zk_auth_file,
		.on_session = on_session,
		.arg = apply };
	const struct rm_election_events events = {
		.leading = on_leading,
		.lost = on_lost,
		.waiting = on_waiting,
		.refused = on_refused,
		.arg = apply,
	};
	apply->root = rm_state_root(options->framework, err);
	if (apply->root == NULL ||
	    (apply->loop = rm_loop_new(true, err)) == NULL ||
	    rm_loop_on_stop(apply->loop, on_stop, apply, err) != 0 ||
	    (apply->zk = rm_zk_open(apply->loop, &zk, err)) == NULL)
		return -1;
	apply->pipe = rm_pipe_new(apply->loop, &pipe);
	rm_pipe_hold(apply->pipe, true);
	rm_timer_init(&apply->deadline, apply->loop, on_deadline, apply);
	rm_timer_set(&apply->deadline, options->wait);
	if (options->fence != NULL) {
		apply->fence = rm_strdup(options->fence);
		return 0;
	}
	char host[256] = "";
	gethostname(host, sizeof(host) - 1);
	char *who = rm_format(
	    "{\"program\":\"rm-state\",\"host\":\"%s\",\"pid\":%ld}", host,
	    (long)getpid());
	apply->election = rm_election_new(apply->zk, apply->root, who, &events);
	free(who);
	return 0;
}

static void
tear_down(struct apply *apply)
{
	struct held *held;
	while ((held = STAILQ_FIRST(&apply->held)) != NULL) {
		STAILQ_REMOVE_HEAD(&apply->held, entry);
		free(held);
	}
	rm_timer_free(&apply->deadline);
	rm_writer_free(apply->writer);
	rm_election_free(apply->election);
	rm_zk_close(apply->zk);
	rm_pipe_free(apply->pipe);
	if (apply->loop != NULL)
		event_base_free(apply->loop);
	free(apply->root);
	free(apply->fence);
}

int
rm_apply_run(const struct rm_state_options *options)
{
	struct apply apply = { .options = options, .code = -1 };
	struct rm_error err = { 0 };
	STAILQ_INIT(&apply.held);
	if (set_up(&apply, &err) != 0)
		fail(&apply, &err);
	else if (event_base_dispatch(apply.loop) != 0)
		apply.code = RM_EXIT_OUTSIDE;
	/* What has passed goes out, except where we have no right any more. */
	if ((apply.code == RM_EXIT_OK || apply.code == RM_EXIT_REJECTED) &&
	    rm_pipe_finish(apply.pipe, &apply.stopping) != 0)
		apply.code = RM_EXIT_OUTSIDE;
	tear_down(&apply);
	return apply.code;
}
