#include "proxy/admin_client.h"

#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/json.h"
#include "base/str.h"
#include "io/http_client.h"
#include "io/loop.h"

#define DEADLINE 10

struct ask {
	struct event_base *loop;
	const char *url;
	jv answer;
	int rc;
	struct rm_error *err;
};

static void
done(void *arg, const struct rm_http_response *response,
    const struct rm_error *failure)
{
	struct ask *ask = arg;
	event_base_loopbreak(ask->loop);
	if (failure != NULL) {
		ask->rc = rm_error_set(ask->err, RM_EXIT_OUTSIDE, "%s: %s",
		    ask->url, failure->text);
		return;
	}
	ask->rc = rm_json_parse(
	    response->body, response->body_len, &ask->answer, ask->err);
	if (ask->rc != 0)
		return;
	ask->rc = response->status == 200 ? 0 : -1;
	if (ask->rc != 0)
		rm_error_set(ask->err,
		    response->status < 500 ? RM_EXIT_NO : RM_EXIT_OUTSIDE,
		    "%s: %d: %s", ask->url, response->status,
		    rm_json_text(ask->answer, "error", "no reason given"));
}

int
rm_admin_ask(const char *base, const char *method, const char *path, jv *answer,
    struct rm_error *err)
{
	struct event_base *loop = rm_loop_new(false, err);
	struct rm_http *http = loop != NULL ? rm_http_new(loop, err) : NULL;
	if (http == NULL)
		return -1;
	size_t len = strlen(base);
	while (len > 0 && base[len - 1] == '/')
		len--;
	char *url = rm_format("%.*s%s", (int)len, base, path);
	struct ask ask = { loop, url, jv_invalid(), -1, err };
	const struct rm_http_request request = { .method = method,
		.url = url,
		.timeout = DEADLINE,
		.on_done = done,
		.arg = &ask };
	if (rm_http_send(http, &request, err) != NULL)
		event_base_dispatch(loop);
	rm_http_free(http);
	event_base_free(loop);
	free(url);
	if (ask.rc == 0)
		*answer = ask.answer;
	else
		jv_free(ask.answer);
	return ask.rc;
}
