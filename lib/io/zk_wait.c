#include "io/zk_wait.h"

#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "io/loop.h"

#define DEADLINE 15.0

/* One operation that somebody waits for. */
struct waiting {
	bool done;
	enum rm_zk_result result;
	int failed; /* multi: which */
	struct rm_str *value;
	struct rm_zk_stat *stat;
	char **names;
};

static void
wakes(void *arg)
{
	(void)arg; /* the loop returns, that is all */
}

/* Runs the loop until done(arg), or the deadline; whether done. */
static bool
run_until(
    struct rm_zk_wait *wait, bool (*done)(const void *arg), const void *arg)
{
	double end = rm_now() +
		     (wait->deadline > 0 ? wait->deadline : DEADLINE);
	struct rm_timer timer = { 0 };
	rm_timer_init(&timer, wait->loop, wakes, NULL);
	rm_timer_set(&timer, end - rm_now());
	while (!done(arg) && rm_now() < end)
		if (event_base_loop(wait->loop, EVLOOP_ONCE) != 0)
			break;
	rm_timer_free(&timer);
	return done(arg);
}

static bool
is_connected(const void *arg)
{
	return rm_zk_connected(arg);
}

static bool
is_done(const void *arg)
{
	return ((const struct waiting *)arg)->done;
}

int
rm_zk_wait_open(struct rm_zk_wait *wait, struct event_base *loop,
    const struct rm_zk_options *options, double deadline, struct rm_error *err)
{
	wait->loop = loop;
	wait->deadline = deadline;
	wait->zk = rm_zk_open(loop, options, err);
	if (wait->zk == NULL)
		return -1;
	if (run_until(wait, is_connected, wait->zk))
		return 0;
	rm_zk_wait_close(wait);
	return rm_error_set(err, RM_EXIT_OUTSIDE,
	    "ZooKeeper %s: no connection within %.0f s", options->hosts,
	    deadline > 0 ? deadline : DEADLINE);
}

void
rm_zk_wait_close(struct rm_zk_wait *wait)
{
	rm_zk_close(wait->zk);
	wait->zk = NULL;
}

static int
code_of(enum rm_zk_result result)
{
	switch (result) {
	case RM_ZK_NO_NODE:
		return RM_EXIT_NO;
	case RM_ZK_NODE_EXISTS:
	case RM_ZK_BAD_VERSION:
		return RM_EXIT_CONFLICT;
	case RM_ZK_TOO_LARGE:
	case RM_ZK_NO_AUTH:
	case RM_ZK_NOT_EMPTY:
		return RM_EXIT_USAGE;
	default:
		return RM_EXIT_OUTSIDE;
	}
}

static bool
ready(struct rm_zk_wait *wait, const char *path, struct rm_error *err)
{
	if (run_until(wait, is_connected, wait->zk))
		return true;
	rm_error_set(
	    err, RM_EXIT_OUTSIDE, "%s: no connection to ZooKeeper", path);
	return false;
}

static int
await(struct rm_zk_wait *wait, struct waiting *waiting, const char *path,
    struct rm_error *err)
{
	if (!run_until(wait, is_done, waiting)) {
		rm_zk_forget(wait->zk, waiting);
		return rm_error_set(
		    err, RM_EXIT_TIMEOUT, "%s: no answer from ZooKeeper", path);
	}
	if (waiting->result == RM_ZK_OK)
		return 0;
	return rm_error_set(err, code_of(waiting->result), "%s: %s", path,
	    rm_zk_words(waiting->result));
}

static void
got(void *arg, enum rm_zk_result result, const char *value, size_t len,
    const struct rm_zk_stat *stat)
{
	struct waiting *waiting = arg;
	waiting->done = true;
	waiting->result = result;
	if (result != RM_ZK_OK)
		return;
	rm_str_clear(waiting->value);
	rm_str_add(waiting->value, value, len);
	if (waiting->stat != NULL)
		*waiting->stat = *stat;
}

