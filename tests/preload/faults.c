/*
 * To be preloaded: makes calls fail as a system that is short of something, or
 * a peer, may make them fail.
 *
 *     FAULTS=CLASS:N           the N-th call of the class fails (from 1 on)
 *     FAULTS=CLASS:SEED/RATE   each fails with a chance of 1 in RATE
 *
 * Several with commas. Classes: memory (no more of it), interrupt (EINTR),
 * short (one byte instead of many), reset (ECONNRESET; ECONNABORTED of who is
 * accepted; EIO of what is no socket), full (ENOSPC), descriptors (EMFILE),
 * processes (no more of them: EAGAIN). A byte is written to the descriptor, or
 * the file, FAULTS_TOLD, if given, when the N-th call was reached; with a file
 * that happens once, whichever process comes first. With FAULTS_OF only programs
 * of that name are concerned.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum class {
	MEMORY,
	INTERRUPT,
	SHORT,
	RESET,
	FULL,
	DESCRIPTORS,
	PROCESSES,
	CLASSES
};

static const char *const names[CLASSES] = { "memory", "interrupt", "short",
	"reset", "full", "descriptors", "processes" };

static struct {
	unsigned long nth, rate, calls;
	unsigned long long state;
} plans[CLASSES];
static bool active;
static int told = -1;
static const char *told_file;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *p, size_t size);

#define REAL(name) static __typeof__(name) *real_##name
REAL(read);
REAL(readv);
REAL(write);
REAL(writev);
REAL(recv);
REAL(send);
REAL(recvmsg);
REAL(sendmsg);
REAL(poll);
REAL(epoll_wait);
REAL(open);
REAL(open64);
REAL(openat);
REAL(socket);
REAL(accept4);
REAL(pipe2);
REAL(connect);
REAL(fsync);
REAL(socketpair);
REAL(eventfd);
REAL(epoll_create1);
REAL(epoll_ctl);
REAL(fopen);
REAL(fclose);
REAL(fflush);
REAL(opendir);
REAL(rename);
REAL(mkdir);
REAL(ftruncate);
REAL(waitpid);
REAL(fork);
static int (*real_fcntl)(int fd, int command, ...);

static void
parse(char *word)
{
	char *colon = strchr(word, ':');
	for (int i = 0; colon != NULL && i < CLASSES; i++) {
		if (strncmp(word, names[i], (size_t)(colon - word)) != 0)
			continue;
		char *end;
		plans[i].nth = strtoul(colon + 1, &end, 10);
		if (*end != '/')
			continue;
		plans[i].rate = strtoul(end + 1, NULL, 10);
		/* Every process of a run has failures of its own. */
		plans[i].state = plans[i].nth * 1000003ULL +
				 (unsigned long long)getpid();
	}
}

/* A sanitizer calls before anything was begun. */
static void
find(void)
{
	if (real_fcntl != NULL)
		return;
#define FIND(name) real_##name = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)
	FIND(read);
	FIND(readv);
	FIND(write);
	FIND(writev);
	FIND(recv);
	FIND(send);
	FIND(recvmsg);
	FIND(sendmsg);
	FIND(poll);
	FIND(epoll_wait);
	FIND(open);
	FIND(open64);
	FIND(openat);
	FIND(socket);
	FIND(accept4);
	FIND(pipe2);
	FIND(connect);
	FIND(fsync);
	FIND(socketpair);
	FIND(eventfd);
	FIND(epoll_create1);
	FIND(epoll_ctl);
	FIND(fopen);
	FIND(fclose);
	FIND(fflush);
	FIND(opendir);
	FIND(rename);
	FIND(mkdir);
	FIND(ftruncate);
	FIND(waitpid);
	FIND(fork);
	real_fcntl = (int (*)(int, int, ...))dlsym(RTLD_NEXT, "fcntl");
}

static void __attribute__((constructor)) begin(void)
{
	char text[256] = "";
	const char *given = getenv("FAULTS"), *fd = getenv("FAULTS_TOLD"),
		   *only = getenv("FAULTS_OF");
	find();
	if (fd != NULL && *fd == '/')
		told_file = fd;
	else if (fd != NULL)
		told = atoi(fd);
	if (given != NULL)
		strncpy(text, given, sizeof(text) - 1);
	for (char *save, *word = strtok_r(text, ",", &save); word != NULL;
	     word = strtok_r(NULL, ",", &save))
		parse(word);
	active = only == NULL ||
		 strcmp(only, program_invocation_short_name) == 0;
}

static bool by_chance(enum class c)
{
	/* splitmix64 */
	unsigned long long z = plans[c].state += 0x9e3779b97f4a7c15ULL;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return (z ^ (z >> 31)) % plans[c].rate == 0;
}

/* Whether it is for this process to fail. The file is open for no longer than
 * this: its number might be another's. */
