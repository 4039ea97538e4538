#include "executor/follow.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "executor/copy.h"
#include "io/loop.h"

#define EVERY 1.0
#define MOST  64 /* pieces at a time, so that nothing else waits for long */

struct rm_follow {
	struct rm_timer timer;
	char *path;
	int fd; /* of the file as it was opened; -1: not yet */
	struct rm_copy copy;
};

/* Passes on a piece; 0 when there is none, -1 when there is no room for it. */
static int
pass(struct rm_follow *follow)
{
	char piece[RM_COPY_PIECE];
	if (rm_copy_is_full(&follow->copy))
		return -1;
	ssize_t n = read(follow->fd, piece, sizeof(piece));
	if (n < 0 && errno == EINTR)
		return 1;
	if (n <= 0)
		return 0;
	size_t took = rm_copy_write(&follow->copy, piece, (size_t)n);
	if (took == (size_t)n)
		return 1;
	/* The rest is still in the file. */
	lseek(follow->fd, (off_t)took - n, SEEK_CUR);
	return -1;
}

/* Whether the name is another file's than the one that is open. */
static bool
has_moved(const struct rm_follow *follow)
{
	struct stat named, open_one;
	if (stat(follow->path, &named) != 0 || !S_ISREG(named.st_mode))
		return false;
	return follow->fd < 0 || fstat(follow->fd, &open_one) != 0 ||
	       named.st_ino != open_one.st_ino ||
	       named.st_dev != open_one.st_dev;
}

static bool
reopen(struct rm_follow *follow)
{
	int fd = open(
	    follow->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return false;
	if (follow->fd >= 0)
		close(follow->fd);
	follow->fd = fd;
	return true;
}

/* One that was cut short begins anew. */
static void
rewind_if_cut(struct rm_follow *follow)
{
	struct stat st;
	off_t at = lseek(follow->fd, 0, SEEK_CUR);
	if (fstat(follow->fd, &st) == 0 && at > st.st_size)
		lseek(follow->fd, 0, SEEK_SET);
}

/* Once there is a new file nobody writes to the old one: it is read to its
 * end after that was seen, then left. */
static void
take(struct rm_follow *follow)
{
	for (int i = 0; i < MOST && follow->copy.fd >= 0; i++) {
		bool moved = has_moved(follow);
		int passed = 0;
		if (follow->fd >= 0) {
			rewind_if_cut(follow);
			passed = pass(follow);
		}
		if (passed < 0 || (passed == 0 && !(moved && reopen(follow))))
			return;
	}
}

static void
look(void *arg)
{
	struct rm_follow *follow = arg;
	take(follow);
	if (follow->copy.fd >= 0)
		rm_timer_set(&follow->timer, EVERY);
}

struct rm_follow *
rm_follow_new(struct event_base *loop, const char *path, int copy_to)
{
	struct rm_follow *follow = rm_alloc(sizeof(*follow));
	follow->path = rm_strdup(path);
	follow->fd = -1;
	follow->copy.fd = copy_to;
	rm_timer_init(&follow->timer, loop, look, follow);
	rm_timer_set(&follow->timer, EVERY);
	return follow;
}

void
rm_follow_drain(struct rm_follow *follow)
{
	if (follow != NULL)
		take(follow);
}

void
rm_follow_free(struct rm_follow *follow)
{
	if (follow == NULL)
		return;
	rm_timer_free(&follow->timer);
	if (follow->fd >= 0)
		close(follow->fd);
	free(follow->path);
	free(follow);
}
