#include "cli/client.h"

#include <event2/event.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "api/access.h"
#include "base/exit.h"
#include "base/json.h"
#include "base/log.h"
#include "io/http_client.h"
#include "io/loop.h"
#include "io/secret.h"
#include "state/fill.h"
#include "state/record.h"

/* The API asks an executor for up to a minute. */
#define DEADLINE 70

struct asking {
	struct rm_cli *cli;
	const struct rm_cli_peer *peer;
	const char *what; /* "GET /api/…" */
	jv *answer;
	struct rm_error *err;
	int rc;
	bool done;
};

int
rm_cli_open(struct rm_cli *cli, const struct rm_cli_options *options,
    struct rm_error *err)
{
	cli->options = options;
	cli->loop = rm_loop_new(true, err);
	cli->http = cli->loop != NULL ? rm_http_new(cli->loop, err) : NULL;
	if (cli->http == NULL)
		return -1;
	const char *key = options->key_file != NULL ? options->key_file
						    : options->cert_file;
	if (key != NULL && rm_secret_check(key, err) != 0)
		return -1;
	if (options->token_file == NULL)
		return 0;
	char *token = rm_access_read_token(options->token_file, err);
	if (token == NULL)
		return -1;
	cli->authorization = rm_format("Authorization: Bearer %s", token);
	free(token);
	return 0;
}

void
rm_cli_close(struct rm_cli *cli)
{
	rm_http_free(cli->http);
	if (cli->loop != NULL)
		event_base_free(cli->loop);
	free(cli->authorization);
	free(cli->api);
	*cli = (struct rm_cli){ 0 };
}

static bool
is_json(const struct rm_http_response *response)
{
	const char *type = rm_http_header(response, "Content-Type");
	return type != NULL && strncmp(type, "application/json", 16) == 0;
}

static int
refused(const struct asking *a, int status)
{
	const char *why = rm_json_text(*a->answer, "error",
	    rm_json_text(*a->answer, "message", "no reason given"));
	int code = status == 401 || status == 403   ? RM_EXIT_USAGE
		   : status >= 500                  ? RM_EXIT_OUTSIDE
		   : status == 400 || status == 413 ? RM_EXIT_USAGE
						    : RM_EXIT_NO;
	return rm_error_set(a->err, code, "%s", why);
}

/* Whoever has seen the request may yet do it. */
static int
unanswered(const struct asking *a, const struct rm_error *failure, bool seen)
{
	if (!seen)
		return rm_error_set(a->err, RM_EXIT_OUTSIDE,
		    "%s; is %s running there? (see --%s)", failure->text,
		    a->peer->name, a->peer->option);
	return rm_error_set(a->err, RM_EXIT_OUTSIDE, "%s%s", failure->text,
	    strncmp(a->what, "GET ", 4) == 0
		? ""
		: "; it may be done all the same: look before it is repeated");
}

static void
done(void *arg, const struct rm_http_response *response,
    const struct rm_error *failure)
{
	struct asking *a = arg;
	a->done = true;
	event_base_loopbreak(a->cli->loop);
	rm_log_debug("%s status=%d", a->what, response->status);
	if (failure != NULL) {
		a->rc = unanswered(a, failure, response->maybe_seen);
		return;
	}
	if (!is_json(response)) {
		*a->answer = jv_string_sized(
		    response->body, (int)response->body_len);
		a->rc = response->status / 100 == 2
			    ? 0
			    : rm_error_set(a->err, RM_EXIT_OUTSIDE,
				  "%s: answered with %d and no words of "
				  "%s's: is it one?",
				  a->what, response->status, a->peer->name);
		return;
	}
	a->rc = rm_json_parse(
	    response->body, response->body_len, a->answer, a->err);
	if (a->rc != 0) {
		a->err->code = RM_EXIT_OUTSIDE;
		rm_error_prefix(a->err, "%s", a->what);
	} else if (response->status / 100 != 2 ||
		   !rm_json_bool(*a->answer, "success", true)) {
		a->rc = refused(a, response->status);
	}
}

int
rm_cli_ask(struct rm_cli *cli, const char *method, const char *path,
    const struct rm_str *body, jv *answer, struct rm_error *err)
{
	const struct rm_cli_peer api = { rm_cli_find_api(cli, err), "rm-api",
		"api", cli->authorization };
	struct rm_error why = { 0 };
	*answer = jv_invalid();
	if (api.url == NULL)
		return -1;
	int rc = rm_cli_ask_at(cli, &api, method, path, body, answer, &why);
	if (rc != 0 && why.code == RM_EXIT_OUTSIDE) {
		/* Marathon may start it elsewhere. */
		free(cli->api);
		cli->api = NULL;
	}
	return rc == 0 ? 0 : rm_error_set(err, why.code, "%s", why.text);
}

