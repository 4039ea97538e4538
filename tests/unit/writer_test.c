#include "state/writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sys/socket.h>

#include "base/exit.h"
#include "base/log.h"
#include "base/str.h"
#include "io/loop.h"
#include "io/zk_handle.h"
#include "io/zk_wait.h"
#include "zookeeper.h"

#define ROOT  "/riak/frameworks/riak"
#define FENCE ROOT "/election/x-0000000001"

static struct event_base *loop, *apart;
static struct rm_zk_wait zk, other; /* the writer's; somebody else's */
static struct rm_writer *writer;
static struct rm_str dropped; /* "path: why; " */
static struct rm_error failure;

static void
on_session(void *arg, enum rm_zk_session state)
{
	(void)arg;
	if (writer != NULL)
		rm_writer_session(writer, state);
}

static void
on_settled(void *arg)
{
	(void)arg;
}

static void
on_dropped(void *arg, const char *path, const char *why)
{
	(void)arg;
	rm_str_printf(&dropped, "%s: %s; ", path, why);
}

static void
on_failed(void *arg, const struct rm_error *err)
{
	(void)arg;
	failure = *err;
}

static int
set_up(void **state)
{
	(void)state;
	struct rm_error err = { 0 };
	rm_log_open("writer_test", RM_LOG_TEXT, RM_LOG_ERROR);
	zookeeper_start();
	loop = rm_loop_new(false, NULL);
	apart = rm_loop_new(false, NULL);
	struct rm_zk_options options = { .hosts = zookeeper.hosts,
		.on_session = on_session };
	if (rm_zk_wait_open(&zk, loop, &options, 15, &err) != 0)
		return -1;
	options.on_session = NULL;
	return rm_zk_wait_open(&other, apart, &options, 15, &err);
}

static int
tear_down(void **state)
{
	(void)state;
	rm_zk_wait_close(&zk);
	rm_zk_wait_close(&other);
	event_base_free(loop);
	event_base_free(apart);
	rm_str_free(&dropped);
	zookeeper_stop();
	return 0;
}

static int
begin(void **state)
{
	(void)state;
	const struct rm_writer_options options = { .root = ROOT,
		.fence = FENCE,
		.settled = on_settled,
		.dropped = on_dropped,
		.failed = on_failed };
	rm_zk_wait_create(&other, FENCE, "", 0, 0, NULL);
	rm_str_clear(&dropped);
	rm_str_puts(&dropped, "");
	failure = (struct rm_error){ 0 };
	writer = rm_writer_new(loop, zk.zk, &options);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	rm_writer_free(writer);
	writer = NULL;
	return 0;
}

static void
wakes(void *arg)
{
	(void)arg;
}

static void
turn(void)
{
	struct rm_timer timer = { 0 };
	rm_timer_init(&timer, loop, wakes, NULL);
	rm_timer_set(&timer, 0.02);
	event_base_loop(loop, EVLOOP_ONCE);
	rm_timer_free(&timer);
}

static void
settle(void)
{
	double deadline = rm_now() + 20;
	while (rm_writer_settled(writer) < rm_writer_last(writer) &&
	       failure.code == 0) {
		if (rm_now() > deadline)
			fail_msg("not settled");
		turn();
	}
}

static void
put(const char *path, const char *value, int version)
{
	rm_writer_put(
	    writer, path, value, value != NULL ? strlen(value) : 0, version);
}

/* What somebody else sees; "-" when absent, with the version behind it. */
static const char *
seen(const char *path)
{
	static char text[128];
	struct rm_str value = { 0 };
	struct rm_zk_stat stat;
	char *whole = rm_format("%s/%s", ROOT, path);
	if (rm_zk_wait_get(&other, whole, &value, &stat, NULL) == 0)
		snprintf(text, sizeof(text), "%s %d", value.text, stat.version);
	else
		strcpy(text, "-");
	free(whole);
	rm_str_free(&value);
	return text;
}

static void
others_put(const char *path, const char *value)
{
	char *whole = rm_format("%s/%s", ROOT, path);
	if (rm_zk_wait_set(&other, whole, value, strlen(value), -1, NULL) != 0)
		rm_zk_wait_create(&other, whole, value, strlen(value), 0, NULL);
	free(whole);
}

