#include "executor/type_change.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/json.h"
#include "base/str.h"
#include "io/loop.h"

/* A type that was created reaches the other nodes a little later. */
#define AGAIN 0.5
#define TRIES 20

struct rm_type_change {
	struct rm_type_change_options options;
	char *type, *props;
	struct rm_timer again;
	unsigned tries;
	jv actions;
};

static void
change_free(struct rm_type_change *change)
{
	rm_timer_free(&change->again);
	free(change->type);
	free(change->props);
	jv_free(change->actions);
	free(change);
}

static void
finish(struct rm_type_change *change, const struct rm_admin_answer *answer)
{
	const struct rm_type_change_options options = change->options;
	jv actions = jv_copy(change->actions);
	change_free(change);
	options.done(options.arg, answer, actions);
}

static int
ask(struct rm_type_change *change, const char *command, size_t operands,
    void (*done)(void *arg, const struct rm_admin_answer *answer),
    struct rm_error *err)
{
	const struct rm_queue_entry entry = { .command = command,
		.count = operands,
		.operands = { change->type, change->props },
		.done = done,
		.arg = change };
	return rm_queue_add(change->options.queue, &entry, err);
}

/* The next command; where it can't be asked for, that is the end. */
static void
go_on(struct rm_type_change *change, const char *command, size_t operands,
    void (*done)(void *arg, const struct rm_admin_answer *answer))
{
	struct rm_error err = { 0 };
	if (ask(change, command, operands, done, &err) == 0)
		return;
	struct rm_admin_answer answer = { .code = err.code,
		.value = jv_invalid() };
	snprintf(answer.text, sizeof(answer.text), "%.500s", err.text);
	finish(change, &answer);
}

/* Whether the command has done its part, which is noted. */
static bool
noted(struct rm_type_change *change, const char *action,
    const struct rm_admin_answer *answer)
{
	if (answer->code != RM_EXIT_OK)
		return false;
	change->actions = rm_json_set(change->actions, action,
	    jv_string(rm_json_text(answer->value, "message", "")));
	return true;
}

static void
updated(void *arg, const struct rm_admin_answer *answer)
{
	struct rm_type_change *change = arg;
	finish(change, noted(change, "update", answer) ? NULL : answer);
}

static void activate(void *arg);

static void
activated(void *arg, const struct rm_admin_answer *answer)
{
	struct rm_type_change *change = arg;
	if (noted(change, "activate", answer))
		finish(change, NULL);
	else if (answer->reason != NULL &&
		 strcmp(answer->reason, "not-ready") == 0 &&
		 ++change->tries < TRIES)
		rm_timer_set(&change->again, AGAIN);
	else
		finish(change, answer);
}

static void
activate(void *arg)
{
	go_on(arg, "bucket-type activate", 1, activated);
}

static void
created(void *arg, const struct rm_admin_answer *answer)
{
	struct rm_type_change *change = arg;
	if (noted(change, "create", answer))
		activate(change);
	else
		finish(change, answer);
}

static void
looked(void *arg, const struct rm_admin_answer *answer)
{
	struct rm_type_change *change = arg;
	bool absent = answer->reason != NULL &&
		      strcmp(answer->reason, "no-such-type") == 0;
	if (answer->code != RM_EXIT_OK && !absent &&
	    !jv_is_valid(answer->value))
		finish(change, answer);
	else if (!absent && strcmp(rm_json_text(answer->value, "status", ""),
				"active") == 0)
		go_on(change, "bucket-type update", 2, updated);
	else if (absent || rm_json_has(answer->value, "status"))
		go_on(change, "bucket-type create", 2, created);
	else
		finish(change, answer);
}

struct rm_type_change *
rm_type_change_start(struct event_base *loop,
    const struct rm_type_change_options *options, struct rm_error *err)
{
	struct rm_type_change *change = rm_alloc(sizeof(*change));
	change->options = *options;
	change->type = rm_strdup(options->type);
	change->props = rm_strdup(options->props);
	change->actions = jv_object();
	rm_timer_init(&change->again, loop, activate, change);
	if (ask(change, "bucket-type status", 1, looked, err) == 0)
		return change;
	change_free(change);
	return NULL;
}

void
rm_type_change_cancel(struct rm_type_change *change)
{
	rm_queue_drop(change->options.queue, change);
	change_free(change);
}