static bool
tell(void)
{
	struct stat st = { 0 };
	int fd = told_file == NULL ? told
				   : real_open(told_file, O_WRONLY | O_CLOEXEC);
	if (told_file != NULL && fd >= 0)
		fstat(fd, &st);
	if (fd >= 0 && st.st_size == 0 && real_write(fd, "x", 1) < 0)
		abort();
	if (told_file != NULL && fd >= 0)
		close(fd);
	return st.st_size == 0;
}

/* Whether this call fails. */
static bool fails(enum class c)
{
	find();
	if (!active || plans[c].nth == 0)
		return false;
	if (plans[c].rate > 0)
		return by_chance(c);
	if (++plans[c].calls != plans[c].nth)
		return false;
	return tell();
}

static int
with(int number)
{
	errno = number;
	return -1;
}

/* /dev/urandom never does, and is relied upon; nor does a pipe. */
static bool
can_break(int fd)
{
	struct stat st;
	return plans[RESET].nth > 0 && fstat(fd, &st) == 0 &&
	       !S_ISCHR(st.st_mode) && !S_ISFIFO(st.st_mode);
}

static int
reset_of(int fd)
{
	int type;
	socklen_t len = sizeof(type);
	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0
		   ? ECONNRESET
		   : EIO;
}

void *
malloc(size_t size)
{
	if (fails(MEMORY)) {
		errno = ENOMEM;
		return NULL;
	}
	return __libc_malloc(size);
}

void *
calloc(size_t count, size_t size)
{
	if (fails(MEMORY)) {
		errno = ENOMEM;
		return NULL;
	}
	return __libc_calloc(count, size);
}

void *
realloc(void *p, size_t size)
{
	if (fails(MEMORY)) {
		errno = ENOMEM;
		return NULL;
	}
	return __libc_realloc(p, size);
}

#define WATCHED 4096
static struct {
	int epoll;
	struct epoll_event event;
} watches[WATCHED];

/* With EPOLLET a call that moves few bytes means that there are, or fit, no
 * more now (epoll(7)), and that it will be told when there are: so it is. */
static void
rearm(int fd)
{
	if (fd < WATCHED && watches[fd].epoll > 0)
		real_epoll_ctl(watches[fd].epoll, EPOLL_CTL_MOD, fd,
		    &watches[fd].event);
}

/* What comes before the real call of one that moves bytes. */
#define MOVE(fd, len, out)                                                     \
	do {                                                                   \
		if (fails(INTERRUPT))                                          \
			return with(EINTR);                                    \
		if (can_break(fd) && fails(RESET))                             \
			return with(reset_of(fd));                             \
		if ((out) && fails(FULL))                                      \
			return with(ENOSPC);                                   \
		if (len > 1 && fails(SHORT)) {                                 \
			len = 1;                                               \
			rearm(fd);                                             \
		}                                                              \
	} while (0)

ssize_t
read(int fd, void *to, size_t len)
{
	MOVE(fd, len, false);
	return real_read(fd, to, len);
}

ssize_t
readv(int fd, const struct iovec *parts, int count)
{
	size_t len = parts[0].iov_len, whole = len;
	MOVE(fd, len, false);
	if (len < whole)
		return real_read(fd, parts[0].iov_base, len);
	return real_readv(fd, parts, count);
}

/* A byte to oneself, by which libevent's handler tells of a signal: into such a
 * pipe nothing is ever broken off. */
static bool
is_own_pipe(int fd, size_t len)
{
	struct stat st;
	return len == 1 && (fcntl(fd, F_GETFL) & O_NONBLOCK) &&
	       fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode);
}

/* Messages on stderr are what a failure is told by. */
ssize_t
write(int fd, const void *from, size_t len)
{
	if (fd != STDERR_FILENO && !is_own_pipe(fd, len))
		MOVE(fd, len, true);
	return real_write(fd, from, len);
}

ssize_t
recv(int fd, void *to, size_t len, int flags)
{
	MOVE(fd, len, false);
	return real_recv(fd, to, len, flags);
}

ssize_t
send(int fd, const void *from, size_t len, int flags)
{
	MOVE(fd, len, false);
	return real_send(fd, from, len, flags);
}

ssize_t
writev(int fd, const struct iovec *parts, int count)
{
	size_t len = parts[0].iov_len, whole = len;
	MOVE(fd, len, true);
	if (len < whole)
		return real_write(fd, parts[0].iov_base, len);
	return real_writev(fd, parts, count);
}

ssize_t
recvmsg(int fd, struct msghdr *message, int flags)
{
	size_t len = 0;
	MOVE(fd, len, false);
	return real_recvmsg(fd, message, flags);
}

ssize_t
sendmsg(int fd, const struct msghdr *message, int flags)
{
	size_t len = 0;
	MOVE(fd, len, false);
	return real_sendmsg(fd, message, flags);
}

int
poll(struct pollfd *fds, nfds_t count, int timeout)
{
	return fails(INTERRUPT) ? with(EINTR) : real_poll(fds, count, timeout);
}

int
epoll_wait(int fd, struct epoll_event *events, int most, int timeout)
{
	return fails(INTERRUPT) ? with(EINTR)
				: real_epoll_wait(fd, events, most, timeout);
}