/* Cuts the connection with what has come and was not read yet. */
static void
cut(void)
{
	int pair[2];
	assert_non_null(zk.zk->io);
	int fd = event_get_fd(zk.zk->io);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	close(pair[1]);
	assert_int_equal(dup2(pair[0], fd), fd);
	close(pair[0]);
}

/* Lets the writer send what it has, until somebody else sees the value, and
 * cuts the connection before the answer is read. */
static void
send_and_cut(const char *path, const char *expected)
{
	double deadline = rm_now() + 10;
	turn(); /* gathers and sends: versions need no questions */
	while (strcmp(seen(path), expected) != 0)
		if (rm_now() > deadline)
			fail_msg("%s is %s", path, seen(path));
	cut();
}

static void
puts_and_deletes(void **state)
{
	(void)state;
	put("a/1", "x", -1);
	put("a/1", "y", -1);
	put("a/2", "x", -1);
	put("a/2", NULL, -1);
	put("a/2", NULL, -1);
	put("a/3", NULL, -1);
	put("a/3", "z", -1);
	unsigned long last = rm_writer_check(writer);
	assert_int_equal(last, 8);
	assert_true(rm_writer_pending(writer) > 0);
	settle();
	assert_int_equal(rm_writer_settled(writer), 8);
	assert_int_equal(rm_writer_pending(writer), 0);
	assert_string_equal(seen("a/1"), "y 1");
	assert_string_equal(seen("a/2"), "-");
	assert_string_equal(seen("a/3"), "z 0");
	assert_string_equal(dropped.text, "");
}

/* What others did meanwhile is not held against a put. */
static void
others_write_too(void **state)
{
	(void)state;
	put("b/1", "x", -1);
	put("b/2", "x", -1);
	put("b/3", NULL, -1);
	settle();
	rm_zk_wait_delete(&other, ROOT "/b/1", -1, NULL);
	rm_zk_wait_delete(&other, ROOT "/b/2", -1, NULL);
	others_put("b/3", "theirs");
	put("b/1", "y", -1);
	put("b/2", NULL, -1);
	put("b/3", NULL, -1);
	settle();
	assert_string_equal(seen("b/1"), "y 0");
	assert_string_equal(seen("b/2"), "-");
	assert_string_equal(seen("b/3"), "-");
	assert_string_equal(dropped.text, "");
}

static void
versions_are_checked(void **state)
{
	(void)state;
	others_put("c/1", "0");
	put("c/1", "1", 0);
	put("c/1", "2", 1);
	put("c/1", "9", 1);
	put("c/2", "9", 0);
	put("c/1", NULL, 7);
	put("c/3", NULL, 0);
	put("c/4", "x", -1);
	settle();
	assert_string_equal(seen("c/1"), "2 2");
	assert_string_equal(seen("c/4"), "x 0");
	assert_string_equal(dropped.text,
	    "c/1: changed meanwhile; c/2: no such node; "
	    "c/1: changed meanwhile; ");
}

static void
a_lost_fence_fails_all(void **state)
{
	(void)state;
	put("d/1", "x", -1);
	settle();
	rm_zk_wait_delete(&other, FENCE, -1, NULL);
	put("d/1", "y", -1);
	put("d/2", "y", -1);
	settle();
	assert_int_equal(failure.code, RM_EXIT_CONFLICT);
	assert_string_equal(failure.text, FENCE ": the election node is gone");
	assert_string_equal(seen("d/1"), "x 0");
	assert_string_equal(seen("d/2"), "-");
	assert_int_equal(rm_writer_settled(writer), 1);
}

static void
a_check_needs_the_fence(void **state)
{
	(void)state;
	assert_true(rm_writer_proven(writer) == 0);
	double before = rm_now();
	rm_writer_check(writer);
	settle();
	assert_true(rm_writer_proven(writer) >= before);
	rm_zk_wait_delete(&other, FENCE, -1, NULL);
	rm_writer_check(writer);
	settle();
	assert_int_equal(failure.code, RM_EXIT_CONFLICT);
}

