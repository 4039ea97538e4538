#include "riak/overlay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "riak/flags.h"

static const struct rm_overlay overlay = {
	.node = "riak-kv-1@10.0.0.1",
	.cookie = "monster",
	.address = "10.0.0.1",
	.data_dir = "../data",
	.http = 31000,
	.pb = 31001,
	.handoff = 31002,
	.disterl = 31003,
	.cluster_manager = 31005,
};

static void
parse(struct rm_conf *conf, const char *text)
{
	*conf = (struct rm_conf){ 0 };
	assert_int_equal(rm_conf_parse(conf, text, strlen(text), NULL), 0);
}

static void
writes(void **state)
{
	(void)state;
	struct rm_str out = { 0 };
	rm_overlay_write(&out, &overlay);
	assert_string_equal(out.text,
	    "\n## rm-executor's own; the last setting counts.\n"
	    "nodename = riak-kv-1@10.0.0.1\n"
	    "distributed_cookie = monster\n"
	    "platform_data_dir = ../data\n"
	    "listener.http.internal = 10.0.0.1:31000\n"
	    "listener.protobuf.internal = 10.0.0.1:31001\n"
	    "handoff.ip = 10.0.0.1\n"
	    "handoff.port = 31002\n"
	    "erlang.distribution.port_range.minimum = 31003\n"
	    "erlang.distribution.port_range.maximum = 31003\n"
	    "erlang.distribution.interface = 10.0.0.1\n"
	    "mdc.cluster_manager = 10.0.0.1:31005\n"
	    "mdc.data_root = ../data/riak_repl\n");
	rm_str_free(&out);
}

static bool
no_mdc(void *arg, const char *key)
{
	(void)arg;
	return strncmp(key, "mdc.", 4) != 0;
}

/* A key that an older Riak does not know would stop it. */
static void
leaves_out_what_is_newer(void **state)
{
	(void)state;
	struct rm_overlay older = overlay;
	older.known = no_mdc;
	struct rm_str out = { 0 };
	rm_overlay_write(&out, &older);
	assert_null(strstr(out.text, "mdc."));
	assert_non_null(strstr(out.text, "distribution.interface"));
	rm_str_free(&out);
}

static void
checks(void **state)
{
	(void)state;
	static const struct {
		const char *text, *error; /* NULL: fine */
	} table[] = {
		{ "ring_size = 64\nstorage_backend = leveled\n", NULL },
		{ "nodename = riak@127.0.0.1\nhandoff.port = 8099\n", NULL },
		{ "platform_data_dir = ./data", NULL },
		{ "platform_data_dir = ../data", NULL },
		{ "platform_data_dir = /srv/riak",
		    "line 1: platform_data_dir = /srv/riak: data must stay on "
		    "the volume, in ../data" },
		/* only the one that counts */
		{ "platform_data_dir = /srv\nplatform_data_dir = ./data",
		    NULL },
		{ "bitcask.data_root = $(platform_data_dir)/bitcask", NULL },
		{ "bitcask.data_root = ../data/cask", NULL },
		{ "bitcask.data_root = $(somewhere_else)/cask", NULL },
		{ "a = 1\nbitcask.data_root = ./data/bitcask",
		    "line 2: bitcask.data_root = ./data/bitcask: data must "
		    "lie below ../data, say $(platform_data_dir)/…" },
		{ "leveled.data_root = /var/lib/riak/leveled",
		    "line 1: leveled.data_root = /var/lib/riak/leveled: data "
		    "must lie below ../data, say $(platform_data_dir)/…" },
		{ "leveldb.data_root = $(platform_data_dir)/../x",
		    "line 1: leveldb.data_root = $(platform_data_dir)/../x: "
		    "data must lie below ../data, say $(platform_data_dir)/…" },
		{ "multi_backend.mine.bitcask.data_root = /x",
		    "line 1: multi_backend.mine.bitcask.data_root = /x: data "
		    "must lie below ../data, say $(platform_data_dir)/…" },
		/* ours overrides it anyway */
		{ "mdc.data_root = ./data/riak_repl", NULL },
		{ "listener.http.internal = 0.0.0.0:31000", NULL },
		{ "listener.https.mine = 0.0.0.0:9999", NULL },
		{ "listener.http.mine = 0.0.0.0:31000",
		    "line 1: listener.http.mine = 0.0.0.0:31000: this port is "
		    "taken by a setting of ours" },
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct rm_conf conf;
		struct rm_error err = { 0 };
		parse(&conf, table[i].text);
		int rc = rm_overlay_check(&overlay, &conf, &err);
		assert_string_equal(
		    err.text, table[i].error != NULL ? table[i].error : "");
		assert_int_equal(rc, table[i].error != NULL ? -1 : 0);
		rm_conf_free(&conf);
	}
}

static void
diffs(void **state)
{
	(void)state;
	struct rm_conf conf;
	struct rm_str out = { 0 };
	parse(&conf, "nodename = a@b\n"
		     "ring_size = 8\n"
		     "distributed_cookie = riak\n"
		     "handoff.port = 31002\n"
		     "nodename = riak@127.0.0.1\n");
	rm_overlay_diff(&out, &overlay, &conf);
	assert_string_equal(out.text,
	    "3: distributed_cookie = *** -> ***\n"
	    "5: nodename = riak@127.0.0.1 -> riak-kv-1@10.0.0.1\n");
	rm_conf_free(&conf);
	rm_str_free(&out);
}

/* As a real Riak 3.2 took it. */
static void
flags(void **state)
{
	(void)state;
	struct rm_str out = { 0 };
	rm_flags_write(
	    &out, &(struct rm_flags){ "/dir", "127.0.0.1", 20026, "../data" });
	assert_string_equal(out.text,
	    "-start_epmd false -epmd_module rm_epmd -pa /dir "
	    "-riak_core cluster_mgr {\\\"127.0.0.1\\\",20026} "
	    "-riak_repl data_root \\\"../data/riak_repl\\\"");
	assert_string_equal(rm_flags_manager("127.0.0.2"), "127.0.0.1");
	assert_string_equal(rm_flags_manager("10.0.0.2"), "10.0.0.2");
	rm_str_clear(&out);
	rm_flags_write(&out, &(struct rm_flags){ "/a b", "::1", 1, "../data" });
	assert_non_null(strstr(out.text, "-pa /a\\ b -riak_core"));
	rm_str_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes),
		cmocka_unit_test(leaves_out_what_is_newer),
		cmocka_unit_test(checks),
		cmocka_unit_test(diffs),
		cmocka_unit_test(flags),
	};
	return cmocka_run_group_tests_name("overlay", tests, NULL, NULL);
}
