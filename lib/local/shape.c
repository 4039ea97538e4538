#include "local/shape.h"

#include "base/exit.h"
#include "base/json.h"
#include "base/str.h"

#define OPT  RM_SHAPE_OPTIONAL
#define MUST RM_SHAPE_REQUIRED

static const struct rm_shape id_shape[] = { { "value", MUST }, { NULL } };

static const struct rm_shape label_shape[] = { { "key", MUST },
	{ "value", OPT }, { NULL } };
static const struct rm_shape labels_shape[] = { { "labels", OPT, label_shape },
	{ NULL } };

static const struct rm_shape resource_shape[] = { { "name", MUST },
	{ "type", MUST }, { NULL } };

static const struct rm_shape uri_shape[] = { { "value", MUST },
	{ "executable", OPT }, { "extract", OPT }, { "cache", OPT },
	{ "output_file", OPT }, { NULL } };
static const struct rm_shape variable_shape[] = { { "name", MUST },
	{ "type", OPT, NULL, "VALUE" }, { "value", OPT }, { NULL } };
static const struct rm_shape environment_shape[] = {
	{ "variables", OPT, variable_shape },
	{ NULL },
};
static const struct rm_shape command_shape[] = { { "uris", OPT, uri_shape },
	{ "environment", OPT, environment_shape }, { "shell", OPT },
	{ "value", OPT }, { "arguments", OPT }, { "user", OPT }, { NULL } };

static const struct rm_shape capability_shape[] = { { "type", OPT }, { NULL } };
const struct rm_shape rm_shape_framework[] = {
	{ "user", MUST },
	{ "name", MUST },
	{ "id", OPT, id_shape },
	{ "failover_timeout", OPT },
	{ "checkpoint", OPT },
	{ "role", OPT },
	{ "roles", OPT },
	{ "hostname", OPT },
	{ "principal", OPT },
	{ "webui_url", OPT },
	{ "capabilities", OPT, capability_shape },
	{ "labels", OPT, labels_shape },
	{ "offer_filters", OPT },
	{ NULL },
};

const struct rm_shape rm_shape_executor[] = {
	{ "type", OPT },
	{ "executor_id", MUST, id_shape },
	{ "framework_id", OPT, id_shape },
	{ "command", OPT, command_shape },
	{ "container", OPT },
	{ "resources", OPT, resource_shape },
	{ "name", OPT },
	{ "source", OPT },
	{ "data", OPT },
	{ "discovery", OPT },
	{ "shutdown_grace_period", OPT },
	{ "labels", OPT, labels_shape },
	{ NULL },
};

const struct rm_shape rm_shape_task[] = {
	{ "name", MUST },
	{ "task_id", MUST, id_shape },
	{ "agent_id", MUST, id_shape },
	{ "resources", OPT, resource_shape },
	{ "executor", OPT, rm_shape_executor },
	{ "command", OPT, command_shape },
	{ "container", OPT },
	{ "health_check", OPT },
	{ "check", OPT },
	{ "kill_policy", OPT },
	{ "data", OPT },
	{ "labels", OPT, labels_shape },
	{ "discovery", OPT },
	{ "max_completion_time", OPT },
	{ NULL },
};

const struct rm_shape rm_shape_status[] = {
	{ "task_id", MUST, id_shape },
	{ "state", MUST },
	{ "message", OPT },
	{ "source", OPT },
	{ "reason", OPT },
	{ "data", OPT },
	{ "agent_id", OPT, id_shape },
	{ "executor_id", OPT, id_shape },
	{ "timestamp", OPT },
	{ "uuid", OPT },
	{ "healthy", OPT },
	{ "check_status", OPT },
	{ "labels", OPT, labels_shape },
	{ "container_status", OPT },
	{ "unreachable_time", OPT },
	{ NULL },
};

