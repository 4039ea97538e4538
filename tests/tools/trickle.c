/*
 * A peer that takes its time, for tests of what must not wait for it.
 *
 *     trickle listen PORT MS         every client gets the text
 *     trickle connect PORT COUNT MS  so many clients send the text
 *
 * The text is what stdin holds, sent a byte every MS milliseconds; its last line
 * again and again when that has no end, else nothing more. What comes is taken
 * and forgotten; the connections stay until the other end closes them, and each
 * such end is a line "gone SECONDS" on stdout. Says "ready" first. Clients end
 * when all are gone.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST 8192

static struct pollfd fds[MOST]; /* [0]: the listener, or none */
static size_t sent[MOST];
static double since[MOST], due[MOST];
static int count = 1;
static char text[1 << 16];
static size_t text_len, again;
static double every;

static double
now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
add(int fd)
{
	int on = 1;
	if (fd < 0 || count == MOST)
		return;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	fds[count] = (struct pollfd){ fd, POLLIN, 0 };
	sent[count] = 0;
	since[count] = due[count] = now();
	count++;
}

static void
end(int i)
{
	printf("gone %.1f\n", now() - since[i]);
	close(fds[i].fd);
	count--;
	fds[i] = fds[count];
	sent[i] = sent[count];
	since[i] = since[count];
	due[i] = due[count];
}

/* Whether the other end is still there. */
static bool
serve(int i)
{
	char taken[4096];
	ssize_t n = 1;
	if (fds[i].revents != 0)
		n = recv(fds[i].fd, taken, sizeof(taken), MSG_DONTWAIT);
	if (n == 0 || (n < 0 && errno != EAGAIN))
		return false;
	if (sent[i] == text_len || now() < due[i])
		return true;
	due[i] += every;
	n = send(fds[i].fd, text + sent[i], 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n > 0 && ++sent[i] == text_len)
		sent[i] = again;
	return n >= 0 || errno == EAGAIN;
}

static void
run(bool clients)
{
	printf("ready\n");
	fflush(stdout);
	while (!clients || count > 1) {
		poll(fds, (nfds_t)count, text_len > 0 ? (int)(every * 500) : -1);
		for (int i = count - 1; i > 0; i--)
			if (!serve(i))
				end(i);
		if (fds[0].fd >= 0 && fds[0].revents != 0)
			add(accept(fds[0].fd, NULL, NULL));
		fflush(stdout);
	}
}

static void
read_text(void)
{
	text_len = fread(text, 1, sizeof(text), stdin);
	again = text_len;
	while (again > 0 && text[again - 1] != '\n')
		again--;
}

int
main(int argc, char **argv)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct rlimit files;
	bool clients = argc == 5 && strcmp(argv[1], "connect") == 0;
	int on = 1;
	if (!clients && (argc != 4 || strcmp(argv[1], "listen") != 0))
		return 100;
	every = atof(argv[argc - 1]) / 1000;
	at.sin_port = htons((unsigned short)atoi(argv[2]));
	read_text();
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	fds[0].fd = -1;
	for (int i = 0; clients && i < atoi(argv[3]); i++) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(fd, (struct sockaddr *)&at, sizeof(at)) != 0)
			goto failed;
		add(fd);
	}
	if (!clients) {
		fds[0] = (struct pollfd){ socket(AF_INET, SOCK_STREAM, 0),
			POLLIN, 0 };
		setsockopt(
		    fds[0].fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
		if (bind(fds[0].fd, (struct sockaddr *)&at, sizeof(at)) != 0 ||
		    listen(fds[0].fd, 128) != 0)
			goto failed;
	}
	run(clients);
	return 0;
failed:
	perror("trickle");
	return 111;
}
