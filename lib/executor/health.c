#include "executor/health.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "io/loop.h"

#define FIRST_EVERY 0.3 /* until it is up */
#define EVERY       5.0
#define AGAIN       1.0 /* after a failure */
#define TIMEOUT     4.0
#define FAILURES    3

struct rm_health {
	struct rm_http *http;
	struct rm_http_call *call;
	struct rm_timer timer;
	char *url;
	bool up, was_up;
	int failures; /* in a row */
	void (*changed)(void *arg, bool up, const char *why);
	void *arg;
};

static void
succeeded(struct rm_health *health)
{
	bool news = !health->up;
	health->failures = 0;
	health->up = health->was_up = true;
	rm_timer_set(&health->timer, EVERY);
	if (news)
		health->changed(health->arg, true, NULL);
}

static void
failed(struct rm_health *health, const char *why)
{
	rm_timer_set(&health->timer, health->was_up ? AGAIN : FIRST_EVERY);
	if (!health->up || ++health->failures < FAILURES)
		return;
	health->up = false;
	health->changed(health->arg, false, why);
}

static void
answered(void *arg, const struct rm_http_response *response,
    const struct rm_error *failure)
{
	struct rm_health *health = arg;
	health->call = NULL;
	if (failure == NULL && response->status == 200) {
		succeeded(health);
		return;
	}
	char *why = failure != NULL
			? rm_strdup(failure->text)
			: rm_format("/ping answers %d", response->status);
	failed(health, why);
	free(why);
}

static void
ask(void *arg)
{
	struct rm_health *health = arg;
	struct rm_error err = { 0 };
	const struct rm_http_request request = { .url = health->url,
		.timeout = TIMEOUT,
		.body_limit = 4096,
		.on_done = answered,
		.arg = health };
	health->call = rm_http_send(health->http, &request, &err);
	if (health->call == NULL)
		failed(health, err.text);
}

char *
rm_health_url(const struct rm_task_data *task, const char *path)
{
	bool v6 = strchr(task->address, ':') != NULL;
	return rm_format("http://%s%s%s:%d%s", v6 ? "[" : "", task->address,
	    v6 ? "]" : "", task->http, path);
}

struct rm_health *
rm_health_new(struct event_base *loop, struct rm_http *http,
    const struct rm_task_data *task,
    void (*changed)(void *arg, bool up, const char *why), void *arg)
{
	struct rm_health *health = rm_alloc(sizeof(*health));
	health->http = http;
	health->url = rm_health_url(task, "/ping");
	health->changed = changed;
	health->arg = arg;
	rm_timer_init(&health->timer, loop, ask, health);
	rm_timer_set(&health->timer, FIRST_EVERY);
	return health;
}

void
rm_health_free(struct rm_health *health)
{
	if (health == NULL)
		return;
	if (health->call != NULL)
		rm_http_cancel(health->call);
	rm_timer_free(&health->timer);
	free(health->url);
	free(health);
}