int
rm_zk_wait_get(struct rm_zk_wait *wait, const char *path, struct rm_str *value,
    struct rm_zk_stat *stat, struct rm_error *err)
{
	struct waiting waiting = { .result = RM_ZK_LOST };
	/* Reading may be repeated. */
	for (int i = 0; i < 3 && waiting.result == RM_ZK_LOST; i++) {
		if (!ready(wait, path, err))
			return -1;
		waiting = (struct waiting){ .value = value, .stat = stat };
		rm_zk_get(wait->zk, path, NULL, got, &waiting);
		if (await(wait, &waiting, path, err) == 0)
			return 0;
	}
	return -1;
}

static void
listed(
    void *arg, enum rm_zk_result result, const char *const *names, size_t count)
{
	struct waiting *waiting = arg;
	waiting->done = true;
	waiting->result = result;
	if (result != RM_ZK_OK)
		return;
	waiting->names = rm_alloc((count + 1) * sizeof(*waiting->names));
	for (size_t i = 0; i < count; i++)
		waiting->names[i] = rm_strdup(names[i]);
}

int
rm_zk_wait_list(struct rm_zk_wait *wait, const char *path, char ***names,
    struct rm_error *err)
{
	struct waiting waiting = { .result = RM_ZK_LOST };
	for (int i = 0; i < 3 && waiting.result == RM_ZK_LOST; i++) {
		if (!ready(wait, path, err))
			return -1;
		waiting = (struct waiting){ 0 };
		rm_zk_list(wait->zk, path, NULL, listed, &waiting);
		if (await(wait, &waiting, path, err) == 0) {
			*names = waiting.names;
			return 0;
		}
	}
	return -1;
}

void
rm_zk_wait_names_free(char **names)
{
	for (char **name = names; name != NULL && *name != NULL; name++)
		free(*name);
	free(names);
}

static void
multi_done(void *arg, enum rm_zk_result result, int failed)
{
	struct waiting *waiting = arg;
	waiting->done = true;
	waiting->result = result;
	waiting->failed = failed;
}

int
rm_zk_wait_multi(struct rm_zk_wait *wait, const struct rm_zk_op *ops,
    size_t count, struct rm_error *err)
{
	struct waiting waiting = { 0 };
	if (!ready(wait, ops[0].path, err))
		return -1;
	rm_zk_multi(wait->zk, ops, count, multi_done, &waiting);
	if (await(wait, &waiting, ops[0].path, err) == 0)
		return 0;
	if (!waiting.done || waiting.failed < 0)
		return -1;
	const struct rm_zk_op *op = &ops[waiting.failed];
	bool conflict = op->kind == RM_ZK_OP_CHECK;
	return rm_error_set(err,
	    conflict ? RM_EXIT_CONFLICT : code_of(waiting.result), "%s: %s",
	    op->path, rm_zk_words(waiting.result));
}

static void
op_done(void *arg, enum rm_zk_result result, const char *path)
{
	(void)path;
	struct waiting *waiting = arg;
	waiting->done = true;
	waiting->result = result;
}

int
rm_zk_wait_create(struct rm_zk_wait *wait, const char *path, const char *value,
    size_t len, int flags, struct rm_error *err)
{
	struct waiting waiting = { 0 };
	if (!ready(wait, path, err))
		return -1;
	rm_zk_create(wait->zk, path, value, len, flags | RM_ZK_PARENTS, op_done,
	    &waiting);
	return await(wait, &waiting, path, err);
}

int
rm_zk_wait_set(struct rm_zk_wait *wait, const char *path, const char *value,
    size_t len, int version, struct rm_error *err)
{
	struct waiting waiting = { 0 };
	if (!ready(wait, path, err))
		return -1;
	rm_zk_set(wait->zk, path, value, len, version, op_done, &waiting);
	return await(wait, &waiting, path, err);
}

int
rm_zk_wait_protect(
    struct rm_zk_wait *wait, const char *path, struct rm_error *err)
{
	struct waiting waiting = { 0 };
	if (!ready(wait, path, err))
		return -1;
	rm_zk_protect(wait->zk, path, op_done, &waiting);
	return await(wait, &waiting, path, err);
}

int
rm_zk_wait_delete(struct rm_zk_wait *wait, const char *path, int version,
    struct rm_error *err)
{
	struct waiting waiting = { 0 };
	if (!ready(wait, path, err))
		return -1;
	rm_zk_delete(wait->zk, path, version, op_done, &waiting);
	return await(wait, &waiting, path, err);
}
