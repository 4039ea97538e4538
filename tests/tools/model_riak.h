/*
 * Of the model (model.c): Riak and its executor, as small as can be. A node
 * knows which ring it is in; changes are staged in a ring, and a commit must
 * name exactly them. What a node's data are worth is that it is in a ring.
 */
#ifndef MODEL_RIAK_H
#define MODEL_RIAK_H

#include <jv.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"

#define RIAKS 200

enum staged { NOTHING, JOINING, LEAVING, REMOVING, REPLACING };

struct riak {
	char key[32], name[64];
	int ring; /* -1: removed */
	bool runs, leaving, down;
	bool holds; /* it has been up as a member: data were given to it */
	double leaves_at;
	enum staged staged;
	int target; /* the ring it is to join */
	char by[64]; /* who replaces it */
	char task[64], done[64]; /* the last order carried out */
	jv result;
};

static struct riak riaks[RIAKS];
static int riak_count;

static struct riak *
riak_find(const char *name)
{
	size_t n = strcspn(name, "@");
	for (int i = 0; i < riak_count; i++)
		if (strlen(riaks[i].key) == n &&
		    strncmp(riaks[i].key, name, n) == 0)
			return &riaks[i];
	return NULL;
}

static struct riak *
riak_of(const char *key)
{
	struct riak *r = riak_find(key);
	if (r != NULL)
		return r;
	r = &riaks[riak_count];
	snprintf(r->key, sizeof(r->key), "%s", key);
	r->ring = riak_count++;
	r->result = jv_null();
	return r;
}

static int
ring_size(int ring)
{
	int n = 0;
	for (int i = 0; i < riak_count; i++)
		n += riaks[i].ring == ring;
	return n;
}

/* All are up, or marked down; nothing is to move. */
static bool
ring_well(int ring, bool settled)
{
	for (int i = 0; i < riak_count; i++) {
		const struct riak *r = &riaks[i];
		if (r->ring == ring &&
		    ((!r->runs && !r->down) || (settled && r->leaving)))
			return false;
	}
	return true;
}

static jv
ring_names(const struct riak *r)
{
	int ring = r->staged == JOINING ? r->target : r->ring;
	jv names = jv_array();
	for (int i = 0; i < riak_count; i++)
		if (riaks[i].ring == ring)
			names = jv_array_append(
			    names, jv_string(riaks[i].name));
	return names;
}

/* ---- orders ---- */

static const char *
arg(jv order, const char *path)
{
	const char *text = rm_json_path_text(order, path);
	return text != NULL ? text : "";
}

/* Riak counts who is to join as one of the members, and no member of a ring of
 * several can join another. */
static bool
is_sought(int ring)
{
	bool sought = false;
	for (int i = 0; i < riak_count; i++)
		sought |= riaks[i].staged == JOINING && riaks[i].target == ring;
	return sought;
}

static bool
order_join(struct riak *r, jv order)
{
	struct riak *to = riak_find(arg(order, "arguments.node"));
	if (to == NULL || !to->runs || to->ring < 0)
		return false;
	if (r->staged == JOINING || ring_size(r->ring) > 1 || is_sought(r->ring))
		return (r->staged == JOINING ? r->target : r->ring) == to->ring;
	r->staged = JOINING;
	r->target = to->ring;
	return true;
}

static bool
order_leave(struct riak *r, jv order)
{
	(void)order;
	if (ring_size(r->ring) < 2)
		return false;
	if (!r->leaving)
		r->staged = LEAVING;
	return true;
}

static bool
order_down(struct riak *r, jv order)
{
	struct riak *of = riak_find(arg(order, "arguments.node"));
	bool staged = of != NULL && of->staged == JOINING &&
		      of->target == r->ring;
	if (of == NULL || (of->ring != r->ring && !staged) || of->runs)
		return false;
	return of->down = true;
}

static bool
order_remove(struct riak *r, jv order)
{
	struct riak *of = riak_find(arg(order, "arguments.node"));
	if (of != NULL && of->ring == r->ring)
		of->staged = REMOVING;
	return true;
}

static bool
order_replace(struct riak *r, jv order)
{
	struct riak *old = riak_find(arg(order, "arguments.old"));
	struct riak *new = riak_find(arg(order, "arguments.new"));
	if (old == NULL || new == NULL)
		return false;
	if (old->ring != r->ring)
		return new->ring == r->ring;
	if (new->staged != JOINING || new->target != r->ring)
		return false;
	old->staged = REPLACING;
	snprintf(old->by, sizeof(old->by), "%s", new->name);
	return true;
}

