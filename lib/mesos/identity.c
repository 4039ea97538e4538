#include "mesos/identity.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/json.h"
#include "mesos/same.h"

/* The JSON members that make an identity. */
enum part {
	NAME,
	TYPE,
	ROLE, /* of the allocation */
	STACK, /* "reservations", never an empty array */
	DISK,
	REST, /* object: provider_id, revocable, shared, unknown ones */
	PARTS,
};

struct parts {
	jv at[PARTS]; /* invalid: absent */
};

struct identity {
	struct rm_identity pub; /* first: what callers hold */
	struct parts parts;
	uint64_t hash;
	size_t refs;
	struct identity *next; /* in its bucket */
};

/* Every identity in use. Not seen from outside but for equal pointers. */
static struct {
	struct identity **buckets;
	size_t size, count;
} table;

/* Mesos's own order of members (mesos.proto). */
static const char *const reservation_order[] = { "type", "role", "principal",
	"labels", NULL };
static const char *const disk_order[] = { "persistence", "volume", "source",
	NULL };
static const char *const persistence_order[] = { "id", "principal", NULL };
static const char *const volume_order[] = { "mode", "container_path",
	"host_path", "image", "source", NULL };
static const char *const rest_order[] = { "provider_id", "revocable", "shared",
	NULL };

static jv
ordered(jv object, const char *const *order)
{
	if (jv_get_kind(object) != JV_KIND_OBJECT)
		return object;
	jv result = jv_object();
	for (; *order != NULL; order++)
		result = rm_json_set(
		    result, *order, rm_json_get(object, *order));
	jv_object_foreach (object, key, value) {
		if (jv_object_has(jv_copy(result), jv_copy(key))) {
			jv_free(key);
			jv_free(value);
			continue;
		}
		result = jv_object_set(result, key, value);
	}
	jv_free(object);
	return result;
}

static jv
ordered_disk(jv disk)
{
	disk = ordered(disk, disk_order);
	if (jv_get_kind(disk) != JV_KIND_OBJECT)
		return disk;
	disk = rm_json_set(disk, "persistence",
	    ordered(rm_json_get(disk, "persistence"), persistence_order));
	return rm_json_set(
	    disk, "volume", ordered(rm_json_get(disk, "volume"), volume_order));
}

static jv
ordered_stack(jv reservations)
{
	if (!jv_is_valid(reservations))
		return reservations;
	jv stack = jv_array();
	jv_array_foreach (reservations, i, one) {
		stack = jv_array_append(stack, ordered(one, reservation_order));
	}
	jv_free(reservations);
	return stack;
}

static uint64_t
hash_parts(const struct parts *p)
{
	uint64_t h = 0;
	for (size_t i = 0; i < PARTS; i++)
		h = h * 31 + rm_same_hash(p->at[i]);
	return h;
}

static bool
equal_parts(const struct parts *a, const struct parts *b)
{
	bool equal = true;
	for (size_t i = 0; i < PARTS && equal; i++)
		equal = rm_same_equal(a->at[i], b->at[i]);
	return equal;
}

static void
free_parts(struct parts *p)
{
	for (size_t i = 0; i < PARTS; i++)
		jv_free(p->at[i]);
}

static struct parts
copy_parts(const struct rm_identity *identity)
{
	struct parts p = ((const struct identity *)identity)->parts;
	for (size_t i = 0; i < PARTS; i++)
		p.at[i] = jv_copy(p.at[i]);
	return p;
}

static const char *
text_of(jv v)
{
	return jv_get_kind(v) == JV_KIND_STRING ? jv_string_value(v) : NULL;
}

static enum rm_value_type
type_of(const char *type)
{
	if (strcmp(type, "SCALAR") == 0)
		return RM_VALUE_SCALAR;
	return strcmp(type, "RANGES") == 0 ? RM_VALUE_RANGES : RM_VALUE_OTHER;
}

