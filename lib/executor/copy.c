#include "executor/copy.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

bool
rm_copy_is_full(const struct rm_copy *copy)
{
	struct pollfd p = { .fd = copy->fd, .events = POLLOUT };
	return copy->fd >= 0 && poll(&p, 1, 0) == 0;
}

static bool
has_no_room(int number)
{
	return number == ENOSPC || number == EDQUOT || number == EAGAIN ||
	       number == EINTR;
}

size_t
rm_copy_write(struct rm_copy *copy, const char *bytes, size_t len)
{
	ssize_t n = copy->fd >= 0 ? write(copy->fd, bytes, len) : -1;
	if (n >= 0)
		return (size_t)n;
	if (copy->fd >= 0 && has_no_room(errno))
		return 0;
	copy->fd = -1;
	return len;
}
