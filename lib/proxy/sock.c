#include "proxy/sock.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

/* RpbStartTls, which is answered with the same. */
static const char start_tls[5] = { 0, 0, 0, 1, (char)255 };
enum { NOT_ASKED, TO_ASK, ASKED };
/* One record of TLS, so that a head and a body go together. */
#define RECORD_MAX 16384

static void
changed(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	struct rm_sock *sock = arg;
	if (what & (EV_READ | EV_CLOSED))
		sock->readable = true;
	if (what & EV_CLOSED)
		sock->ending = true;
	if (what & EV_WRITE)
		sock->writable = true;
	/* TLS may have to read to write, and the other way round. */
	if (sock->tls != NULL)
		sock->readable = sock->writable = true;
	/* libevent takes an event away when its time is out, and puts back only
	 * one whose time is not zero. */
	if (what & EV_TIMEOUT)
		event_add(&sock->event, NULL);
	sock->ready(sock->arg);
}

int
rm_sock_adopt(struct rm_sock *sock, struct event_base *loop, int fd,
    void (*ready)(void *arg), void *arg)
{
	int on = 1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	*sock = (struct rm_sock){ .fd = fd,
		.open = true,
		.writable = true,
		.ready = ready,
		.arg = arg };
	if (event_assign(&sock->event, loop, fd,
		EV_READ | EV_WRITE | EV_CLOSED | EV_ET | EV_PERSIST, changed,
		sock) != 0 ||
	    event_add(&sock->event, NULL) != 0) {
		close(fd);
		sock->open = false;
		errno = ENOMEM;
		return -1;
	}
	return 0;
}