static void
fill_reservations(struct rm_identity *pub, jv stack)
{
	pub->depth = (size_t)jv_array_length(jv_copy(stack));
	struct rm_reservation *list = rm_alloc(pub->depth * sizeof(*list));
	for (size_t i = 0; i < pub->depth; i++) {
		jv one = jv_array_get(jv_copy(stack), (int)i);
		const char *type = rm_json_text(one, "type", "DYNAMIC");
		jv labels = rm_json_path(one, "labels.labels");
		list[i] = (struct rm_reservation){
			.dynamic = strcmp(type, "STATIC") != 0,
			.role = rm_json_text(one, "role", "*"),
			.principal = rm_json_text(one, "principal", NULL),
			.labels = labels,
		};
		jv_free(labels); /* the stack still holds it */
		jv_free(one);
	}
	pub->reservations = list;
}

static void
fill_disk(struct rm_identity *pub, jv disk)
{
	const char *source = rm_json_path_text(disk, "source.type");
	pub->disk = true;
	if (source == NULL)
		pub->source = RM_DISK_ROOT;
	else if (strcmp(source, "PATH") == 0)
		pub->source = RM_DISK_PATH;
	else if (strcmp(source, "MOUNT") == 0)
		pub->source = RM_DISK_MOUNT;
	else
		pub->source = RM_DISK_OTHER;
	pub->root = rm_json_path_text(disk, pub->source == RM_DISK_PATH
						? "source.path.root"
						: "source.mount.root");
	pub->persistence_id = rm_json_path_text(disk, "persistence.id");
	pub->persistence_principal = rm_json_path_text(
	    disk, "persistence.principal");
	pub->container_path = rm_json_path_text(disk, "volume.container_path");
}

static void
fill(struct identity *identity)
{
	struct rm_identity *pub = &identity->pub;
	struct parts *p = &identity->parts;
	p->at[STACK] = ordered_stack(p->at[STACK]);
	p->at[DISK] = ordered_disk(p->at[DISK]);
	p->at[REST] = ordered(p->at[REST], rest_order);
	pub->name = jv_string_value(p->at[NAME]);
	pub->type = type_of(jv_string_value(p->at[TYPE]));
	pub->role = text_of(p->at[ROLE]);
	if (jv_is_valid(p->at[STACK]))
		fill_reservations(pub, p->at[STACK]);
	if (jv_is_valid(p->at[DISK]))
		fill_disk(pub, p->at[DISK]);
	pub->shared = rm_json_has(p->at[REST], "shared");
	pub->revocable = rm_json_has(p->at[REST], "revocable");
	pub->provider_id = rm_json_path_text(p->at[REST], "provider_id.value");
	pub->indivisible = pub->persistence_id != NULL || pub->shared ||
			   pub->source == RM_DISK_MOUNT ||
			   pub->source == RM_DISK_OTHER ||
			   pub->type == RM_VALUE_OTHER;
}

static void
grow(void)
{
	size_t size = table.size > 0 ? table.size * 2 : 256;
	struct identity **buckets = rm_alloc(size * sizeof(struct identity *));
	for (size_t i = 0; i < table.size; i++) {
		struct identity *next, *at = table.buckets[i];
		for (; at != NULL; at = next) {
			next = at->next;
			at->next = buckets[at->hash & (size - 1)];
			buckets[at->hash & (size - 1)] = at;
		}
	}
	free(table.buckets);
	table.buckets = buckets;
	table.size = size;
}

/* Consumes the parts. */
static const struct rm_identity *
intern(struct parts parts)
{
	if (table.count >= table.size)
		grow();
	uint64_t hash = hash_parts(&parts);
	struct identity **bucket = &table.buckets[hash & (table.size - 1)];
	for (struct identity *at = *bucket; at != NULL; at = at->next) {
		if (at->hash == hash && equal_parts(&at->parts, &parts)) {
			free_parts(&parts);
			at->refs++;
			return &at->pub;
		}
	}
	struct identity *identity = rm_alloc(sizeof(*identity));
	identity->parts = parts;
	identity->hash = hash;
	identity->refs = 1;
	identity->next = *bucket;
	fill(identity);
	*bucket = identity;
	table.count++;
	return &identity->pub;
}

