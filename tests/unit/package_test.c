#include "executor/package.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/str.h"
#include "executor/config.h"
#include "executor/file.h"
#include "executor/volume.h"

static char sandbox[64];

static int
run(const char *command, const char *dir, const char *name)
{
	char *line = rm_format("%s %s/%s", command, dir, name);
	int rc = system(line);
	free(line);
	return rc;
}

static int
fresh(void **state)
{
	(void)state;
	strcpy(sandbox, "/tmp/rm-package-XXXXXX");
	return mkdtemp(sandbox) == NULL;
}

static int
gone(void **state)
{
	(void)state;
	return run("rm -rf", sandbox, "");
}

static void
put(const char *path, const char *text, mode_t mode)
{
	char *whole = rm_format("%s/%s", sandbox, path);
	char *dir = rm_format("mkdir -p $(dirname %s)", whole);
	struct rm_str s = { 0 };
	assert_int_equal(system(dir), 0);
	rm_str_puts(&s, text);
	assert_int_equal(rm_file_write(whole, &s, NULL), 0);
	assert_int_equal(chmod(whole, mode), 0);
	rm_str_free(&s);
	free(dir);
	free(whole);
}

static bool
there(const char *path)
{
	char *whole = rm_format("%s/%s", sandbox, path);
	bool yes = access(whole, F_OK) == 0;
	free(whole);
	return yes;
}

static void
finds_the_least_deep(void **state)
{
	(void)state;
	struct rm_package p;
	put("a/b/riak/bin/riak", "", 0755);
	put("c/riak/bin/riak", "", 0755);
	put("data/riak/bin/riak", "", 0755); /* the volume's */
	put("d/riak/bin/riak", "", 0644); /* no program */
	put("riak-3/bin/riak", "", 0755);
	assert_int_equal(rm_package_open(&p, sandbox, "data", NULL), 0);
	assert_true(there("riak/bin/riak"));
	assert_false(there("c/riak"));
	assert_true(there("a/b/riak"));
	assert_true(rm_package_runs(&p, "bin/riak"));
	assert_false(rm_package_runs(&p, "bin/cuttlefish"));
	assert_null(p.erts_bin);
	rm_package_free(&p);
	rm_package_free(&p);
}

static void
does_not_follow_links(void **state)
{
	(void)state;
	struct rm_package p;
	struct rm_error err = { 0 };
	put("../rm-package-other/riak/bin/riak", "", 0755);
	assert_int_equal(run("ln -s ../rm-package-other", sandbox, "link"), 0);
	assert_int_equal(rm_package_open(&p, sandbox, "data", &err), -1);
	assert_string_equal(err.text,
	    "no package of Riak: no riak/bin/riak in the sandbox, which "
	    "holds: link");
	assert_int_equal(err.code, 100);
	assert_int_equal(run("rm -rf", "/tmp", "rm-package-other"), 0);
}

static void
knows_its_keys(void **state)
{
	(void)state;
	struct rm_package p;
	put("riak/bin/riak", "", 0755);
	put("riak/erts-13.1.5/bin/erl", "", 0755);
	assert_int_equal(rm_package_open(&p, sandbox, "data", NULL), 0);
	assert_non_null(strstr(p.erts_bin, "/riak/erts-13.1.5/bin"));
	assert_true(rm_package_knows(&p, "mdc.data_root"));
	put("riak/share/schema/1.schema", "{mapping, \"handoff.ip\", x}", 0644);
	put("riak/share/schema/2.schema", "{mapping, \"a.b\", x}", 0644);
	assert_true(rm_package_knows(&p, "a.b"));
	assert_true(rm_package_knows(&p, "handoff.ip"));
	assert_false(rm_package_knows(&p, "mdc.data_root"));
	assert_false(rm_package_knows(&p, "a"));
	rm_package_free(&p);
}

/* Through a link, as Mesos mounts a volume into a sandbox without images. */
static void
volume_is_the_neighbour(void **state)
{
	(void)state;
	struct rm_volume v, w;
	struct rm_error err = { 0 };
	char *root = rm_format("%s/riak", sandbox);
	put("riak/bin/riak", "", 0755);
	put("real/x", "", 0644);
	assert_int_equal(
	    rm_volume_open(&v, sandbox, "data", root, "../data", &err), -1);
	assert_non_null(strstr(err.text, "/data: No such file or directory"));
	rm_volume_close(&v);
	assert_int_equal(run("ln -s real", sandbox, "data"), 0);
	assert_int_equal(
	    rm_volume_open(&v, sandbox, "data", root, "../other", &err), -1);
	assert_non_null(strstr(err.text, "is not the volume as seen from"));
	rm_volume_close(&v);
	assert_int_equal(
	    rm_volume_open(&v, sandbox, "data", root, "../data", &err), 0);
	assert_int_equal(rm_volume_lock(&v, NULL), 1);
	assert_int_equal(
	    rm_volume_open(&w, sandbox, "data", root, "../data", &err), 0);
	assert_int_equal(rm_volume_lock(&w, NULL), 0);
	rm_volume_close(&v);
	assert_int_equal(rm_volume_lock(&w, NULL), 1);
	rm_volume_close(&w);
	rm_volume_close(&w);
	free(root);
}

static void
reasons(void **state)
{
	(void)state;
	static const char *const table[][2] = {
		{ "", "" },
		{ "11:35:10.000 [error] Bad thing: x\n\n"
		  "11:35:10.001 [error] Other\nplain\n",
		    "Bad thing: x; Other; plain" },
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		char *reason = rm_config_reason(table[i][0]);
		assert_string_equal(reason, table[i][1]);
		free(reason);
	}
}

static void
tails(void **state)
{
	(void)state;
	struct rm_str s = { 0 };
	char *path = rm_format("%s/f", sandbox);
	put("f", "0123456789", 0644);
	rm_file_tail(&s, path, 4);
	assert_string_equal(s.text, "6789");
	rm_str_clear(&s);
	rm_file_tail(&s, path, 100);
	assert_string_equal(s.text, "0123456789");
	rm_str_clear(&s);
	rm_file_tail(&s, "/nowhere", 100);
	assert_int_equal(s.len, 0);
	rm_str_free(&s);
	free(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    finds_the_least_deep, fresh, gone),
		cmocka_unit_test_setup_teardown(
		    does_not_follow_links, fresh, gone),
		cmocka_unit_test_setup_teardown(knows_its_keys, fresh, gone),
		cmocka_unit_test_setup_teardown(
		    volume_is_the_neighbour, fresh, gone),
		cmocka_unit_test_setup_teardown(reasons, fresh, gone),
		cmocka_unit_test_setup_teardown(tails, fresh, gone),
	};
	return cmocka_run_group_tests_name("package", tests, NULL, NULL);
}
