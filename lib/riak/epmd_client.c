#include "riak/epmd_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/exit.h"

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

int
rm_epmd_ask(int port, const struct rm_str *request, struct rm_str *reply,
    struct rm_error *err)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int rc = fd < 0 ? -1 : exchange(fd, port, request, reply);
	int why = errno;
	if (fd >= 0)
		close(fd);
	if (rc == 0)
		return 0;
	return rm_error_set(err,
	    why == EAGAIN ? RM_EXIT_TIMEOUT : RM_EXIT_OUTSIDE,
	    "127.0.0.1 port %d: %s", port,
	    why == EAGAIN ? "no answer" : strerror(why));
}
