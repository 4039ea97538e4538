/*
 * To be preloaded: clocks that jump. The file CLOCK_SHIFT, of at least 32
 * bytes, begins with two numbers: by how many seconds the wall clock and the
 * monotonic one of all programs that have it loaded are off, from the moment
 * that it is written (in place). Only our programs (rm-…) see it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SIZE 32

static const char *shift;

static void __attribute__((constructor))
begin(void)
{
	const char *path = getenv("CLOCK_SHIFT");
	int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd < 0 || strncmp(program_invocation_short_name, "rm-", 3) != 0)
		return;
	void *at = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0);
	shift = at != MAP_FAILED ? at : NULL;
	close(fd);
}

int
clock_gettime(clockid_t clock, struct timespec *now)
{
	char *end, text[SIZE + 1] = "";
	int rc = (int)syscall(SYS_clock_gettime, clock, now);
	if (rc != 0 || shift == NULL)
		return rc;
	memcpy(text, shift, SIZE);
	long wall = strtol(text, &end, 10), monotonic = strtol(end, NULL, 10);
	if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)
		now->tv_sec += wall;
	else if (clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_COARSE ||
		 clock == CLOCK_MONOTONIC_RAW || clock == CLOCK_BOOTTIME)
		now->tv_sec += monotonic;
	return 0;
}

int
gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	struct timespec at;
	(void)zone;
	if (clock_gettime(CLOCK_REALTIME, &at) != 0)
		return -1;
	now->tv_sec = at.tv_sec;
	now->tv_usec = at.tv_nsec / 1000;
	return 0;
}

time_t
time(time_t *now)
{
	struct timespec at = { 0 };
	clock_gettime(CLOCK_REALTIME, &at);
	if (now != NULL)
		*now = at.tv_sec;
	return at.tv_sec;
}
