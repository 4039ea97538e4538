#include "executor/order.h"

#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/json.h"
#include "executor/members.h"

#define COUNT(table) (sizeof(table) / sizeof(*(table)))

struct rm_order_verb {
	const char *name, *command;
	const char *operands[3]; /* names of arguments */
	bool own; /* this node is the operand */
	void (*take)(
	    struct rm_order *order, const struct rm_admin_answer *answer);
	int leaves; /* as rm_order_leaves() */
};

/* ---- how it ends ---- */

static void
end(struct rm_order *order, bool success, const char *reason, const char *text)
{
	order->command = NULL;
	order->success = success;
	order->reason = success ? NULL : reason;
	char *copy = rm_strdup(text);
	free(order->text);
	order->text = copy;
}

static void
succeed(struct rm_order *order, const char *text)
{
	end(order, true, NULL, text);
}

static void
fail(struct rm_order *order, const struct rm_admin_answer *answer)
{
	const char *reason = answer->code == RM_EXIT_TIMEOUT ? "timeout"
			     : answer->reason != NULL        ? answer->reason
							     : "failed";
	end(order, false, reason, answer->text);
}

static void
next(struct rm_order *order, const char *command,
    void (*take)(struct rm_order *order, const struct rm_admin_answer *answer))
{
	order->command = command;
	order->count = 0;
	order->take = take;
}

static const char *
words(const struct rm_admin_answer *answer)
{
	return jv_get_kind(answer->value) == JV_KIND_OBJECT
		   ? rm_json_text(answer->value, "message", "")
		   : "";
}

static const char *
argument(const struct rm_order *order, const char *name)
{
	return rm_json_text(order->arguments, name, "");
}

/* ---- refusals that say that it is done already ---- */

static bool
is_with(const struct rm_order *order, jv status)
{
	char word[16];
	return rm_members_status(status, argument(order, "node"), word) &&
	       rm_members_status(status, order->node, word);
}

static bool
is_replaced(const struct rm_order *order, jv status)
{
	char word[16];
	bool gone = !rm_members_status(status, argument(order, "old"), word) ||
		    strcmp(word, "exiting") == 0;
	return gone &&
	       rm_members_status(status, argument(order, "new"), word) &&
	       strcmp(word, "valid") == 0;
}

static bool
is_staged(const struct rm_order *order, jv plan)
{
	jv changes = rm_json_get(plan, "changes");
	bool found = false;
	jv_array_foreach (changes, i, change) {
		found |= strcmp(rm_json_text(change, "action", ""),
			     "force-replace") == 0 &&
			 strcmp(rm_json_text(change, "id", ""),
			     argument(order, "old")) == 0 &&
			 strcmp(rm_json_text(change, "with", ""),
			     argument(order, "new")) == 0;
		jv_free(change);
	}
	jv_free(changes);
	return found;
}

/* Each that fits is tried in turn. */
static const struct forgiven {
	const char *verb, *reason;
	/* What to ask, and what has to be true then; NULL: nothing. */
	const char *command;
	bool (*holds)(const struct rm_order *order, jv value);
} forgiven[] = {
	{ "join", "already-member", "member-status", is_with },
	{ "leave", "already-leaving", NULL, NULL },
	{ "force-replace", "already-staged", "cluster plan", is_staged },
	{ "force-replace", "not-joining", "cluster plan", is_staged },
	{ "force-replace", "not-joining", "member-status", is_replaced },
	{ "force-replace", "not-member", "member-status", is_replaced },
	{ "force-remove", "not-member", NULL, NULL },
};

static void take_check(
    struct rm_order *order, const struct rm_admin_answer *answer);

/* It was refused: from order->check on, what may make that a success. */
static void
check(struct rm_order *order)
{
	order->command = NULL;
	for (; order->check < COUNT(forgiven); order->check++) {
		const struct forgiven *row = &forgiven[order->check];
		if (strcmp(row->verb, order->name) != 0 ||
		    strcmp(row->reason, order->reason) != 0)
			continue;
		order->success = row->command == NULL;
		if (order->success)
			order->reason = NULL;
		else
			next(order, row->command, take_check);
		return;
	}
}