int
rm_sock_connect(struct rm_sock *sock, struct event_base *loop,
    const struct sockaddr *to, socklen_t to_len, void (*ready)(void *arg),
    void *arg)
{
	int fd = socket(
	    to->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (connect(fd, to, to_len) != 0 && errno != EINPROGRESS) {
		int why = errno;
		close(fd);
		errno = why;
		return -1;
	}
	if (rm_sock_adopt(sock, loop, fd, ready, arg) != 0)
		return -1;
	sock->connecting = true;
	sock->writable = false;
	return 0;
}

int
rm_sock_secure(
    struct rm_sock *sock, struct rm_tls *tls, const char *host, bool start)
{
	sock->tls = rm_tls_open(tls, sock->fd, host);
	sock->asking = start ? TO_ASK : NOT_ASKED;
	if (sock->tls != NULL)
		return 0;
	rm_sock_close(sock);
	errno = ENOMEM;
	return -1;
}

const char *
rm_sock_why(void)
{
	return errno == EPROTO ? rm_tls_why() : strerror(errno);
}

/* StartTLS: 1 it may begin, 0 the answer is awaited, -1 there is none. */
static int
ask_start(struct rm_sock *sock)
{
	char answer[sizeof(start_tls)];
	if (sock->asking == TO_ASK) {
		if (send(sock->fd, start_tls, sizeof(start_tls),
			MSG_NOSIGNAL) != sizeof(start_tls))
			return -1;
		sock->asking = ASKED;
	}
	ssize_t n = recv(sock->fd, answer, sizeof(answer), MSG_PEEK);
	if ((n < 0 && errno == EAGAIN) || (n > 0 && n < 5))
		return 0;
	if (n != 5 || memcmp(answer, start_tls, 5) != 0 ||
	    recv(sock->fd, answer, sizeof(answer), 0) != 5) {
		errno = ECONNREFUSED;
		return -1;
	}
	sock->asking = NOT_ASKED;
	return 1;
}

/* 1 TLS is there, 0 not yet, -1 failed with errno. */
static int
shake(struct rm_sock *sock)
{
	int asked = sock->asking == NOT_ASKED ? 1 : ask_start(sock);
	if (asked <= 0)
		return asked;
	enum rm_tls_wish wish = rm_tls_handshake(sock->tls);
	if (wish == RM_TLS_DONE)
		sock->readable = sock->writable = true;
	errno = EPROTO;
	return wish == RM_TLS_DONE ? 1 : wish == RM_TLS_FAILED ? -1 : 0;
}

int
rm_sock_connected(struct rm_sock *sock)
{
	int why = 0;
	socklen_t len = sizeof(why);
	if (!sock->connecting)
		return 1;
	if (!sock->readable && !sock->writable)
		return 0;
	if (!sock->there &&
	    getsockopt(sock->fd, SOL_SOCKET, SO_ERROR, &why, &len) != 0)
		why = errno;
	sock->there = true;
	errno = why;
	int rc = why != 0 ? -1 : sock->tls != NULL ? shake(sock) : 1;
	sock->connecting = rc == 0;
	return rc;
}

void
rm_sock_again(struct rm_sock *sock)
{
	/* A time-out of zero is over after the next look at the others, and
	 * is not repeated. */
	static const struct timeval now = { 0, 0 };
	event_add(&sock->event, &now);
}

void
rm_sock_expect(struct rm_sock *sock)
{
	sock->readable = true;
}

static ssize_t
read_tls(struct rm_sock *sock, void *to, size_t room)
{
	enum rm_tls_wish wish;
	ssize_t n = rm_tls_read(sock->tls, to, room, &wish);
	if (n > 0)
		return n; /* there may be more, here or in the kernel */
	sock->readable = false;
	if (wish != RM_TLS_READ && wish != RM_TLS_WRITE)
		sock->ended = true;
	sock->failed = wish == RM_TLS_FAILED;
	errno = EPROTO;
	return n;
}

ssize_t
rm_sock_read(struct rm_sock *sock, void *to, size_t room)
{
	ssize_t n;
	if (sock->tls != NULL)
		return read_tls(sock, to, room);
	do
		n = recv(sock->fd, to, room, 0);
	while (n < 0 && errno == EINTR);
	/* Less than asked for: there is no more now (epoll(7)), but perhaps
	 * the end, which was told together with the bytes. */
	if (n <= 0 || (n < (ssize_t)room && !sock->ending))
		sock->readable = false;
	if (n > 0)
		return n;
	if (n < 0 && errno == EAGAIN)
		return 0;
	sock->ended = true;
	sock->failed = n < 0;
	return n;
}

/* What was offered and not taken is offered again first: rm_sock_send2() keeps
 * all of it. */
static ssize_t
write_tls(struct rm_sock *sock, const struct iovec *from, int count)
{
	char record[RECORD_MAX];
	size_t len = 0, done = 0;
	for (int i = 0; i < count; i++) {
		if (count == 1 || from[i].iov_len > sizeof(record) - len)
			break;
		memcpy(record + len, from[i].iov_base, from[i].iov_len);
		len += from[i].iov_len;
	}
	/* All of it in one; or what is first, and the next when that is out. */
	const struct iovec one = { record, len };
	size_t all = 0;
	for (int i = 0; i < count; i++)
		all += from[i].iov_len;
	if (count > 1 && len == all) {
		from = &one;
		count = 1;
	}
	for (int i = 0; i < count; i++)
		for (size_t at = 0; at < from[i].iov_len;) {
			enum rm_tls_wish wish;
			ssize_t n = rm_tls_write(sock->tls,
			    (const char *)from[i].iov_base + at,
			    from[i].iov_len - at, &wish);
			errno = EPROTO;
			if (n < 0)
				return -1;
			if (n == 0) {
				sock->writable = false;
				return (ssize_t)done;
			}
			at += (size_t)n;
			done += (size_t)n;
		}
	return (ssize_t)done;
}

ssize_t
rm_sock_write(struct rm_sock *sock, const struct iovec *from, int count)
{
	if (sock->tls != NULL)
		return write_tls(sock, from, count);
	struct msghdr message = { .msg_iov = (struct iovec *)(uintptr_t)from,
		.msg_iovlen = (size_t)count };
	size_t all = 0;
	ssize_t n;
	for (int i = 0; i < count; i++)
		all += from[i].iov_len;
	if (all == 0)
		return 0;
	do
		n = count == 1
			? send(sock->fd, from->iov_base, all, MSG_NOSIGNAL)
			: sendmsg(sock->fd, &message, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		n = 0;
	if (n >= 0 && (size_t)n < all)
		sock->writable = false;
	return n;
}

int
rm_sock_send(
    struct rm_sock *sock, struct rm_spill *spill, const void *data, size_t len)
{
	return rm_sock_send2(sock, spill, data, len, NULL, 0);
}

static size_t
less(size_t n, size_t *from)
{
	size_t part = n < *from ? n : *from;
	*from -= part;
	return part;
}

int
rm_sock_send2(struct rm_sock *sock, struct rm_spill *spill, const void *a,
    size_t a_len, const void *b, size_t b_len)
{
	struct iovec all[] = {
		{ spill->data + spill->at, spill->len },
		{ (void *)(uintptr_t)a, a_len },
		{ (void *)(uintptr_t)b, b_len },
	};
	/* What is empty is left out. */
	struct iovec *from = spill->len > 0 ? all : all + 1;
	ssize_t n = !sock->writable ? 0
				    : rm_sock_write(sock, from,
					  (int)(all + 3 - from) - (b_len == 0));
	size_t left = n > 0 ? (size_t)n : 0;
	rm_spill_drop(spill, less(spill->len, &left));
	size_t a_took = less(a_len, &left), b_took = less(b_len, &left);
	rm_spill_add(spill, (const char *)a + a_took, a_len - a_took);
	rm_spill_add(spill, (const char *)b + b_took, b_len - b_took);
	return n < 0 ? -1 : 0;
}

int
rm_sock_flush(struct rm_sock *sock, struct rm_spill *spill)
{
	if (spill->len == 0 || !sock->writable)
		return 0;
	struct iovec all = { spill->data + spill->at, spill->len };
	ssize_t n = rm_sock_write(sock, &all, 1);
	if (n < 0)
		return -1;
	rm_spill_drop(spill, (size_t)n);
	return 0;
}

bool
rm_sock_quiet(struct rm_sock *sock)
{
	char byte;
	if (sock->open && sock->tls != NULL)
		return !sock->ended && rm_tls_quiet(sock->tls);
	return sock->open && !sock->ended &&
	       recv(sock->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
	       errno == EAGAIN;
}

void
rm_sock_end_write(struct rm_sock *sock)
{
	if (sock->open && sock->tls != NULL)
		rm_tls_end(sock->tls);
	if (sock->open)
		shutdown(sock->fd, SHUT_WR);
}

void
rm_sock_abort(struct rm_sock *sock)
{
	struct linger now = { .l_onoff = 1, .l_linger = 0 };
	sock->failed = true; /* no polite end of TLS before it */
	if (sock->open)
		setsockopt(sock->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	rm_sock_close(sock);
}

void
rm_sock_close(struct rm_sock *sock)
{
	if (!sock->open)
		return;
	event_del(&sock->event);
	if (sock->tls != NULL && !sock->failed && !sock->connecting)
		rm_tls_end(sock->tls);
	rm_tls_close(sock->tls);
	sock->tls = NULL;
	close(sock->fd);
	sock->open = false;
}
