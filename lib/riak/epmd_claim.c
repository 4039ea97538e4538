#include "riak/epmd_claim.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/log.h"
#include "base/str.h"
#include "io/loop.h"

/* How long a registration waits for ZooKeeper's word. */
#define VERDICT_WAIT 1.0
/* Before an operation that ZooKeeper refused is tried again. */
#define RETRY_WAIT 5.0
/* Operations under way: thousands of names may be due at once. */
#define FLIGHTS_AT_MOST 64

struct claim {
	struct rm_hash_link link;
	struct rm_epmd_claims *claims;
	TAILQ_ENTRY(claim) todo; /* while queued */
	TAILQ_ENTRY(claim) asked_order; /* while asked */
	struct rm_epmd_name *name; /* NULL: not wanted any more */
	double since; /* wall clock; when it was registered */
	double asked_at; /* monotonic */
	bool queued;
	bool busy; /* an operation is under way */
	bool held; /* the record is there and ours */
	bool stale; /* held, but it says something else */
	bool doubtful; /* an answer was lost, or news came while busy */
	bool beaten; /* another's record stands */
	bool asked; /* the registration waits for a verdict */
	char text[]; /* the name */
};

TAILQ_HEAD(claim_list, claim);

struct rm_epmd_claims {
	struct rm_zk *zk;
	char *directory, *host;
	int port;
	rm_epmd_on_verdict *verdict;
	void *verdict_arg;
	struct rm_hash table;
	struct claim_list todo, asked;
	size_t flights;
	bool stalled; /* connected, but it did not answer in time */
	bool deciding; /* a verdict is told: it may release the claim */
	struct rm_timer verdict_timer, retry_timer;
};

static void pump(struct rm_epmd_claims *s);

static struct claim *
claim_find(const struct rm_epmd_claims *s, const char *name)
{
	struct rm_hash_link *link = rm_hash_find(&s->table, name);
	return link == NULL ? NULL : RM_HASH_ENTRY(link, struct claim, link);
}

static struct claim *
claim_new(struct rm_epmd_claims *s, const char *name)
{
	size_t size = strlen(name) + 1;
	struct claim *c = rm_alloc(sizeof(*c) + size);
	memcpy(c->text, name, size);
	c->link.key = c->text;
	c->claims = s;
	rm_hash_add(&s->table, &c->link);
	return c;
}

static void
claim_forget(struct claim *c)
{
	rm_hash_remove(&c->claims->table, &c->link);
	free(c);
}

static void
step(struct claim *c)
{
	if (c->queued || c->busy)
		return;
	c->queued = true;
	TAILQ_INSERT_TAIL(&c->claims->todo, c, todo);
}

static void
decide(struct claim *c, bool granted)
{
	struct rm_epmd_claims *s = c->claims;
	if (!c->asked)
		return;
	c->asked = false;
	TAILQ_REMOVE(&s->asked, c, asked_order);
	struct rm_epmd_name *name = c->name;
	if (!granted)
		c->name = NULL;
	s->deciding = true;
	s->verdict(s->verdict_arg, name, granted);
	s->deciding = false;
}

static void
decide_overdue(void *arg)
{
	struct rm_epmd_claims *s = arg;
	double due = rm_now() - VERDICT_WAIT;
	struct claim *c;
	while ((c = TAILQ_FIRST(&s->asked)) != NULL && c->asked_at <= due) {
		if (!s->stalled)
			rm_log_warn("ZooKeeper is slow; names are granted "
				    "and published later");
		s->stalled = true;
		decide(c, true);
	}
	if (c != NULL)
		rm_timer_set(&s->verdict_timer, c->asked_at - due);
	pump(s);
}

static char *
path_of(const struct claim *c)
{
	struct rm_str path = { 0 };
	rm_str_printf(&path, "%s/", c->claims->directory);
	rm_epmd_record_key(&path, c->text);
	return rm_str_take(&path);
}

static void
value_of(const struct claim *c, struct rm_str *value)
{
	rm_epmd_record_write(value, &c->name->node,
	    rm_epmd_name_creation(c->name), c->claims->host, c->claims->port,
	    c->since);
}

