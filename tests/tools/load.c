/*
 * Clients that count, for tests of the Director:
 *
 *     load http|pb PORT CONNECTIONS SECONDS [PATH]
 *
 * Each asks one request after the other on a connection that is kept, and
 * connects again when it fails. Prints "ok=N failed=N" and the first failure.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int port;
static const char *path = "/name";
static double end;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned long ok, failed;
static char why[200];

static double
now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int
dial(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	struct timeval most = { 10, 0 };
	int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
	to.sin_port = htons((unsigned short)port);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof(most));
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* NULL: well. */
static const char *
ask_http(int fd, char *text, size_t room)
{
	char request[256], *body, *length;
	int n = snprintf(request, sizeof(request),
	    "GET %s HTTP/1.1\r\nHost: h\r\n\r\n", path);
	size_t got = 0;
	if (send(fd, request, (size_t)n, MSG_NOSIGNAL) != n)
		return "not sent";
	for (;;) {
		ssize_t r = recv(fd, text + got, room - 1 - got, 0);
		if (r <= 0)
			return got > 0 ? "cut" : "no answer";
		got += (size_t)r;
		text[got] = '\0';
		body = strstr(text, "\r\n\r\n");
		if (body == NULL)
			continue;
		length = strcasestr(text, "Content-Length: ");
		if (length == NULL)
			return text;
		if (got >=
		    (size_t)(body + 4 - text) + (size_t)atol(length + 16))
			return strncmp(text, "HTTP/1.1 200 ", 13) == 0 ? NULL
								       : text;
	}
}

static const char *
ask_pb(int fd, char *text, size_t room)
{
	static const char question[] = "\0\0\0\4\x09key";
	size_t got = 0;
	(void)room;
	if (send(fd, question, 8, MSG_NOSIGNAL) != 8)
		return "not sent";
	while (got < 8) {
		ssize_t r = recv(fd, text + got, 8 - got, 0);
		if (r <= 0)
			return got > 0 ? "cut" : "no answer";
		got += (size_t)r;
	}
	return memcmp(text, "\0\0\0\4\x0akey", 8) == 0 ? NULL : "wrong answer";
}

static void
count(const char *failure)
{
	pthread_mutex_lock(&lock);
	if (failure == NULL)
		ok++;
	else if (failed++ == 0)
		snprintf(why, sizeof(why), "%s", failure);
	pthread_mutex_unlock(&lock);
}

static void *
client(void *arg)
{
	const char *(*ask)(int, char *, size_t) = *(
	    const char *(**)(int, char *, size_t))arg;
	char text[65536] = "";
	int fd = -1;
	while (now() < end) {
		if (fd < 0 && (fd = dial()) < 0) {
			count("refused");
			usleep(10000);
			continue;
		}
		const char *failure = ask(fd, text, sizeof(text));
		count(failure);
		/* The end of the connection was told: connect again. */
		if (failure != NULL ||
		    strcasestr(text, "\r\nConnection: close\r\n") != NULL) {
			close(fd);
			fd = -1;
		}
	}
	if (fd >= 0)
		close(fd);
	return NULL;
}

int
main(int argc, char **argv)
{
	static const char *(*ask)(int, char *, size_t);
	if (argc < 5)
		return 100;
	ask = strcmp(argv[1], "pb") == 0 ? ask_pb : ask_http;
	port = atoi(argv[2]);
	int clients = atoi(argv[3]);
	end = now() + atof(argv[4]);
	if (argc > 5)
		path = argv[5];
	pthread_t *threads = calloc((size_t)clients, sizeof(*threads));
	for (int i = 0; i < clients; i++)
		if (pthread_create(&threads[i], NULL, client, &ask) != 0)
			return 111;
	for (int i = 0; i < clients; i++)
		pthread_join(threads[i], NULL);
	free(threads);
	printf("ok=%lu failed=%lu\n%s\n", ok, failed, why);
	return failed > 0;
}
