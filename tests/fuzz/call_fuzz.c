/*
 * A `call` line: read, filled with secrets, merged with itself, declined. What
 * is posted is JSON with our framework's id.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/json_slice.h"
#include "mesos/call.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static jv
secret(void *arg, const char *cluster, const char *field)
{
	(void)arg;
	(void)field;
	return *cluster == 'x' ? jv_invalid() : jv_string("s");
}

static void
post(const struct rm_call *call)
{
	struct rm_str text = { 0 };
	jv value;
	if (rm_call_post(call, "F-1", secret, NULL, &text, NULL) != 0) {
		if (text.len > 0)
			abort();
		return;
	}
	if (rm_json_parse(text.text, text.len, &value, NULL) != 0)
		abort();
	const char *id = rm_json_path_text(value, "framework_id.value");
	if (id == NULL || strcmp(id, "F-1") != 0)
		abort();
	jv_free(value);
	rm_str_free(&text);
}

/* libjq 1.6 leaks a little on what is not JSON. */
static bool
is_json(const char *text, size_t len)
{
	struct rm_json_walk walk;
	struct rm_slice key, value;
	int more = rm_json_walk_begin(&walk, (struct rm_slice){ text, len });
	while (more == 0 && (more = rm_json_walk_next(&walk, &key, &value)) > 0)
		more = 0;
	return more == 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rm_call call = { 0 }, same = { 0 };
	if (!is_json((const char *)data, size) ||
	    rm_call_read((const char *)data, size, &call, NULL) != 0)
		return 0;
	jv_free(rm_call_clusters(&call));
	post(&call);
	if (rm_call_read((const char *)data, size, &same, NULL) != 0)
		abort();
	rm_call_merge(&call, &same);
	post(&call);
	if (strcmp(call.type->name, "ACCEPT") == 0) {
		rm_call_decline(&call);
		post(&call);
	}
	rm_call_free(&call);
	rm_call_free(&same);
	return 0;
}
