#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/log.h"
#include "io/loop.h"
#include "io/zk_tree.h"
#include "io/zk_wait.h"
#include "zookeeper.h"

static struct event_base *loop;
static struct rm_zk *zk; /* the follower's */
static struct rm_zk_tree *tree;
static struct rm_zk_wait writer;
static struct rm_str told; /* "path=value " or "path! " or "path- " */
static int renewed;

static void
change(void *arg, const char *path, const char *value, size_t len,
    const struct rm_zk_stat *stat)
{
	(void)arg;
	if (value == NULL)
		rm_str_printf(&told, "%s- ", path);
	else
		rm_str_printf(&told, "%s=%.*s ", path, (int)len, value);
	assert_int_equal(value == NULL, stat == NULL);
}

static void
complete(void *arg)
{
	(void)arg;
	rm_str_puts(&told, "complete ");
}

static void
unreadable(void *arg, const char *path, enum rm_zk_result why)
{
	(void)arg;
	assert_int_equal(why, RM_ZK_NO_AUTH);
	rm_str_printf(&told, "%s! ", path);
}

static void
on_session(void *arg, enum rm_zk_session state)
{
	(void)arg;
	renewed += state == RM_ZK_RENEWED;
	if (tree != NULL)
		rm_zk_tree_session(tree, state);
}

static const struct rm_zk_tree_part parts[] = {
	{ .path = "leaf", .leaf = true },
	{ .path = "values" },
	{ .path = "once", .wants = RM_ZK_TREE_ONCE },
	{ NULL },
};

static const struct rm_zk_tree_events events = {
	.change = change, .complete = complete, .unreadable = unreadable
};

static void
open_writer(const char *auth_file)
{
	struct rm_error err = { 0 };
	struct rm_zk_options options = { .hosts = zookeeper.hosts,
		.auth_file = auth_file };
	if (rm_zk_wait_open(&writer, loop, &options, 15, &err) != 0)
		fail_msg("%s", err.text);
}

static int
set_up(void **state)
{
	(void)state;
	rm_log_open("zk_tree_test", RM_LOG_TEXT, RM_LOG_WARN);
	zookeeper_start();
	loop = rm_loop_new(false, NULL);
	open_writer(NULL);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	rm_zk_wait_close(&writer);
	rm_str_free(&told);
	event_base_free(loop);
	zookeeper_stop();
	return 0;
}

static void
put(const char *path, const char *value)
{
	struct rm_error err = { 0 };
	if (rm_zk_wait_set(&writer, path, value, strlen(value), -1, &err) !=
		0 &&
	    rm_zk_wait_create(&writer, path, value, strlen(value), 0, &err) !=
		0)
		fail_msg("%s", err.text);
}

static void
take(const char *path)
{
	struct rm_error err = { 0 };
	if (rm_zk_wait_delete(&writer, path, -1, &err) != 0)
		fail_msg("%s", err.text);
}

static void
wakes(void *arg)
{
	(void)arg;
}

/* Runs the loop until this, and nothing else, was told. */
static void
expect(const char *text)
{
	struct rm_timer timer = { 0 };
	double end = rm_now() + 15;
	rm_timer_init(&timer, loop, wakes, NULL);
	while (told.text == NULL || strcmp(told.text, text) != 0) {
		if (rm_now() > end)
			fail_msg("told \"%s\", expected \"%s\"",
			    told.text != NULL ? told.text : "", text);
		rm_timer_set(&timer, 0.02);
		event_base_loop(loop, EVLOOP_ONCE);
	}
	rm_timer_free(&timer);
	rm_str_clear(&told);
}

static void
follow(const char *root, double timeout)
{
	struct rm_zk_options options = { .hosts = zookeeper.hosts,
		.timeout = timeout,
		.on_session = on_session };
	renewed = 0;
	rm_str_clear(&told);
	zk = rm_zk_open(loop, &options, NULL);
	tree = rm_zk_tree_new(zk, root, parts, &events);
}

static void
unfollow(void)
{
	rm_zk_tree_free(tree);
	tree = NULL;
	rm_zk_close(zk);
}

static void
waits_for_what_is_absent(void **state)
{
	(void)state;
	follow("/absent", 0);
	expect("complete ");
	put("/absent/values/b", "1");
	expect("values/b=1 ");
	put("/absent/leaf", "2");
	expect("leaf=2 ");
	put("/absent/once/x", "3");
	expect("once/x=3 ");
	unfollow();
}

