#include "executor/ports.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/exit.h"
#include "riak/flags.h"

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static socklen_t
make_address(union address *to, const char *text, int port)
{
	memset(to, 0, sizeof(*to));
	if (inet_pton(AF_INET, text, &to->v4.sin_addr) == 1) {
		to->v4.sin_family = AF_INET;
		to->v4.sin_port = htons((uint16_t)port);
		return sizeof(to->v4);
	}
	inet_pton(AF_INET6, text, &to->v6.sin6_addr);
	to->v6.sin6_family = AF_INET6;
	to->v6.sin6_port = htons((uint16_t)port);
	return sizeof(to->v6);
}

/* As a listener of Erlang's would take it. */
static int
try_port(const char *text, int port)
{
	union address address;
	socklen_t len = make_address(&address, text, port);
	int on = 1;
	int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	int rc = bind(fd, &address.any, len);
	if (rc == 0)
		rc = listen(fd, 1);
	int why = errno;
	close(fd);
	errno = why;
	return rc;
}

int
rm_ports_check(const struct rm_task_data *task, struct rm_error *err)
{
	const char *at = task->address;
	const struct {
		const char *name, *address;
		int port;
	} ports[] = { { "http", at, task->http }, { "pb", at, task->pb },
		{ "handoff", at, task->handoff },
		{ "disterl", at, task->disterl }, { "cepmd", at, task->cepmd },
		{ "cluster manager", rm_flags_manager(at),
		    task->cluster_manager } };
	for (size_t i = 0; i < sizeof(ports) / sizeof(*ports); i++)
		if (try_port(ports[i].address, ports[i].port) != 0)
			return rm_error_set(err, RM_EXIT_OUTSIDE,
			    "port %d (%s) on %s: %s", ports[i].port,
			    ports[i].name, ports[i].address, strerror(errno));
	return 0;
}