static const struct rm_shape resources_shape[] = {
	{ "resources", OPT, resource_shape },
	{ NULL },
};
static const struct rm_shape volumes_shape[] = {
	{ "volumes", OPT, resource_shape },
	{ NULL },
};
static const struct rm_shape launch_shape[] = {
	{ "task_infos", OPT, rm_shape_task },
	{ NULL },
};
static const struct rm_shape task_group_shape[] = {
	{ "tasks", OPT, rm_shape_task },
	{ NULL },
};
static const struct rm_shape launch_group_shape[] = {
	{ "executor", MUST, rm_shape_executor },
	{ "task_group", MUST, task_group_shape },
	{ NULL },
};
static const struct rm_shape operation_shape[] = {
	{ "type", OPT },
	{ "id", OPT, id_shape },
	{ "launch", OPT, launch_shape },
	{ "launch_group", OPT, launch_group_shape },
	{ "reserve", OPT, resources_shape },
	{ "unreserve", OPT, resources_shape },
	{ "create", OPT, volumes_shape },
	{ "destroy", OPT, volumes_shape },
	{ NULL },
};

static const struct rm_shape subscribe_shape[] = {
	{ "framework_info", MUST, rm_shape_framework },
	{ "suppressed_roles", OPT },
	{ NULL },
};
static const struct rm_shape accept_shape[] = {
	{ "offer_ids", OPT, id_shape },
	{ "operations", OPT, operation_shape },
	{ "filters", OPT },
	{ NULL },
};
static const struct rm_shape decline_shape[] = {
	{ "offer_ids", OPT, id_shape },
	{ "filters", OPT },
	{ NULL },
};
static const struct rm_shape inverse_shape[] = {
	{ "inverse_offer_ids", OPT, id_shape },
	{ "filters", OPT },
	{ NULL },
};
static const struct rm_shape kill_shape[] = {
	{ "task_id", MUST, id_shape },
	{ "agent_id", OPT, id_shape },
	{ "kill_policy", OPT },
	{ NULL },
};
static const struct rm_shape shutdown_shape[] = {
	{ "executor_id", MUST, id_shape },
	{ "agent_id", MUST, id_shape },
	{ NULL },
};
static const struct rm_shape acknowledge_shape[] = {
	{ "agent_id", MUST, id_shape },
	{ "task_id", MUST, id_shape },
	{ "uuid", MUST },
	{ NULL },
};
static const struct rm_shape acknowledge_operation_shape[] = {
	{ "agent_id", OPT, id_shape },
	{ "uuid", MUST },
	{ "operation_id", MUST, id_shape },
	{ NULL },
};
static const struct rm_shape reconcile_task_shape[] = {
	{ "task_id", MUST, id_shape },
	{ "agent_id", OPT, id_shape },
	{ NULL },
};
static const struct rm_shape reconcile_shape[] = {
	{ "tasks", OPT, reconcile_task_shape },
	{ NULL },
};
static const struct rm_shape reconcile_operation_shape[] = {
	{ "operation_id", MUST, id_shape },
	{ "agent_id", OPT, id_shape },
	{ NULL },
};
static const struct rm_shape reconcile_operations_shape[] = {
	{ "operations", OPT, reconcile_operation_shape },
	{ NULL },
};
static const struct rm_shape message_shape[] = {
	{ "agent_id", MUST, id_shape },
	{ "executor_id", MUST, id_shape },
	{ "data", MUST },
	{ NULL },
};

const struct rm_shape rm_shape_call[] = {
	{ "framework_id", OPT, id_shape },
	{ "type", OPT },
	{ "subscribe", OPT, subscribe_shape },
	{ "accept", OPT, accept_shape },
	{ "decline", OPT, decline_shape },
	{ "accept_inverse_offers", OPT, inverse_shape },
	{ "decline_inverse_offers", OPT, inverse_shape },
	{ "kill", OPT, kill_shape },
	{ "shutdown", OPT, shutdown_shape },
	{ "acknowledge", OPT, acknowledge_shape },
	{ "acknowledge_operation_status", OPT, acknowledge_operation_shape },
	{ "reconcile", OPT, reconcile_shape },
	{ "reconcile_operations", OPT, reconcile_operations_shape },
	{ "message", OPT, message_shape },
	{ "update_framework", OPT, subscribe_shape },
	{ NULL },
};