static int
mode_in(int flags, va_list ap)
{
	return flags & (O_CREAT | __O_TMPFILE) ? va_arg(ap, int) : 0;
}

#define OPEN(name, ...)                                                        \
	va_list ap;                                                            \
	va_start(ap, flags);                                                   \
	int mode = mode_in(flags, ap);                                         \
	va_end(ap);                                                            \
	return fails(DESCRIPTORS) ? with(EMFILE)                               \
				  : real_##name(__VA_ARGS__, flags, mode)

int
open(const char *path, int flags, ...)
{
	OPEN(open, path);
}

int
open64(const char *path, int flags, ...)
{
	OPEN(open64, path);
}

int
openat(int at, const char *path, int flags, ...)
{
	OPEN(openat, at, path);
}

/* What open() is with -D_FORTIFY_SOURCE, when nothing is made. */
int __open_2(const char *path, int flags);

int
__open_2(const char *path, int flags)
{
	return open(path, flags);
}

FILE *
fopen(const char *path, const char *mode)
{
	if (fails(DESCRIPTORS)) {
		errno = EMFILE;
		return NULL;
	}
	return real_fopen(path, mode);
}

DIR *
opendir(const char *path)
{
	if (fails(DESCRIPTORS)) {
		errno = EMFILE;
		return NULL;
	}
	return real_opendir(path);
}

int
socketpair(int domain, int type, int protocol, int ends[2])
{
	return fails(DESCRIPTORS)
		   ? with(EMFILE)
		   : real_socketpair(domain, type, protocol, ends);
}

int
eventfd(unsigned first, int flags)
{
	return fails(DESCRIPTORS) ? with(EMFILE) : real_eventfd(first, flags);
}

int
epoll_create1(int flags)
{
	return fails(DESCRIPTORS) ? with(EMFILE) : real_epoll_create1(flags);
}

int
fcntl(int fd, int command, ...)
{
	va_list ap;
	va_start(ap, command);
	void *arg = va_arg(ap, void *);
	va_end(ap);
	if ((command == F_DUPFD || command == F_DUPFD_CLOEXEC) &&
	    fails(DESCRIPTORS))
		return with(EMFILE);
	return real_fcntl(fd, command, arg);
}

int
socket(int domain, int type, int protocol)
{
	return fails(DESCRIPTORS) ? with(EMFILE)
				  : real_socket(domain, type, protocol);
}

int
accept4(int fd, struct sockaddr *from, socklen_t *len, int flags)
{
	if (fails(INTERRUPT))
		return with(EINTR);
	if (fails(RESET))
		return with(ECONNABORTED);
	return fails(DESCRIPTORS) ? with(EMFILE)
				  : real_accept4(fd, from, len, flags);
}

int
pipe2(int ends[2], int flags)
{
	return fails(DESCRIPTORS) ? with(EMFILE) : real_pipe2(ends, flags);
}

int
connect(int fd, const struct sockaddr *to, socklen_t len)
{
	return fails(RESET) ? with(ECONNRESET) : real_connect(fd, to, len);
}

int
fsync(int fd)
{
	return fails(FULL) ? with(ENOSPC) : real_fsync(fd);
}

/* What is watched takes room in the kernel: epoll_ctl(2). */
int
epoll_ctl(int fd, int how, int watched, struct epoll_event *event)
{
	if (how == EPOLL_CTL_ADD && fails(FULL))
		return with(ENOSPC);
	if (watched < WATCHED) {
		watches[watched].epoll = how == EPOLL_CTL_DEL ? 0 : fd;
		if (how != EPOLL_CTL_DEL)
			watches[watched].event = *event;
	}
	return real_epoll_ctl(fd, how, watched, event);
}

/* The C library's own writes can't be made to fail, but what tells of them. */
int
fflush(FILE *file)
{
	return fails(FULL) ? with(ENOSPC) : real_fflush(file);
}

int
fclose(FILE *file)
{
	bool writes = (real_fcntl(fileno(file), F_GETFL) & O_ACCMODE) !=
		      O_RDONLY;
	int rc = real_fclose(file);
	return writes && fails(FULL) ? with(ENOSPC) : rc;
}

int
rename(const char *from, const char *to)
{
	return fails(FULL) ? with(ENOSPC) : real_rename(from, to);
}

int
mkdir(const char *path, mode_t mode)
{
	return fails(FULL) ? with(ENOSPC) : real_mkdir(path, mode);
}

int
ftruncate(int fd, off_t len)
{
	return fails(FULL) ? with(ENOSPC) : real_ftruncate(fd, len);
}

/* One that does not wait is not interrupted: waitpid(2). */
pid_t
waitpid(pid_t pid, int *status, int options)
{
	return !(options & WNOHANG) && fails(INTERRUPT)
		   ? with(EINTR)
		   : real_waitpid(pid, status, options);
}

pid_t
fork(void)
{
	return fails(PROCESSES) ? with(EAGAIN) : real_fork();
}
