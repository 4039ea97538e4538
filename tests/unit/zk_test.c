#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <cmocka.h>

#include "base/exit.h"
#include "base/log.h"
#include "io/loop.h"
#include "io/zk_ephemeral.h"
#include "io/zk_wait.h"
#include "zookeeper.h"

static struct event_base *loop;
static int sessions[3]; /* how often each state was told */

static void
on_session(void *arg, enum rm_zk_session state)
{
	(void)arg;
	sessions[state]++;
}

static int
set_up(void **state)
{
	(void)state;
	rm_log_open("zk_test", RM_LOG_TEXT, RM_LOG_WARN);
	zookeeper_start();
	loop = rm_loop_new(false, NULL);
	return loop == NULL;
}

static int
tear_down(void **state)
{
	(void)state;
	event_base_free(loop);
	zookeeper_stop();
	return 0;
}

static void
open_zk(struct rm_zk_wait *wait, const char *auth_file, double timeout)
{
	struct rm_error err = { 0 };
	struct rm_zk_options options = { .hosts = zookeeper.hosts,
		.auth_file = auth_file,
		.timeout = timeout,
		.on_session = on_session };
	memset(sessions, 0, sizeof(sessions));
	if (rm_zk_wait_open(wait, loop, &options, 15, &err) != 0)
		fail_msg("%s", err.text);
}

static void
wakes(void *arg)
{
	(void)arg;
}

