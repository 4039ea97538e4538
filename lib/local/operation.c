#include "local/operation.h"

#include <string.h>

#include "base/exit.h"
#include "base/json.h"
#include "local/agent.h"
#include "local/framework.h"

static int
invalid(struct rm_error *err, const char *why, const struct rm_resource *r)
{
	struct rm_str text = { 0 };
	struct rm_resources one = { .count = 1 };
	struct rm_resource copy = *r;
	one.items = &copy;
	rm_resources_text(&text, &one);
	rm_error_set(err, RM_EXIT_REJECTED, "%s: %s", why, text.text);
	rm_str_free(&text);
	return -1;
}

/* The resources of an operation, allocated to the role of the offers. */
static int
parse(const struct rm_local_offered *offered, jv operation, const char *verb,
    const char *list, struct rm_resources *to, struct rm_error *err)
{
	jv body = rm_json_get(operation, verb);
	jv resources = rm_json_get(body, list);
	int rc = rm_resources_parse(resources, to, err);
	jv_free(resources);
	jv_free(body);
	for (size_t i = 0; i < to->count && rc == 0; i++) {
		struct rm_resource *r = &to->items[i];
		if (r->id->role == NULL)
			rm_resource_become(
			    r, rm_identity_allocate(r->id, offered->role));
		else if (strcmp(r->id->role, offered->role) != 0)
			rc = invalid(
			    err, "Allocated to another role than the offer", r);
	}
	return rc;
}

/* Replaces consumed by converted in what was offered and on the agent. */
static void
convert(struct rm_local_offered *offered, const struct rm_resources *consumed,
    const struct rm_resources *converted)
{
	rm_resources_subtract_all(&offered->resources, consumed, NULL);
	rm_resources_add_all(&offered->resources, converted);
	rm_local_agent_convert(offered->agent, consumed, converted);
}

/* reservation.md: who may push what. */
static int
check_reservation(const struct rm_local_offered *offered,
    const struct rm_resource *r, struct rm_error *err)
{
	const struct rm_identity *id = r->id;
	if (id->depth == 0 || !id->reservations[id->depth - 1].dynamic)
		return invalid(err, "No dynamic reservation to push", r);
	const struct rm_reservation *top = &id->reservations[id->depth - 1];
	const char *principal = rm_json_text(
	    offered->framework->info, "principal", NULL);
	if (id->persistence_id != NULL)
		return invalid(err, "A volume cannot be reserved", r);
	if (strcmp(top->role, "*") == 0)
		return invalid(err, "Role '*' cannot reserve", r);
	if (strcmp(top->role, offered->role) != 0)
		return invalid(
		    err, "Reserved for another role than the offer's", r);
	if (principal != NULL &&
	    (top->principal == NULL || strcmp(top->principal, principal) != 0))
		return invalid(
		    err, "Reserved by another principal than ours", r);
	if (id->depth == 1)
		return 0;
	const char *below = id->reservations[id->depth - 2].role;
	size_t n = strlen(below);
	if (strncmp(top->role, below, n) != 0 || top->role[n] != '/')
		return invalid(err,
		    "A refinement must be to a sub-role of the reservation", r);
	return 0;
}

static int
check_unreserve(const struct rm_local_offered *offered,
    const struct rm_resource *r, struct rm_error *err)
{
	(void)offered;
	const struct rm_identity *id = r->id;
	struct rm_str text = { 0 };
	if (id->depth == 0 || !id->reservations[id->depth - 1].dynamic)
		return invalid(err, "Not dynamically reserved", r);
	if (id->persistence_id == NULL)
		return 0;
	struct rm_resources one = { .count = 1 };
	struct rm_resource copy = *r;
	one.items = &copy;
	rm_resources_text(&text, &one);
	rm_error_set(err, RM_EXIT_REJECTED,
	    "A dynamically reserved persistent volume %s cannot be "
	    "unreserved directly. Please destroy the persistent volume first "
	    "then unreserve the resource",
	    text.text);
	rm_str_free(&text);
	return -1;
}

/* persistent-volume.md: relative, below the sandbox, one level. */
static bool
good_path(const char *path)
{
	return path != NULL && *path != '\0' && strchr(path, '/') == NULL &&
	       strcmp(path, ".") != 0 && strcmp(path, "..") != 0;
}

/* It names a directory. */
static bool
good_persistence_id(const char *id)
{
	return id != NULL && *id != '\0' && strchr(id, '/') == NULL &&
	       strcmp(id, ".") != 0 && strcmp(id, "..") != 0;
}

static const char *
owner_of(const struct rm_identity *id)
{
	return id->depth > 0 ? id->reservations[id->depth - 1].role : "*";
}

