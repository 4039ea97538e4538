/*
 * A real ZooKeeper for a unit test: started on a free port with its data in a
 * folder of its own, stopped and removed at the end whatever happens (it dies
 * with the test).
 */
#ifndef TESTS_UNIT_ZOOKEEPER_H
#define TESTS_UNIT_ZOOKEEPER_H

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static struct {
	pid_t pid;
	int port;
	char hosts[32], dir[64];
} zookeeper;

static int
zookeeper_free_port(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &len) != 0)
		abort();
	close(fd);
	return ntohs(at.sin_port);
}

/* Whether it answers "ruok". */
static int
zookeeper_answers(void)
{
	char answer[4] = "";
	struct sockaddr_in at = { .sin_family = AF_INET };
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	at.sin_port = htons((unsigned short)zookeeper.port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int ok = connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0 &&
		 write(fd, "ruok", 4) == 4 && read(fd, answer, 4) == 4 &&
		 memcmp(answer, "imok", 4) == 0;
	close(fd);
	return ok;
}

/* Starts it, or starts it again on the same port and data. */
static void
zookeeper_start(void)
{
	char port[16];
	if (zookeeper.port == 0) {
		zookeeper.port = zookeeper_free_port();
		snprintf(zookeeper.hosts, sizeof(zookeeper.hosts),
		    "127.0.0.1:%d", zookeeper.port);
		strcpy(zookeeper.dir, "/tmp/rm-zookeeper-XXXXXX");
		if (mkdtemp(zookeeper.dir) == NULL)
			abort();
	}
	snprintf(port, sizeof(port), "%d", zookeeper.port);
	zookeeper.pid = fork();
	if (zookeeper.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		int null = open("/dev/null", O_RDWR);
		dup2(null, 1);
		dup2(null, 2);
		execl("tests/zookeeper.sh", "zookeeper.sh", zookeeper.dir, port,
		    (char *)NULL);
		_exit(127);
	}
	for (int i = 0; i < 600 && !zookeeper_answers(); i++)
		usleep(50000);
	if (!zookeeper_answers())
		abort();
}

static void
zookeeper_kill(void)
{
	kill(zookeeper.pid, SIGKILL);
	waitpid(zookeeper.pid, NULL, 0);
}

static void
zookeeper_stop(void)
{
	char command[128];
	zookeeper_kill();
	snprintf(command, sizeof(command), "rm -rf %s", zookeeper.dir);
	if (system(command) != 0)
		abort();
}

#endif
