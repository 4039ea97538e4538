#include "state/watch.h"

#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/log.h"
#include "base/str.h"
#include "io/loop.h"
#include "io/zk_tree.h"
#include "state/record.h"
#include "state/record_line.h"
#include "stream/figures.h"
#include "stream/kind.h"
#include "stream/pipe.h"

/*
 * A client sends the paths it watches in one packet when it connects again,
 * and a server takes 1 MB, so one session is not enough for thousands of
 * nodes: the kinds are shared out among these. With names of 60 bytes each
 * carries about 11,000 records.
 */
#define SESSIONS 3
static const int session_of[RM_RECORD_KINDS] = {
	[RM_RECORD_RESERVATION] = 1,
	[RM_RECORD_TASK] = 1,
	[RM_RECORD_STATUS] = 2,
	[RM_RECORD_ORDER] = 2,
	[RM_RECORD_MEMBER] = 2,
};

struct watch;

struct source {
	struct watch *watch;
	struct rm_zk *zk;
	struct rm_zk_tree *tree;
	struct rm_zk_tree_part parts[RM_RECORD_KINDS + 1];
	bool connected; /* once */
};

struct watch {
	const struct rm_state_options *options;
	struct event_base *loop;
	struct rm_pipe *pipe;
	struct source sources[SESSIONS];
	int incomplete; /* sources whose snapshot is not */
	struct rm_timer deadline;
	struct rm_str line;
	unsigned long dropped;
	bool stopping;
	char *root;
	int code;
};

static void
finish(struct watch *watch, int code)
{
	if (watch->code < 0)
		watch->code = code;
	if (watch->loop != NULL)
		event_base_loopbreak(watch->loop);
}

static void
fail(struct watch *watch, const struct rm_error *err)
{
	if (err->text[0] != '\0')
		rm_log_error("%s", err->text);
	finish(watch, err->code);
}

/* ---- records ---- */

static void
send_line(struct watch *watch)
{
	rm_pipe_send(watch->pipe, watch->line.text, watch->line.len);
	rm_str_clear(&watch->line);
}

static void
on_change(void *arg, const char *path, const char *value, size_t len,
    const struct rm_zk_stat *stat)
{
	struct source *source = arg;
	rm_record_line(&source->watch->line, path, value, len,
	    stat != NULL ? stat->version : -1);
	send_line(source->watch);
}

/* A record that can't be read is not an absent one, and a directory that
 * can't be listed hides an unknown number of them. */
static void
on_unreadable(void *arg, const char *path, enum rm_zk_result why)
{
	struct source *source = arg;
	struct watch *watch = source->watch;
	struct rm_error err = { 0 };
	enum rm_record_kind kind;
	const char *name;
	if (strchr(path, '/') != NULL || rm_record_parse(path, &kind, &name)) {
		rm_record_line_error(&watch->line, path, rm_zk_words(why));
		send_line(watch);
		return;
	}
	rm_error_set(&err, RM_EXIT_USAGE, "%s/%s: %s", watch->root, path,
	    rm_zk_words(why));
	fail(watch, &err);
}

static void
on_complete(void *arg)
{
	struct source *source = arg;
	struct watch *watch = source->watch;
	if (--watch->incomplete > 0 || watch->code >= 0)
		return;
	rm_pipe_send(watch->pipe, RM_RECORD_SNAPSHOT_END,
	    strlen(RM_RECORD_SNAPSHOT_END));
	rm_pipe_hold(watch->pipe, false);
}

static void
on_session(void *arg, enum rm_zk_session state)
{
	struct source *source = arg;
	if (state == RM_ZK_SUSPENDED)
		rm_log_warn("ZooKeeper is not connected");
	else if (source->connected)
		rm_log_info("ZooKeeper is connected again");
	source->connected |= state != RM_ZK_SUSPENDED;
	if (source->tree != NULL)
		rm_zk_tree_session(source->tree, state);
}

/* ---- lines ---- */

static void
on_line(void *arg, const char *line, size_t len, unsigned long number)
{
	struct watch *watch = arg;
	if (rm_kind_of(line, len).kind != RM_KIND_NONE) {
		rm_pipe_send(watch->pipe, line, len);
		return;
	}
	rm_log_warn("line %lu dropped: starts with no known kind", number);
	rm_figures_dropped();
	watch->dropped++;
}