const struct rm_identity *
rm_identity_ref(const struct rm_identity *identity)
{
	((struct identity *)(uintptr_t)identity)->refs++;
	return identity;
}

void
rm_identity_unref(const struct rm_identity *pub)
{
	struct identity *identity = (struct identity *)(uintptr_t)pub;
	if (identity == NULL || --identity->refs > 0)
		return;
	struct identity **at = &table
				    .buckets[identity->hash & (table.size - 1)];
	while (*at != identity)
		at = &(*at)->next;
	*at = identity->next;
	free((void *)(uintptr_t)identity->pub.reservations);
	free_parts(&identity->parts);
	free(identity);
	if (--table.count == 0) {
		free(table.buckets);
		table.buckets = NULL;
		table.size = 0;
	}
}

/* Members that are no part of REST; PARTS: none at all. */
static const struct {
	const char *key;
	enum part part;
} members[] = {
	{ "name", NAME },
	{ "type", TYPE },
	{ "allocation_info", ROLE }, /* its role */
	{ "reservations", STACK },
	{ "disk", DISK },
	{ "scalar", PARTS }, /* how much, not what */
	{ "ranges", PARTS },
	{ "set", PARTS },
	{ "role", PARTS }, /* read_role() */
	{ "reservation", PARTS },
};

static void
take_member(struct parts *p, jv key, jv value)
{
	const char *name = jv_string_value(key);
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		if (strcmp(members[i].key, name) != 0)
			continue;
		enum part part = members[i].part;
		if (part == ROLE)
			p->at[ROLE] = rm_json_get(value, "role");
		else if (part != PARTS)
			p->at[part] = jv_copy(value);
		jv_free(key);
		jv_free(value);
		return;
	}
	if (!jv_is_valid(p->at[REST]))
		p->at[REST] = jv_object();
	p->at[REST] = jv_object_set(p->at[REST], key, value);
}

/* The older format as a stack: a role without "reservation" is static. */
static void
read_role(struct parts *p, jv resource)
{
	const char *role = rm_json_text(resource, "role", "*");
	jv details = rm_json_get(resource, "reservation");
	bool dynamic = jv_get_kind(details) == JV_KIND_OBJECT;
	if (strcmp(role, "*") == 0 && !dynamic) {
		jv_free(details);
		return;
	}
	jv one = jv_object_set(jv_object(), jv_string("type"),
	    jv_string(dynamic ? "DYNAMIC" : "STATIC"));
	one = jv_object_set(one, jv_string("role"), jv_string(role));
	if (dynamic)
		one = jv_object_merge(one, details);
	else
		jv_free(details);
	p->at[STACK] = jv_array_append(jv_array(), one);
}

static int
lacks(struct rm_error *err, const struct parts *p, const char *what)
{
	const char *name = text_of(p->at[NAME]);
	return rm_error_set(err, RM_EXIT_REJECTED, "%s: %s",
	    name != NULL ? name : "resource", what);
}

static int
check(const struct parts *p, struct rm_error *err)
{
	if (text_of(p->at[NAME]) == NULL)
		return lacks(err, p, "no name");
	if (text_of(p->at[TYPE]) == NULL)
		return lacks(err, p, "no type");
	if (jv_is_valid(p->at[ROLE]) && text_of(p->at[ROLE]) == NULL)
		return lacks(err, p, "allocation_info.role is no text");
	if (jv_is_valid(p->at[DISK]) &&
	    jv_get_kind(p->at[DISK]) != JV_KIND_OBJECT)
		return lacks(err, p, "disk is no object");
	if (rm_json_has(p->at[DISK], "persistence") &&
	    rm_json_path_text(p->at[DISK], "persistence.id") == NULL)
		return lacks(err, p, "disk.persistence has no id");
	if (!jv_is_valid(p->at[STACK]))
		return 0;
	if (jv_get_kind(p->at[STACK]) != JV_KIND_ARRAY)
		return lacks(err, p, "reservations is no array");
	jv_array_foreach (p->at[STACK], i, one) {
		bool fits = rm_json_text(one, "role", NULL) != NULL;
		jv_free(one);
		if (!fits)
			return lacks(err, p, "a reservation has no role");
	}
	return 0;
}