static int
check_volume(const struct rm_local_offered *offered,
    const struct rm_resource *r, struct rm_error *err)
{
	const struct rm_identity *id = r->id;
	if (strcmp(id->name, "disk") != 0 || id->persistence_id == NULL)
		return invalid(err, "Not a persistent volume", r);
	if (!good_persistence_id(id->persistence_id))
		return invalid(err, "Not a persistence id", r);
	if (!good_path(id->container_path))
		return invalid(err, "Not a relative container path", r);
	if (id->depth == 0)
		return invalid(
		    err, "A volume can be made of reserved disk only", r);
	const struct rm_resources *total = &offered->agent->total;
	for (size_t i = 0; i < total->count; i++) {
		const struct rm_identity *other = total->items[i].id;
		if (other->persistence_id != NULL &&
		    strcmp(other->persistence_id, id->persistence_id) == 0 &&
		    strcmp(owner_of(other), owner_of(id)) == 0)
			return invalid(err, "The persistence id is in use", r);
	}
	return 0;
}

static int
make_directories(struct rm_local_offered *offered,
    const struct rm_resources *volumes, struct rm_error *err)
{
	const struct rm_local *local = offered->framework->local;
	int rc = 0;
	for (size_t i = 0; i < volumes->count && rc == 0; i++) {
		jv one = rm_resource_json(&volumes->items[i], RM_FORMAT_STACK);
		if (local->hooks.create_volume != NULL)
			rc = local->hooks.create_volume(
			    offered->agent, one, err);
		jv_free(one);
	}
	return rc;
}

static void
remove_directories(
    struct rm_local_offered *offered, const struct rm_resources *volumes)
{
	const struct rm_local *local = offered->framework->local;
	for (size_t i = 0; i < volumes->count; i++) {
		jv one = rm_resource_json(&volumes->items[i], RM_FORMAT_STACK);
		if (local->hooks.destroy_volume != NULL)
			local->hooks.destroy_volume(offered->agent, one);
		jv_free(one);
	}
}

static int
check_destroy(const struct rm_local_offered *offered,
    const struct rm_resource *r, struct rm_error *err)
{
	(void)offered;
	return r->id->persistence_id == NULL
		   ? invalid(err, "Not a persistent volume", r)
		   : 0;
}

static const struct verb {
	const char *type, *member, *list;
	bool makes; /* the list is what it makes, not what it takes */
	int (*check)(const struct rm_local_offered *offered,
	    const struct rm_resource *r, struct rm_error *err);
	/* What one of the list is made of, or becomes. */
	const struct rm_identity *(*counterpart)(
	    const struct rm_identity *identity);
	int (*before)(struct rm_local_offered *offered,
	    const struct rm_resources *list, struct rm_error *err);
	void (*after)(
	    struct rm_local_offered *offered, const struct rm_resources *list);
} verbs[] = {
	{ "RESERVE", "reserve", "resources", true, check_reservation,
	    rm_identity_pop, NULL, NULL },
	{ "UNRESERVE", "unreserve", "resources", false, check_unreserve,
	    rm_identity_pop, NULL, NULL },
	{ "CREATE", "create", "volumes", true, check_volume, rm_identity_detach,
	    make_directories, NULL },
	{ "DESTROY", "destroy", "volumes", false, check_destroy,
	    rm_identity_detach, NULL, remove_directories },
};

static int
check_all(const struct verb *verb, struct rm_local_offered *offered,
    const struct rm_resources *list, struct rm_resources *others,
    struct rm_error *err)
{
	for (size_t i = 0; i < list->count; i++) {
		struct rm_resource other = { 0 };
		if (verb->check(offered, &list->items[i], err) != 0)
			return -1;
		rm_resource_copy(&other, &list->items[i]);
		rm_resource_become(&other, verb->counterpart(other.id));
		rm_resources_add(others, &other);
		rm_resource_free(&other);
	}
	const struct rm_resources *taken = verb->makes ? others : list;
	struct rm_resources left = { 0 };
	rm_resources_copy(&left, &offered->resources);
	int rc = rm_resources_subtract_all(&left, taken, err);
	if (rc != 0)
		rm_error_prefix(err, "Invalid operation: the offer");
	rm_resources_free(&left);
	return rc;
}

static int
carry_out(const struct verb *verb, struct rm_local_offered *offered,
    jv operation, struct rm_error *err)
{
	struct rm_resources list = { 0 }, others = { 0 };
	int rc = parse(
	    offered, operation, verb->member, verb->list, &list, err);
	if (rc == 0)
		rc = check_all(verb, offered, &list, &others, err);
	if (rc == 0 && verb->before != NULL)
		rc = verb->before(offered, &list, err);
	if (rc == 0) {
		convert(offered, verb->makes ? &others : &list,
		    verb->makes ? &list : &others);
		if (verb->after != NULL)
			verb->after(offered, &list);
	}
	rm_resources_free(&list);
	rm_resources_free(&others);
	return rc;
}

int
rm_local_operation_apply(
    struct rm_local_offered *offered, jv operation, struct rm_error *err)
{
	const char *type = rm_json_text(operation, "type", "");
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		if (strcmp(verbs[i].type, type) == 0)
			return carry_out(&verbs[i], offered, operation, err);
	return rm_error_set(
	    err, RM_EXIT_REJECTED, "Operation %s is not supported", type);
}
