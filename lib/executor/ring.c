#include "executor/ring.h"

#include <malloc.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/str.h"
#include "executor/health.h"
#include "io/loop.h"
#include "riak/stats.h"

#define EVERY      30.0
#define TIMEOUT    10.0
#define BODY_LIMIT (1 << 20)

struct rm_ring {
	struct rm_http *http;
	struct rm_http_call *call;
	struct rm_timer timer;
	const struct rm_task_data *task;
	char *url;
	jv members;
	int partitions;
	void (*changed)(void *arg, jv members, int partitions);
	void *arg;
};

static void
look(struct rm_ring *ring, const struct rm_http_response *response)
{
	jv stats;
	if (rm_json_parse(response->body, response->body_len, &stats, NULL) !=
	    0)
		return;
	jv members = rm_stats_members(stats);
	int partitions = rm_stats_partitions(stats, ring->task->node);
	jv_free(stats);
	if (!jv_is_valid(members) ||
	    (partitions == ring->partitions &&
		rm_json_equal(members, ring->members))) {
		jv_free(members);
		return;
	}
	jv_free(ring->members);
	ring->members = jv_copy(members);
	ring->partitions = partitions;
	ring->changed(ring->arg, members, partitions);
}

static void
answered(void *arg, const struct rm_http_response *response,
    const struct rm_error *failure)
{
	struct rm_ring *ring = arg;
	ring->call = NULL;
	rm_timer_set(&ring->timer, EVERY);
	if (failure == NULL && response->status == 200)
		look(ring, response);
	malloc_trim(0);
}

static void
ask(void *arg)
{
	struct rm_ring *ring = arg;
	const char *headers[] = { "Accept: application/json", NULL };
	const struct rm_http_request request = { .url = ring->url,
		.headers = headers,
		.timeout = TIMEOUT,
		.body_limit = BODY_LIMIT,
		.on_done = answered,
		.arg = ring };
	ring->call = rm_http_send(ring->http, &request, NULL);
	if (ring->call == NULL)
		rm_timer_set(&ring->timer, EVERY);
}

struct rm_ring *
rm_ring_new(struct event_base *loop, struct rm_http *http,
    const struct rm_task_data *task,
    void (*changed)(void *arg, jv members, int partitions), void *arg)
{
	struct rm_ring *ring = rm_alloc(sizeof(*ring));
	ring->http = http;
	ring->task = task;
	ring->url = rm_health_url(task, "/stats");
	ring->members = jv_invalid();
	ring->partitions = -1;
	ring->changed = changed;
	ring->arg = arg;
	rm_timer_init(&ring->timer, loop, ask, ring);
	rm_timer_set(&ring->timer, 0);
	return ring;
}

void
rm_ring_look(struct rm_ring *ring)
{
	if (ring->call == NULL)
		rm_timer_set(&ring->timer, 0);
}

void
rm_ring_free(struct rm_ring *ring)
{
	if (ring == NULL)
		return;
	if (ring->call != NULL)
		rm_http_cancel(ring->call);
	rm_timer_free(&ring->timer);
	jv_free(ring->members);
	free(ring->url);
	free(ring);
}
