#include "executor/update.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/base64.h"
#include "base/json.h"
#include "io/loop.h"

void
rm_updates_init(struct rm_updates *updates)
{
	TAILQ_INIT(&updates->list);
}

/* Version 4, as RFC 9562 has it; Mesos wants its 16 bytes. */
static char *
new_uuid(void)
{
	unsigned char bytes[16];
	struct rm_str text = { 0 };
	size_t got = 0;
	while (got < sizeof(bytes)) {
		ssize_t n = getrandom(bytes + got, sizeof(bytes) - got, 0);
		got += n > 0 ? (size_t)n : 0;
	}
	bytes[6] = (bytes[6] & 0x0f) | 0x40;
	bytes[8] = (bytes[8] & 0x3f) | 0x80;
	rm_base64_encode(&text, bytes, sizeof(bytes));
	return rm_str_take(&text);
}

static jv
value_of(const char *text)
{
	return JV_OBJECT(jv_string("value"), jv_string(text));
}

static jv
base64_of(const char *data)
{
	struct rm_str text = { 0 };
	rm_str_puts(&text, "");
	rm_base64_encode(&text, data, strlen(data));
	jv value = jv_string(text.text);
	rm_str_free(&text);
	return value;
}

static jv
status_json(
    const struct rm_status *status, const char *executor_id, const char *uuid)
{
	jv json = jv_object();
	json = rm_json_set(json, "task_id", value_of(status->task_id));
	json = rm_json_set(json, "executor_id", value_of(executor_id));
	json = rm_json_set(json, "source", jv_string("SOURCE_EXECUTOR"));
	json = rm_json_set(json, "state", jv_string(status->state));
	json = rm_json_set(json, "timestamp", jv_number(rm_wall()));
	json = rm_json_set(json, "uuid", jv_string(uuid));
	if (status->message != NULL)
		json = rm_json_set(json, "message", jv_string(status->message));
	if (status->data != NULL)
		json = rm_json_set(json, "data", base64_of(status->data));
	if (status->reason != NULL)
		json = rm_json_set(json, "reason", jv_string(status->reason));
	if (status->health != RM_HEALTH_UNTOLD)
		json = rm_json_set(json, "healthy",
		    jv_bool(status->health == RM_HEALTHY));
	return json;
}

void
rm_updates_add(struct rm_updates *updates, const struct rm_status *status,
    const char *executor_id)
{
	struct rm_update *update = rm_alloc(sizeof(*update));
	struct rm_str text = { 0 };
	update->uuid = new_uuid();
	rm_json_write(
	    &text, JV_OBJECT(jv_string("status"),
		       status_json(status, executor_id, update->uuid)));
	update->text = rm_str_take(&text);
	TAILQ_INSERT_TAIL(&updates->list, update, entry);
}

struct rm_update *
rm_updates_next(const struct rm_updates *updates)
{
	struct rm_update *update;
	TAILQ_FOREACH (update, &updates->list, entry)
		if (!update->told)
			return update;
	return NULL;
}

void
rm_updates_told(struct rm_updates *updates, const char *uuid)
{
	struct rm_update *update;
	TAILQ_FOREACH (update, &updates->list, entry) {
		if (uuid == NULL || strcmp(update->uuid, uuid) == 0)
			update->told = true;
	}
}

static void
update_free(struct rm_update *update)
{
	free(update->uuid);
	free(update->text);
	free(update);
}

bool
rm_updates_acknowledge(struct rm_updates *updates, const char *uuid)
{
	struct rm_update *update;
	TAILQ_FOREACH (update, &updates->list, entry)
		if (strcmp(update->uuid, uuid) == 0)
			break;
	if (update == NULL)
		return false;
	TAILQ_REMOVE(&updates->list, update, entry);
	update_free(update);
	return true;
}

bool
rm_updates_empty(const struct rm_updates *updates)
{
	return TAILQ_EMPTY(&updates->list);
}

void
rm_updates_write(struct rm_str *to, const struct rm_updates *updates)
{
	struct rm_update *update;
	rm_str_puts(to, "[");
	TAILQ_FOREACH (update, &updates->list, entry)
		rm_str_printf(to, "%s%s",
		    update == TAILQ_FIRST(&updates->list) ? "" : ",",
		    update->text);
	rm_str_puts(to, "]");
}

void
rm_updates_free(struct rm_updates *updates)
{
	struct rm_update *update;
	while ((update = TAILQ_FIRST(&updates->list)) != NULL) {
		TAILQ_REMOVE(&updates->list, update, entry);
		update_free(update);
	}
}