/* Runs the loop until the condition holds. */
#define run_until(seconds, condition)                                          \
	do {                                                                   \
		struct rm_timer timer = { 0 };                                 \
		double end = rm_now() + (seconds);                             \
		rm_timer_init(&timer, loop, wakes, NULL);                      \
		while (!(condition)) {                                         \
			if (rm_now() > end)                                    \
				fail_msg("waited in vain: %s", #condition);    \
			rm_timer_set(&timer, 0.05);                            \
			event_base_loop(loop, EVLOOP_ONCE);                    \
		}                                                              \
		rm_timer_free(&timer);                                         \
	} while (0)

static void
reads_and_writes(void **state)
{
	(void)state;
	struct rm_zk_wait wait = { 0 };
	struct rm_error err = { 0 };
	struct rm_str value = { 0 };
	struct rm_zk_stat stat;
	char **names;
	open_zk(&wait, NULL, 0);
	assert_int_equal(
	    rm_zk_wait_create(&wait, "/a/b/c", "one", 3, 0, &err), 0);
	assert_int_equal(
	    rm_zk_wait_create(&wait, "/a/b/c", "one", 3, 0, &err), -1);
	assert_int_equal(err.code, RM_EXIT_CONFLICT);
	assert_int_equal(
	    rm_zk_wait_get(&wait, "/a/b/c", &value, &stat, &err), 0);
	assert_string_equal(value.text, "one");
	assert_int_equal(stat.version, 0);
	assert_int_equal(rm_zk_wait_set(&wait, "/a/b/c", "", 0, 0, &err), 0);
	assert_int_equal(
	    rm_zk_wait_get(&wait, "/a/b/c", &value, &stat, &err), 0);
	assert_int_equal(value.len, 0);
	assert_int_equal(rm_zk_wait_set(&wait, "/a/b/c", "", 0, 0, &err), -1);
	assert_int_equal(err.code, RM_EXIT_CONFLICT);
	assert_string_equal(err.text, "/a/b/c: changed meanwhile");
	rm_zk_wait_create(&wait, "/a/b/B", "", 0, 0, &err);
	assert_int_equal(rm_zk_wait_list(&wait, "/a/b", &names, &err), 0);
	assert_string_equal(names[0], "B");
	assert_string_equal(names[1], "c");
	assert_null(names[2]);
	rm_zk_wait_names_free(names);
	assert_int_equal(rm_zk_wait_delete(&wait, "/a/b/c", -1, &err), 0);
	assert_int_equal(
	    rm_zk_wait_get(&wait, "/a/b/c", &value, NULL, &err), -1);
	assert_int_equal(err.code, RM_EXIT_NO);
	assert_int_equal(
	    rm_zk_wait_get(&wait, "/a//b", &value, NULL, &err), -1);
	assert_int_equal(err.code, RM_EXIT_OUTSIDE);
	rm_str_free(&value);
	rm_zk_wait_close(&wait);
}

static void
multi_is_all_or_none(void **state)
{
	(void)state;
	struct rm_zk_wait wait = { 0 };
	struct rm_error err = { 0 };
	struct rm_str value = { 0 };
	open_zk(&wait, NULL, 0);
	struct rm_zk_op ops[] = {
		{ .kind = RM_ZK_OP_CREATE,
		    .path = "/m",
		    .value = "1",
		    .len = 1 },
		{ .kind = RM_ZK_OP_SET, .path = "/none", .version = -1 },
		{ .kind = RM_ZK_OP_DELETE, .path = "/m", .version = -1 },
	};
	assert_int_equal(rm_zk_wait_multi(&wait, ops, 3, &err), -1);
	assert_string_equal(err.text, "/none: no such node");
	assert_int_equal(rm_zk_wait_get(&wait, "/m", &value, NULL, &err), -1);
	assert_int_equal(rm_zk_wait_multi(&wait, ops, 1, &err), 0);
	ops[0] = (struct rm_zk_op){
		.kind = RM_ZK_OP_CHECK, .path = "/m", .version = 7
	};
	ops[1].path = "/m";
	assert_int_equal(rm_zk_wait_multi(&wait, ops, 2, &err), -1);
	assert_int_equal(err.code, RM_EXIT_CONFLICT);
	ops[0].version = -1;
	assert_int_equal(rm_zk_wait_multi(&wait, ops, 2, &err), 0);
	rm_str_free(&value);
	rm_zk_wait_close(&wait);
}

static void
largest_value_goes_through(void **state)
{
	(void)state;
	struct rm_zk_wait wait = { 0 };
	struct rm_error err = { 0 };
	char *big = malloc(RM_ZK_VALUE_MAX + 1);
	memset(big, 'x', RM_ZK_VALUE_MAX + 1);
	open_zk(&wait, NULL, 0);
	assert_int_equal(rm_zk_wait_create(&wait, "/big/value", big,
			     RM_ZK_VALUE_MAX, 0, &err),
	    0);
	assert_int_equal(rm_zk_wait_set(&wait, "/big/value", big,
			     RM_ZK_VALUE_MAX + 1, -1, &err),
	    -1);
	assert_string_equal(err.text, "/big/value: too large for ZooKeeper");
	assert_int_equal(sessions[RM_ZK_SUSPENDED], 0);
	free(big);
	rm_zk_wait_close(&wait);
}

static void
only_its_user_may_read(void **state)
{
	(void)state;
	struct rm_zk_wait owner = { 0 }, other = { 0 };
	struct rm_error err = { 0 };
	struct rm_str value = { 0 };
	char file[96];
	snprintf(file, sizeof(file), "%s/auth", zookeeper.dir);
	FILE *f = fopen(file, "w");
	fputs("riak:secret word\n", f);
	fchmod(fileno(f), 0600);
	fclose(f);
	open_zk(&owner, file, 0);
	assert_int_equal(
	    rm_zk_wait_create(&owner, "/private/x", "1", 1, 0, &err), 0);
	assert_int_equal(
	    rm_zk_wait_get(&owner, "/private/x", &value, NULL, &err), 0);
	open_zk(&other, NULL, 0);
	assert_int_equal(
	    rm_zk_wait_get(&other, "/private/x", &value, NULL, &err), -1);
	assert_int_equal(err.code, RM_EXIT_USAGE);
	assert_string_equal(err.text, "/private/x: not permitted");
	rm_zk_wait_close(&owner);
	rm_zk_wait_close(&other);
	rm_str_free(&value);
}

static void
bad_hosts_are_told(void **state)
{
	(void)state;
	struct rm_error err = { 0 };
	static const char *const bad[] = { "", "nonsense", ":2181", "a:", "a:0",
		"a:65536", "a:2181x", "a:2181,", "a:2181,b", ",a:2181",
		"a/b:2181", "a:2181/b/", "a:2181/b//c" };
	struct rm_zk_options options = { 0 };
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		options.hosts = bad[i];
		assert_null(rm_zk_open(loop, &options, &err));
		assert_int_equal(err.code, RM_EXIT_USAGE);
	}
	options = (struct rm_zk_options){ .hosts = zookeeper.hosts,
		.auth_file = "/nonexistent" };
	assert_null(rm_zk_open(loop, &options, &err));
	assert_int_equal(err.code, RM_EXIT_USAGE);
	char closed[32];
	snprintf(closed, sizeof(closed), "127.0.0.1:%d", zookeeper_free_port());
	struct rm_zk_wait wait = { 0 };
	options = (struct rm_zk_options){ .hosts = closed };
	assert_int_equal(rm_zk_wait_open(&wait, loop, &options, 0.5, &err), -1);
	assert_int_equal(err.code, RM_EXIT_OUTSIDE);
}