static void
take_check(struct rm_order *order, const struct rm_admin_answer *answer)
{
	if (answer->code == RM_EXIT_OK &&
	    forgiven[order->check].holds(order, answer->value)) {
		order->command = NULL;
		order->success = true;
		order->reason = NULL;
		return;
	}
	order->check++;
	check(order);
}

static void
take_change(struct rm_order *order, const struct rm_admin_answer *answer)
{
	if (answer->code == RM_EXIT_OK) {
		succeed(order, words(answer));
		return;
	}
	fail(order, answer);
	check(order);
}

static void
take_question(struct rm_order *order, const struct rm_admin_answer *answer)
{
	if (answer->code != RM_EXIT_OK) {
		fail(order, answer);
		return;
	}
	succeed(order, "");
	order->answer = jv_copy(answer->value);
}

/* Riak's no is an answer, but what was asked for is a yes. */
static void
take_ringready(struct rm_order *order, const struct rm_admin_answer *answer)
{
	jv_kind kind = jv_get_kind(answer->value);
	if (kind != JV_KIND_OBJECT)
		fail(order, answer);
	else if (rm_json_bool(answer->value, "ready", false))
		succeed(order, "");
	else
		end(order, false, "not-ready",
		    rm_json_text(answer->value, "error", ""));
}

/* ---- commit ---- */

/* Sets of changes are objects with such keys: "join a@h". */
static jv
add_change(jv set, const char *action, const char *node, const char *with)
{
	char *key = with != NULL ? rm_format("%s %s by %s", action, node, with)
				 : rm_format("%s %s", action, node);
	set = jv_object_set(set, jv_string(key), jv_true());
	free(key);
	return set;
}

/* A node that replaces another joins for that alone. */
static jv
without_join(jv set, const char *node)
{
	char *key = rm_format("join %s", node);
	set = jv_object_delete(set, jv_string(key));
	free(key);
	return set;
}

static const struct {
	const char *argument, *action;
} lists[] = {
	{ "joins", "join" },
	{ "leaves", "leave" },
	{ "removes", "force-remove" },
};

static jv
named_changes(jv arguments)
{
	jv set = jv_object();
	for (size_t i = 0; i < COUNT(lists); i++) {
		jv names = rm_json_get(arguments, lists[i].argument);
		if (jv_is_valid(names))
			jv_array_foreach (names, j, name) {
				set = add_change(set, lists[i].action,
				    jv_string_value(name), NULL);
				jv_free(name);
			}
		jv_free(names);
	}
	jv pairs = rm_json_get(arguments, "replaces");
	if (jv_is_valid(pairs))
		jv_array_foreach (pairs, k, pair) {
			jv old = jv_array_get(jv_copy(pair), 0);
			jv new = jv_array_get(pair, 1);
			set = add_change(set, "replace", jv_string_value(old),
			    jv_string_value(new));
			set = without_join(set, jv_string_value(new));
			jv_free(old);
			jv_free(new);
		}
	jv_free(pairs);
	return set;
}

static jv
staged_changes(jv plan)
{
	jv changes = rm_json_get(plan, "changes"), set = jv_object();
	jv_array_foreach (changes, i, change) {
		const char *action = rm_json_text(change, "action", "");
		const char *node = rm_json_text(change, "id", "");
		const char *with = rm_json_text(change, "with", NULL);
		if (with != NULL)
			action = "replace";
		else if (*node == '\0') /* resize-ring, set-location */
			node = rm_json_text(change, "details", "");
		set = add_change(set, action, node, with);
		jv_free(change);
	}
	jv_array_foreach (changes, j, again) {
		const char *with = rm_json_text(again, "with", NULL);
		if (with != NULL)
			set = without_join(set, with);
		jv_free(again);
	}
	jv_free(changes);
	return set;
}

