#include "mesos/call.h"

#include <string.h>

#include "base/base64.h"
#include "base/exit.h"
#include "base/json.h"

/* Offers of one DECLINE: its answer must not take longer than a deadline. */
#define MERGED_MAX 1000

const struct rm_call_type rm_call_types[] = {
	{ "ACCEPT", "accept", false },
	{ "DECLINE", "decline", true },
	{ "ACCEPT_INVERSE_OFFERS", "accept_inverse_offers", true },
	{ "DECLINE_INVERSE_OFFERS", "decline_inverse_offers", true },
	{ "REVIVE", NULL, true },
	{ "SUPPRESS", NULL, true },
	{ "KILL", "kill", true },
	{ "SHUTDOWN", "shutdown", true },
	{ "ACKNOWLEDGE", "acknowledge", true },
	{ "ACKNOWLEDGE_OPERATION_STATUS", "acknowledge_operation_status",
	    true },
	{ "RECONCILE", "reconcile", true },
	{ "RECONCILE_OPERATIONS", "reconcile_operations", true },
	{ "TEARDOWN", NULL, true },
	{ 0 },
};

static const struct rm_call_type *
find_type(const char *name)
{
	const struct rm_call_type *type = rm_call_types;
	while (type->name != NULL && strcmp(type->name, name) != 0)
		type++;
	return type->name != NULL ? type : NULL;
}

/* Borrows line. */
static int
check(jv line, jv mesos, struct rm_call *call, struct rm_error *err)
{
	const char *name = rm_json_text(line, "call", "");
	call->type = find_type(name);
	if (call->type == NULL)
		return rm_error_set(
		    err, RM_EXIT_REJECTED, "no call that is known: %s", name);
	if (strcmp(rm_json_text(mesos, "type", ""), name) != 0)
		return rm_error_set(err, RM_EXIT_REJECTED,
		    "%s: its \"mesos\" is of another type", name);
	jv body = call->type->body != NULL
		      ? rm_json_get(mesos, call->type->body)
		      : jv_object();
	bool good = jv_get_kind(body) == JV_KIND_OBJECT;
	jv_free(body);
	return good ? 0
		    : rm_error_set(err, RM_EXIT_REJECTED, "%s lacks %s", name,
			  call->type->body);
}

int
rm_call_read(
    const char *line, size_t len, struct rm_call *call, struct rm_error *err)
{
	jv value;
	if (rm_json_parse(line, len, &value, err) != 0)
		return -1;
	jv mesos = rm_json_get(value, "mesos");
	int rc = check(value, mesos, call, err);
	jv_free(value);
	if (rc == 0)
		call->mesos = mesos;
	else
		jv_free(mesos);
	return rc;
}

void
rm_call_free(struct rm_call *call)
{
	if (call->type != NULL)
		jv_free(call->mesos);
	*call = (struct rm_call){ 0 };
}

/* What walks through the data of a call's tasks: gets each value, gives what
 * stands in its place, both owned. */
typedef jv visitor(void *arg, jv data);

/* object[key] = visit(object[key]), where it is there. Consumes object. */
static jv
visit_member(jv object, const char *key, visitor *visit, void *arg)
{
	jv value = rm_json_get(object, key);
	if (!jv_is_valid(value)) {
		jv_free(value);
		return object;
	}
	/* So that the value has one owner and is changed in place. */
	object = jv_object_set(object, jv_string(key), jv_null());
	return jv_object_set(object, jv_string(key), visit(arg, value));
}

static jv
visit_elements(jv array, visitor *visit, void *arg)
{
	if (jv_get_kind(array) != JV_KIND_ARRAY)
		return array;
	int n = jv_array_length(jv_copy(array));
	for (int i = 0; i < n; i++)
		array = jv_array_set(
		    array, i, visit(arg, jv_array_get(jv_copy(array), i)));
	return array;
}

/* The members on the way from an ACCEPT to its tasks' data; "" is an array. */
static const char *const data_path[] = { "accept", "operations", "", "launch",
	"task_infos", "", "data", NULL };

struct way {
	const char *const *path;
	visitor *visit;
	void *arg;
};

static jv
visit_data(void *arg, jv value)
{
	struct way way = *(struct way *)arg;
	const char *step = *way.path++;
	if (step == NULL)
		return way.visit(way.arg, value);
	if (*step == '\0')
		return visit_elements(value, visit_data, &way);
	if (jv_get_kind(value) != JV_KIND_OBJECT)
		return value;
	return visit_member(value, step, visit_data, &way);
}

/* Visits the data of the tasks of an ACCEPT; other calls have none. */
static jv
visit_tasks(const struct rm_call *call, visitor *visit, void *arg)
{
	struct way way = { data_path, visit, arg };
	if (strcmp(call->type->name, "ACCEPT") != 0)
		return jv_copy(call->mesos);
	return visit_data(&way, jv_copy(call->mesos));
}