static int ended, lost;

static void
multi_ended(void *arg, enum rm_zk_result result, int failed)
{
	(void)arg;
	(void)failed;
	ended++;
	lost += result == RM_ZK_LOST;
	if (result != RM_ZK_OK && result != RM_ZK_LOST)
		fail_msg("%s", rm_zk_words(result));
}

/* Each of many ends exactly once though the server dies in the middle. */
static void
all_end_when_the_server_dies(void **state)
{
	(void)state;
	struct rm_zk_wait wait = { 0 };
	struct rm_error err = { 0 };
	open_zk(&wait, NULL, 0);
	rm_zk_wait_create(&wait, "/k", "", 0, 0, &err);
	/* Large enough to be sent in part when the connection goes. */
	static char value[100000];
	memset(value, 'v', sizeof(value));
	struct rm_zk_op op = { .kind = RM_ZK_OP_SET,
		.path = "/k",
		.value = value,
		.len = sizeof(value),
		.version = -1 };
	ended = lost = 0;
	int sent = 0;
	for (; sent < 500; sent++)
		rm_zk_multi(wait.zk, &op, 1, multi_ended, NULL);
	run_until(20, ended >= 50);
	zookeeper_kill();
	for (; sent < 600; sent++)
		rm_zk_multi(wait.zk, &op, 1, multi_ended, NULL);
	/* It is there again before our loop has turned. */
	zookeeper_start();
	double started = rm_now();
	run_until(20, ended == sent);
	assert_true(lost > 0);
	assert_true(sessions[RM_ZK_SUSPENDED] > 0);
	run_until(20, rm_zk_connected(wait.zk));
	assert_int_equal(sessions[RM_ZK_RENEWED], 0);
	struct rm_str got = { 0 };
	assert_int_equal(rm_zk_wait_get(&wait, "/k", &got, NULL, &err), 0);
	/* Not when the new connection has timed out for half a packet. */
	assert_true(rm_now() - started < 4);
	assert_int_equal(ended, sent);
	rm_str_free(&got);
	rm_zk_wait_close(&wait);
}

static void
must_not_come(void *arg, enum rm_zk_result result, int failed)
{
	(void)arg;
	(void)result;
	(void)failed;
	fail_msg("a callback after the end");
}