static const struct rm_shape update_shape[] = {
	{ "status", MUST, rm_shape_status },
	{ NULL },
};
static const struct rm_shape executor_subscribe_shape[] = {
	{ "unacknowledged_tasks", OPT, rm_shape_task },
	{ "unacknowledged_updates", OPT, update_shape },
	{ NULL },
};
static const struct rm_shape data_shape[] = { { "data", MUST }, { NULL } };

const struct rm_shape rm_shape_executor_call[] = {
	{ "executor_id", MUST, id_shape },
	{ "framework_id", MUST, id_shape },
	{ "type", OPT },
	{ "subscribe", OPT, executor_subscribe_shape },
	{ "update", OPT, update_shape },
	{ "message", OPT, data_shape },
	{ NULL },
};

/* What is wrong with a message; both lists of dotted paths. */
struct faults {
	struct rm_str missing, wrong;
};

static void
note(struct rm_str *list, const char *path, const char *name)
{
	rm_str_printf(list, "%s%s%s%s", list->len > 0 ? ", " : "", path,
	    *path != '\0' && *name != '\0' ? "." : "", name);
}

static void check_one(const struct rm_shape *shape, jv message,
    const char *path, struct faults *faults);

/* A message, or a list of them. Consumes. */
static void
check_member(const struct rm_shape *of, jv value, const char *path,
    const char *name, struct faults *faults)
{
	struct rm_str at = { 0 };
	note(&at, path, name);
	if (jv_get_kind(value) == JV_KIND_ARRAY) {
		jv_array_foreach (value, i, one) {
			check_one(of, one, at.text, faults);
		}
		jv_free(value);
	} else {
		check_one(of, value, at.text, faults);
	}
	rm_str_free(&at);
}

/* Consumes. */
static void
check_one(const struct rm_shape *shape, jv message, const char *path,
    struct faults *faults)
{
	if (jv_get_kind(message) != JV_KIND_OBJECT) {
		note(&faults->wrong, path, "");
		jv_free(message);
		return;
	}
	for (; shape->name != NULL; shape++) {
		jv value = rm_json_get(message, shape->name);
		if (!jv_is_valid(value) || jv_get_kind(value) == JV_KIND_NULL) {
			if (shape->need == RM_SHAPE_REQUIRED)
				note(&faults->missing, path, shape->name);
			jv_free(value);
		} else if (shape->of != NULL) {
			check_member(
			    shape->of, value, path, shape->name, faults);
		} else {
			jv_free(value);
		}
	}
	jv_free(message);
}

int
rm_shape_check(const struct rm_shape *shape, jv message, struct rm_error *err)
{
	struct faults faults = { 0 };
	check_one(shape, jv_copy(message), "", &faults);
	int rc = 0;
	if (faults.wrong.len > 0)
		rc = rm_error_set(err, RM_EXIT_REJECTED, "Not a message: %s",
		    faults.wrong.text);
	else if (faults.missing.len > 0)
		rc = rm_error_set(err, RM_EXIT_REJECTED,
		    "Missing required fields: %s", faults.missing.text);
	rm_str_free(&faults.missing);
	rm_str_free(&faults.wrong);
	return rc;
}

static jv
order_member(const struct rm_shape *of, jv value)
{
	if (of == NULL)
		return value;
	if (jv_get_kind(value) != JV_KIND_ARRAY)
		return rm_shape_order(of, value);
	jv list = jv_array();
	jv_array_foreach (value, i, one) {
		list = jv_array_append(list, rm_shape_order(of, one));
	}
	jv_free(value);
	return list;
}

jv
rm_shape_order(const struct rm_shape *shape, jv message)
{
	if (jv_get_kind(message) != JV_KIND_OBJECT)
		return message;
	jv result = jv_object();
	for (; shape->name != NULL; shape++) {
		jv value = rm_json_get(message, shape->name);
		if (jv_is_valid(value))
			result = rm_json_set(result, shape->name,
			    order_member(shape->of, value));
		else if (shape->fallback != NULL)
			result = rm_json_set(
			    result, shape->name, jv_string(shape->fallback));
	}
	jv_object_foreach (message, key, value) {
		if (jv_object_has(jv_copy(result), jv_copy(key))) {
			jv_free(key);
			jv_free(value);
			continue;
		}
		result = jv_object_set(result, key, value);
	}
	jv_free(message);
	return result;
}