/* Whether it is {"secret":CLUSTER,"field":NAME}; borrows. */
static bool
is_placeholder(jv value, const char **cluster, const char **field)
{
	if (jv_get_kind(value) != JV_KIND_OBJECT ||
	    jv_object_length(jv_copy(value)) != 2)
		return false;
	*cluster = rm_json_text(value, "secret", NULL);
	*field = rm_json_text(value, "field", NULL);
	return *cluster != NULL && *field != NULL;
}

/* Visits every placeholder at or below a value. */
static jv
visit_placeholders(jv value, visitor *visit, void *arg)
{
	const char *cluster, *field;
	if (is_placeholder(value, &cluster, &field))
		return visit(arg, value);
	if (jv_get_kind(value) == JV_KIND_ARRAY) {
		int n = jv_array_length(jv_copy(value));
		for (int i = 0; i < n; i++)
			value = jv_array_set(value, i,
			    visit_placeholders(
				jv_array_get(jv_copy(value), i), visit, arg));
		return value;
	}
	if (jv_get_kind(value) != JV_KIND_OBJECT)
		return value;
	jv keys = jv_keys(jv_copy(value));
	jv_array_foreach (keys, i, key) {
		jv member = jv_object_get(jv_copy(value), jv_copy(key));
		value = jv_object_set(
		    value, key, visit_placeholders(member, visit, arg));
	}
	jv_free(keys);
	return value;
}

static jv
note_cluster(void *arg, jv placeholder)
{
	jv *seen = arg;
	*seen = jv_object_set(
	    *seen, rm_json_get(placeholder, "secret"), jv_true());
	return placeholder;
}

static jv
note_clusters(void *arg, jv data)
{
	return visit_placeholders(data, note_cluster, arg);
}

jv
rm_call_clusters(const struct rm_call *call)
{
	jv seen = jv_object();
	jv_free(visit_tasks(call, note_clusters, &seen));
	return jv_keys(seen);
}

struct filling {
	rm_call_secret *secret;
	void *arg;
	int rc;
	struct rm_error *err;
};

static jv
fill_secret(void *arg, jv placeholder)
{
	struct filling *filling = arg;
	const char *cluster = "", *field = "";
	is_placeholder(placeholder, &cluster, &field);
	jv value = filling->secret(filling->arg, cluster, field);
	if (!jv_is_valid(value)) {
		filling->rc = rm_error_set(filling->err, RM_EXIT_REJECTED,
		    "no %s among the secrets of cluster %s", field, cluster);
		jv_free(value);
		return placeholder;
	}
	jv_free(placeholder);
	return value;
}

/* An object becomes base64 of its JSON; a text is that already. */
static jv
fill_data(void *arg, jv data)
{
	if (jv_get_kind(data) != JV_KIND_OBJECT)
		return data;
	struct rm_str plain = { 0 }, coded = { 0 };
	rm_json_write(&plain, visit_placeholders(data, fill_secret, arg));
	rm_base64_encode(&coded, plain.text, plain.len);
	jv text = jv_string_sized(coded.text, (int)coded.len);
	explicit_bzero(plain.text, plain.len);
	rm_str_free(&plain);
	rm_str_free(&coded);
	return text;
}

int
rm_call_post(const struct rm_call *call, const char *framework_id,
    rm_call_secret *secret, void *arg, struct rm_str *to, struct rm_error *err)
{
	struct filling filling = { secret, arg, 0, err };
	jv post = visit_tasks(call, fill_data, &filling);
	if (filling.rc != 0) {
		jv_free(post);
		return -1;
	}
	post = rm_json_set(post, "framework_id",
	    JV_OBJECT(jv_string("value"), jv_string(framework_id)));
	rm_json_write(to, post);
	return 0;
}

static jv
offers_of(const struct rm_call *call)
{
	jv body = rm_json_get(call->mesos, call->type->body);
	jv ids = rm_json_array(body, "offer_ids");
	jv_free(body);
	return ids;
}

/* The DECLINE's body without its offers. */
static jv
rest_of(const struct rm_call *call)
{
	jv body = rm_json_get(call->mesos, call->type->body);
	return jv_object_delete(body, jv_string("offer_ids"));
}

bool
rm_call_merge(struct rm_call *call, const struct rm_call *next)
{
	if (call->type != next->type ||
	    strcmp(call->type->name, "DECLINE") != 0)
		return false;
	jv mine = offers_of(call), more = offers_of(next);
	jv rest = rest_of(call), other = rest_of(next);
	bool fits = rm_json_equal(rest, other) &&
		    jv_array_length(jv_copy(mine)) +
			    jv_array_length(jv_copy(more)) <=
			MERGED_MAX;
	jv_free(other);
	if (!fits) {
		jv_free(mine);
		jv_free(more);
		jv_free(rest);
		return false;
	}
	rest = rm_json_set(rest, "offer_ids", jv_array_concat(mine, more));
	call->mesos = rm_json_set(call->mesos, call->type->body, rest);
	return true;
}

void
rm_call_decline(struct rm_call *call)
{
	jv body = JV_OBJECT(jv_string("offer_ids"), offers_of(call));
	jv_free(call->mesos);
	call->type = find_type("DECLINE");
	call->mesos = JV_OBJECT(jv_string("type"), jv_string("DECLINE"),
	    jv_string("decline"), body);
}