static void
close_ends_callbacks(void **state)
{
	(void)state;
	struct rm_zk_wait wait = { 0 };
	struct rm_zk_op op = { .kind = RM_ZK_OP_CHECK, .path = "/" };
	open_zk(&wait, NULL, 0);
	int forgotten;
	rm_zk_multi(wait.zk, &op, 1, must_not_come, &forgotten);
	rm_zk_forget(wait.zk, &forgotten);
	ended = 0;
	rm_zk_multi(wait.zk, &op, 1, multi_ended, NULL);
	run_until(5, ended == 1);
	rm_zk_multi(wait.zk, &op, 1, must_not_come, NULL);
	rm_zk_wait_close(&wait);
}

static int fired;

static void
on_fired(void *arg, const char *path)
{
	(void)arg;
	assert_string_equal(path, "/w");
	fired++;
}

static int got_count;

static void
on_got(void *arg, enum rm_zk_result result, const char *value, size_t len,
    const struct rm_zk_stat *stat)
{
	(void)value;
	(void)len;
	(void)stat;
	*(enum rm_zk_result *)arg = result;
	got_count++;
}

static void
watches_fire_once(void **state)
{
	(void)state;
	struct rm_zk_wait wait = { 0 };
	struct rm_error err = { 0 };
	enum rm_zk_result result;
	open_zk(&wait, NULL, 0);
	fired = got_count = 0;
	rm_zk_exists(wait.zk, "/w", on_fired, on_got, &result);
	run_until(5, got_count == 1);
	assert_int_equal(result, RM_ZK_NO_NODE);
	rm_zk_wait_create(&wait, "/w", "1", 1, 0, &err);
	run_until(5, fired == 1);
	rm_zk_get(wait.zk, "/w", on_fired, on_got, &result);
	run_until(5, got_count == 2);
	/* Over a lost connection: the same session, so the watch lives. */
	zookeeper_kill();
	run_until(5, !rm_zk_connected(wait.zk));
	zookeeper_start();
	rm_zk_wait_set(&wait, "/w", "2", 1, -1, &err);
	run_until(5, fired == 2);
	rm_zk_wait_set(&wait, "/w", "3", 1, -1, &err);
	rm_zk_wait_delete(&wait, "/w", -1, &err);
	assert_int_equal(fired, 2);
	rm_zk_wait_close(&wait);
}

static int readies;

static void
on_ready(void *arg)
{
	(void)arg;
	readies++;
}

static struct rm_zk_ephemeral *ephemeral;

static void
session_to_ephemeral(void *arg, enum rm_zk_session state)
{
	on_session(arg, state);
	if (ephemeral != NULL)
		rm_zk_ephemeral_session(ephemeral, state);
}

/* A session whose server sleeps longer than its timeout is renewed, and what
 * was ephemeral is there again. */
static void
sessions_are_renewed(void **state)
{
	(void)state;
	struct rm_zk_wait wait = { 0 }, other = { 0 };
	struct rm_error err = { 0 };
	struct rm_str value = { 0 };
	struct rm_zk_stat stat;
	struct rm_zk_options options = { .hosts = zookeeper.hosts,
		.timeout = 1,
		.on_session = session_to_ephemeral };
	memset(sessions, 0, sizeof(sessions));
	readies = 0;
	assert_int_equal(rm_zk_wait_open(&wait, loop, &options, 15, &err), 0);
	long long before = rm_zk_session_id(wait.zk);
	ephemeral = rm_zk_ephemeral_new(wait.zk, "/e/x", "one", on_ready, NULL);
	run_until(5, readies == 1);
	rm_zk_ephemeral_set(ephemeral, "two");
	/* Not turning the loop is what a stopped process does. */
	struct timespec nap = { 4, 0 };
	nanosleep(&nap, NULL);
	run_until(20, sessions[RM_ZK_RENEWED] == 1);
	run_until(20, readies == 2);
	assert_true(rm_zk_session_id(wait.zk) != before);
	open_zk(&other, NULL, 0);
	assert_int_equal(
	    rm_zk_wait_get(&other, "/e/x", &value, &stat, &err), 0);
	assert_string_equal(value.text, "two");
	assert_true(stat.owner == rm_zk_session_id(wait.zk));
	rm_zk_wait_create(&wait, "/e/z", "", 0, RM_ZK_EPHEMERAL, &err);
	rm_zk_ephemeral_free(ephemeral);
	ephemeral = NULL;
	rm_zk_wait_close(&wait);
	/* Closing ends them at once. */
	assert_int_equal(
	    rm_zk_wait_get(&other, "/e/x", &value, &stat, &err), -1);
	assert_int_equal(
	    rm_zk_wait_get(&other, "/e/z", &value, &stat, &err), -1);
	rm_zk_wait_close(&other);
	rm_str_free(&value);
}

