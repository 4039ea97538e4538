#include "executor/records.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/str.h"
#include "io/zk_ephemeral.h"

struct rm_records {
	struct rm_zk *zk;
	const struct rm_task *task;
	char *digest;
	struct rm_zk_ephemeral *member, *coordinated;
	bool ready;
	char *health; /* NULL: fine */
	struct rm_records_ring ring; /* members are owned */
	jv order; /* invalid: none */
};

static char *
path_of(const struct rm_records *r, const char *dir, const char *name)
{
	return rm_format(
	    "/riak/frameworks/%s/%s/%s", r->task->data.framework, dir, name);
}

static jv
number_or_null(int n)
{
	return n >= 0 ? jv_number(n) : jv_null();
}

static jv
copy_or_null(jv value)
{
	return jv_is_valid(value) ? jv_copy(value) : jv_null();
}

static char *
member_json(const struct rm_records *r)
{
	struct rm_str text = { 0 };
	jv json = jv_object();
	json = rm_json_set(json, "task_id", jv_string(r->task->id));
	json = rm_json_set(
	    json, "address", jv_string(r->task->data.address));
	json = rm_json_set(json, "ready", r->ready ? jv_true() : jv_false());
	json = rm_json_set(json, "members", copy_or_null(r->ring.members));
	json = rm_json_set(
	    json, "partitions", number_or_null(r->ring.partitions));
	json = rm_json_set(json, "owns", copy_or_null(r->ring.owns));
	json = rm_json_set(
	    json, "transfers", number_or_null(r->ring.transfers));
	json = rm_json_set(json, "leaving", jv_bool(r->ring.leaving));
	json = rm_json_set(
	    json, "health", jv_string(r->health != NULL ? r->health : "ok"));
	json = rm_json_set(json, "config_digest", jv_string(r->digest));
	json = rm_json_set(json, "order", copy_or_null(r->order));
	rm_json_write(&text, json);
	return rm_str_take(&text);
}

/* The original's names, which its clients read. */
static char *
coordinated_json(const struct rm_task_data *d)
{
	struct rm_str text = { 0 };
	jv json = jv_object();
	json = rm_json_set(json, "FrameworkName", jv_string(d->framework));
	json = rm_json_set(json, "ClusterName", jv_string(d->cluster));
	json = rm_json_set(json, "NodeName", jv_string(d->node));
	json = rm_json_set(json, "DisterlPort", jv_number(d->disterl));
	json = rm_json_set(json, "PBPort", jv_number(d->pb));
	json = rm_json_set(json, "HTTPPort", jv_number(d->http));
	/* Clients have to come to where Riak listens. */
	json = rm_json_set(json, "Hostname",
	    jv_string(*d->interface != '\0' ? d->address : d->host));
	rm_json_write(&text, json);
	return rm_str_take(&text);
}

static void
write_member(struct rm_records *r)
{
	char *json = member_json(r);
	if (r->member != NULL) {
		rm_zk_ephemeral_set(r->member, json);
	} else {
		char *path = path_of(r, "members", r->task->data.key);
		r->member = rm_zk_ephemeral_new(r->zk, path, json, NULL, NULL);
		free(path);
	}
	free(json);
}

static void
write_coordinated(struct rm_records *r)
{
	if (!r->ready) {
		rm_zk_ephemeral_free(r->coordinated);
		r->coordinated = NULL;
	} else if (r->coordinated == NULL) {
		char *path = path_of(
		    r, "coordinator/coordinatedNodes", r->task->id);
		char *json = coordinated_json(&r->task->data);
		r->coordinated = rm_zk_ephemeral_new(
		    r->zk, path, json, NULL, NULL);
		free(json);
		free(path);
	}
}

struct rm_records *
rm_records_new(
    struct rm_zk *zk, const struct rm_task *task, const char *config_digest)
{
	struct rm_records *r = rm_alloc(sizeof(*r));
	r->zk = zk;
	r->task = task;
	r->digest = rm_strdup(config_digest);
	r->health = rm_strdup("starting");
	r->ring = (struct rm_records_ring){ jv_invalid(), -1, -1, jv_invalid(),
		false };
	r->order = jv_invalid();
	write_member(r);
	return r;
}

void
rm_records_session(struct rm_records *r, enum rm_zk_session state)
{
	if (r->member != NULL)
		rm_zk_ephemeral_session(r->member, state);
	if (r->coordinated != NULL)
		rm_zk_ephemeral_session(r->coordinated, state);
}

void
rm_records_ready(struct rm_records *r, bool ready, const char *health)
{
	r->ready = ready;
	free(r->health);
	r->health = health != NULL ? rm_strdup(health) : NULL;
	write_member(r);
	write_coordinated(r);
}

void
rm_records_ring(struct rm_records *r, const struct rm_records_ring *ring)
{
	jv_free(r->ring.members);
	jv_free(r->ring.owns);
	r->ring = *ring;
	r->ring.members = jv_copy(ring->members);
	r->ring.owns = jv_copy(ring->owns);
	write_member(r);
}

void
rm_records_order(struct rm_records *r, jv order, bool done)
{
	jv_free(r->order);
	r->order = order;
	if (done)
		r->ring.transfers = -1;
	write_member(r);
}

void
rm_records_free(struct rm_records *r)
{
	if (r == NULL)
		return;
	if (r->member != NULL)
		rm_zk_ephemeral_free(r->member);
	if (r->coordinated != NULL)
		rm_zk_ephemeral_free(r->coordinated);
	jv_free(r->ring.members);
	jv_free(r->ring.owns);
	jv_free(r->order);
	free(r->health);
	free(r->digest);
	free(r);
}
