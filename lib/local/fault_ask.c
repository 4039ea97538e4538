#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/log.h"
#include "base/str.h"
#include "io/http_client.h"
#include "local/fault.h"

struct asking {
	struct event_base *loop;
	int code;
};

static void
answered(void *arg, const struct rm_http_response *response,
    const struct rm_error *failure)
{
	struct asking *asking = arg;
	event_base_loopbreak(asking->loop);
	if (failure != NULL) {
		rm_log_error("%s", failure->text);
		asking->code = RM_EXIT_OUTSIDE;
	} else if (response->status != 200) {
		rm_log_error("%s", response->body);
		asking->code = response->status == 400 ? RM_EXIT_USAGE
						       : RM_EXIT_CONFLICT;
	} else {
		asking->code = RM_EXIT_OK;
	}
}

static void
add_escaped(struct rm_str *to, const char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;
		if (isalnum(c) || strchr("-._~=:", c) != NULL)
			rm_str_add(to, text, 1);
		else
			rm_str_printf(to, "%%%02X", c);
	}
}

int
rm_local_fault_ask(const char *master, int argc, char **argv)
{
	struct rm_str url = { 0 };
	rm_str_printf(&url, "http://%s/local/fault/", master);
	add_escaped(&url, argv[0]);
	for (int i = 1; i < argc; i++) {
		rm_str_puts(&url, i == 1 ? "?" : "&");
		if (strchr(argv[i], '=') == NULL)
			rm_str_puts(&url, "agent=");
		add_escaped(&url, argv[i]);
	}
	struct rm_error err = { 0 };
	struct asking asking = { .code = RM_EXIT_OUTSIDE };
	asking.loop = rm_loop_new(false, &err);
	struct rm_http *http = asking.loop != NULL
				   ? rm_http_new(asking.loop, &err)
				   : NULL;
	struct rm_http_request request = { .method = "POST",
		.url = url.text,
		.body = "",
		.timeout = 30,
		.on_done = answered,
		.arg = &asking };
	if (http != NULL && rm_http_send(http, &request, &err) != NULL) {
		event_base_dispatch(asking.loop);
	} else {
		rm_log_error("%s", err.text);
		asking.code = err.code;
	}
	if (http != NULL)
		rm_http_free(http);
	if (asking.loop != NULL)
		event_base_free(asking.loop);
	rm_str_free(&url);
	return asking.code;
}
