#include "io/inherit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/str.h"

#define FIRST_FD 3

static int
check(int fd, struct rm_error *err)
{
	int listens = 0, type = 0;
	socklen_t len = sizeof(listens), type_len = sizeof(type);
	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) != 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_len) != 0 ||
	    !listens || type != SOCK_STREAM)
		return rm_error_set(err, RM_EXIT_USAGE,
		    "LISTEN_FDS: descriptor %d is no listening socket", fd);
	int flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
		return rm_error_set(err, RM_EXIT_OUTSIDE,
		    "LISTEN_FDS: descriptor %d: %s", fd, strerror(errno));
	return 0;
}

static long
number(const char *name)
{
	const char *text = getenv(name);
	char *end;
	if (text == NULL || *text == '\0')
		return -1;
	long n = strtol(text, &end, 10);
	return *end == '\0' ? n : -1;
}

static int
take(struct rm_inherited *to, long count, char *names, struct rm_error *err)
{
	if (count > RM_INHERITED_MAX)
		return rm_error_set(err, RM_EXIT_USAGE,
		    "LISTEN_FDS: more than %d descriptors", RM_INHERITED_MAX);
	for (int i = 0; i < count; i++) {
		if (check(FIRST_FD + i, err) != 0)
			return -1;
		const char *name = names != NULL ? strsep(&names, ":") : NULL;
		to->names[i] = rm_strdup(name != NULL ? name : "");
		to->fds[i] = FIRST_FD + i;
		to->count++;
	}
	return 0;
}

int
rm_inherited_take(struct rm_inherited *to, struct rm_error *err)
{
	long count = number("LISTEN_FDS");
	bool ours = number("LISTEN_PID") == (long)getpid() && count > 0;
	const char *given = getenv("LISTEN_FDNAMES");
	char *names = given != NULL ? rm_strdup(given) : NULL;
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDNAMES");
	int rc = ours ? take(to, count, names, err) : 0;
	free(names);
	if (rc != 0)
		rm_inherited_free(to);
	return rc;
}

void
rm_inherited_free(struct rm_inherited *inherited)
{
	for (size_t i = 0; i < inherited->count; i++)
		free(inherited->names[i]);
	*inherited = (struct rm_inherited){ 0 };
}
