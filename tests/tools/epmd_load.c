/*
 * Load for a port mapper, any: rm-cepmd or epmd itself.
 *
 *     epmd_load PORT hold N [PREFIX]    register PREFIX-1 … PREFIX-N
 *     epmd_load PORT idle N             open N connections, say nothing
 *     epmd_load PORT ask SECONDS N NAME look NAME up over and over, N at once
 *     epmd_load PORT churn SECONDS N    register and close over and over, each
 *                                       time another name, N at once
 *
 * hold and idle print "ready" and keep their connections until standard input
 * ends; ask and churn print how many a second were answered, churn also how
 * many there were.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "riak/epmd.h"

static int port;

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static int
dial(void)
{
	const struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 ||
	    connect(fd, (const struct sockaddr *)&to, sizeof(to)) != 0)
		die("connect");
	return fd;
}

static void
put16(struct rm_str *to, size_t n)
{
	const unsigned char bytes[] = { (unsigned char)(n >> 8),
		(unsigned char)n };
	rm_str_add(to, bytes, 2);
}

static struct rm_str
registration(const char *name)
{
	struct rm_str r = { 0 };
	size_t len = strlen(name);
	put16(&r, 13 + len);
	rm_str_add(&r, "\x78\x12\x67M\0\0\x06\0\x05", 9);
	put16(&r, len);
	rm_str_puts(&r, name);
	put16(&r, 0);
	return r;
}

static void
hold_name(const char *name)
{
	struct rm_str r = registration(name);
	int fd = dial();
	unsigned char reply[6];
	if (send(fd, r.text, r.len, 0) < 0 ||
	    recv(fd, reply, sizeof(reply), MSG_WAITALL) != sizeof(reply))
		die(name);
	if (reply[1] != 0) {
		fprintf(stderr, "%s: refused\n", name);
		exit(1);
	}
	rm_str_free(&r);
}

static int
hold(char **args, bool names)
{
	long count = atol(args[0]);
	for (long i = 1; i <= count; i++) {
		char *name = rm_format(
		    "%s-%ld", args[1] != NULL ? args[1] : "name", i);
		if (names)
			hold_name(name);
		else
			dial();
		free(name);
	}
	printf("ready\n");
	fflush(stdout);
	char byte;
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 0;
}

static void
start(int epoll, const struct rm_str *request)
{
	int fd = dial();
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };
	if (send(fd, request->text, request->len, 0) < 0 ||
	    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0)
		die("send");
}

static double
now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Connects and asks; the connection. */
static int
put_question(const struct rm_str *request)
{
	int fd = dial();
	if (send(fd, request->text, request->len, 0) < 0)
		die("send");
	return fd;
}

/* Look-ups a second, answered and not. */
struct rate {
	double answered;
	long empty;
};

/* With as few system calls as can be, so that it is the port mapper that is
 * measured: the oldest question is waited for up to the other end's close, as
 * clients do, while the others are under way. */
static struct rate
ask_over_and_over(double seconds, int clients, const char *name)
{
	double begin = now();
	int *fds = rm_alloc((size_t)clients * sizeof(*fds));
	struct rm_str request = { 0 };
	rm_epmd_put_request(&request, RM_EPMD_PORT2, name);
	for (int i = 0; i < clients; i++)
		fds[i] = put_question(&request);
	struct rate rate = { 0 };
	for (int i = 0; now() - begin < seconds; i = (i + 1) % clients) {
		unsigned char reply[4096];
		ssize_t got = recv(fds[i], reply, sizeof(reply), MSG_WAITALL);
		if (got > 2 && reply[0] == 119 && reply[1] == 0)
			rate.answered++;
		else
			rate.empty++;
		close(fds[i]);
		fds[i] = put_question(&request);
	}
	rate.answered /= now() - begin;
	rm_str_free(&request);
	free(fds);
	return rate;
}

/* Half of the clients in a process of its own: one process alone would be
 * slower than what it measures. */
static int
ask(char **args)
{
	double seconds = atof(args[0]);
	int clients = atoi(args[1]), ends[2];
	if (clients < 2 || pipe(ends) != 0)
		die("ask");
	pid_t child = fork();
	if (child < 0)
		die("fork");
	struct rate rate = ask_over_and_over(seconds,
	    child == 0 ? clients / 2 : clients - clients / 2, args[2]);
	if (child == 0)
		_exit(write(ends[1], &rate, sizeof(rate)) != sizeof(rate));
	close(ends[1]);
	struct rate other;
	if (read(ends[0], &other, sizeof(other)) != sizeof(other))
		die("read");
	printf("%.0f\n", rate.answered + other.answered);
	if (rate.empty + other.empty > 0)
		fprintf(stderr, "%ld not answered\n", rate.empty + other.empty);
	return rate.empty + other.empty > 0;
}

static void
start_churn(int epoll)
{
	static long last;
	char *name = rm_format("churn-%d-%ld", (int)getpid(), ++last);
	struct rm_str request = registration(name);
	start(epoll, &request);
	rm_str_free(&request);
	free(name);
}

static int
churn(char **args)
{
	double seconds = atof(args[0]), begin = now();
	int epoll = epoll_create1(EPOLL_CLOEXEC), open = atoi(args[1]);
	for (int i = 0; i < open; i++)
		start_churn(epoll);
	long granted = 0, refused = 0;
	/* Those under way at the end are waited for. */
	while (open > 0) {
		struct epoll_event events[64];
		int n = epoll_wait(epoll, events, 64, 1000);
		for (int i = 0; i < n; i++) {
			unsigned char reply[8];
			ssize_t got = recv(
			    events[i].data.fd, reply, sizeof(reply), 0);
			if (got >= 2 && reply[0] == 118 && reply[1] == 0)
				granted++;
			else
				refused++;
			close(events[i].data.fd);
			if (now() - begin < seconds)
				start_churn(epoll);
			else
				open--;
		}
	}
	printf("%.0f %ld\n", (double)granted / (now() - begin), granted);
	if (refused > 0)
		fprintf(stderr, "%ld refused\n", refused);
	return refused > 0;
}

int
main(int argc, char **argv)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	port = argc > 1 ? atoi(argv[1]) : 0;
	if (argc > 3 && strcmp(argv[2], "hold") == 0)
		return hold(argv + 3, true);
	if (argc > 3 && strcmp(argv[2], "idle") == 0)
		return hold(argv + 3, false);
	if (argc > 5 && strcmp(argv[2], "ask") == 0)
		return ask(argv + 3);
	if (argc > 4 && strcmp(argv[2], "churn") == 0)
		return churn(argv + 3);
	fprintf(stderr, "usage: epmd_load PORT hold N [PREFIX] | idle N | "
			"ask SECONDS N NAME | churn SECONDS N\n");
	return 100;
}