/* A server that comes back with nothing hangs up on who has seen more. */
static void
lost_data_end_the_session(void **state)
{
	(void)state;
	struct rm_zk_wait wait = { 0 };
	struct rm_error err = { 0 };
	struct rm_str value = { 0 };
	char command[128];
	struct rm_zk_options options = { .hosts = zookeeper.hosts,
		.timeout = 1,
		.on_session = session_to_ephemeral };
	memset(sessions, 0, sizeof(sessions));
	readies = 0;
	assert_int_equal(rm_zk_wait_open(&wait, loop, &options, 15, &err), 0);
	ephemeral = rm_zk_ephemeral_new(wait.zk, "/lost/x", "one", on_ready,
	    NULL);
	run_until(20, readies == 1);
	zookeeper_kill();
	snprintf(command, sizeof(command), "rm -rf %s/version-2",
	    zookeeper.dir);
	assert_int_equal(system(command), 0);
	zookeeper_start();
	run_until(60, sessions[RM_ZK_RENEWED] == 1);
	run_until(20, readies == 2);
	assert_int_equal(
	    rm_zk_wait_get(&wait, "/lost/x", &value, NULL, &err), 0);
	assert_string_equal(value.text, "one");
	rm_str_free(&value);
	rm_zk_ephemeral_free(ephemeral);
	ephemeral = NULL;
	rm_zk_wait_close(&wait);
}

/* One that takes connections where the server was, and says nothing. */
static int
silent_server(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	at.sin_port = htons((unsigned short)zookeeper.port);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 64), 0);
	return fd;
}

/* Servers that say nothing for long, as those without a quorum, end a session
 * for us only: they come back with it, and with its ephemerals, for a while. */
static void
what_an_abandoned_session_left_is_replaced(void **state)
{
	(void)state;
	struct rm_zk_wait wait = { 0 };
	struct rm_error err = { 0 };
	struct rm_str value = { 0 };
	struct rm_zk_stat stat;
	struct rm_zk_options options = { .hosts = zookeeper.hosts,
		.timeout = 3,
		.on_session = session_to_ephemeral };
	memset(sessions, 0, sizeof(sessions));
	readies = 0;
	assert_int_equal(rm_zk_wait_open(&wait, loop, &options, 15, &err), 0);
	ephemeral = rm_zk_ephemeral_new(wait.zk, "/e/q", "one", on_ready, NULL);
	run_until(20, readies == 1);
	zookeeper_kill();
	int silent = silent_server();
	run_until(60, rm_zk_session_id(wait.zk) == 0);
	close(silent);
	zookeeper_start();
	run_until(60, sessions[RM_ZK_RENEWED] == 1);
	run_until(20, readies == 2);
	assert_int_equal(
	    rm_zk_wait_get(&wait, "/e/q", &value, &stat, &err), 0);
	assert_true(stat.owner == rm_zk_session_id(wait.zk));
	rm_str_free(&value);
	rm_zk_ephemeral_free(ephemeral);
	ephemeral = NULL;
	rm_zk_wait_close(&wait);
}