const struct rm_identity *
rm_identity_parse(jv resource, struct rm_error *err)
{
	struct parts p;
	for (size_t i = 0; i < PARTS; i++)
		p.at[i] = jv_invalid();
	if (jv_get_kind(resource) != JV_KIND_OBJECT) {
		rm_error_set(err, RM_EXIT_REJECTED, "resource is no object");
		return NULL;
	}
	jv_object_foreach (resource, key, value) {
		take_member(&p, key, value);
	}
	if (!jv_is_valid(p.at[STACK]))
		read_role(&p, resource);
	if (jv_get_kind(p.at[STACK]) == JV_KIND_ARRAY &&
	    jv_array_length(jv_copy(p.at[STACK])) == 0) {
		jv_free(p.at[STACK]);
		p.at[STACK] = jv_invalid();
	}
	if (check(&p, err) == 0)
		return intern(p);
	free_parts(&p);
	return NULL;
}

const struct rm_identity *
rm_identity_allocate(const struct rm_identity *identity, const char *role)
{
	const char *now = identity->role;
	if (now == role ||
	    (now != NULL && role != NULL && strcmp(now, role) == 0))
		return rm_identity_ref(identity);
	struct parts p = copy_parts(identity);
	jv_free(p.at[ROLE]);
	p.at[ROLE] = role != NULL ? jv_string(role) : jv_invalid();
	return intern(p);
}

const struct rm_identity *
rm_identity_push(const struct rm_identity *identity, jv reservation)
{
	struct parts p = copy_parts(identity);
	if (!jv_is_valid(p.at[STACK]))
		p.at[STACK] = jv_array();
	p.at[STACK] = jv_array_append(p.at[STACK], reservation);
	return intern(p);
}

const struct rm_identity *
rm_identity_pop(const struct rm_identity *identity)
{
	if (identity->depth == 0)
		return NULL;
	struct parts p = copy_parts(identity);
	if (identity->depth == 1) {
		jv_free(p.at[STACK]);
		p.at[STACK] = jv_invalid();
	} else {
		p.at[STACK] = jv_array_slice(
		    p.at[STACK], 0, (int)identity->depth - 1);
	}
	return intern(p);
}

const struct rm_identity *
rm_identity_attach(const struct rm_identity *identity, jv disk)
{
	struct parts p = copy_parts(identity);
	if (jv_is_valid(p.at[DISK]))
		disk = rm_json_set(
		    disk, "source", rm_json_get(p.at[DISK], "source"));
	jv_free(p.at[DISK]);
	p.at[DISK] = disk;
	return intern(p);
}

const struct rm_identity *
rm_identity_detach(const struct rm_identity *identity)
{
	struct parts p = copy_parts(identity);
	if (jv_is_valid(p.at[DISK])) {
		p.at[DISK] = jv_object_delete(
		    p.at[DISK], jv_string("persistence"));
		p.at[DISK] = jv_object_delete(p.at[DISK], jv_string("volume"));
		if (jv_object_length(jv_copy(p.at[DISK])) == 0) {
			jv_free(p.at[DISK]);
			p.at[DISK] = jv_invalid();
		}
	}
	return intern(p);
}

const char *
rm_identity_label(const struct rm_identity *identity, const char *key)
{
	if (identity->depth == 0)
		return NULL;
	jv labels = identity->reservations[identity->depth - 1].labels;
	if (jv_get_kind(labels) != JV_KIND_ARRAY)
		return NULL;
	const char *found = NULL;
	jv_array_foreach (labels, i, label) {
		if (found == NULL &&
		    strcmp(rm_json_text(label, "key", ""), key) == 0)
			found = rm_json_text(label, "value", "");
		jv_free(label);
	}
	return found;
}

static jv
top_of(const struct rm_identity *identity)
{
	const struct parts *p = &((const struct identity *)identity)->parts;
	return jv_array_get(jv_copy(p->at[STACK]), (int)identity->depth - 1);
}