static void
take_off(struct claim *c)
{
	c->busy = true;
	c->stale = false;
	c->claims->flights++;
}

/* Every answer comes through here first. Whether it is one. */
static bool
landed(struct claim *c, enum rm_zk_result result)
{
	struct rm_epmd_claims *s = c->claims;
	c->busy = false;
	s->flights--;
	if (result == RM_ZK_LOST)
		c->doubtful = true;
	else
		s->stalled = false;
	return result != RM_ZK_LOST;
}

/* And goes through here last. */
static void
after(struct claim *c)
{
	struct rm_epmd_claims *s = c->claims;
	if (!c->busy && c->doubtful) {
		if (c->name != NULL)
			c->doubtful = c->held = c->beaten = false;
		step(c);
	}
	pump(s);
}

/* An answer that helps no further: not now, but not never. */
static void
put_off(struct claim *c, enum rm_zk_result result)
{
	struct rm_epmd_claims *s = c->claims;
	rm_log_warn(
	    "can't publish name=%s why=%s", c->text, rm_zk_words(result));
	decide(c, true);
	if (!rm_timer_armed(&s->retry_timer))
		rm_timer_set(&s->retry_timer, RETRY_WAIT);
}

static void
won(struct claim *c)
{
	rm_log_info("published name=%s", c->text);
	c->held = true;
	decide(c, true);
	step(c); /* it may have been given up meanwhile */
}

static void
on_replaced(void *arg, enum rm_zk_result result, int failed)
{
	(void)failed;
	struct claim *c = arg;
	if (landed(c, result)) {
		if (result == RM_ZK_OK)
			won(c);
		else if (result == RM_ZK_FAILED || result == RM_ZK_NO_AUTH)
			put_off(c, result);
		else {
			c->held = false; /* it has changed meanwhile */
			step(c);
		}
	}
	after(c);
}

/*
 * Exactly the record that was seen gives way to ours, or nothing happens. Ours
 * is replaced so too: others do not watch values, which never change.
 */
static void
replace(struct claim *c, int version)
{
	struct rm_str value = { 0 };
	char *path = path_of(c);
	value_of(c, &value);
	const struct rm_zk_op ops[] = {
		{ .kind = RM_ZK_OP_DELETE, .path = path, .version = version },
		{ .kind = RM_ZK_OP_CREATE,
		    .path = path,
		    .value = value.text,
		    .len = value.len,
		    .flags = RM_ZK_EPHEMERAL },
	};
	take_off(c);
	rm_zk_multi(c->claims->zk, ops, 2, on_replaced, c);
	rm_str_free(&value);
	free(path);
}

/* Another daemon's record is there. by is NULL where it can't be read: then
 * nothing shows that ours is the older one. */
static void
contest(struct claim *c, const struct rm_epmd_record *by, int version)
{
	const char *host = by != NULL ? by->host : "?";
	if (c->asked) {
		rm_log_warn(
		    "refused, taken elsewhere name=%s host=%s", c->text, host);
		decide(c, false);
		step(c);
	} else if (by != NULL && c->since < by->since) {
		rm_log_warn("conflict: also registered elsewhere, later; "
			    "ours is published name=%s host=%s",
		    c->text, host);
		replace(c, version);
	} else {
		rm_log_warn("conflict: registered elsewhere before; ours "
			    "stays local name=%s host=%s",
		    c->text, host);
		c->beaten = true;
	}
}

static bool
says(const struct claim *c, const char *value, size_t len)
{
	struct rm_str wanted = { 0 };
	value_of(c, &wanted);
	bool same = wanted.len == len && memcmp(wanted.text, value, len) == 0;
	rm_str_free(&wanted);
	return same;
}

