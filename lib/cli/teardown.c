/*
 * riak-mesos framework teardown: the master's /teardown (documentation of
 * Mesos, endpoints/master/teardown): a form with frameworkId; it kills the
 * tasks and forgets the framework. Dynamic reservations and volumes stay.
 */
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/json.h"
#include "cli/commands.h"
#include "cli/metadata.h"
#include "cli/print.h"
#include "io/http_client.h"
#include "io/loop.h"
#include "mesos/address.h"
#include "mesos/credential.h"
#include "mesos/leader.h"

#define DEADLINE 30

struct asking {
	struct rm_cli *cli;
	bool done;
	int status;
	char *location; /* of a redirect, or NULL */
	struct rm_error err;
};

static void
answered(void *arg, const struct rm_http_response *response,
    const struct rm_error *failure)
{
	struct asking *a = arg;
	a->done = true;
	a->status = response->status;
	const char *location = failure == NULL
				   ? rm_http_header(response, "Location")
				   : NULL;
	if (failure != NULL)
		rm_error_set(&a->err, RM_EXIT_OUTSIDE, "%s", failure->text);
	else if (location != NULL)
		a->location = rm_strdup(location);
	else if (response->status != 200)
		rm_error_set(&a->err,
		    response->status == 401 || response->status == 403
			? RM_EXIT_USAGE
			: RM_EXIT_NO,
		    "the master answers %d: %.200s", response->status,
		    response->body);
	event_base_loopbreak(a->cli->loop);
}

/* Asks one master. */
static int
post(struct rm_cli *cli, const char *address, const char *id,
    const struct rm_credential *credential, struct asking *a)
{
	static const char *const headers[] = {
		"Content-Type: application/x-www-form-urlencoded", NULL
	};
	char *url = rm_address_url(address, "/master/teardown");
	char *body = rm_format("frameworkId=%s", id);
	const struct rm_http_request request = { .method = "POST",
		.url = url,
		.headers = headers,
		.body = body,
		.body_len = strlen(body),
		.timeout = DEADLINE,
		.ca_file = cli->options->ca_file,
		.insecure = cli->options->insecure,
		.user = credential->principal,
		.password = credential->secret,
		.on_done = answered,
		.arg = a };
	int rc = rm_http_send(cli->http, &request, &a->err) != NULL ? 0 : -1;
	while (rc == 0 && !a->done)
		event_base_dispatch(cli->loop);
	free(url);
	free(body);
	return rc;
}

/* The one that leads, by way of redirects and a list. */
static int
ask_leader(struct rm_cli *cli, struct rm_leader *leader, const char *id,
    const struct rm_credential *credential, struct rm_error *err)
{
	double end = rm_now() + cli->options->timeout;
	struct rm_error last = { RM_EXIT_OUTSIDE, "no master leads" };
	do {
		const char *address = rm_leader_address(leader);
		struct asking a = { .cli = cli };
		if (address != NULL) {
			int rc = post(cli, address, id, credential, &a);
			bool moved = a.location != NULL;
			bool again = moved &&
				     rm_leader_redirect(leader, a.location);
			free(a.location);
			if (rc == 0 && a.err.code == 0 && !moved)
				return 0;
			if (a.err.code != 0)
				last = a.err;
			if (a.err.code != 0 && a.err.code != RM_EXIT_OUTSIDE)
				break;
			if (again)
				continue;
			if (!moved)
				rm_leader_skip(leader);
		}
		rm_cli_sleep(cli, 0.2);
	} while (rm_now() < end);
	return rm_error_set(err, last.code, "%s%s", last.text,
	    last.code == RM_EXIT_OUTSIDE ? " (see --master)" : "");
}

static int
tear_down(struct rm_cli *cli, const char *id, struct rm_error *err)
{
	const struct rm_leader_options options = {
		.masters = cli->options->master,
	};
	struct rm_credential credential = { 0 };
	struct rm_leader *leader = NULL;
	int rc = rm_credential_read(
	    cli->options->credentials, &credential, err);
	if (rc == 0)
		leader = rm_leader_new(cli->loop, &options, err);
	rc = leader != NULL ? ask_leader(cli, leader, id, &credential, err)
			    : -1;
	rm_leader_free(leader);
	rm_credential_free(&credential);
	return rc;
}

/* The id that Mesos knows it by; the caller's, or NULL. */
static char *
read_id(struct rm_cli *cli, struct rm_store *store, struct rm_error *err)
{
	struct rm_str text = { 0 };
	char *path = rm_store_path(store, "framework"), *id = NULL;
	jv record = jv_invalid();
	int rc = rm_zk_wait_get(&store->wait, path, &text, NULL, err);
	if (rc != 0 && err->code == RM_EXIT_NO)
		rm_error_set(err, RM_EXIT_NO,
		    "framework %s has no id: it has never subscribed, or is "
		    "torn down",
		    cli->options->framework);
	else if (rc == 0 &&
		 rm_json_parse(text.text, text.len, &record, err) == 0 &&
		 rm_json_text(record, "id", NULL) != NULL)
		id = rm_strdup(rm_json_text(record, "id", ""));
	else if (rc == 0)
		rm_error_set(err, RM_EXIT_OUTSIDE, "%s: holds no id", path);
	jv_free(record);
	free(path);
	rm_str_free(&text);
	return id;
}

/* Its id means nothing any more: a scheduler that comes is a new one, and
 * finds the nodes' reservations by their labels. */
static int
forget_id(struct rm_store *store, struct rm_error *err)
{
	char *path = rm_store_path(store, "framework");
	int rc = rm_zk_wait_delete(&store->wait, path, -1, err);
	free(path);
	return rc;
}

int
rm_cli_framework_teardown(struct rm_cli *cli, int argc, char **argv,
    struct rm_str *out, struct rm_error *err)
{
	(void)argc, (void)argv;
	struct rm_store store = { 0 };
	char *id = NULL;
	int rc = rm_cli_guard_metadata(cli, "teardown", &store, err);
	if (rc == 0)
		rc = rm_cli_check_empty(
		    cli, &store, "all tasks would be killed", err);
	if (rc == 0)
		rc = (id = read_id(cli, &store, err)) != NULL ? 0 : -1;
	if (rc == 0)
		rc = tear_down(cli, id, err);
	if (rc == 0)
		rc = forget_id(&store, err);
	if (rc == 0)
		rm_cli_print_done(cli, out,
		    "framework %s, %s, is torn down: Mesos has killed its "
		    "tasks and forgets it; what is reserved and on volumes "
		    "stays",
		    cli->options->framework, id);
	free(id);
	rm_store_close(&store);
	return rc;
}
