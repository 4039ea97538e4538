#include "riak/epmd_listen.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/exit.h"

static struct sockaddr_storage
address(const char *text)
{
	struct sockaddr_storage s = { 0 };
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
		memcpy(&s, &v4, sizeof(v4));
	else if (inet_pton(AF_INET6, text, &v6.sin6_addr) == 1)
		memcpy(&s, &v6, sizeof(v6));
	else
		fail();
	return s;
}

static void
who_is_local(void **state)
{
	(void)state;
	static const struct {
		const char *peer, *own; /* NULL: not known */
		bool local;
	} table[] = {
		{ "127.0.0.1", NULL, true },
		{ "127.255.255.254", "10.0.0.1", true },
		{ "128.0.0.1", NULL, false },
		{ "126.255.255.255", NULL, false },
		{ "10.0.0.1", NULL, false },
		{ "10.0.0.1", "10.0.0.1", true },
		{ "10.0.0.2", "10.0.0.1", false },
		{ "10.0.0.1", "127.0.0.1", false },
		{ "::1", NULL, true },
		{ "::1", "fd00::1", true },
		{ "::2", NULL, false },
		{ "fd00::1", "fd00::1", true },
		{ "fd00::2", "fd00::1", false },
		{ "fd00::1", "10.0.0.1", false },
		{ "::ffff:127.0.0.1", NULL, true },
		{ "::ffff:10.0.0.1", "::ffff:10.0.0.1", true },
		{ "::ffff:10.0.0.1", "::ffff:10.0.0.2", false },
		{ "::ffff:10.0.0.1", "10.0.0.1", true },
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct sockaddr_storage peer = address(table[i].peer), own;
		if (table[i].own != NULL)
			own = address(table[i].own);
		bool local = rm_epmd_peer_is_local((struct sockaddr *)&peer,
		    table[i].own != NULL ? (struct sockaddr *)&own : NULL);
		if (local != table[i].local)
			fail_msg("%s to %s", table[i].peer, table[i].own);
	}
}

static bool
listens_at(const struct rm_epmd_listen *l, const char *text)
{
	for (size_t i = 0; i < l->count; i++) {
		struct sockaddr_storage own = { 0 };
		socklen_t len = sizeof(own);
		char at[INET6_ADDRSTRLEN] = "";
		assert_int_equal(
		    getsockname(l->at[i].fd, (struct sockaddr *)&own, &len), 0);
		inet_ntop(own.ss_family,
		    own.ss_family == AF_INET
			? (void *)&((struct sockaddr_in *)&own)->sin_addr
			: (void *)&((struct sockaddr_in6 *)&own)->sin6_addr,
		    at, sizeof(at));
		if (strcmp(at, text) == 0)
			return true;
	}
	return false;
}

static void
loopback_is_always_there(void **state)
{
	(void)state;
	struct rm_epmd_listen l = { 0 };
	assert_int_equal(
	    rm_epmd_listen_open(&l, "127.0.0.7, 127.0.0.8", NULL, 0, NULL), 0);
	assert_true(l.at[0].port > 0);
	for (size_t i = 1; i < l.count; i++)
		assert_int_equal(l.at[i].port, l.at[0].port);
	assert_true(listens_at(&l, "127.0.0.1"));
	assert_true(listens_at(&l, "127.0.0.7"));
	assert_true(listens_at(&l, "127.0.0.8"));

	/* The port is taken now, whoever asks for it. */
	struct rm_epmd_listen second = { 0 };
	struct rm_error err = { 0 };
	char port[16];
	snprintf(port, sizeof(port), "port %d", l.at[0].port);
	assert_int_equal(
	    rm_epmd_listen_open(&second, NULL, NULL, l.at[0].port, &err), -1);
	assert_int_equal(err.code, RM_EXIT_OUTSIDE);
	assert_non_null(strstr(err.text, port));
	assert_int_equal(second.count, 0);
	rm_epmd_listen_close(&l);
	rm_epmd_listen_close(&l);
}

static void
host_is_listened_on_when_it_is_here(void **state)
{
	(void)state;
	struct rm_epmd_listen l = { 0 };
	assert_int_equal(
	    rm_epmd_listen_open(&l, NULL, "127.0.0.7", 0, NULL), 0);
	assert_true(listens_at(&l, "127.0.0.7"));
	rm_epmd_listen_close(&l);
	/* TEST-NET-1: nobody has it. */
	assert_int_equal(
	    rm_epmd_listen_open(&l, NULL, "192.0.2.77", 0, NULL), 0);
	assert_true(listens_at(&l, "127.0.0.1"));
	rm_epmd_listen_close(&l);
	assert_int_equal(
	    rm_epmd_listen_open(&l, NULL, "agent.example", 0, NULL), 0);
	rm_epmd_listen_close(&l);
	struct rm_error err = { 0 };
	assert_int_equal(
	    rm_epmd_listen_open(&l, "192.0.2.77", NULL, 0, &err), -1);
	assert_non_null(strstr(err.text, "192.0.2.77"));
	assert_int_equal(
	    rm_epmd_listen_open(&l, "agent.example", NULL, 0, &err), -1);
	assert_int_equal(err.code, RM_EXIT_USAGE);
}

/* In a child whose descriptors 3 and 4 are what systemd would pass. */
static int
child_inherits(int first, int second)
{
	int low = fcntl(first, F_DUPFD, 10), high = fcntl(second, F_DUPFD, 11);
	struct rm_epmd_listen l = { 0 };
	char pid[16];
	dup2(low, 3);
	dup2(high, 4);
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("LISTEN_FDS", "2", 1);
	setenv("LISTEN_PID", pid, 1);
	if (rm_epmd_listen_inherit(&l, NULL) != 0)
		return 2;
	bool good = l.count == 2 && l.at[0].fd == 3 && l.at[1].fd == 4 &&
		    l.at[0].port > 0 && getenv("LISTEN_FDS") == NULL &&
		    (fcntl(3, F_GETFL) & O_NONBLOCK) != 0 &&
		    (fcntl(3, F_GETFD) & FD_CLOEXEC) != 0;
	return good ? 0 : 1;
}

static int
in_child(int first, int second)
{
	pid_t pid = fork();
	int status = -1;
	if (pid == 0)
		_exit(child_inherits(first, second));
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
sockets_from_systemd(void **state)
{
	(void)state;
	struct rm_epmd_listen l = { 0 };
	assert_int_equal(
	    rm_epmd_listen_open(&l, "127.0.0.7", NULL, 0, NULL), 0);
	int pipes[2];
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(in_child(l.at[0].fd, l.at[1].fd), 0);
	assert_int_equal(in_child(l.at[0].fd, pipes[0]), 2);
	close(pipes[0]);
	close(pipes[1]);
	rm_epmd_listen_close(&l);

	/* Meant for another process. */
	setenv("LISTEN_FDS", "2", 1);
	setenv("LISTEN_PID", "1", 1);
	assert_int_equal(rm_epmd_listen_inherit(&l, NULL), 0);
	assert_int_equal(l.count, 0);
	assert_null(getenv("LISTEN_FDS"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_local),
		cmocka_unit_test(loopback_is_always_there),
		cmocka_unit_test(host_is_listened_on_when_it_is_here),
		cmocka_unit_test(sockets_from_systemd),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
