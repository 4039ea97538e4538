/*
 * A node that behaves as it is told, for tests of the Director: HTTP and
 * protocol buffers, a thread for each connection.
 *
 *     backend NAME ADDRESS HTTP_PORT PB_PORT DIR
 *
 * SIGUSR1 makes it answer health checks badly, SIGUSR2 well again. Paths:
 *
 *     /ping, /name            "OK"; its name
 *     /slow/MS                its name, after so many milliseconds
 *     /head                   the request's head
 *     /bytes/N /chunks/N /close/N   so many bytes, in one of three ways
 *     /reset                  the connection is reset, without an answer
 *     /reset-once             likewise, when DIR/reset was not there yet
 *     /half                   half an answer, then a reset
 *     /garbage                no HTTP
 *     /early                  413, and the body is not read
 *     /extra, /later          a second answer that nobody asked for, at once or
 *                             after a moment
 *     /both                   an answer with a length and with chunks
 *     /multipart              two parts, in chunks
 *     /pieces                 the head, and its name half a second later
 *     /switch                 101, and another protocol
 *     /cut                    an answer without a length, and a reset
 *     /empty/STATUS           that status, and headers of a body
 *
 * With a body it answers "NAME LENGTH SUM". Over protocol buffers a get (9) is
 * answered with what it asked, after 50 ms when that begins with s, and reset
 * once when it begins with R; a delete (13) is reset; key lists (17) are three
 * messages.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *name, *dir;
static volatile sig_atomic_t sick;

static void
on_signal(int number)
{
	sick = number == SIGUSR1;
}

struct peer {
	int fd;
	FILE *in;
};

static void
put(struct peer *p, const void *bytes, size_t len)
{
	const char *from = bytes;
	while (len > 0) {
		ssize_t n = send(p->fd, from, len, MSG_NOSIGNAL);
		if (n <= 0)
			return;
		from += n;
		len -= (size_t)n;
	}
}

static void
reset(struct peer *p)
{
	struct linger now = { 1, 0 };
	setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

/* True for the first who asks. */
static bool
first(void)
{
	char path[512];
	snprintf(path, sizeof(path), "%s/reset", dir);
	int fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0600);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void
answer(struct peer *p, int status, const char *text)
{
	char head[256];
	int n = snprintf(head, sizeof(head),
	    "HTTP/1.1 %d X\r\nX-Node: %s\r\nContent-Length: %zu\r\n\r\n",
	    status, name, strlen(text));
	put(p, head, (size_t)n);
	put(p, text, strlen(text));
}

static void
many(struct peer *p, const char *how, long n)
{
	char head[128], block[65536];
	bool chunked = how[1] == 'h';
	long most = chunked ? 1000 : (long)sizeof(block);
	memset(block, 'x', sizeof(block));
	if (*how == 'b')
		snprintf(head, sizeof(head), "Content-Length: %ld\r\n", n);
	else
		strcpy(head, *how == 'c' && how[1] == 'h'
				 ? "Transfer-Encoding: chunked\r\n"
				 : "Connection: close\r\n");
	put(p, "HTTP/1.1 200 OK\r\n", 17);
	put(p, head, strlen(head));
	put(p, "\r\n", 2);
	while (n > 0) {
		long part = n < most ? n : most;
		char size[32];
		if (chunked)
			put(p, size,
			    (size_t)snprintf(
				size, sizeof(size), "%lx\r\n", part));
		put(p, block, (size_t)part);
		if (chunked)
			put(p, "\r\n", 2);
		n -= part;
	}
	if (chunked)
		put(p, "0\r\n\r\n", 5);
}

struct request {
	char head[65536];
	char method[16], path[1024];
	long length; /* -1: chunked */
	bool expects, old;
};

static bool
read_request(struct peer *p, struct request *r)
{
	char line[65536];
	size_t len = 0;
	r->head[0] = '\0';
	r->length = 0;
	r->expects = false;
	while (fgets(line, sizeof(line), p->in) != NULL) {
		if (len + strlen(line) >= sizeof(r->head))
			return false;
		strcpy(r->head + len, line);
		len += strlen(line);
		if (strcmp(line, "\r\n") == 0)
			break;
		if (strncasecmp(line, "Content-Length:", 15) == 0)
			r->length = atol(line + 15);
		if (strncasecmp(line, "Transfer-Encoding:", 18) == 0)
			r->length = -1;
		r->expects |= strncasecmp(line, "Expect:", 7) == 0;
	}
	r->old = strstr(r->head, " HTTP/1.0\r\n") != NULL;
	return sscanf(r->head, "%15s %1023s", r->method, r->path) == 2;
}

