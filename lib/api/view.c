#include "api/view.h"

#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "io/zk_tree.h"
#include "state/phase.h"
#include "state/record_line.h"
#include "state/store.h"

#define SCHEDULER   "scheduler"
#define COORDINATED "coordinator/coordinatedNodes"

/* Each session's watched paths must fit into one packet (io/zk_tree.h), so
 * what there is of each node is shared out. */
enum { INTENTS, RUNS, HEALTH, SESSIONS };

static const struct rm_zk_tree_part parts[SESSIONS][9] = {
	[INTENTS] = { { "settings", true, RM_ZK_TREE_VALUES },
	    { "framework", true, RM_ZK_TREE_VALUES },
	    { SCHEDULER, true, RM_ZK_TREE_VALUES },
	    { "clusters", false, RM_ZK_TREE_VALUES },
	    { "verdicts", false, RM_ZK_TREE_VALUES },
	    { "rollouts", false, RM_ZK_TREE_VALUES },
	    { "orphans", false, RM_ZK_TREE_VALUES },
	    { "nodes", false, RM_ZK_TREE_VALUES }, { NULL } },
	[RUNS] = { { "reservations", false, RM_ZK_TREE_VALUES },
	    { "tasks", false, RM_ZK_TREE_VALUES }, { NULL } },
	[HEALTH] = { { "status", false, RM_ZK_TREE_VALUES },
	    { "members", false, RM_ZK_TREE_VALUES },
	    { COORDINATED, false, RM_ZK_TREE_ONCE }, { NULL } },
};

struct source {
	struct rm_view *view;
	struct rm_zk *zk;
	struct rm_zk_tree *tree;
};

struct rm_view {
	struct rm_view_options options;
	char *root;
	struct source sources[SESSIONS];
	int incomplete;
	struct rm_model model;
	jv scheduler; /* invalid: none */
	jv serving; /* an object, of task ids */
};

/* A record's line is what a model takes: one way to judge what is there. */
static void
take(struct rm_view *view, struct rm_str *line)
{
	jv value;
	struct rm_error err = { 0 };
	if (rm_json_parse(line->text, line->len, &value, &err) == 0) {
		if (rm_model_take(&view->model, value, NULL, &err) != 0)
			rm_log_warn("%s", err.text);
		jv_free(value);
	}
	rm_str_free(line);
}

static void
scheduler_changed(struct rm_view *view, const char *value, size_t len)
{
	struct rm_error err = { 0 };
	jv_free(view->scheduler);
	view->scheduler = jv_invalid();
	if (value != NULL &&
	    rm_json_parse(value, len, &view->scheduler, &err) != 0)
		rm_log_warn(SCHEDULER ": %s", err.text);
}

static void
on_change(void *arg, const char *path, const char *value, size_t len,
    const struct rm_zk_stat *stat)
{
	struct source *source = arg;
	struct rm_view *view = source->view;
	size_t n = strlen(COORDINATED);
	if (strcmp(path, SCHEDULER) == 0) {
		scheduler_changed(view, value, len);
	} else if (strncmp(path, COORDINATED, n) == 0) {
		const char *task = path + n + 1;
		view->serving = value != NULL ? jv_object_set(view->serving,
						    jv_string(task), jv_true())
					      : jv_object_delete(view->serving,
						    jv_string(task));
	} else {
		struct rm_str line = { 0 };
		rm_record_line(
		    &line, path, value, len, stat != NULL ? stat->version : -1);
		take(view, &line);
		if (value == NULL)
			rm_model_sweep(&view->model);
	}
	view->options.changed(view->options.arg, path);
}

static void
on_unreadable(void *arg, const char *path, enum rm_zk_result why)
{
	struct source *source = arg;
	enum rm_record_kind kind;
	const char *name;
	struct rm_error err = { 0 };
	rm_error_set(&err, RM_EXIT_USAGE, "%s/%s: %s", source->view->root, path,
	    rm_zk_words(why));
	if (!rm_record_parse(path, &kind, &name)) {
		source->view->options.refused(source->view->options.arg, &err);
		return;
	}
	rm_log_warn("%s", err.text);
	struct rm_str line = { 0 };
	rm_record_line_error(&line, path, rm_zk_words(why));
	take(source->view, &line);
	source->view->options.changed(source->view->options.arg, path);
}

static void
on_complete(void *arg)
{
	struct source *source = arg;
	struct rm_view *view = source->view;
	if (--view->incomplete > 0)
		return;
	view->model.complete = true;
	rm_log_info("records are known clusters=%zu nodes=%zu",
	    view->model.clusters.count, view->model.nodes.count);
	view->options.changed(view->options.arg, NULL);
}

static void
on_session(void *arg, enum rm_zk_session state)
{
	struct source *source = arg;
	struct rm_view *view = source->view;
	if (source == &view->sources[INTENTS]) {
		if (state == RM_ZK_SUSPENDED)
			rm_log_warn("ZooKeeper is away");
		else
			rm_log_info("ZooKeeper is there");
	}
	if (source->tree != NULL)
		rm_zk_tree_session(source->tree, state);
	view->options.changed(view->options.arg, NULL);
}

static int
source_open(
    struct rm_view *view, struct event_base *loop, int i, struct rm_error *err)
{
	struct source *source = &view->sources[i];
	const struct rm_zk_options zk = { .hosts = view->options.zk,
		.timeout = view->options.timeout,
		.auth_file = view->options.auth_file,
		.on_session = on_session,
		.arg = source };
	const struct rm_zk_tree_events events = { .change = on_change,
		.complete = on_complete,
		.unreadable = on_unreadable,
		.arg = source };
	source->view = view;
	source->zk = rm_zk_open(loop, &zk, err);
	if (source->zk == NULL)
		return -1;
	source->tree = rm_zk_tree_new(
	    source->zk, view->root, parts[i], &events);
	return 0;
}

struct rm_view *
rm_view_new(struct event_base *loop, const struct rm_view_options *options,
    struct rm_error *err)
{
	char *root = rm_state_root(options->framework, err);
	if (root == NULL)
		return NULL;
	struct rm_view *view = rm_alloc(sizeof(*view));
	view->options = *options;
	view->root = root;
	view->incomplete = SESSIONS;
	view->scheduler = jv_invalid();
	view->serving = jv_object();
	rm_model_init(&view->model, 0, 0, 0);
	for (int i = 0; i < SESSIONS; i++)
		if (source_open(view, loop, i, err) != 0) {
			rm_view_free(view);
			return NULL;
		}
	return view;
}

void
rm_view_free(struct rm_view *view)
{
	if (view == NULL)
		return;
	for (int i = 0; i < SESSIONS; i++) {
		rm_zk_tree_free(view->sources[i].tree);
		if (view->sources[i].zk != NULL)
			rm_zk_close(view->sources[i].zk);
	}
	rm_model_free(&view->model);
	jv_free(view->scheduler);
	jv_free(view->serving);
	free(view->root);
	free(view);
}

struct rm_zk *
rm_view_zk(const struct rm_view *view)
{
	return view->sources[INTENTS].zk;
}

const char *
rm_view_root(const struct rm_view *view)
{
	return view->root;
}

bool
rm_view_connected(const struct rm_view *view)
{
	for (int i = 0; i < SESSIONS; i++)
		if (!rm_zk_connected(view->sources[i].zk))
			return false;
	return true;
}

bool
rm_view_complete(const struct rm_view *view)
{
	return view->incomplete <= 0;
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
	const char *task = rm_node_task(node);
	return task != NULL && rm_json_has(view->serving, task);
}