/* The name is there already: whose is it? */
static void
look(struct claim *c, const char *value, size_t len,
    const struct rm_zk_stat *stat)
{
	struct rm_epmd_claims *s = c->claims;
	if (stat->owner == rm_zk_session_id(s->zk)) {
		c->held = true;
		c->stale = c->name != NULL && !says(c, value, len);
		if (!c->stale)
			decide(c, true);
		step(c);
		return;
	}
	c->held = false;
	if (c->name == NULL) {
		step(c);
		return;
	}
	char *path = path_of(c);
	struct rm_epmd_record *by = rm_epmd_record_parse(
	    strrchr(path, '/') + 1, value, len, NULL);
	free(path);
	/* Left by a daemon that was here before, or of a lost session. */
	if (by != NULL && by->cepmd_port == s->port &&
	    strcmp(by->host, s->host) == 0)
		replace(c, stat->version);
	else
		contest(c, by, stat->version);
	free(by);
}

static void
on_looked(void *arg, enum rm_zk_result result, const char *value, size_t len,
    const struct rm_zk_stat *stat)
{
	struct claim *c = arg;
	if (landed(c, result)) {
		if (result == RM_ZK_OK)
			look(c, value, len, stat);
		else if (result == RM_ZK_NO_NODE) {
			c->held = false;
			step(c);
		} else
			put_off(c, result);
	}
	after(c);
}

static void
see(struct claim *c)
{
	char *path = path_of(c);
	take_off(c);
	rm_zk_get(c->claims->zk, path, NULL, on_looked, c);
	free(path);
}

static void
on_created(void *arg, enum rm_zk_result result, const char *path)
{
	(void)path;
	struct claim *c = arg;
	if (landed(c, result)) {
		if (result == RM_ZK_NODE_EXISTS)
			see(c);
		else if (result == RM_ZK_OK)
			won(c);
		else
			put_off(c, result);
	}
	after(c);
}

static void
on_deleted(void *arg, enum rm_zk_result result, const char *path)
{
	(void)path;
	struct claim *c = arg;
	if (landed(c, result)) {
		if (result == RM_ZK_OK || result == RM_ZK_NO_NODE) {
			c->held = false;
			step(c);
		} else
			put_off(c, result);
	}
	after(c);
}

static void
create(struct claim *c)
{
	struct rm_str value = { 0 };
	char *path = path_of(c);
	value_of(c, &value);
	take_off(c);
	rm_zk_create(c->claims->zk, path, value.text, value.len,
	    RM_ZK_EPHEMERAL | RM_ZK_PARENTS, on_created, c);
	rm_str_free(&value);
	free(path);
}

static void
withdraw(struct claim *c)
{
	char *path = path_of(c);
	take_off(c);
	rm_zk_delete(c->claims->zk, path, -1, on_deleted, c);
	free(path);
}

static void
act(struct claim *c)
{
	if (c->name == NULL) {
		/* Never delete what may be another's by now. */
		bool doubtful = c->doubtful;
		c->doubtful = false;
		if (doubtful)
			see(c);
		else if (c->held)
			withdraw(c);
		else
			claim_forget(c);
	} else if (c->held && c->stale) {
		replace(c, -1);
	} else if (!c->held && !c->beaten) {
		create(c);
	}
}

/* Steps the claims that are due, as far as ZooKeeper can be asked. */
static void
pump(struct rm_epmd_claims *s)
{
	struct claim *c;
	while (!s->deciding && s->flights < FLIGHTS_AT_MOST &&
	       rm_zk_connected(s->zk) && (c = TAILQ_FIRST(&s->todo)) != NULL) {
		TAILQ_REMOVE(&s->todo, c, todo);
		c->queued = false;
		if (!c->busy)
			act(c);
	}
}

static void
step_all(struct rm_epmd_claims *s)
{
	struct rm_hash_link *link = NULL;
	while ((link = rm_hash_next(&s->table, link)) != NULL)
		step(RM_HASH_ENTRY(link, struct claim, link));
	pump(s);
}

static void
retry(void *arg)
{
	step_all(arg);
}

struct rm_epmd_claims *
rm_epmd_claims_new(struct event_base *loop, struct rm_zk *zk,
    const struct rm_epmd_claims_options *options)
{
	struct rm_epmd_claims *s = rm_alloc(sizeof(*s));
	s->zk = zk;
	s->directory = rm_strdup(options->directory);
	s->host = rm_strdup(options->host);
	s->port = options->port;
	TAILQ_INIT(&s->todo);
	TAILQ_INIT(&s->asked);
	rm_timer_init(&s->verdict_timer, loop, decide_overdue, s);
	rm_timer_init(&s->retry_timer, loop, retry, s);
	return s;
}

