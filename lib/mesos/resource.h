/*
 * Mesos resources as values, with Mesos's own arithmetic (src/common/
 * resources.cpp; persistent-volume.md, reservation.md): amounts of the same
 * identity merge, others stay apart; a persistent volume and a MOUNT disk are
 * whole or not there at all. Pure.
 *
 * Mesos's order is kept too, since it shows in what it writes: what is new
 * goes to the end; what is used up is replaced by the last.
 */
#ifndef RM_MESOS_RESOURCE_H
#define RM_MESOS_RESOURCE_H

#include <jv.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"
#include "mesos/identity_cache.h"
#include "mesos/ranges.h"

struct rm_resource {
	const struct rm_identity *id; /* counted */
	int64_t scalar; /* thousandths, as Mesos compares them */
	struct rm_ranges ranges;
	jv other; /* the value's member, {"set":…}, when RM_VALUE_OTHER */
};

/* A set, iterated with items and count. All zero is a valid empty one. */
struct rm_resources {
	struct rm_resource *items; /* owned */
	size_t count, room;
};

/*
 * One resource of Mesos JSON, in any format. Borrows json. Replaces *to,
 * which is empty or valid. err names the resource: "cpus: no scalar value".
 */
int rm_resource_parse(jv json, struct rm_resource *to, struct rm_error *err);
/* An array of them, added to the set. Borrows; all or nothing. */
int rm_resources_parse(jv array, struct rm_resources *to, struct rm_error *err);
/*
 * One resource, or an array of them, from its text; what is alike is parsed
 * once. The same values as above; false where the text is not plain, or they
 * would refuse it. *to is empty before, and to be freed after.
 */
bool rm_resource_read(struct rm_json_cursor *in,
    struct rm_identity_cache *cache, struct rm_resource *to);
bool rm_resources_read(struct rm_json_cursor *in,
    struct rm_identity_cache *cache, struct rm_resources *to);
jv rm_resource_json(
    const struct rm_resource *r, enum rm_resource_format format);
jv rm_resources_json(
    const struct rm_resources *set, enum rm_resource_format format);
/* "cpus(allocated: riak):3; ports(allocated: riak):[31000-31999]". */
void rm_resources_text(struct rm_str *to, const struct rm_resources *set);

/* A scalar as Mesos compares it; -1 when it is none. */
int rm_resource_thousandths(double n, int64_t *to);
/* Borrow id; the caller frees the result. */
struct rm_resource rm_resource_scalar(
    const struct rm_identity *id, int64_t thousandths);
struct rm_resource rm_resource_ranges(
    const struct rm_identity *id, const struct rm_ranges *ranges);
bool rm_resource_empty(const struct rm_resource *r);
/* Same identity, same amount. */
bool rm_resource_equal(
    const struct rm_resource *a, const struct rm_resource *b);
void rm_resource_copy(struct rm_resource *to, const struct rm_resource *from);
void rm_resource_free(struct rm_resource *r);
/* Gives it another identity; takes over the caller's reference. */
void rm_resource_become(struct rm_resource *r, const struct rm_identity *id);

/* Takes r over; it is empty then, and its amount may be. */
void rm_resources_take(struct rm_resources *to, struct rm_resource *r);
/* Borrow what is added. An empty amount adds nothing. */
void rm_resources_add(struct rm_resources *to, const struct rm_resource *r);
void rm_resources_add_all(
    struct rm_resources *to, const struct rm_resources *what);
bool rm_resources_contain(
    const struct rm_resources *set, const struct rm_resource *r);
bool rm_resources_contain_all(
    const struct rm_resources *set, const struct rm_resources *what);
/* All or nothing: -1 when the set does not contain it; err says what lacks. */
int rm_resources_subtract(struct rm_resources *from,
    const struct rm_resource *r, struct rm_error *err);
int rm_resources_subtract_all(struct rm_resources *from,
    const struct rm_resources *what, struct rm_error *err);

/* The first of that identity, or NULL. Borrowed until the set changes. */
const struct rm_resource *rm_resources_find(
    const struct rm_resources *set, const struct rm_identity *id);
/* The volume with that persistence id, or NULL. */
const struct rm_resource *rm_resources_volume(
    const struct rm_resources *set, const char *persistence_id);
/* Of all scalars of that name, reserved or not, in thousandths. */
int64_t rm_resources_total(const struct rm_resources *set, const char *name);
/* All ranges of that name; replaces what `to` holds. */
void rm_resources_total_ranges(
    const struct rm_resources *set, const char *name, struct rm_ranges *to);

/* Every resource allocated to role (NULL: to none). */
void rm_resources_allocate(struct rm_resources *set, const char *role);
void rm_resources_copy(
    struct rm_resources *to, const struct rm_resources *from);
void rm_resources_free(struct rm_resources *set);

#endif