/* The answer was lost, the batch had happened: it is told from its content,
 * and happens no second time. */
static void
lost_and_happened(void **state)
{
	(void)state;
	others_put("e/1", "0");
	others_put("e/2", "0");
	others_put("e/3", "0");
	put("e/0", "x", -1);
	settle();
	put("e/1", "1", 0);
	put("e/1", "2", 1);
	put("e/2", "1", 0);
	put("e/3", NULL, 0);
	put("e/0", "y", -1);
	send_and_cut("e/0", "y 1");
	settle();
	assert_string_equal(dropped.text, "");
	assert_string_equal(seen("e/0"), "y 1");
	assert_string_equal(seen("e/1"), "2 2");
	assert_string_equal(seen("e/2"), "1 1");
	assert_string_equal(seen("e/3"), "-");
}

/* The same, but somebody has written since: whose it was can't be told. */
static void
lost_and_overwritten(void **state)
{
	(void)state;
	others_put("f/1", "0");
	put("f/1", "1", 0);
	send_and_cut("f/1", "1 1");
	others_put("f/1", "9");
	put("f/2", "x", -1);
	settle();
	assert_string_equal(dropped.text, "f/1: changed meanwhile; ");
	assert_string_equal(seen("f/1"), "9 2");
	assert_string_equal(seen("f/2"), "x 0");
}

/* The connection goes before the server has read the batch. */
static void
lost_and_not_happened(void **state)
{
	(void)state;
	others_put("g/1", "0");
	put("g/0", "x", -1);
	settle();
	kill(zookeeper.pid, SIGSTOP);
	put("g/1", "1", 0);
	put("g/0", "y", -1);
	turn();
	cut();
	turn();
	kill(zookeeper.pid, SIGCONT);
	settle();
	assert_string_equal(dropped.text, "");
	assert_string_equal(seen("g/1"), "1 1");
	/* Without a version it may have come twice. */
	assert_int_equal(seen("g/0")[0], 'y');
}

/* More than one batch holds. */
static void
many_at_once(void **state)
{
	(void)state;
	char path[32], value[16];
	for (int i = 0; i < 3000; i++) {
		snprintf(path, sizeof(path), "h/%d", i % 700);
		snprintf(value, sizeof(value), "%d", i);
		put(path, value, -1);
	}
	settle();
	for (int i = 2300; i < 3000; i += 99) {
		char expected[32];
		snprintf(path, sizeof(path), "h/%d", i % 700);
		snprintf(expected, sizeof(expected), "%d %d", i,
		    i % 700 < 200 ? 4 : 3);
		assert_string_equal(seen(path), expected);
	}
}

static void
large_ones_go_alone(void **state)
{
	(void)state;
	char *large = rm_alloc(RM_ZK_VALUE_MAX + 2);
	memset(large, 'x', RM_ZK_VALUE_MAX + 1);
	put("i/0", "x", -1);
	put("i/1", large, -1);
	large[RM_ZK_VALUE_MAX] = '\0';
	put("i/2", large, -1);
	put("i/3", large, -1);
	settle();
	assert_string_equal(dropped.text, "i/1: too large for ZooKeeper; ");
	assert_string_equal(seen("i/0"), "x 0");
	assert_string_equal(seen("i/1"), "-");
	assert_string_not_equal(seen("i/2"), "-");
	assert_string_not_equal(seen("i/3"), "-");
	free(large);
}

static void
freed_in_the_middle(void **state)
{
	(void)state;
	put("j/1", "x", -1);
	put("j/2", "x", 0);
	turn();
	put("j/3", "x", -1);
	/* end() frees it; nothing may come back to it. */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(puts_and_deletes),
		TEST(others_write_too),
		TEST(versions_are_checked),
		TEST(a_lost_fence_fails_all),
		TEST(a_check_needs_the_fence),
		TEST(lost_and_happened),
		TEST(lost_and_overwritten),
		TEST(lost_and_not_happened),
		TEST(many_at_once),
		TEST(large_ones_go_alone),
		TEST(freed_in_the_middle),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
