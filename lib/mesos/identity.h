/*
 * What a Mesos resource is, apart from how much of it: name, type, allocation
 * role, stack of reservations, disk, shared, revocable, provider. Amounts can
 * be added when the identities are the same (mesos: Resource "addable").
 *
 * Identities are interned and counted: the same one is the same pointer, so
 * `a == b` compares them. Reservations whose labels differ are different; the
 * order of labels makes no difference, nor does the format they came in.
 */
#ifndef RM_MESOS_IDENTITY_H
#define RM_MESOS_IDENTITY_H

#include <jv.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/str.h"

enum rm_value_type {
	RM_VALUE_SCALAR,
	RM_VALUE_RANGES,
	RM_VALUE_OTHER, /* SET and what we do not know: kept as it is */
};

enum rm_disk_source {
	RM_DISK_ROOT, /* no source: the agent's own work directory */
	RM_DISK_PATH,
	RM_DISK_MOUNT, /* only whole */
	RM_DISK_OTHER, /* BLOCK, RAW; only whole */
};

struct rm_reservation {
	bool dynamic;
	const char *role;
	const char *principal; /* NULL: none */
	jv labels; /* array of {"key","value"}; invalid: none. Borrowed. */
};

/* Every member is read-only and lives as long as the identity. */
struct rm_identity {
	const char *name;
	enum rm_value_type type;
	const char *role; /* it is allocated to; NULL: not allocated */
	const struct rm_reservation *reservations; /* the last is the top */
	size_t depth; /* 0: unreserved */

	bool disk; /* has a "disk" member */
	enum rm_disk_source source;
	const char *root; /* of a PATH or MOUNT disk, or NULL */
	const char *persistence_id; /* NULL: no volume */
	const char *persistence_principal; /* or NULL */
	const char *container_path; /* of the volume, or NULL */

	bool shared, revocable;
	const char *provider_id; /* or NULL */
	/* A volume, a MOUNT disk, …: taken whole, never merged or divided. */
	bool indivisible;
};

/*
 * How reservations are spelled (facts: only one of them, by the framework's
 * capability RESERVATION_REFINEMENT).
 */
enum rm_resource_format {
	RM_FORMAT_STACK, /* "reservations": […] */
	RM_FORMAT_ROLE, /* "role": … and "reservation": {…}; depth <= 1 */
	RM_FORMAT_BOTH, /* what an agent's /state shows */
};

/*
 * The identity of one resource of Mesos JSON in any format; its amount is not
 * looked at. Borrows resource. The result is the caller's to unref; NULL on
 * error (no name, a member of another kind), which err names.
 */
const struct rm_identity *rm_identity_parse(jv resource, struct rm_error *err);

const struct rm_identity *rm_identity_ref(const struct rm_identity *identity);
/* Accepts NULL. */
void rm_identity_unref(const struct rm_identity *identity);

/*
 * The identity that differs in one thing. Borrow identity; results are the
 * caller's.
 */
/* role NULL: not allocated. */
const struct rm_identity *rm_identity_allocate(
    const struct rm_identity *identity, const char *role);
/* Consumes reservation: {"type","role","principal","labels":{"labels":[…]}}. */
const struct rm_identity *rm_identity_push(
    const struct rm_identity *identity, jv reservation);
/* NULL when unreserved. */
const struct rm_identity *rm_identity_pop(const struct rm_identity *identity);
/* Consumes disk, {"persistence":…,"volume":…}; keeps the source there is. */
const struct rm_identity *rm_identity_attach(
    const struct rm_identity *identity, jv disk);
/* Without persistence and volume; a source stays. */
const struct rm_identity *rm_identity_detach(
    const struct rm_identity *identity);

/* The value of a label on the top reservation, or NULL. */
const char *rm_identity_label(
    const struct rm_identity *identity, const char *key);

/*
 * The JSON of a resource of this identity, in the order in which Mesos writes
 * its members; amount goes where "scalar", "ranges" or "set" belong: an
 * object with that one member, consumed.
 */
jv rm_identity_json(const struct rm_identity *identity, jv amount,
    enum rm_resource_format format);
/* As Mesos's messages write it: "disk(allocated: riak)[id:path]". */
void rm_identity_text(struct rm_str *to, const struct rm_identity *identity);

#endif
