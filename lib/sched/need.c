#include "sched/need.h"

#include <math.h>
#include <string.h>

#include "base/json.h"

const char *const rm_port_names[RM_PORTS] = { "http", "pb", "handoff",
	"disterl", "cepmd", "cluster_manager", "executor", "spare1", "spare2",
	"spare3" };

static int64_t
setting(const struct rm_model *model, const char *path, double fallback)
{
	return llround(rm_model_setting(model, path, fallback) * 1000);
}

struct rm_need
rm_need_of(const struct rm_model *model)
{
	struct rm_need need = {
		.executor_cpus = setting(model, "executor.cpus", 0.1),
		.executor_mem = setting(model, "executor.mem", 64),
		.disk = setting(model, "node.disk", 4000),
		.ports = RM_PORTS,
		.role = rm_model_setting_text(model, "role", "riak"),
	};
	need.cpus = setting(model, "node.cpus", 1) + need.executor_cpus;
	need.mem = setting(model, "node.mem", 2048) + need.executor_mem;
	return need;
}

bool
rm_need_static(const struct rm_identity *id, const char *role)
{
	return id->depth == 1 && !id->reservations[0].dynamic && role != NULL &&
	       strcmp(id->reservations[0].role, role) == 0;
}

static bool
usable(const struct rm_identity *id, const char *name, const char *role)
{
	return strcmp(id->name, name) == 0 && id->persistence_id == NULL &&
	       !id->revocable && !id->shared && id->provider_id == NULL &&
	       (id->depth == 0 || rm_need_static(id, role));
}

int64_t
rm_need_amount(const struct rm_resource *r)
{
	return r->id->type == RM_VALUE_RANGES
		   ? (int64_t)rm_ranges_size(&r->ranges)
		   : r->scalar;
}

/* Enough before too little; static first; else the larger. */
static bool
better_source(
    const struct rm_resource *a, const struct rm_resource *b, int64_t amount)
{
	int64_t has = rm_need_amount(a), other = rm_need_amount(b);
	if ((has >= amount) != (other >= amount))
		return has >= amount;
	if (has >= amount && a->id->depth != b->id->depth)
		return a->id->depth > b->id->depth;
	return has > other;
}

const struct rm_resource *
rm_need_source(const struct rm_resources *set, const char *name, int64_t amount,
    const char *role)
{
	const struct rm_resource *best = NULL;
	for (size_t i = 0; i < set->count; i++) {
		const struct rm_resource *r = &set->items[i];
		if (usable(r->id, name, role) && !r->id->disk &&
		    (best == NULL || better_source(r, best, amount)))
			best = r;
	}
	return best;
}

static bool
better_disk(
    const struct rm_resource *a, const struct rm_resource *b, int64_t amount)
{
	bool enough = a->scalar >= amount;
	if (enough != (b->scalar >= amount))
		return enough;
	if (!enough)
		return a->scalar > b->scalar;
	if (a->id->depth != b->id->depth)
		return a->id->depth > b->id->depth;
	if (a->id->source != b->id->source)
		return a->id->source < b->id->source;
	return a->scalar < b->scalar;
}

const struct rm_resource *
rm_need_disk(const struct rm_resources *set, int64_t amount, const char *role)
{
	const struct rm_resource *best = NULL;
	for (size_t i = 0; i < set->count; i++) {
		const struct rm_resource *r = &set->items[i];
		if (usable(r->id, "disk", role) &&
		    r->id->source != RM_DISK_OTHER &&
		    (best == NULL || better_disk(r, best, amount)))
			best = r;
	}
	return best;
}

/* Moves one resource over, reserved. Borrows reservation. */
static void
reserve(struct rm_share *share, struct rm_resources *from,
    struct rm_resource *piece, jv reservation)
{
	rm_resources_subtract(from, piece, NULL);
	if (piece->id->depth == 0) {
		rm_resource_become(
		    piece, rm_identity_push(piece->id, jv_copy(reservation)));
		rm_resources_add(&share->reserve, piece);
	}
	rm_resources_add(&share->all, piece);
}

static void
reserve_scalar(struct rm_share *share, struct rm_resources *from,
    const struct rm_resource *source, int64_t amount, jv reservation,
    struct rm_resource *reserved)
{
	if (source == NULL)
		return;
	*reserved = rm_resource_scalar(
	    source->id, source->id->indivisible ? source->scalar : amount);
	reserve(share, from, reserved, reservation);
}

static void
reserve_ports(struct rm_share *share, struct rm_resources *from,
    const struct rm_need *need, jv reservation)
{
	const struct rm_resource *source = rm_need_source(
	    from, "ports", (int64_t)need->ports, need->role);
	if (source == NULL ||
	    !rm_ranges_take(&source->ranges, need->ports, &share->ports))
		return;
	struct rm_resource piece = rm_resource_ranges(
	    source->id, &share->ports);
	reserve(share, from, &piece, reservation);
	rm_resource_free(&piece);
}

void
rm_share_take(struct rm_share *share, struct rm_resources *from,
    const struct rm_need *need, jv reservation, jv disk)
{
	struct rm_resource piece = { 0 };
	reserve_scalar(share, from,
	    rm_need_source(from, "cpus", need->cpus, need->role), need->cpus,
	    reservation, &piece);
	rm_resource_free(&piece);
	reserve_scalar(share, from,
	    rm_need_source(from, "mem", need->mem, need->role), need->mem,
	    reservation, &piece);
	rm_resource_free(&piece);
	reserve_scalar(share, from, rm_need_disk(from, need->disk, need->role),
	    need->disk, reservation, &share->volume);
	reserve_ports(share, from, need, reservation);
	if (share->volume.id != NULL)
		rm_resource_become(&share->volume,
		    rm_identity_attach(share->volume.id, jv_copy(disk)));
	jv_free(disk);
	jv_free(reservation);
}

void
rm_share_free(struct rm_share *share)
{
	rm_resources_free(&share->all);
	rm_resources_free(&share->reserve);
	rm_resource_free(&share->volume);
	rm_ranges_free(&share->ports);
	*share = (struct rm_share){ 0 };
}

/* Moves up to amount of a scalar from one set to the other. */
static void
move(struct rm_resources *from, struct rm_resources *to, const char *name,
    int64_t amount)
{
	for (size_t i = 0; i < from->count && amount > 0; i++) {
		const struct rm_resource *r = &from->items[i];
		if (strcmp(r->id->name, name) != 0 || r->scalar <= 0)
			continue;
		struct rm_resource piece = rm_resource_scalar(
		    r->id, r->scalar < amount ? r->scalar : amount);
		amount -= piece.scalar;
		rm_resources_subtract(from, &piece, NULL);
		rm_resources_add(to, &piece);
		rm_resource_free(&piece);
		i = (size_t)-1; /* the set has changed: from its beginning */
	}
}

void
rm_need_divide(const struct rm_need *need, const struct rm_resources *held,
    struct rm_resources *task, struct rm_resources *executor)
{
	rm_resources_copy(task, held);
	move(task, executor, "cpus", need->executor_cpus);
	move(task, executor, "mem", need->executor_mem);
}

jv
rm_need_ports(const struct rm_ranges *ports)
{
	jv object = jv_object();
	for (size_t i = 0; i < RM_PORTS && i < rm_ranges_size(ports); i++)
		object = rm_json_set(object, rm_port_names[i],
		    jv_number((double)rm_ranges_at(ports, i)));
	return object;
}
