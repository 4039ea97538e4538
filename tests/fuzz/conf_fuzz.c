/*
 * riak.conf: what is accepted and passes the check still says, with our
 * settings appended, what ours say.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "riak/overlay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct rm_overlay overlay = { .node = "riak-kv-1@127.0.0.1",
	.cookie = "monster",
	.address = "127.0.0.1",
	.data_dir = "../data",
	.http = 31000,
	.pb = 31001,
	.handoff = 31002,
	.disterl = 31003,
	.cluster_manager = 31005 };

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rm_conf conf = { 0 }, whole = { 0 };
	struct rm_str text = { 0 }, diff = { 0 };
	if (rm_conf_parse(&conf, (const char *)data, size, NULL) == 0 &&
	    rm_overlay_check(&overlay, &conf, NULL) == 0) {
		rm_overlay_diff(&diff, &overlay, &conf);
		rm_str_add(&text, data, size);
		rm_overlay_write(&text, &overlay);
		if (rm_conf_parse(&whole, text.text, text.len, NULL) != 0 ||
		    strcmp(rm_conf_find(&whole, "platform_data_dir")->value,
			"../data") != 0)
			abort();
	}
	rm_conf_free(&conf);
	rm_conf_free(&whole);
	rm_str_free(&text);
	rm_str_free(&diff);
	return 0;
}
