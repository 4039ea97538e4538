/* Where the API is. */
#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/json.h"
#include "cli/client.h"

/* Of the first task that has a port: "http://agent-1:31000", the caller's. */
static char *
task_url(jv answer)
{
	char *url = NULL;
	jv app = rm_json_get(answer, "app"), tasks = rm_json_array(app, "tasks");
	jv_array_foreach (tasks, i, task) {
		jv ports = rm_json_array(task, "ports");
		jv port = jv_array_get(ports, 0);
		if (url == NULL && jv_get_kind(port) == JV_KIND_NUMBER)
			url = rm_format("http://%s:%.0f",
			    rm_json_text(task, "host", "?"),
			    jv_number_value(port));
		jv_free(port);
		jv_free(task);
	}
	jv_free(tasks);
	jv_free(app);
	return url;
}

static char *
ask_marathon(struct rm_cli *cli, struct rm_error *err)
{
	const struct rm_cli_peer marathon = { cli->options->marathon,
		"Marathon", "marathon", NULL };
	jv answer;
	char *path = rm_format("/v2/apps/%s", cli->options->framework);
	int rc = rm_cli_ask_at(cli, &marathon, "GET", path, NULL, &answer, err);
	free(path);
	if (rc != 0) {
		rm_error_prefix(err, "Marathon");
		return NULL;
	}
	char *url = task_url(answer);
	jv_free(answer);
	if (url == NULL)
		rm_error_set(err, RM_EXIT_OUTSIDE,
		    "Marathon has not started framework %s yet (or see --api)",
		    cli->options->framework);
	return url;
}

const char *
rm_cli_find_api(struct rm_cli *cli, struct rm_error *err)
{
	const struct rm_cli_options *o = cli->options;
	if (cli->api != NULL)
		return cli->api;
	if (o->api == NULL && o->marathon != NULL) {
		cli->api = ask_marathon(cli, err);
		return cli->api;
	}
	cli->api = rm_strdup(o->api != NULL ? o->api : RM_CLI_API);
	for (size_t n = strlen(cli->api); n > 0 && cli->api[n - 1] == '/';)
		cli->api[--n] = '\0';
	return cli->api;
}