static bool
sum_bytes(struct peer *p, long n, long *length, unsigned *sum)
{
	for (; n > 0; n--) {
		int c = getc(p->in);
		if (c == EOF)
			return false;
		++*length;
		*sum = *sum * 31 + (unsigned)c;
	}
	return true;
}

static bool
read_body(struct peer *p, const struct request *r, char *to, size_t room)
{
	long length = 0, size = r->length;
	unsigned sum = 0;
	char line[4096];
	if (r->expects)
		put(p, "HTTP/1.1 100 Continue\r\n\r\n", 25);
	if (size >= 0 && !sum_bytes(p, size, &length, &sum))
		return false;
	while (size < 0) {
		if (fgets(line, sizeof(line), p->in) == NULL)
			return false;
		long chunk = strtol(line, NULL, 16);
		if (!sum_bytes(p, chunk, &length, &sum))
			return false;
		do
			if (fgets(line, sizeof(line), p->in) == NULL)
				return false;
		while (strcmp(line, "\r\n") != 0);
		if (chunk == 0)
			break;
	}
	snprintf(to, room, "%s %ld %u\n", name, length, sum);
	return true;
}

static const char multipart[] =
    "HTTP/1.1 300 Multiple Choices\r\nTransfer-Encoding: chunked\r\n"
    "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    "c\r\n\r\n--b\r\n\r\none\r\nc\r\n\r\n--b\r\n\r\ntwo\r\n7\r\n\r\n--b--\r\n"
    "0\r\n\r\n";

