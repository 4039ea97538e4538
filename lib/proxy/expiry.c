#include "proxy/expiry.h"

#include <stddef.h>

static void
fire_due(void *arg)
{
	struct rm_expiry_queue *queue = arg;
	struct rm_expiry *first;
	double now = rm_now();
	while ((first = TAILQ_FIRST(&queue->waiting)) != NULL) {
		double wait = first->since + queue->seconds - now;
		if (wait > 0) {
			rm_timer_set(&queue->timer, wait);
			return;
		}
		rm_expiry_stop(first);
		first->fire(first->arg);
	}
}

void
rm_expiry_queue_init(
    struct rm_expiry_queue *queue, struct event_base *loop, double seconds)
{
	TAILQ_INIT(&queue->waiting);
	queue->seconds = seconds;
	rm_timer_init(&queue->timer, loop, fire_due, queue);
}

void
rm_expiry_queue_free(struct rm_expiry_queue *queue)
{
	struct rm_expiry *first;
	if (queue->timer.event == NULL)
		return;
	while ((first = TAILQ_FIRST(&queue->waiting)) != NULL)
		rm_expiry_stop(first);
	rm_timer_free(&queue->timer);
}

void
rm_expiry_set(struct rm_expiry *expiry, struct rm_expiry_queue *queue)
{
	double now = rm_now();
	if (expiry->queue == queue && now - expiry->since < queue->seconds / 16)
		return;
	rm_expiry_stop(expiry);
	if (queue->seconds <= 0)
		return;
	if (TAILQ_EMPTY(&queue->waiting))
		rm_timer_set(&queue->timer, queue->seconds);
	expiry->queue = queue;
	expiry->since = now;
	TAILQ_INSERT_TAIL(&queue->waiting, expiry, entry);
}

void
rm_expiry_stop(struct rm_expiry *expiry)
{
	if (expiry->queue != NULL)
		TAILQ_REMOVE(&expiry->queue->waiting, expiry, entry);
	expiry->queue = NULL;
}