static void
tells_snapshot_and_changes(void **state)
{
	(void)state;
	put("/t/values/b", "B");
	put("/t/values/a", "A");
	put("/t/leaf", "L");
	follow("/t", 0);
	expect("leaf=L values/a=A values/b=B complete ");
	put("/t/values/a", "A2");
	expect("values/a=A2 ");
	put("/t/values/aa", "new");
	expect("values/aa=new ");
	take("/t/values/b");
	expect("values/b- ");
	take("/t/leaf");
	expect("leaf- ");
	put("/t/leaf", "L2");
	expect("leaf=L2 ");
	put("/t/leaf", "L3");
	expect("leaf=L3 ");
	unfollow();
}

/* A child that is read once is read again when it went and came back. */
static void
once_is_read_again_when_new(void **state)
{
	(void)state;
	put("/o/once/x", "1");
	follow("/o", 0);
	expect("once/x=1 complete ");
	struct rm_zk_op ops[] = {
		{ .kind = RM_ZK_OP_DELETE, .path = "/o/once/x", .version = -1 },
		{ .kind = RM_ZK_OP_CREATE,
		    .path = "/o/once/x",
		    .value = "2",
		    .len = 1 },
	};
	assert_int_equal(rm_zk_wait_multi(&writer, ops, 2, NULL), 0);
	expect("once/x=2 ");
	unfollow();
}

static void
unreadable_is_not_absent(void **state)
{
	(void)state;
	char file[96];
	snprintf(file, sizeof(file), "%s/auth", zookeeper.dir);
	FILE *f = fopen(file, "w");
	fputs("riak:word\n", f);
	fchmod(fileno(f), 0600);
	fclose(f);
	put("/u/values/a", "A");
	rm_zk_wait_close(&writer);
	open_writer(file);
	put("/u/values/b", "B");
	follow("/u", 0);
	expect("values/a=A values/b! complete ");
	take("/u/values/b");
	expect("values/b- ");
	unfollow();
}

/* Over a new session only differences are told. */
static void
new_session_tells_differences(void **state)
{
	(void)state;
	put("/s/values/a", "A");
	put("/s/values/b", "B");
	put("/s/values/c", "C");
	put("/s/once/x", "X");
	follow("/s", 1);
	expect("values/a=A values/b=B values/c=C once/x=X complete ");
	/* What the follower does not hear of: the session ends meanwhile. */
	kill(zookeeper.pid, SIGSTOP);
	struct timespec nap = { 4, 0 };
	nanosleep(&nap, NULL);
	kill(zookeeper.pid, SIGCONT);
	struct rm_zk_wait other = { 0 };
	struct rm_zk_options options = { .hosts = zookeeper.hosts };
	struct event_base *apart = rm_loop_new(false, NULL);
	assert_int_equal(rm_zk_wait_open(&other, apart, &options, 15, NULL), 0);
	nanosleep(&nap, NULL);
	rm_zk_wait_set(&other, "/s/values/b", "B2", 2, -1, NULL);
	rm_zk_wait_delete(&other, "/s/values/c", -1, NULL);
	rm_zk_wait_create(&other, "/s/values/d", "D", 1, 0, NULL);
	rm_zk_wait_close(&other);
	event_base_free(apart);
	expect("values/c- values/b=B2 values/d=D ");
	assert_int_equal(renewed, 1);
	put("/s/values/a", "A2");
	expect("values/a=A2 ");
	unfollow();
}

/* Also when the server dies while the snapshot is read. */
static void
server_dies_in_the_snapshot(void **state)
{
	(void)state;
	char path[32];
	for (int i = 0; i < 500; i++) {
		snprintf(path, sizeof(path), "/d/values/%03d", i);
		put(path, "v");
	}
	follow("/d", 0);
	while (told.len < 500)
		event_base_loop(loop, EVLOOP_ONCE);
	zookeeper_kill();
	for (int i = 0; i < 50; i++)
		event_base_loop(loop, EVLOOP_NONBLOCK);
	zookeeper_start();
	struct rm_str all = { 0 };
	for (int i = 0; i < 500; i++)
		rm_str_printf(&all, "values/%03d=v ", i);
	rm_str_puts(&all, "complete ");
	expect(all.text);
	rm_str_free(&all);
	unfollow();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waits_for_what_is_absent),
		cmocka_unit_test(tells_snapshot_and_changes),
		cmocka_unit_test(once_is_read_again_when_new),
		cmocka_unit_test(server_dies_in_the_snapshot),
		cmocka_unit_test(new_session_tells_differences),
		cmocka_unit_test(unreadable_is_not_absent),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