static bool
named(jv list, const char *name, const char *by)
{
	bool found = false;
	if (jv_get_kind(list) == JV_KIND_ARRAY)
		jv_array_foreach (list, i, item) {
			jv pair = by != NULL
				      ? JV_ARRAY(jv_string(name), jv_string(by))
				      : jv_string(name);
			found |= rm_json_equal(item, pair);
			jv_free(pair);
			jv_free(item);
		}
	jv_free(list);
	return found;
}

static int
length(jv list)
{
	int n = jv_get_kind(list) == JV_KIND_ARRAY
		    ? jv_array_length(jv_copy(list))
		    : 0;
	jv_free(list);
	return n;
}

static bool
is_replacer(const struct riak *r)
{
	for (int i = 0; i < riak_count; i++)
		if (riaks[i].staged == REPLACING &&
		    strcmp(riaks[i].by, r->name) == 0)
			return true;
	return false;
}

/* Whether a node's staged change is one of this ring, and one that counts. */
static bool
counts(const struct riak *r, int ring)
{
	if (r->staged == JOINING)
		return r->target == ring && !is_replacer(r);
	return r->staged != NOTHING && r->ring == ring;
}

static jv
staged_list(int ring)
{
	static const char *const words[] = { "", "join", "leave",
		"force-remove", "replace" };
	jv list = jv_array();
	for (int i = 0; i < riak_count; i++) {
		const struct riak *r = &riaks[i];
		bool replaces = r->staged == REPLACING;
		if (counts(r, ring))
			list = jv_array_append(
			    list, jv_string_fmt("%s %s%s%s", words[r->staged],
				      r->name, replaces ? " by " : "",
				      replaces ? r->by : ""));
	}
	return list;
}

static bool
is_named(const struct riak *r, jv args)
{
	static const char *const lists[] = { "", "joins", "leaves", "removes",
		"replaces" };
	return named(rm_json_get(args, lists[r->staged]), r->name,
	    r->staged == REPLACING ? r->by : NULL);
}

static void
apply(struct riak *r, double now)
{
	if (r->staged == JOINING) {
		r->ring = r->target;
	} else if (r->staged == LEAVING) {
		r->leaving = true;
		r->leaves_at = now + 6;
	} else {
		r->ring = -1;
		if (r->staged == REPLACING) {
			struct riak *by = riak_find(r->by);
			by->ring = by->target;
			by->staged = NOTHING;
		}
	}
	r->staged = NOTHING;
}

static bool
have_come(jv args, int ring)
{
	bool come = true;
	jv joins = rm_json_get(args, "joins");
	if (jv_get_kind(joins) == JV_KIND_ARRAY)
		jv_array_foreach (joins, i, name) {
			struct riak *r = riak_find(jv_string_value(name));
			come &= r != NULL && r->ring == ring;
			jv_free(name);
		}
	jv_free(joins);
	return come;
}

static bool
order_commit(struct riak *r, jv order, double now)
{
	jv args = rm_json_get(order, "arguments");
	int ring = r->ring, staged = 0, wanted;
	bool good = ring_well(ring, false);
	for (int i = 0; i < riak_count; i++)
		if (counts(&riaks[i], ring)) {
			staged++;
			good &= is_named(&riaks[i], args);
		}
	wanted = length(rm_json_get(args, "joins")) +
		 length(rm_json_get(args, "leaves")) +
		 length(rm_json_get(args, "removes")) +
		 length(rm_json_get(args, "replaces"));
	if (staged == 0)
		good = have_come(args, ring);
	else
		good &= staged == wanted;
	jv_free(args);
	for (int i = riak_count; good && i-- > 0;)
		if (counts(&riaks[i], ring))
			apply(&riaks[i], now);
	return good;
}

/* Carries out an order; borrows. */
static bool
riak_order(struct riak *r, jv order, double now)
{
	static const struct {
		const char *verb;
		bool (*take)(struct riak *r, jv order);
	} verbs[] = { { "join", order_join }, { "leave", order_leave },
		{ "down", order_down }, { "force-remove", order_remove },
		{ "force-replace", order_replace } };
	const char *verb = rm_json_text(order, "verb", "");
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		if (strcmp(verbs[i].verb, verb) == 0)
			return verbs[i].take(r, order);
	if (strcmp(verb, "ringready") == 0)
		return ring_well(r->ring, false);
	return order_commit(r, order, now);
}

/* What members/<key> says. */
static jv
riak_member(const struct riak *r)
{
	jv o = JV_OBJECT(jv_string("task_id"), jv_string(r->task),
	    jv_string("ready"), jv_true(), jv_string("members"), ring_names(r),
	    jv_string("transfers"),
	    ring_well(r->ring, true) ? jv_number(0) : jv_null());
	return rm_json_set(o, "order", jv_copy(r->result));
}

#endif
