#include "executor/queue.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "base/exit.h"
#include "base/log.h"
#include "base/str.h"
#include "io/loop.h"
#include "riak/admin_run.h"

#define LIMIT   60.0 /* seconds for a command */
#define WAITING 32

struct item {
	TAILQ_ENTRY(item) entry;
	const struct rm_admin_command *command;
	size_t count;
	char *operands[2];
	void (*done)(void *arg, const struct rm_admin_answer *answer);
	void *arg;
};

struct rm_queue {
	struct event_base *loop;
	const char *root;
	char *const *envp;
	TAILQ_HEAD(items, item) items;
	size_t length;
	struct item *now; /* runs */
	struct rm_admin_run *run;
	struct rm_timer next;
};

static void
item_free(struct item *item)
{
	for (size_t i = 0; i < item->count; i++)
		free(item->operands[i]);
	free(item);
}

/* What done does may free the queue: it is not touched after that. */
static void
end_item(struct rm_queue *queue, const struct rm_admin_answer *answer)
{
	struct item *item = queue->now;
	queue->now = NULL;
	queue->run = NULL;
	rm_timer_set(&queue->next, 0);
	if (answer->code != RM_EXIT_OK)
		rm_log_debug(
		    "%s: %s", rm_admin_name_of(item->command), answer->text);
	if (item->done != NULL)
		item->done(item->arg, answer);
	item_free(item);
	malloc_trim(0);
}

static void
answered(void *arg, const struct rm_admin_answer *answer)
{
	end_item(arg, answer);
}

static void
run_next(void *arg)
{
	struct rm_queue *queue = arg;
	struct rm_error err = { 0 };
	struct item *item = TAILQ_FIRST(&queue->items);
	if (queue->now != NULL || item == NULL)
		return;
	TAILQ_REMOVE(&queue->items, item, entry);
	queue->length--;
	queue->now = item;
	const char *operands[] = { item->operands[0], item->operands[1] };
	const struct rm_admin_run_options options = { .command = item->command,
		.root = queue->root,
		.count = item->count,
		.operands = operands,
		.envp = queue->envp,
		.timeout = LIMIT,
		.on_done = answered,
		.arg = queue };
	queue->run = rm_admin_run_start(queue->loop, &options, &err);
	if (queue->run != NULL)
		return;
	struct rm_admin_answer answer = { .code = err.code,
		.value = jv_invalid() };
	snprintf(answer.text, sizeof(answer.text), "%.500s", err.text);
	end_item(queue, &answer);
}

struct rm_queue *
rm_queue_new(struct event_base *loop, const char *root, char *const *envp)
{
	struct rm_queue *queue = rm_alloc(sizeof(*queue));
	queue->loop = loop;
	queue->root = root;
	queue->envp = envp;
	TAILQ_INIT(&queue->items);
	rm_timer_init(&queue->next, loop, run_next, queue);
	return queue;
}

void
rm_queue_free(struct rm_queue *queue)
{
	if (queue == NULL)
		return;
	if (queue->run != NULL)
		rm_admin_run_cancel(queue->run);
	if (queue->now != NULL)
		item_free(queue->now);
	while (!TAILQ_EMPTY(&queue->items)) {
		struct item *item = TAILQ_FIRST(&queue->items);
		TAILQ_REMOVE(&queue->items, item, entry);
		item_free(item);
	}
	rm_timer_free(&queue->next);
	free(queue);
}

int
rm_queue_add(struct rm_queue *queue, const struct rm_queue_entry *entry,
    struct rm_error *err)
{
	const struct rm_admin_command *command = rm_admin_find(entry->command);
	char **argv = rm_admin_argv(
	    command, queue->root, entry->count, entry->operands, err);
	if (argv == NULL)
		return -1;
	rm_admin_argv_free(argv);
	if (queue->length >= WAITING && !entry->urgent)
		return rm_error_set(err, RM_EXIT_OUTSIDE,
		    "too many commands of Riak's wait already");
	struct item *item = rm_alloc(sizeof(*item));
	item->command = command;
	item->count = entry->count;
	for (size_t i = 0; i < entry->count; i++)
		item->operands[i] = rm_strdup(entry->operands[i]);
	item->done = entry->done;
	item->arg = entry->arg;
	if (entry->urgent)
		TAILQ_INSERT_HEAD(&queue->items, item, entry);
	else
		TAILQ_INSERT_TAIL(&queue->items, item, entry);
	queue->length++;
	if (queue->now == NULL)
		rm_timer_set(&queue->next, 0);
	return 0;
}

void
rm_queue_drop(struct rm_queue *queue, const void *arg)
{
	struct item *item = TAILQ_FIRST(&queue->items);
	if (queue->now != NULL && queue->now->arg == arg)
		queue->now->done = NULL;
	while (item != NULL) {
		struct item *next = TAILQ_NEXT(item, entry);
		if (item->arg == arg) {
			TAILQ_REMOVE(&queue->items, item, entry);
			queue->length--;
			item_free(item);
		}
		item = next;
	}
}