/* Whether a named change is what the members are already. */
static bool
has_come(const char *change, jv status)
{
	char word[16] = "";
	const char *node = strchr(change, ' ') + 1;
	const char *by = strstr(node, " by ");
	char *old = rm_format(
	    "%.*s", by != NULL ? (int)(by - node) : (int)strlen(node), node);
	bool there = rm_members_status(status, old, word);
	bool come;
	if (strncmp(change, "join ", 5) == 0)
		come = there && strcmp(word, "joining") != 0;
	else
		come = !there || rm_members_leaving(status, old);
	if (by != NULL)
		come &= rm_members_status(status, by + 4, word) &&
			strcmp(word, "joining") != 0;
	free(old);
	return come;
}

static bool
have_all_come(jv named, jv status)
{
	bool come = true;
	jv keys = jv_keys(jv_copy(named));
	jv_array_foreach (keys, i, key) {
		come &= has_come(jv_string_value(key), status);
		jv_free(key);
	}
	jv_free(keys);
	return come;
}

static void
take_members(struct rm_order *order, const struct rm_admin_answer *answer)
{
	if (answer->code != RM_EXIT_OK) {
		fail(order, answer);
		return;
	}
	jv named = named_changes(order->arguments);
	if (have_all_come(named, answer->value))
		succeed(order, "nothing is staged: it is done already");
	else
		end(order, false, "plan-differs", "nothing is staged");
	jv_free(named);
}

static char *
list_changes(jv set)
{
	struct rm_str text = { 0 };
	rm_str_puts(&text, "staged: ");
	jv keys = jv_keys(jv_copy(set));
	jv_array_foreach (keys, i, key) {
		rm_str_printf(
		    &text, "%s%s", i > 0 ? ", " : "", jv_string_value(key));
		jv_free(key);
	}
	jv_free(keys);
	return rm_str_take(&text);
}

static void
take_plan(struct rm_order *order, const struct rm_admin_answer *answer)
{
	if (answer->code != RM_EXIT_OK) {
		fail(order, answer);
		return;
	}
	jv named = named_changes(order->arguments);
	jv staged = staged_changes(answer->value);
	if (jv_object_length(jv_copy(staged)) == 0) {
		next(order, "member-status", take_members);
	} else if (rm_json_equal(named, staged)) {
		next(order, "cluster commit", take_change);
	} else {
		char *text = list_changes(staged);
		end(order, false, "plan-differs", text);
		order->answer = jv_keys(jv_copy(staged));
		free(text);
	}
	jv_free(named);
	jv_free(staged);
}

/* ---- what an order may be ---- */

static const struct rm_order_verb verbs[] = {
	{ "join", "cluster join", { "node" }, false, take_change, -1 },
	{ "leave", "cluster leave", { NULL }, true, take_change, 1 },
	{ "commit", "cluster plan", { NULL }, false, take_plan, -1 },
	{ "plan", "cluster plan", { NULL }, false, take_question, -1 },
	{ "ringready", "ringready", { NULL }, false, take_ringready, -1 },
	{ "force-replace", "cluster force-replace", { "old", "new" }, false,
	    take_change, -1 },
	{ "force-remove", "cluster force-remove", { "node" }, false,
	    take_change, -1 },
	{ "down", "down", { "node" }, false, take_change, -1 },
	{ "clear", "cluster clear", { NULL }, false, take_change, 0 },
};

static bool
is_list(jv list, bool (*fits)(jv item))
{
	bool fine = jv_get_kind(list) == JV_KIND_ARRAY;
	for (int i = 0; fine && i < jv_array_length(jv_copy(list)); i++) {
		jv item = jv_array_get(jv_copy(list), i);
		fine = fits(item);
		jv_free(item);
	}
	return fine;
}

static bool
is_name(jv item)
{
	return jv_get_kind(item) == JV_KIND_STRING;
}

static bool
is_pair(jv item)
{
	return is_list(item, is_name) && jv_array_length(jv_copy(item)) == 2;
}

/* Consumes list; one that is not there is fine. */
static bool
list_fits(jv list, bool (*fits)(jv item))
{
	bool fine = !jv_is_valid(list) || is_list(list, fits);
	jv_free(list);
	return fine;
}

