#include "executor/task.h"

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/exit.h"
#include "base/json.h"
#include "executor/interface.h"

double
rm_task_kill_policy(jv policy)
{
	jv n = rm_json_path(policy, "grace_period.nanoseconds");
	double seconds = jv_get_kind(n) == JV_KIND_NUMBER
			     ? jv_number_value(n) / 1e9
			     : -1;
	jv_free(n);
	return seconds;
}

static int
parse_data(struct rm_task *task, jv info, struct rm_error *err)
{
	const char *text = rm_json_text(info, "data", "");
	struct rm_str bytes = { 0 };
	jv data = jv_invalid();
	rm_str_puts(&bytes, "");
	int rc = rm_base64_decode(&bytes, text, strlen(text));
	if (rc != 0)
		rm_error_set(
		    err, RM_EXIT_REJECTED, "the task's data are not base64");
	else if ((rc = rm_json_parse(bytes.text, bytes.len, &data, err)) != 0)
		rm_error_prefix(err, "the task's data");
	else
		rc = rm_task_data_parse(&task->data, data, err);
	jv_free(data);
	if (bytes.len > 0) /* the cookie is in there */
		explicit_bzero(bytes.text, bytes.len);
	rm_str_free(&bytes);
	return rc;
}

/* Where an interface is named its address is the node's. */
static int
find_address(struct rm_task_data *data, struct rm_error *err)
{
	if (*data->interface == '\0')
		return 0;
	char *address = rm_interface_address(data->interface, err);
	if (address == NULL)
		return -1;
	free(data->address);
	data->address = address;
	return 0;
}

int
rm_task_parse(struct rm_task *task, jv info, struct rm_error *err)
{
	*task = (struct rm_task){ 0 };
	const char *id = rm_json_path_text(info, "task_id.value");
	if (id == NULL)
		return rm_error_set(
		    err, RM_EXIT_REJECTED, "a task without task_id");
	task->id = rm_strdup(id);
	if (parse_data(task, info, err) != 0)
		return -1;
	if (find_address(&task->data, err) != 0)
		return -1;
	jv policy = rm_json_get(info, "kill_policy");
	double grace = rm_task_kill_policy(policy);
	jv_free(policy);
	task->kill_grace = grace >= 0 ? grace : task->data.kill_grace;
	return 0;
}

void
rm_task_free(struct rm_task *task)
{
	free(task->id);
	rm_task_data_free(&task->data);
	*task = (struct rm_task){ 0 };
}
