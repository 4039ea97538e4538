#include "proxy/handover.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/str.h"

#define NAMES_MAX 4096
/* For an old process that stands still. */
#define ANSWER_SECONDS 5

static int
failed(const char *path, const char *why, struct rm_error *err)
{
	return rm_error_set(
	    err, RM_EXIT_OUTSIDE, "--handover %s: %s", path, why);
}

static int
address(const char *path, struct sockaddr_un *to, struct rm_error *err)
{
	*to = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (*path == '\0' || strlen(path) >= sizeof(to->sun_path)) {
		failed(path, "no path of a Unix socket", err);
		err->code = RM_EXIT_USAGE;
		return -1;
	}
	strcpy(to->sun_path, path);
	return 0;
}

static bool
trusted(int fd)
{
	struct ucred who = { 0 };
	socklen_t len = sizeof(who);
	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == 0 &&
	       (who.uid == geteuid() || who.uid == 0);
}

/* Room for a control message with all descriptors. */
union control {
	struct cmsghdr head;
	char room[CMSG_SPACE(RM_INHERITED_MAX * sizeof(int))];
};

/* names: as many words, with ':' between them. */
static void
keep(struct rm_inherited *to, const int *fds, size_t count, char *names)
{
	for (size_t i = 0; i < count; i++) {
		const char *name = names != NULL ? strsep(&names, ":") : NULL;
		to->fds[to->count] = fds[i];
		to->names[to->count++] = rm_strdup(name != NULL ? name : "");
	}
}

static int
receive(int fd, struct rm_inherited *to)
{
	char names[NAMES_MAX + 1];
	union control control = { 0 };
	struct iovec data = { names, NAMES_MAX };
	struct msghdr message = { .msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
	if (n <= 0 || (message.msg_flags & (MSG_CTRUNC | MSG_TRUNC)) != 0)
		return -1;
	names[n] = '\0';
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	if (head == NULL || head->cmsg_level != SOL_SOCKET ||
	    head->cmsg_type != SCM_RIGHTS)
		return -1;
	int fds[RM_INHERITED_MAX];
	size_t size = head->cmsg_len - CMSG_LEN(0);
	memcpy(fds, CMSG_DATA(head), size);
	keep(to, fds, size / sizeof(int), names);
	return 0;
}

int
rm_handover_ask(const char *path, struct rm_inherited *to, struct rm_error *err)
{
	struct sockaddr_un at;
	struct timeval most = { ANSWER_SECONDS, 0 };
	if (address(path, &at, err) != 0)
		return -1;
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return failed(path, strerror(errno), err);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof(most));
	if (connect(fd, (struct sockaddr *)&at, sizeof(at)) != 0) {
		bool nobody = errno == ENOENT || errno == ECONNREFUSED;
		int why = errno;
		close(fd);
		return nobody ? -1 : failed(path, strerror(why), err);
	}
	if (trusted(fd) && receive(fd, to) == 0)
		return fd;
	close(fd);
	return failed(path, "whoever listens there gives no sockets", err);
}

void
rm_handover_done(int connection)
{
	send(connection, "", 1, MSG_NOSIGNAL);
	close(connection);
}

int
rm_handover_listen(const char *path, struct rm_error *err)
{
	struct sockaddr_un at;
	char *fresh = rm_format("%s.%ld", path, (long)getpid());
	int fd = -1;
	if (address(fresh, &at, err) != 0) {
		free(fresh);
		return -1;
	}
	unlink(fresh); /* of one that had our number, and was killed */
	mode_t mask = umask(0177);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool good = fd >= 0 &&
		    bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0 &&
		    listen(fd, 1) == 0 && rename(fresh, path) == 0;
	int why = errno;
	umask(mask);
	if (!good && fd >= 0) {
		unlink(fresh);
		close(fd);
	}
	free(fresh);
	return good ? fd : failed(path, strerror(why), err);
}

int
rm_handover_give(int listening, const struct rm_inherited *sockets)
{
	union control control = { 0 };
	struct rm_str names = { 0 };
	int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return -1;
	for (size_t i = 0; i < sockets->count; i++)
		rm_str_printf(
		    &names, "%s%s", i > 0 ? ":" : "", sockets->names[i]);
	struct iovec data = { names.text, names.len };
	struct msghdr message = { .msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = CMSG_SPACE(sockets->count * sizeof(int)) };
	control.head = (struct cmsghdr){ .cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_RIGHTS,
		.cmsg_len = CMSG_LEN(sockets->count * sizeof(int)) };
	memcpy(CMSG_DATA(&control.head), sockets->fds,
	    sockets->count * sizeof(int));
	if (!trusted(fd) || names.len > NAMES_MAX ||
	    sendmsg(fd, &message, MSG_NOSIGNAL) < 0) {
		close(fd);
		fd = -1;
	}
	rm_str_free(&names);
	return fd;
}

int
rm_handover_answered(int connection)
{
	char byte;
	return recv(connection, &byte, 1, MSG_DONTWAIT) == 1;
}