int
rm_cli_ask_at(struct rm_cli *cli, const struct rm_cli_peer *peer,
    const char *method, const char *path, const struct rm_str *body,
    jv *answer, struct rm_error *err)
{
	const struct rm_cli_options *o = cli->options;
	const char *scheme = strstr(peer->url, "://") != NULL ? "" : "http://";
	size_t len = strlen(peer->url);
	while (len > 0 && peer->url[len - 1] == '/')
		len--;
	char *url =
	    rm_format("%s%.*s%s", scheme, (int)len, peer->url, path);
	char *what = rm_format("%s %s", method, url);
	struct asking a = { cli, peer, what, answer, err, -1, false };
	const char *const headers[] = { peer->header, NULL };
	const struct rm_http_request request = {
		.method = method,
		.url = url,
		.headers = headers,
		.body = body != NULL ? body->text : NULL,
		.body_len = body != NULL ? body->len : 0,
		.timeout = cli->deadline > 0 && cli->deadline < DEADLINE
			       ? cli->deadline
			       : DEADLINE,
		.ca_file = o->ca_file,
		.cert_file = o->cert_file,
		.key_file = o->key_file,
		.insecure = o->insecure,
		.on_done = done,
		.arg = &a,
	};
	*answer = jv_invalid();
	struct rm_http_call *call = rm_http_send(cli->http, &request, err);
	while (call != NULL && !a.done && !cli->stopped)
		event_base_dispatch(cli->loop);
	if (call == NULL)
		rm_error_prefix(err, "--%s", peer->option);
	else if (!a.done)
		rm_http_cancel(call);
	if (a.rc != 0) {
		jv_free(*answer);
		*answer = jv_invalid();
	}
	free(what);
	free(url);
	return a.rc;
}

static char *
make_path(const char *fmt, va_list args)
{
	char *path;
	if (vasprintf(&path, fmt, args) < 0)
		abort();
	return path;
}

int
rm_cli_get(
    struct rm_cli *cli, jv *answer, struct rm_error *err, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	char *path = make_path(fmt, args);
	va_end(args);
	int rc = rm_cli_ask(cli, "GET", path, NULL, answer, err);
	free(path);
	return rc;
}

int
rm_cli_do(struct rm_cli *cli, const char *method, struct rm_error *err,
    const char *fmt, ...)
{
	jv answer;
	va_list args;
	va_start(args, fmt);
	char *path = make_path(fmt, args);
	va_end(args);
	int rc = rm_cli_ask(cli, method, path, NULL, &answer, err);
	jv_free(answer);
	free(path);
	return rc;
}

static void
wake(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	event_base_loopbreak(arg);
}

void
rm_cli_sleep(struct rm_cli *cli, double seconds)
{
	struct timeval after = rm_loop_span(seconds);
	event_base_once(cli->loop, -1, EV_TIMEOUT, wake, cli->loop, &after);
	event_base_dispatch(cli->loop);
}

static void
stop(void *arg)
{
	struct rm_cli *cli = arg;
	cli->stopped = true;
	event_base_loopbreak(cli->loop);
}

int
rm_cli_catch_stop(struct rm_cli *cli, struct rm_error *err)
{
	return rm_loop_on_stop(cli->loop, stop, cli, err);
}

int
rm_cli_check_name(const char *what, const char *name, struct rm_error *err)
{
	if (rm_record_key_ok(name))
		return 0;
	return rm_error_set(err, RM_EXIT_USAGE,
	    "not a name of a %s: %s (letters, digits, '-', '_', '.')", what,
	    name);
}

char *
rm_cli_cluster_of(
    const struct rm_cli *cli, const char *node, struct rm_error *err)
{
	char *cluster = rm_record_key_ok(node)
			    ? rm_fill_cluster_of(node, cli->options->framework)
			    : NULL;
	if (cluster == NULL)
		rm_error_set(err, RM_EXIT_USAGE,
		    "not a node of framework %s: %s (a node is named "
		    "%s-CLUSTER-NUMBER; see --framework)",
		    cli->options->framework, node, cli->options->framework);
	return cluster;
}
