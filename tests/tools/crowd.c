/*
 * Many clients that stay, for tests of the Director:
 *
 *     crowd HTTP_PORT PB_PORT CONNECTIONS SECONDS PAUSE
 *
 * One process. Four of five speak HTTP, the others protocol buffers; each asks,
 * waits for its answer and for up to PAUSE seconds, and asks again; one in four
 * requests changes something. Prints "held" once all were answered, and at the
 * end a line a cause:
 *
 *     ok N
 *     failed read|write CAUSE N
 *
 * Exits 0 whatever failed: it is for the test to judge.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CAUSES 64

struct client {
	int fd; /* -1: none */
	bool pb, write, asking, answered;
	double due; /* to ask again */
	size_t got;
	char text[1024];
};

static int ports[2], loop;
static struct client *clients;
static int count, held;
static double pause_most, until;
static unsigned long ok;
static struct {
	char what[120];
	unsigned long n;
} causes[CAUSES];

static double
now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
rest(struct client *c)
{
	c->asking = false;
	c->due = now() + pause_most * (double)rand() / (double)RAND_MAX;
}

static void
hang_up(struct client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

static void
failed(struct client *c, const char *why)
{
	char what[120];
	snprintf(what, sizeof(what), "%s %s %.80s",
	    c->write ? "write" : "read", c->pb ? "protobuf" : "http", why);
	for (int i = 0; i < CAUSES; i++) {
		if (causes[i].n > 0 && strcmp(causes[i].what, what) != 0)
			continue;
		strcpy(causes[i].what, what);
		causes[i].n++;
		break;
	}
	hang_up(c);
	rest(c);
}

static bool
dial(struct client *c)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)ports[c->pb]),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };
	int on = 1;
	c->fd = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return c->fd >= 0 &&
	       connect(c->fd, (struct sockaddr *)&to, sizeof(to)) == 0 &&
	       epoll_ctl(loop, EPOLL_CTL_ADD, c->fd, &event) == 0;
}

static void
ask(struct client *c)
{
	static const struct {
		const char *text;
		size_t len;
	} requests[2][2] = {
		{ { "GET /name HTTP/1.1\r\nHost: h\r\n\r\n", 31 },
		    { "PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n"
		      "hello",
			52 } },
		{ { "\0\0\0\4\x09key", 8 }, { "\0\0\0\4\x0bkey", 8 } },
	};
	c->write = rand() % 4 == 0;
	c->asking = true;
	c->got = 0;
	c->due = now() + 30; /* an answer takes no longer */
	if (c->fd < 0 && !dial(c))
		failed(c, strerror(errno));
	else if (send(c->fd, requests[c->pb][c->write].text,
		     requests[c->pb][c->write].len, MSG_NOSIGNAL) < 0)
		failed(c, "not sent");
}

/* 1 whole, 0 not yet; why: what is wrong with it. */
static int
whole_http(struct client *c, const char **why)
{
	c->text[c->got] = '\0';
	const char *body = strstr(c->text, "\r\n\r\n");
	const char *length = strcasestr(c->text, "Content-Length: ");
	if (body == NULL || length == NULL ||
	    c->got < (size_t)(body + 4 - c->text) + (size_t)atol(length + 16))
		return 0;
	if (strncmp(c->text, "HTTP/1.1 200 ", 13) != 0) {
		c->text[12] = '\0';
		*why = c->text;
	}
	return 1;
}

static int
whole_pb(struct client *c, const char **why)
{
	uint32_t length;
	memcpy(&length, c->text, 4);
	if (c->got < 4 || c->got < 4 + (size_t)ntohl(length))
		return 0;
	if (c->text[4] != (c->write ? 12 : 10))
		*why = "error message";
	return 1;
}

static void
heard(struct client *c)
{
	const char *why = NULL;
	ssize_t n = recv(c->fd, c->text + c->got,
	    sizeof(c->text) - 1 - c->got, MSG_DONTWAIT);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0 && !c->asking) {
		hang_up(c); /* between two requests: that is allowed */
		return;
	}
	if (n <= 0) {
		failed(c, c->got > 0 ? "cut in the answer"
			  : n < 0    ? strerror(errno)
				     : "closed before the answer");
		return;
	}
	c->got += (size_t)n;
	if ((c->pb ? whole_pb : whole_http)(c, &why) == 0)
		return;
	if (why != NULL) {
		failed(c, why);
		return;
	}
	ok++;
	if (!c->answered && ++held == count) {
		printf("held\n");
		fflush(stdout);
	}
	c->answered = true;
	bool last = !c->pb &&
		    strcasestr(c->text, "\r\nConnection: close\r\n") != NULL;
	if (last)
		hang_up(c);
	rest(c);
}

static void
look(double at)
{
	for (int i = 0; i < count; i++) {
		struct client *c = &clients[i];
		if (c->due > at)
			continue;
		if (c->asking)
			failed(c, "no answer in time");
		else if (at < until)
			ask(c);
	}
}

static bool
all_rest(void)
{
	for (int i = 0; i < count; i++)
		if (clients[i].asking)
			return false;
	return true;
}

int
main(int argc, char **argv)
{
	struct epoll_event events[512];
	struct rlimit files;
	if (argc != 6)
		return 100;
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	ports[0] = atoi(argv[1]);
	ports[1] = atoi(argv[2]);
	count = atoi(argv[3]);
	until = now() + atof(argv[4]);
	pause_most = atof(argv[5]);
	loop = epoll_create1(0);
	clients = calloc((size_t)count, sizeof(*clients));
	for (int i = 0; i < count; i++) {
		clients[i].fd = -1;
		clients[i].pb = i % 5 == 0;
		rest(&clients[i]);
	}
	while (now() < until || !all_rest()) {
		int n = epoll_wait(loop, events, 512, 10);
		for (int i = 0; i < n; i++)
			heard(events[i].data.ptr);
		look(now());
	}
	printf("ok %lu\n", ok);
	for (int i = 0; i < CAUSES && causes[i].n > 0; i++)
		printf("failed %s %lu\n", causes[i].what, causes[i].n);
	return 0;
}