/* "reservation" of the older formats: only a dynamic one has it. */
static jv
old_reservation(const struct rm_identity *identity)
{
	if (identity->depth == 0 ||
	    !identity->reservations[identity->depth - 1].dynamic)
		return jv_invalid();
	jv old = jv_object_delete(top_of(identity), jv_string("type"));
	return jv_object_delete(old, jv_string("role"));
}

jv
rm_identity_json(const struct rm_identity *identity, jv amount,
    enum rm_resource_format format)
{
	const struct parts *p = &((const struct identity *)identity)->parts;
	jv rest = jv_copy(p->at[REST]);
	jv json = rm_json_set(
	    jv_object(), "provider_id", rm_json_get(rest, "provider_id"));
	json = rm_json_set(json, "name", jv_copy(p->at[NAME]));
	json = rm_json_set(json, "type", jv_copy(p->at[TYPE]));
	json = jv_object_merge(json, amount);
	if (format != RM_FORMAT_STACK)
		json = rm_json_set(json, "role",
		    jv_string(
			identity->depth > 0
			    ? identity->reservations[identity->depth - 1].role
			    : "*"));
	if (identity->role != NULL)
		json = rm_json_set(json, "allocation_info",
		    rm_json_set(jv_object(), "role", jv_copy(p->at[ROLE])));
	if (format != RM_FORMAT_STACK)
		json = rm_json_set(
		    json, "reservation", old_reservation(identity));
	if (format != RM_FORMAT_ROLE)
		json = rm_json_set(json, "reservations", jv_copy(p->at[STACK]));
	json = rm_json_set(json, "disk", jv_copy(p->at[DISK]));
	if (jv_is_valid(rest))
		json = jv_object_merge(json, rest);
	return json;
}

static void
reservation_text(struct rm_str *to, const struct rm_reservation *r)
{
	rm_str_printf(to, "(%s,%s", r->dynamic ? "DYNAMIC" : "STATIC", r->role);
	if (r->principal != NULL)
		rm_str_printf(to, ",%s", r->principal);
	if (jv_is_valid(r->labels)) {
		rm_str_puts(to, ",{");
		jv_array_foreach (r->labels, i, label) {
			rm_str_printf(to, "%s%s: %s", i > 0 ? ", " : "",
			    rm_json_text(label, "key", ""),
			    rm_json_text(label, "value", ""));
			jv_free(label);
		}
		rm_str_puts(to, "}");
	}
	rm_str_puts(to, ")");
}

static void
disk_text(struct rm_str *to, const struct rm_identity *identity)
{
	const struct parts *p = &((const struct identity *)identity)->parts;
	const char *source = rm_json_path_text(p->at[DISK], "source.type");
	rm_str_puts(to, "[");
	if (source != NULL)
		rm_str_puts(to, source);
	if (source != NULL && identity->root != NULL)
		rm_str_printf(to, ":%s", identity->root);
	if (identity->persistence_id != NULL)
		rm_str_printf(to, "%s%s", source != NULL ? "," : "",
		    identity->persistence_id);
	if (identity->container_path != NULL)
		rm_str_printf(to, ":%s", identity->container_path);
	rm_str_puts(to, "]");
}

void
rm_identity_text(struct rm_str *to, const struct rm_identity *identity)
{
	rm_str_puts(to, identity->name);
	if (identity->role != NULL)
		rm_str_printf(to, "(allocated: %s)", identity->role);
	if (identity->depth > 0) {
		rm_str_puts(to, "(reservations: [");
		for (size_t i = 0; i < identity->depth; i++) {
			if (i > 0)
				rm_str_puts(to, ",");
			reservation_text(to, &identity->reservations[i]);
		}
		rm_str_puts(to, "])");
	}
	if (identity->disk)
		disk_text(to, identity);
	if (identity->revocable)
		rm_str_puts(to, "{REV}");
	if (identity->shared)
		rm_str_puts(to, "<SHARED>");
}
