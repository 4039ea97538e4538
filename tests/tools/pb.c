/*
 * pb HOST PORT put BUCKET KEY VALUE | get BUCKET KEY: one request over Riak's
 * protocol buffers (riak.proto: RpbPutReq 11, RpbGetReq 9), as any client of
 * Riak would send it. get prints the value; exit 1 when there is none.
 */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/str.h"

enum { PUT = 11, PUT_ANSWER = 12, GET = 9, GET_ANSWER = 10 };

static void
varint(struct rm_str *to, size_t n)
{
	do {
		unsigned char byte = (n & 0x7f) | (n > 0x7f ? 0x80 : 0);
		rm_str_add(to, &byte, 1);
		n >>= 7;
	} while (n > 0);
}

/* A field of bytes: its number, wire type 2. */
static void
field(struct rm_str *to, unsigned number, const void *bytes, size_t len)
{
	varint(to, number << 3 | 2);
	varint(to, len);
	rm_str_add(to, bytes, len);
}

static int
dial(const char *host, const char *port)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found;
	if (getaddrinfo(host, port, &hints, &found) != 0)
		return -1;
	int fd = socket(found->ai_family, SOCK_STREAM, 0);
	if (fd >= 0 && connect(fd, found->ai_addr, found->ai_addrlen) != 0) {
		close(fd);
		fd = -1;
	}
	freeaddrinfo(found);
	return fd;
}

static int
read_all(int fd, void *to, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = read(fd, (char *)to + done, len - done);
		if (n <= 0)
			return -1;
		done += (size_t)n;
	}
	return 0;
}

/* Sends one message, takes the answer's code and body. -1: the peer failed. */
static int
ask(int fd, unsigned char code, const struct rm_str *body, char *answer,
    size_t room, size_t *len)
{
	struct rm_str out = { 0 };
	uint32_t length = htonl((uint32_t)body->len + 1);
	rm_str_add(&out, &length, 4);
	rm_str_add(&out, &code, 1);
	rm_str_add(&out, body->text, body->len);
	ssize_t n = write(fd, out.text, out.len);
	int rc = n == (ssize_t)out.len ? 0 : -1;
	rm_str_free(&out);
	if (rc != 0 || read_all(fd, &length, 4) != 0)
		return -1;
	length = ntohl(length);
	if (length == 0 || length > room || read_all(fd, answer, length) != 0)
		return -1;
	*len = length;
	return (unsigned char)answer[0];
}

/* The first field 1 of a message: its bytes. Shorter than 128 each. */
static const char *
first(const char *message, size_t *len)
{
	if (*len < 2 || message[0] != (1 << 3 | 2))
		return NULL;
	*len = (unsigned char)message[1];
	return message + 2;
}

int
main(int argc, char **argv)
{
	bool put = argc == 7 && strcmp(argv[3], "put") == 0;
	bool get = argc == 6 && strcmp(argv[3], "get") == 0;
	if (!put && !get)
		return 100;
	int fd = dial(argv[1], argv[2]);
	if (fd < 0)
		return 111;
	struct rm_str body = { 0 }, content = { 0 };
	char answer[4096];
	size_t len = 0;
	field(&body, 1, argv[4], strlen(argv[4]));
	field(&body, 2, argv[5], strlen(argv[5]));
	if (put) {
		field(&content, 1, argv[6], strlen(argv[6]));
		field(&body, 4, content.text, content.len);
	}
	int code = ask(
	    fd, put ? PUT : GET, &body, answer, sizeof(answer), &len);
	close(fd);
	rm_str_free(&body);
	rm_str_free(&content);
	if (put)
		return code == PUT_ANSWER ? 0 : 111;
	if (code != GET_ANSWER)
		return 111;
	len--;
	const char *value = first(answer + 1, &len);
	value = value != NULL ? first(value, &len) : NULL;
	if (value == NULL)
		return 1;
	printf("%.*s\n", (int)len, value);
	return 0;
}
