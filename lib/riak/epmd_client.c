#include "riak/epmd_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/str.h"
#include "riak/epmd.h"

#define SILENCE 5 /* seconds */

static int
exchange(int fd, int port, const struct rm_str *request, struct rm_str *reply)
{
	const struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	const struct timeval silence = { .tv_sec = SILENCE };
	if (setsockopt(
		fd, SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof(silence)) != 0 ||
	    connect(fd, (const struct sockaddr *)&to, sizeof(to)) != 0 ||
	    send(fd, request->text, request->len, MSG_NOSIGNAL) < 0)
		return -1;
	char chunk[4096];
	for (;;) {
		ssize_t n = recv(fd, chunk, sizeof(chunk), 0);
		if (n <= 0)
			return (int)n;
		rm_str_add(reply, chunk, (size_t)n);
	}
}

/* Appends all that comes until the other end closes. */
static int
ask(int port, enum rm_epmd_code code, const char *text, struct rm_str *reply,
    struct rm_error *err)
{
	struct rm_str request = { 0 };
	rm_epmd_put_request(&request, code, text);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int rc = fd < 0 ? -1 : exchange(fd, port, &request, reply);
	int why = errno;
	if (fd >= 0)
		close(fd);
	rm_str_free(&request);
	if (rc == 0)
		return 0;
	return rm_error_set(err,
	    why == EAGAIN ? RM_EXIT_TIMEOUT : RM_EXIT_OUTSIDE,
	    "127.0.0.1 port %d: %s", port,
	    why == EAGAIN ? "no answer" : strerror(why));
}

static int
no_mapper(int port, struct rm_error *err)
{
	return rm_error_set(err, RM_EXIT_OUTSIDE,
	    "127.0.0.1 port %d: that is no port mapper", port);
}

/* "name NAME[@HOST] at port PORT", which is cut up; others are left out. */
static void
read_line(char *line, rm_epmd_found *found, void *arg)
{
	char *port = NULL;
	for (char *p = line; (p = strstr(p, " at port ")) != NULL; p++)
		port = p;
	if (port == NULL || strncmp(line, "name ", 5) != 0)
		return;
	*port = '\0';
	char *at = strrchr(line, '@');
	if (at != NULL)
		*at = '\0';
	long number = strtol(port + strlen(" at port "), NULL, 10);
	if (number > 0 && number <= UINT16_MAX)
		found(arg, line + 5, at != NULL ? at + 1 : "", (int)number);
}

int
rm_epmd_ask_names(
    int port, rm_epmd_found *found, void *arg, struct rm_error *err)
{
	struct rm_str reply = { 0 };
	int rc = ask(port, RM_EPMD_NAMES, "@", &reply, err);
	if (rc == 0 && reply.len < 4)
		rc = no_mapper(port, err);
	char *rest = rc == 0 ? reply.text + 4 : NULL, *line;
	while ((line = strsep(&rest, "\n")) != NULL)
		read_line(line, found, arg);
	rm_str_free(&reply);
	return rc;
}

/* A port mapper closes without an answer on what is no name; and a request has
 * room for so much only. */
static int
check_name(const char *text, struct rm_error *err)
{
	size_t len = strlen(text);
	struct rm_str copy = { 0 };
	struct rm_epmd_request request;
	int rc = -1;
	rm_str_printf(&copy, "%c%s", RM_EPMD_PORT2, text);
	if (len < RM_EPMD_BYTES_MAX)
		rc = rm_epmd_request_parse(
		    &request, (unsigned char *)copy.text, copy.len);
	rm_str_free(&copy);
	if (rc == 0)
		return 0;
	return rm_error_set(err, RM_EXIT_USAGE,
	    "not a name that can be looked up: %.40s%s", text,
	    len > 40 ? "…" : "");
}

int
rm_epmd_ask_name(int port, const char *name, rm_epmd_found *found, void *arg,
    struct rm_error *err)
{
	struct rm_str reply = { 0 };
	struct rm_epmd_node node;
	char *text = rm_format(
	    "%s%s", name, strchr(name, '@') == NULL ? "@" : "");
	int rc = check_name(text, err);
	if (rc == 0)
		rc = ask(port, RM_EPMD_PORT2, text, &reply, err);
	free(text);
	if (rc == 0) {
		rc = rm_epmd_port2_parse(
		    &node, (unsigned char *)reply.text, reply.len);
		if (rc < 0)
			no_mapper(port, err);
	}
	if (rc == 0) {
		struct rm_str host = { 0 };
		rm_str_add(&host, node.extra, node.extra_len);
		found(arg, node.name, host.text, node.port);
		rm_str_free(&host);
	}
	rm_str_free(&reply);
	return rc;
}
