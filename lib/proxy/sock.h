/*
 * A connected stream socket on the loop, edge-triggered: registered once for
 * everything, so that traffic costs no system calls but its own. Whoever owns
 * it reads and writes as long as `readable` and `writable` say that it may
 * help, and is called when that changes.
 */
#ifndef RM_PROXY_SOCK_H
#define RM_PROXY_SOCK_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "proxy/spill.h"
#include "io/tls.h"

/* All zero is a closed one. */
struct rm_sock {
	struct event event;
	void (*ready)(void *arg);
	void *arg;
	int fd;
	bool open;
	bool connecting;
	bool readable; /* reading may give something */
	bool writable;
	bool ending; /* behind what can be read is its end */
	bool ended; /* the peer sends no more: recv gave its end */
	bool failed; /* and an error was what ended it */
	SSL *tls; /* owned; NULL: what is sent is what is read */
	bool there; /* connecting: TCP is done, TLS is not */
	unsigned char asking; /* connecting: of StartTLS, enum in sock.c */
};

union rm_sock_address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_storage room;
};

/* Takes fd, which is non-blocking. */
int rm_sock_adopt(struct rm_sock *sock, struct event_base *loop, int fd,
    void (*ready)(void *arg), void *arg);
/* Begins to connect; ready() is called when it is done or has failed: see
 * rm_sock_connected(). -1: it failed at once, errno. */
int rm_sock_connect(struct rm_sock *sock, struct event_base *loop,
    const struct sockaddr *to, socklen_t to_len, void (*ready)(void *arg),
    void *arg);
/* Of one that was just begun: TLS on it, once it is connected; start: after
 * asking for it as Riak's protocol buffers want it (RpbStartTls). -1: errno. */
int rm_sock_secure(
    struct rm_sock *sock, struct rm_tls *tls, const char *host, bool start);
/* 1 connected, 0 still under way, -1 failed with errno. */
int rm_sock_connected(struct rm_sock *sock);
/* Words for errno after a failure. */
const char *rm_sock_why(void);
/* Calls ready() again from the loop, behind the others. */
void rm_sock_again(struct rm_sock *sock);

/* What was read ended in the middle of something: reading is tried once more.
 * libevent does not tell an error from bytes, and one that came with the bytes
 * would not be told again. */
void rm_sock_expect(struct rm_sock *sock);
/* Bytes; 0: none now, or no more ever (ended); -1: failed, errno. */
ssize_t rm_sock_read(struct rm_sock *sock, void *to, size_t room);
/* What it took, which may be 0; -1: failed, errno. */
ssize_t rm_sock_write(
    struct rm_sock *sock, const struct iovec *from, int count);
/* What spill holds first, then data; what is not taken joins spill, also when
 * it fails. */
int rm_sock_send(
    struct rm_sock *sock, struct rm_spill *spill, const void *data, size_t len);
int rm_sock_send2(struct rm_sock *sock, struct rm_spill *spill, const void *a,
    size_t a_len, const void *b, size_t b_len);
/* What spill holds. */
int rm_sock_flush(struct rm_sock *sock, struct rm_spill *spill);
/* Nothing has come that was not read, and no end: it can be kept for later.
 * Asks the kernel. */
bool rm_sock_quiet(struct rm_sock *sock);

void rm_sock_end_write(struct rm_sock *sock);
/* The peer is told that something went wrong (a reset). */
void rm_sock_abort(struct rm_sock *sock);
/* Accepts a closed one. */
void rm_sock_close(struct rm_sock *sock);

#endif