void
rm_epmd_claims_free(struct rm_epmd_claims *s)
{
	if (s == NULL)
		return;
	struct rm_hash_link *link;
	while ((link = rm_hash_next(&s->table, NULL)) != NULL)
		claim_forget(RM_HASH_ENTRY(link, struct claim, link));
	rm_hash_free(&s->table);
	rm_timer_free(&s->verdict_timer);
	rm_timer_free(&s->retry_timer);
	free(s->directory);
	free(s->host);
	free(s);
}

void
rm_epmd_claims_on_verdict(
    struct rm_epmd_claims *s, rm_epmd_on_verdict *verdict, void *arg)
{
	s->verdict = verdict;
	s->verdict_arg = arg;
}

enum rm_epmd_claim
rm_epmd_claims_add(struct rm_epmd_claims *s, struct rm_epmd_name *name)
{
	struct claim *c = claim_find(s, name->node.name);
	if (c == NULL)
		c = claim_new(s, name->node.name);
	c->name = name;
	c->since = rm_wall();
	c->stale = true;
	c->beaten = false;
	step(c);
	bool ask = rm_zk_connected(s->zk) && !s->stalled;
	if (ask) {
		c->asked = true;
		c->asked_at = rm_now();
		TAILQ_INSERT_TAIL(&s->asked, c, asked_order);
		if (!rm_timer_armed(&s->verdict_timer))
			rm_timer_set(&s->verdict_timer, VERDICT_WAIT);
	}
	pump(s);
	return ask ? RM_EPMD_ASKED : RM_EPMD_GRANTED;
}

void
rm_epmd_claims_release(struct rm_epmd_claims *s, struct rm_epmd_name *name)
{
	struct claim *c = claim_find(s, name->node.name);
	if (c == NULL || c->name != name)
		return;
	c->name = NULL;
	if (c->asked)
		TAILQ_REMOVE(&s->asked, c, asked_order);
	c->asked = false;
	step(c);
	pump(s);
}

bool
rm_epmd_claims_has(const struct rm_epmd_claims *s, const char *name)
{
	const struct claim *c = claim_find(s, name);
	return c != NULL && c->name != NULL;
}

bool
rm_epmd_claims_owns(const struct rm_epmd_claims *s, const char *name)
{
	const struct claim *c = claim_find(s, name);
	return c != NULL && c->name != NULL && !c->beaten;
}

size_t
rm_epmd_claims_count(const struct rm_epmd_claims *s)
{
	return s->table.count;
}

/* The record is not ours, or not there, any more: creating it again finds
 * out what is. */
static void
lost(struct claim *c)
{
	if (c->busy) {
		c->doubtful = true;
		return;
	}
	c->held = c->beaten = false;
	step(c);
	pump(c->claims);
}

void
rm_epmd_claims_taken(struct rm_epmd_claims *s, const struct rm_epmd_record *by)
{
	struct claim *c = claim_find(s, by->node.name);
	if (c != NULL && (c->held || c->busy))
		lost(c);
}

void
rm_epmd_claims_vanished(struct rm_epmd_claims *s, const char *name)
{
	struct claim *c = claim_find(s, name);
	if (c != NULL)
		lost(c);
}

void
rm_epmd_claims_session(struct rm_epmd_claims *s, enum rm_zk_session state)
{
	struct claim *c;
	if (state == RM_ZK_SUSPENDED) {
		while ((c = TAILQ_FIRST(&s->asked)) != NULL)
			decide(c, true);
		return;
	}
	s->stalled = false;
	struct rm_hash_link *link = NULL;
	while (state == RM_ZK_RENEWED &&
	       (link = rm_hash_next(&s->table, link)) != NULL) {
		c = RM_HASH_ENTRY(link, struct claim, link);
		c->held = c->beaten = false;
		c->doubtful = c->busy;
	}
	step_all(s);
}
