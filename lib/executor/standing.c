#include "executor/standing.h"

#include <stdlib.h>

#include "base/exit.h"
#include "base/json.h"
#include "base/str.h"
#include "executor/members.h"
#include "io/loop.h"

#define EVERY   30.0
#define REFRESH 1.0 /* for /stats, which comes before a look */

struct rm_standing {
	struct rm_queue *queue;
	struct rm_records *records;
	const struct rm_task_data *task;
	void (*refresh)(void *arg);
	void *arg;
	struct rm_timer timer; /* the next look */
	bool refreshed; /* the look comes next */
	bool looking, again, settled;
	jv names; /* of /stats: with those whose join is only staged */
	jv joined; /* without them */
	int partitions;
	int transfers; /* -1: unknown */
	jv owns; /* partitions, while nothing is to move; else invalid */
	bool leaving;
};

static void
tell(struct rm_standing *s)
{
	const struct rm_records_ring ring = { s->joined, s->partitions,
		s->transfers, s->owns, s->leaving };
	rm_records_ring(s->records, &ring);
}

static void
own(struct rm_standing *s, jv partitions)
{
	jv_free(s->owns);
	s->owns = partitions;
}

static void
doubt(struct rm_standing *s)
{
	if (s->transfers < 0)
		return;
	s->transfers = -1;
	own(s, jv_invalid());
	tell(s);
}

static void look(struct rm_standing *s);

static void
seen(struct rm_standing *s, int transfers)
{
	s->looking = false;
	if (s->again) {
		look(s);
		return;
	}
	s->transfers = transfers;
	if (s->transfers != 0)
		rm_timer_set(&s->timer, EVERY);
	tell(s);
}

static int
ask(struct rm_standing *s, const char *command,
    void (*done)(void *arg, const struct rm_admin_answer *answer))
{
	const struct rm_queue_entry entry = {
		.command = command, .done = done, .arg = s
	};
	return rm_queue_add(s->queue, &entry, NULL);
}

static void
got_partitions(void *arg, const struct rm_admin_answer *answer)
{
	struct rm_standing *s = arg;
	if (answer->code == RM_EXIT_OK)
		own(s, rm_members_owns(answer->value));
	seen(s, 0);
}

static void
got_transfers(void *arg, const struct rm_admin_answer *answer)
{
	struct rm_standing *s = arg;
	int transfers = -1;
	if (answer->code == RM_EXIT_OK)
		transfers = rm_members_transfers(answer->value);
	/* Before handoff begins there are none either. */
	if (transfers == 0 && !s->settled)
		transfers = -1;
	own(s, jv_invalid());
	if (transfers != 0 || s->again ||
	    ask(s, "partitions", got_partitions) != 0)
		seen(s, transfers);
}

static void
join_names(struct rm_standing *s, jv joined)
{
	jv_free(s->joined);
	s->joined = joined;
}

static void
got_members(void *arg, const struct rm_admin_answer *answer)
{
	struct rm_standing *s = arg;
	bool known = jv_is_valid(s->names);
	if (answer->code != RM_EXIT_OK) {
		join_names(s, jv_copy(s->names));
		seen(s, -1);
		return;
	}
	s->settled = rm_members_settled(answer->value);
	s->leaving = rm_members_leaving(answer->value, s->task->node);
	if (known)
		join_names(s, rm_members_joined(s->names, answer->value));
	if (ask(s, "transfers", got_transfers) != 0)
		seen(s, -1);
}

static void
look(struct rm_standing *s)
{
	rm_timer_stop(&s->timer);
	s->refreshed = false;
	s->again = s->looking;
	if (s->looking)
		return;
	s->looking = ask(s, "member-status", got_members) == 0;
	if (!s->looking)
		rm_timer_set(&s->timer, EVERY);
}

static void
tick(void *arg)
{
	struct rm_standing *s = arg;
	if (s->refreshed) {
		look(s);
		return;
	}
	s->refreshed = true;
	rm_timer_set(&s->timer, REFRESH);
	s->refresh(s->arg);
}

struct rm_standing *
rm_standing_new(struct event_base *loop, struct rm_queue *queue,
    struct rm_records *records, const struct rm_task_data *task,
    void (*refresh)(void *arg), void *arg)
{
	struct rm_standing *s = rm_alloc(sizeof(*s));
	s->queue = queue;
	s->records = records;
	s->task = task;
	s->refresh = refresh;
	s->arg = arg;
	s->names = s->joined = s->owns = jv_invalid();
	s->partitions = s->transfers = -1;
	rm_timer_init(&s->timer, loop, tick, s);
	return s;
}

void
rm_standing_ring(struct rm_standing *s, jv members, int partitions)
{
	jv_free(s->names);
	s->names = members;
	s->partitions = partitions;
	doubt(s);
	look(s);
}

void
rm_standing_doubt(struct rm_standing *s)
{
	doubt(s);
	if (s->looking) { /* at what was before */
		s->again = true;
		s->refresh(s->arg);
		return;
	}
	s->refreshed = false;
	tick(s);
}

void
rm_standing_free(struct rm_standing *s)
{
	if (s == NULL)
		return;
	rm_queue_drop(s->queue, s);
	rm_timer_free(&s->timer);
	jv_free(s->names);
	jv_free(s->joined);
	jv_free(s->owns);
	free(s);
}

bool
rm_standing_leaving(const struct rm_standing *s)
{
	return s != NULL && s->leaving;
}
