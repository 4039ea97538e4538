#include "local/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/json.h"
#include "local/agent.h"
#include "local/framework.h"
#include "local/spec.h"
#include "local/task.h"
#include "local/volume.h"

static int
failed(struct rm_error *err, const char *path)
{
	return rm_error_set(
	    err, RM_EXIT_OUTSIDE, "%s: %s", path, strerror(errno));
}

static int
make_output(const char *sandbox, const char *name, struct rm_error *err)
{
	char *path = rm_format("%s/%s", sandbox, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	int rc = fd < 0 ? failed(err, path) : 0;
	if (fd >= 0)
		close(fd);
	free(path);
	return rc;
}

/* runs/latest, as by a real agent. */
static int
point_latest(const struct rm_local_executor *executor, struct rm_error *err)
{
	size_t runs = strlen(executor->sandbox) - (RM_UUID_SIZE - 1);
	char *link = rm_format("%.*slatest", (int)runs, executor->sandbox);
	unlink(link);
	int rc = symlink(executor->sandbox, link) != 0 ? failed(err, link) : 0;
	free(link);
	return rc;
}

static int
link_volumes(const struct rm_local_executor *executor,
    const struct rm_resources *resources, struct rm_error *err)
{
	int rc = 0;
	for (size_t i = 0; i < resources->count && rc == 0; i++) {
		const struct rm_identity *id = resources->items[i].id;
		if (id->persistence_id == NULL || id->container_path == NULL)
			continue;
		char *to = rm_local_volume_path(executor->agent, id);
		char *link = rm_format(
		    "%s/%s", executor->sandbox, id->container_path);
		/* A crash may have come between its end and the state's. */
		rc = rm_local_make_directories(to, err);
		if (rc == 0 && symlink(to, link) != 0 && errno != EEXIST)
			rc = failed(err, link);
		free(link);
		free(to);
	}
	return rc;
}

int
rm_local_sandbox_make(
    const struct rm_local_executor *executor, struct rm_error *err)
{
	const char *sandbox = executor->sandbox;
	if (rm_local_make_directories(sandbox, err) != 0 ||
	    point_latest(executor, err) != 0 ||
	    make_output(sandbox, "stdout", err) != 0 ||
	    make_output(sandbox, "stderr", err) != 0 ||
	    link_volumes(executor, &executor->resources, err) != 0)
		return -1;
	const struct rm_local_task *task;
	TAILQ_FOREACH (task, &executor->tasks, entry)
		if (link_volumes(executor, &task->resources, err) != 0)
			return -1;
	return 0;
}

struct list {
	char **items;
	size_t count;
};

static void
add(struct list *list, char *text)
{
	list->items = rm_realloc(
	    list->items, (list->count + 2) * sizeof(*list->items));
	list->items[list->count++] = text;
	list->items[list->count] = NULL;
}

static char *
duration(const char *name, double seconds)
{
	struct rm_str text = { 0 };
	rm_str_printf(&text, "%s=", name);
	rm_spec_duration(&text, seconds);
	return rm_str_take(&text);
}

static void
add_command_variables(struct list *list, jv info)
{
	jv variables = rm_json_path(info, "command.environment.variables");
	if (jv_get_kind(variables) == JV_KIND_ARRAY) {
		jv_array_foreach (variables, i, one) {
			const char *name = rm_json_text(one, "name", "");
			const char *value = rm_json_text(one, "value", "");
			if (*name != '\0' && strchr(name, '=') == NULL)
				add(list, rm_format("%s=%s", name, value));
			jv_free(one);
		}
	}
	jv_free(variables);
}

char **
rm_local_environment(const struct rm_local_executor *executor)
{
	const struct rm_local_agent *agent = executor->agent;
	const struct rm_local_framework *f = executor->framework;
	bool checkpoint = rm_json_bool(f->info, "checkpoint", false);
	struct list list = { 0 };
	add(&list, rm_strdup("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:"
			     "/usr/bin:/sbin:/bin"));
	add(&list, rm_format("MESOS_EXECUTOR_ID=%s", executor->id));
	add(&list, rm_format("MESOS_CHECKPOINT=%d", checkpoint));
	add(&list, rm_strdup("MESOS_HTTP_COMMAND_EXECUTOR=0"));
	add(&list, duration("MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD",
		       rm_local_executor_grace(executor)));
	if (checkpoint) {
		add(&list, rm_strdup("MESOS_SUBSCRIPTION_BACKOFF_MAX=2secs"));
		add(&list, rm_strdup("MESOS_RECOVERY_TIMEOUT=15mins"));
	}
	add(&list, rm_strdup("LIBPROCESS_PORT=0"));
	add(&list, rm_format("MESOS_AGENT_ENDPOINT=%s:%d", agent->address,
		       agent->port));
	add(&list, rm_format("MESOS_SANDBOX=%s", executor->sandbox));
	add(&list, rm_format("MESOS_FRAMEWORK_ID=%s", f->id));
	add(&list, rm_format("MESOS_SLAVE_ID=%s", agent->id));
	add(&list, rm_format("MESOS_DIRECTORY=%s", executor->sandbox));
	char *pid = rm_local_agent_pid(agent);
	add(&list, rm_format("MESOS_SLAVE_PID=%s", pid));
	free(pid);
	add(&list, rm_format("LIBPROCESS_IP=%s", agent->address));
	if (executor->token[0] != '\0')
		add(&list, rm_format("MESOS_EXECUTOR_AUTHENTICATION_TOKEN=%s",
			       executor->token));
	add_command_variables(&list, executor->info);
	return list.items;
}

void
rm_local_environment_free(char **environment)
{
	for (size_t i = 0; environment != NULL && environment[i] != NULL; i++)
		free(environment[i]);
	free(environment);
}
