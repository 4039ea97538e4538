#include "riak/admin_stats.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/str.h"
#include "io/http_client.h"
#include "io/loop.h"
#include "riak/conf.h"

#define MOST (1 << 20) /* bytes of a riak.conf */

struct request {
	struct rm_http *http;
	char *peer;
	void (*on_done)(void *arg, const struct rm_admin_answer *answer);
	void *arg;
	struct rm_timer bury; /* a client is not freed by its own callback */
};

static int
read_file(const char *path, struct rm_str *text, struct rm_error *err)
{
	char chunk[4096];
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return rm_error_set(
		    err, RM_EXIT_USAGE, "%s: %s", path, strerror(errno));
	for (size_t n; text->len < MOST &&
		       (n = fread(chunk, 1, sizeof(chunk), file)) > 0;)
		rm_str_add(text, chunk, n);
	int bad = ferror(file);
	fclose(file);
	return bad ? rm_error_set(err, RM_EXIT_USAGE, "%s: can't be read", path)
		   : 0;
}

char *
rm_admin_stats_peer(const char *root, struct rm_error *err)
{
	struct rm_str text = { 0 };
	struct rm_conf conf = { 0 };
	char *path = rm_format("%s/etc/riak.conf", root), *peer = NULL;
	int rc = read_file(path, &text, err);
	if (rc == 0 && text.len > 0 &&
	    (rc = rm_conf_parse(&conf, text.text, text.len, err)) != 0)
		rm_error_prefix(err, "%s", path);
	for (size_t i = 0; rc == 0 && i < conf.count && peer == NULL; i++)
		if (rm_conf_key_matches(
			"listener.http.$name", conf.settings[i].key) &&
		    !rm_conf_superseded(&conf, &conf.settings[i]))
			peer = rm_strdup(conf.settings[i].value);
	if (rc == 0 && peer == NULL)
		rm_error_set(err, RM_EXIT_USAGE,
		    "%s: no listener.http, and no --http", path);
	rm_conf_free(&conf);
	rm_str_free(&text);
	free(path);
	return peer;
}

static void
bury(void *arg)
{
	struct request *r = arg;
	rm_http_free(r->http);
	rm_timer_free(&r->bury);
	free(r->peer);
	free(r);
}

static void
refuse(struct rm_admin_answer *a, const char *reason)
{
	a->code = RM_EXIT_NO;
	a->reason = reason;
	a->value = jv_object_set(jv_object(), jv_string("success"), jv_false());
	a->value = jv_object_set(
	    a->value, jv_string("reason"), jv_string(reason));
	a->value = jv_object_set(
	    a->value, jv_string("error"), jv_string(a->text));
}

static void
done(void *arg, const struct rm_http_response *response,
    const struct rm_error *failure)
{
	struct request *r = arg;
	struct rm_admin_answer a = { .value = jv_invalid() };
	struct rm_error err = { 0 };
	if (failure != NULL) {
		snprintf(a.text, sizeof(a.text), "%s", failure->text);
		a.code = failure->code;
		if (!response->maybe_seen && a.code != RM_EXIT_TIMEOUT)
			refuse(&a, "not-responding");
	} else if (response->status != 200) {
		snprintf(a.text, sizeof(a.text), "%s: HTTP %d", r->peer,
		    response->status);
		refuse(&a, "not-ready");
	} else if (rm_json_parse(response->body, response->body_len, &a.value,
		       &err) != 0) {
		rm_error_prefix(&err, "%s", r->peer);
		snprintf(a.text, sizeof(a.text), "%s", err.text);
		a.code = RM_EXIT_OUTSIDE;
		a.value = jv_invalid();
	}
	r->on_done(r->arg, &a);
	rm_admin_answer_free(&a);
	rm_timer_set(&r->bury, 0);
}

int
rm_admin_stats_get(struct event_base *loop, const char *peer, double timeout,
    void (*on_done)(void *arg, const struct rm_admin_answer *answer), void *arg,
    struct rm_error *err)
{
	struct request *r = rm_alloc(sizeof(*r));
	char *url = rm_format("http://%s/stats", peer);
	const char *const headers[] = { "Accept: application/json", NULL };
	struct rm_http_request request = { .url = url,
		.headers = headers,
		.timeout = timeout,
		.on_done = done,
		.arg = r };
	*r = (struct request){ .http = rm_http_new(loop, err),
		.peer = rm_strdup(peer),
		.on_done = on_done,
		.arg = arg };
	rm_timer_init(&r->bury, loop, bury, r);
	int rc = r->http != NULL && rm_http_send(r->http, &request, err) != NULL
		     ? 0
		     : -1;
	free(url);
	if (rc != 0)
		bury(r);
	return rc;
}