static void
on_end(void *arg)
{
	struct watch *watch = arg;
	finish(watch, watch->dropped > 0 ? RM_EXIT_REJECTED : RM_EXIT_OK);
}

static void
on_stop(void *arg)
{
	struct watch *watch = arg;
	watch->stopping = true;
	on_end(arg);
}

static void
on_error(void *arg, const struct rm_error *err)
{
	struct watch *watch = arg;
	watch->code = -1; /* also after the end of input */
	fail(watch, err);
}

static void
on_deadline(void *arg)
{
	struct watch *watch = arg;
	for (int i = 0; i < SESSIONS; i++)
		if (!watch->sources[i].connected) {
			rm_log_error(
			    "ZooKeeper %s: no connection within %.0f s",
			    watch->options->zk, watch->options->wait);
			finish(watch, RM_EXIT_OUTSIDE);
			return;
		}
}

/* ---- setting up ---- */

static void
share_out(struct source *source, int session)
{
	size_t n = 0;
	for (int k = 0; k < RM_RECORD_KINDS; k++) {
		const struct rm_record_info *info = &rm_record_table[k];
		if (!info->streamed || session_of[k] != session)
			continue;
		source->parts[n].path = info->dir;
		source->parts[n++].leaf = info->of == RM_OF_FRAMEWORK;
	}
}

static int
open_source(struct watch *watch, int i, struct rm_error *err)
{
	struct source *source = &watch->sources[i];
	const struct rm_zk_options zk = { .hosts = watch->options->zk,
		.auth_file = watch->options->zk_auth_file,
		.on_session = on_session,
		.arg = source };
	const struct rm_zk_tree_events events = { .change = on_change,
		.complete = on_complete,
		.unreadable = on_unreadable,
		.arg = source };
	source->watch = watch;
	share_out(source, i);
	source->zk = rm_zk_open(watch->loop, &zk, err);
	if (source->zk == NULL)
		return -1;
	watch->incomplete++;
	source->tree = rm_zk_tree_new(
	    source->zk, watch->root, source->parts, &events);
	return 0;
}

static int
set_up(struct watch *watch, struct rm_error *err)
{
	const struct rm_pipe_options pipe = {
		.on_line = watch->options->follow ? NULL : on_line,
		.on_end = on_end,
		.on_error = on_error,
		.arg = watch
	};
	watch->root = rm_state_root(watch->options->framework, err);
	if (watch->root == NULL ||
	    (watch->loop = rm_loop_new(true, err)) == NULL ||
	    rm_loop_on_stop(watch->loop, on_stop, watch, err) != 0)
		return -1;
	watch->pipe = rm_pipe_new(watch->loop, &pipe);
	rm_pipe_hold(watch->pipe, true);
	rm_timer_init(&watch->deadline, watch->loop, on_deadline, watch);
	rm_timer_set(&watch->deadline, watch->options->wait);
	for (int i = 0; i < SESSIONS; i++)
		if (open_source(watch, i, err) != 0)
			return -1;
	return 0;
}

static void
tear_down(struct watch *watch)
{
	for (int i = 0; i < SESSIONS; i++) {
		rm_zk_tree_free(watch->sources[i].tree);
		rm_zk_close(watch->sources[i].zk);
	}
	rm_timer_free(&watch->deadline);
	rm_pipe_free(watch->pipe);
	rm_str_free(&watch->line);
	free(watch->root);
	if (watch->loop != NULL)
		event_base_free(watch->loop);
}

int
rm_watch_run(const struct rm_state_options *options)
{
	struct watch watch = { .options = options, .code = -1 };
	struct rm_error err = { 0 };
	if (set_up(&watch, &err) != 0)
		fail(&watch, &err);
	else if (event_base_dispatch(watch.loop) != 0)
		watch.code = RM_EXIT_OUTSIDE;
	if ((watch.code == RM_EXIT_OK || watch.code == RM_EXIT_REJECTED) &&
	    rm_pipe_finish(watch.pipe, &watch.stopping) != 0)
		watch.code = RM_EXIT_OUTSIDE;
	tear_down(&watch);
	return watch.code;
}