/* What is wrong with the arguments, or NULL. */
static const char *
judge_arguments(struct rm_order *order)
{
	const struct rm_order_verb *verb = order->verb;
	if (jv_get_kind(order->arguments) != JV_KIND_OBJECT)
		return "arguments: not an object";
	for (size_t i = 0; verb->operands[i] != NULL; i++) {
		order->operands[i] = rm_json_text(
		    order->arguments, verb->operands[i], NULL);
		if (order->operands[i] == NULL)
			return "arguments: a name is missing";
		order->count = i + 1;
	}
	if (verb->own) {
		order->operands[0] = order->node;
		order->count = 1;
	}
	if (verb->take != take_plan)
		return NULL;
	for (size_t i = 0; i < COUNT(lists); i++)
		if (!list_fits(rm_json_get(order->arguments, lists[i].argument),
			is_name))
			return "arguments: not a list of names";
	return list_fits(rm_json_get(order->arguments, "replaces"), is_pair)
		   ? NULL
		   : "arguments: replaces: not a list of pairs";
}

static const char *
judge_order(struct rm_order *order)
{
	if (order->id == NULL)
		return "an order without id";
	for (size_t i = 0; order->name != NULL && i < COUNT(verbs); i++)
		if (strcmp(verbs[i].name, order->name) == 0)
			order->verb = &verbs[i];
	if (order->verb == NULL)
		return "no such verb";
	return judge_arguments(order);
}

static char *
text_of(jv object, const char *key)
{
	const char *text = rm_json_text(object, key, NULL);
	return text != NULL ? rm_strdup(text) : NULL;
}

void
rm_order_parse(
    struct rm_order *order, const char *text, size_t len, const char *node)
{
	struct rm_error err = { 0 };
	jv value = jv_invalid();
	*order = (struct rm_order){
		.node = node, .arguments = jv_invalid(), .answer = jv_invalid()
	};
	if (rm_json_parse(text, len, &value, &err) != 0) {
		rm_order_refuse(order, err.text);
		return;
	}
	if (jv_get_kind(value) == JV_KIND_OBJECT) {
		order->id = text_of(value, "id");
		order->name = text_of(value, "verb");
		order->arguments = rm_json_get(value, "arguments");
		if (!jv_is_valid(order->arguments))
			order->arguments = jv_object();
	}
	jv_free(value);
	const char *wrong = judge_order(order);
	if (wrong != NULL) {
		rm_order_refuse(order, wrong);
		return;
	}
	order->command = order->verb->command;
	order->take = order->verb->take;
}

void
rm_order_free(struct rm_order *order)
{
	free(order->id);
	free(order->name);
	free(order->text);
	jv_free(order->arguments);
	jv_free(order->answer);
	*order = (struct rm_order){ .arguments = jv_invalid(),
		.answer = jv_invalid() };
}

void
rm_order_take(struct rm_order *order, const struct rm_admin_answer *answer)
{
	order->take(order, answer);
}

void
rm_order_refuse(struct rm_order *order, const char *why)
{
	end(order, false, "bad-order", why);
}

static jv
text_or_null(const char *text)
{
	return text != NULL ? jv_string(text) : jv_null();
}

jv
rm_order_working(const struct rm_order *order)
{
	return JV_OBJECT(jv_string("id"), text_or_null(order->id),
	    jv_string("verb"), text_or_null(order->name), jv_string("success"),
	    jv_null());
}

jv
rm_order_result(const struct rm_order *order, double at)
{
	jv result = rm_order_working(order);
	result = rm_json_set(result, "success", jv_bool(order->success));
	result = rm_json_set(result, "reason", text_or_null(order->reason));
	result = rm_json_set(result, "text", text_or_null(order->text));
	result = rm_json_set(result, "at", jv_number(at));
	return rm_json_set(result, "answer", jv_copy(order->answer));
}

int
rm_order_leaves(const struct rm_order *order)
{
	return order->success && order->verb != NULL ? order->verb->leaves : -1;
}