/* False: the connection is over. */
static bool
serve_one(struct peer *p, struct request *r)
{
	char text[256];
	snprintf(text, sizeof(text), "%s\n", name);
	if (strcmp(r->path, "/early") == 0) {
		answer(p, 413, "too much\n");
		return false;
	}
	if ((r->length != 0 || r->expects) &&
	    !read_body(p, r, text, sizeof(text)))
		return false;
	if (strcmp(r->path, "/ping") == 0) {
		answer(p, sick ? 503 : 200, "OK");
	} else if (strcmp(r->path, "/reset") == 0 ||
		   (strcmp(r->path, "/reset-once") == 0 && first())) {
		reset(p);
		return false;
	} else if (strcmp(r->path, "/half") == 0) {
		put(p, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", 43);
		usleep(50000);
		reset(p);
		return false;
	} else if (strcmp(r->path, "/garbage") == 0) {
		put(p, "250 what do you want?\r\n\r\n", 25);
		return false;
	} else if (strcmp(r->path, "/extra") == 0) {
		put(p, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 "
		       "200 OK\r\nContent-Length: 4\r\n\r\nevil",
		    82);
	} else if (strcmp(r->path, "/later") == 0) {
		answer(p, 200, "ok");
		usleep(50000);
		answer(p, 200, "evil");
	} else if (strcmp(r->path, "/both") == 0) {
		put(p, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"
		       "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		    71);
	} else if (strcmp(r->path, "/multipart") == 0) {
		put(p, multipart, sizeof(multipart) - 1);
	} else if (strcmp(r->path, "/pieces") == 0) {
		put(p, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", 38);
		usleep(500000);
		put(p, text, strlen(text));
	} else if (strcmp(r->path, "/switch") == 0) {
		put(p, "HTTP/1.1 101 X\r\nUpgrade: x\r\n\r\nhello", 35);
		return false;
	} else if (strcmp(r->path, "/cut") == 0) {
		put(p, "HTTP/1.1 200 OK\r\n\r\nhalf", 23);
		usleep(50000);
		reset(p);
		return false;
	} else if (strncmp(r->path, "/empty/", 7) == 0) {
		snprintf(text, sizeof(text),
		    "HTTP/1.1 %s X\r\n%s\r\n\r\n", r->path + 7,
		    strcmp(r->path + 7, "304") == 0 ? "Content-Length: 9"
						    : "X-Node: x");
		put(p, text, strlen(text));
	} else if (strcmp(r->path, "/head") == 0) {
		answer(p, 200, r->head);
	} else if (strncmp(r->path, "/slow/", 6) == 0) {
		usleep((useconds_t)atol(r->path + 6) * 1000);
		answer(p, 200, text);
	} else if (strcmp(r->method, "HEAD") == 0) {
		put(p, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", 38);
	} else if (strncmp(r->path, "/bytes/", 7) == 0 ||
		   strncmp(r->path, "/chunks/", 8) == 0 ||
		   strncmp(r->path, "/close/", 7) == 0) {
		many(p, r->path + 1, atol(strrchr(r->path, '/') + 1));
		return r->path[2] != 'l';
	} else {
		answer(p, 200, text);
	}
	return !r->old;
}

static void
serve_http(struct peer *p)
{
	struct request *r = malloc(sizeof(*r));
	while (read_request(p, r) && serve_one(p, r))
		;
	free(r);
}

static void
message(struct peer *p, int code, const char *bytes, size_t len)
{
	char *out = malloc(len + 5);
	uint32_t length = htonl((uint32_t)len + 1);
	memcpy(out, &length, 4);
	out[4] = (char)code;
	memcpy(out + 5, bytes, len);
	put(p, out, len + 5);
	free(out);
}

static bool
serve_message(struct peer *p, int code, const char *bytes, size_t len)
{
	switch (code) {
	case 1:
		message(p, sick ? 0 : 2, "", 0);
		return true;
	case 7:
		message(p, 8, name, strlen(name));
		return true;
	case 9:
		if (len > 0 && *bytes == 's')
			usleep(50000);
		if (len > 0 && *bytes == 'R' && first()) {
			reset(p);
			return false;
		}
		message(p, 10, bytes, len);
		return true;
	case 11:
		message(p, 12, "", 0);
		return true;
	case 13:
		reset(p);
		return false;
	case 17:
		for (int i = 0; i < 2; i++) {
			message(p, 18, "\x0a\1k", 3);
			usleep(20000);
		}
		message(p, 18, "\x10\1", 2);
		return true;
	default:
		message(p, 0, "\x0a\4what\x10\0", 8);
		return true;
	}
}

static void
serve_pb(struct peer *p)
{
	uint32_t length;
	bool more = true;
	while (more && fread(&length, 4, 1, p->in) == 1) {
		length = ntohl(length);
		char *bytes = length > 0 ? malloc(length) : NULL;
		if (bytes == NULL || fread(bytes, length, 1, p->in) != 1) {
			free(bytes);
			break;
		}
		more = serve_message(
		    p, (unsigned char)bytes[0], bytes + 1, length - 1);
		free(bytes);
	}
}

struct door {
	int fd;
	void (*serve)(struct peer *p);
};

struct visit {
	int fd;
	void (*serve)(struct peer *p);
};

static void *
serve(void *arg)
{
	struct visit *visit = arg;
	struct peer p = { visit->fd, fdopen(visit->fd, "r") };
	int on = 1;
	setsockopt(p.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	visit->serve(&p);
	fclose(p.in);
	free(visit);
	return NULL;
}

static void *
accept_all(void *arg)
{
	struct door *door = arg;
	for (;;) {
		pthread_t thread;
		struct visit *visit = malloc(sizeof(*visit));
		visit->fd = accept(door->fd, NULL, NULL);
		visit->serve = door->serve;
		if (visit->fd < 0 ||
		    pthread_create(&thread, NULL, serve, visit) != 0)
			abort();
		pthread_detach(thread);
	}
}

static int
listen_on(const char *address, const char *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
	at.sin_port = htons((uint16_t)atoi(port));
	inet_pton(AF_INET, address, &at.sin_addr);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 ||
	    listen(fd, 1024) != 0) {
		perror("backend");
		exit(111);
	}
	return fd;
}

int
main(int argc, char **argv)
{
	pthread_t thread;
	if (argc != 6)
		return 100;
	name = argv[1];
	dir = argv[5];
	signal(SIGPIPE, SIG_IGN);
	signal(SIGUSR1, on_signal);
	signal(SIGUSR2, on_signal);
	struct door http = { listen_on(argv[2], argv[3]), serve_http };
	struct door pb = { listen_on(argv[2], argv[4]), serve_pb };
	if (pthread_create(&thread, NULL, accept_all, &http) != 0)
		return 111;
	accept_all(&pb);
}
