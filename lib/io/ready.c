#include "io/ready.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/str.h"

int
rm_ready_check(long fd, struct rm_error *err)
{
	if (fd == 0)
		return 0;
	int flags = fd > 65535 ? -1 : fcntl((int)fd, F_GETFD);
	if (flags < 0 || fcntl((int)fd, F_SETFD, flags | FD_CLOEXEC) != 0)
		return rm_error_set(
		    err, RM_EXIT_USAGE, "descriptor %ld is not open", fd);
	return 0;
}

int
rm_ready_port_file(const char *path, int port, struct rm_error *err)
{
	char *fresh = rm_format("%s.%ld", path, (long)getpid());
	FILE *f = fopen(fresh, "we");
	bool good = f != NULL && fprintf(f, "%d\n", port) > 0;
	if (f != NULL && fclose(f) != 0)
		good = false;
	good = good && rename(fresh, path) == 0;
	int why = errno;
	if (!good)
		unlink(fresh);
	free(fresh);
	return good ? 0
		    : rm_error_set(
			  err, RM_EXIT_OUTSIDE, "%s: %s", path, strerror(why));
}

static int
notify(const char *path, const char *status)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t len = strlen(path);
	if (len >= sizeof(to.sun_path) || (*path != '/' && *path != '@')) {
		errno = EINVAL;
		return -1;
	}
	memcpy(to.sun_path, path, len);
	if (*path == '@')
		to.sun_path[0] = '\0'; /* an abstract one */
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	char *text = rm_format(
	    "READY=1\nSTATUS=%s\nMAINPID=%ld\n", status, (long)getpid());
	ssize_t n = sendto(fd, text, strlen(text), MSG_NOSIGNAL,
	    (struct sockaddr *)&to,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	int why = errno;
	free(text);
	close(fd);
	errno = why;
	return n < 0 ? -1 : 0;
}

int
rm_ready_tell(long fd, const char *status, struct rm_error *err)
{
	int rc = 0;
	const char *path = getenv("NOTIFY_SOCKET");
	if (path != NULL && *path != '\0' && notify(path, status) != 0)
		rc = rm_error_set(err, RM_EXIT_OUTSIDE, "NOTIFY_SOCKET %s: %s",
		    path, strerror(errno));
	unsetenv("NOTIFY_SOCKET");
	if (fd != 0 && write((int)fd, "\n", 1) != 1)
		rc = rm_error_set(err, RM_EXIT_OUTSIDE, "descriptor %ld: %s",
		    fd, strerror(errno));
	if (fd != 0)
		close((int)fd);
	return rc;
}