/* What an earlier session left at the same path is replaced. */
static void
ephemerals_replace(void **state)
{
	(void)state;
	struct rm_zk_wait old = { 0 }, new = { 0 };
	struct rm_error err = { 0 };
	struct rm_str value = { 0 };
	struct rm_zk_stat stat;
	open_zk(&old, NULL, 0);
	open_zk(&new, NULL, 0);
	rm_zk_wait_create(&old, "/e/y", "old", 3, RM_ZK_EPHEMERAL, &err);
	readies = 0;
	struct rm_zk_ephemeral *e = rm_zk_ephemeral_new(
	    new.zk, "/e/y", "new", on_ready, NULL);
	run_until(5, readies == 1);
	assert_int_equal(rm_zk_wait_get(&old, "/e/y", &value, &stat, &err), 0);
	assert_string_equal(value.text, "new");
	assert_true(stat.owner == rm_zk_session_id(new.zk));
	/* One that somebody deletes comes back. */
	rm_zk_wait_delete(&old, "/e/y", -1, &err);
	run_until(5, readies == 2);
	rm_zk_wait_set(&old, "/e/y", "x", 1, -1, &err);
	rm_zk_ephemeral_set(e, "newer");
	run_until(5, rm_zk_wait_get(&old, "/e/y", &value, NULL, &err) == 0 &&
			 strcmp(value.text, "newer") == 0);
	/* One whose place another takes leaves it to that. */
	struct rm_zk_ephemeral *successor = rm_zk_ephemeral_new(
	    old.zk, "/e/y", "successor", on_ready, NULL);
	run_until(5, readies == 3);
	double quiet = rm_now() + 0.3;
	run_until(5, rm_now() > quiet);
	assert_int_equal(readies, 3);
	rm_zk_ephemeral_set(e, "newest");
	rm_zk_ephemeral_free(e);
	quiet = rm_now() + 0.3;
	run_until(5, rm_now() > quiet);
	assert_int_equal(rm_zk_wait_get(&new, "/e/y", &value, &stat, &err), 0);
	assert_string_equal(value.text, "successor");
	rm_zk_ephemeral_free(successor);
	run_until(2, rm_zk_wait_get(&old, "/e/y", &value, NULL, &err) != 0);
	rm_zk_wait_close(&old);
	rm_zk_wait_close(&new);
	rm_str_free(&value);
}

/* A server that sleeps for less than the timeout costs a connection only. */
static void
sleeping_server(void **state)
{
	(void)state;
	struct rm_zk_wait wait = { 0 };
	struct rm_error err = { 0 };
	open_zk(&wait, NULL, 3);
	kill(zookeeper.pid, SIGSTOP);
	struct rm_zk_op op = { .kind = RM_ZK_OP_CHECK, .path = "/" };
	ended = lost = 0;
	rm_zk_multi(wait.zk, &op, 1, multi_ended, NULL);
	run_until(10, sessions[RM_ZK_SUSPENDED] == 1);
	run_until(10, ended == 1);
	assert_int_equal(lost, 1);
	kill(zookeeper.pid, SIGCONT);
	run_until(20, rm_zk_connected(wait.zk));
	struct rm_str value = { 0 };
	assert_int_equal(rm_zk_wait_get(&wait, "/", &value, NULL, &err), 0);
	rm_str_free(&value);
	rm_zk_wait_close(&wait);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_and_writes),
		cmocka_unit_test(multi_is_all_or_none),
		cmocka_unit_test(largest_value_goes_through),
		cmocka_unit_test(only_its_user_may_read),
		cmocka_unit_test(bad_hosts_are_told),
		cmocka_unit_test(close_ends_callbacks),
		cmocka_unit_test(watches_fire_once),
		cmocka_unit_test(all_end_when_the_server_dies),
		cmocka_unit_test(sessions_are_renewed),
		cmocka_unit_test(lost_data_end_the_session),
		cmocka_unit_test(what_an_abandoned_session_left_is_replaced),
		cmocka_unit_test(ephemerals_replace),
		cmocka_unit_test(sleeping_server),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
