#include "executor/templates.h"

#include <stdlib.h>

#include "base/exit.h"
#include "base/json.h"
#include "base/str.h"
#include "io/loop.h"

#define AGAIN 1.0

struct rm_templates {
	struct rm_zk *zk;
	struct rm_timer timer;
	char *path;
	struct rm_error trouble;
	void (*done)(void *arg, jv cluster);
	void *arg;
};

static void
trouble(struct rm_templates *templates, const char *why)
{
	rm_error_set(&templates->trouble, RM_EXIT_OUTSIDE, "%s: %s",
	    templates->path, why);
	rm_timer_set(&templates->timer, AGAIN);
}

static void
answered(void *arg, enum rm_zk_result result, const char *value, size_t len,
    const struct rm_zk_stat *stat)
{
	(void)stat;
	struct rm_templates *templates = arg;
	struct rm_error err = { 0 };
	jv cluster;
	if (result != RM_ZK_OK) {
		trouble(templates, rm_zk_words(result));
	} else if (rm_json_parse(value, len, &cluster, &err) != 0) {
		trouble(templates, err.text);
	} else if (jv_get_kind(cluster) != JV_KIND_OBJECT) {
		jv_free(cluster);
		trouble(templates, "not an object");
	} else {
		templates->done(templates->arg, cluster);
	}
}

static void
ask(void *arg)
{
	struct rm_templates *templates = arg;
	if (!rm_zk_connected(templates->zk)) {
		trouble(templates, "no connection to ZooKeeper");
		return;
	}
	rm_zk_get(templates->zk, templates->path, NULL, answered, templates);
}

struct rm_templates *
rm_templates_fetch(struct event_base *loop, struct rm_zk *zk,
    const struct rm_task_data *task, void (*done)(void *arg, jv cluster),
    void *arg)
{
	struct rm_templates *templates = rm_alloc(sizeof(*templates));
	templates->zk = zk;
	templates->path = rm_format(
	    "/riak/frameworks/%s/clusters/%s", task->framework, task->cluster);
	templates->done = done;
	templates->arg = arg;
	rm_timer_init(&templates->timer, loop, ask, templates);
	rm_timer_set(&templates->timer, 0);
	return templates;
}

void
rm_templates_free(struct rm_templates *templates)
{
	if (templates == NULL)
		return;
	rm_timer_free(&templates->timer);
	free(templates->path);
	free(templates);
}

const char *
rm_templates_trouble(const struct rm_templates *templates)
{
	return templates->trouble.text;
}
