#include "io/zk.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/exit.h"
#include "base/log.h"
#include "base/str.h"
#include "io/zk_auth.h"
#include "io/zk_handle.h"

#define SESSION_TIMEOUT 10.0
#define RETRY_AFTER     1.0 /* when not even a handle can be had */
#define ANSWERS_AT_ONCE 256 /* before the loop has its turn again */

const char *
rm_zk_words(enum rm_zk_result result)
{
	static const char *const words[] = {
		[RM_ZK_OK] = "done",
		[RM_ZK_NO_NODE] = "no such node",
		[RM_ZK_NODE_EXISTS] = "node exists",
		[RM_ZK_NOT_EMPTY] = "node has children",
		[RM_ZK_BAD_VERSION] = "changed meanwhile",
		[RM_ZK_NO_AUTH] = "not permitted",
		[RM_ZK_LOST] = "connection to ZooKeeper lost",
		[RM_ZK_TOO_LARGE] = "too large for ZooKeeper",
		[RM_ZK_FAILED] = "refused by ZooKeeper",
	};
	return words[result];
}

enum rm_zk_result
zk_result(int rc)
{
	switch (rc) {
	case ZOK:
		return RM_ZK_OK;
	case ZNONODE:
		return RM_ZK_NO_NODE;
	case ZNODEEXISTS:
		return RM_ZK_NODE_EXISTS;
	case ZNOTEMPTY:
		return RM_ZK_NOT_EMPTY;
	case ZBADVERSION:
		return RM_ZK_BAD_VERSION;
	case ZNOAUTH:
		return RM_ZK_NO_AUTH;
	case ZRUNTIMEINCONSISTENCY: /* answers of a connection mixed up */
	case ZCONNECTIONLOSS:
	case ZOPERATIONTIMEOUT:
	case ZSESSIONEXPIRED:
	case ZSESSIONMOVED:
	case ZINVALIDSTATE:
	case ZCLOSING:
	case ZSYSTEMERROR:
	case ZAUTHFAILED:
		return RM_ZK_LOST;
	default:
		return RM_ZK_FAILED;
	}
}

/* What others than our user may do there; path is "/riak/frameworks/…". */
static int
others_may(const char *path)
{
	static const char frameworks[] = "/riak/frameworks/";
	static const char *const open[] = { "coordinator", "members" };
	size_t len = sizeof(frameworks) - 1;
	/* Other frameworks have users of their own, and put theirs beside
	 * ours. */
	if (strcmp(path, "/riak") == 0 || strcmp(path, "/riak/frameworks") == 0)
		return ZOO_PERM_READ | ZOO_PERM_CREATE;
	path = strncmp(path, frameworks, len) == 0 ? strchr(path + len, '/')
						   : NULL;
	if (path == NULL)
		return 0;
	path++;
	/* Directors run beside clients: they find the nodes without our user's
	 * password. Of clusters they see the names, not the records. */
	for (size_t i = 0; i < sizeof(open) / sizeof(*open); i++)
		if (strncmp(path, open[i], strcspn(path, "/")) == 0 &&
		    strcspn(path, "/") == strlen(open[i]))
			return ZOO_PERM_READ;
	return strcmp(path, "clusters") == 0 ? ZOO_PERM_READ : 0;
}

const struct ACL_vector *
zk_acl(const struct rm_zk *zk, const char *path)
{
	static struct ACL entries[2];
	static const struct ACL_vector both = { 2, entries };
	if (zk->auth == NULL)
		return &ZOO_OPEN_ACL_UNSAFE;
	entries[0] = (struct ACL){ ZOO_PERM_ALL, ZOO_AUTH_IDS };
	entries[1] = (struct ACL){ others_may(path), ZOO_ANYONE_ID_UNSAFE };
	return entries[1].perms != 0 ? &both : &ZOO_CREATOR_ALL_ACL;
}

static void
library_says(const char *message)
{
	rm_log_debug("%s", message);
}

static void
tell_session(struct rm_zk *zk, enum rm_zk_session state)
{
	zk->told_connected = state != RM_ZK_SUSPENDED;
	zk->lost_at = zk->told_connected ? 0 : rm_now();
	zk->refused = false;
	if (zk->on_session != NULL && !zk->closing)
		zk->on_session(zk->arg, state);
}

static void
session_event(
    zhandle_t *handle, int type, int state, const char *path, void *context)
{
	(void)handle;
	(void)path;
	struct rm_zk *zk = context;
	if (type != ZOO_SESSION_EVENT)
		return;
	if (state == ZOO_CONNECTED_STATE) {
		bool renewed = zk->renewing;
		zk->renewing = false;
		tell_session(zk, renewed ? RM_ZK_RENEWED : RM_ZK_CONNECTED);
	} else if (zk->told_connected) {
		tell_session(zk, RM_ZK_SUSPENDED);
	}
}

/* -1 with errno when no host has an address now. */
static int
open_handle(struct rm_zk *zk)
{
	zoo_set_debug_level(ZOO_LOG_LEVEL_WARN);
	zk->handle = zookeeper_init2(zk->hosts, session_event, zk->timeout,
	    NULL, zk, ZOO_NO_LOG_CLIENTENV, library_says);
	if (zk->handle == NULL)
		return -1;
	/* Look hosts up when there is no connection, not at each turn. */
	zoo_set_servers_resolution_delay(zk->handle, -1);
	if (zk->auth != NULL)
		zoo_add_auth(zk->handle, "digest", zk->auth,
		    (int)strlen(zk->auth), NULL, NULL);
	return 0;
}

/* The session is over: a handle is good for one only. */
static void
renew(struct rm_zk *zk)
{
	if (zk->handle != NULL) {
		zk->renewing = true;
		if (rm_zk_session_id(zk) != 0)
			zk->earlier[zk->renewals++ % ZK_EARLIER] =
			    rm_zk_session_id(zk);
		zookeeper_close(
		    zk->handle); /* not connected: returns at once */
	}
	zk->handle = NULL;
	zk->lost_at = 0;
	zk_watches_free(zk);
	open_handle(zk);
}

static void turn(evutil_socket_t fd, short what, void *arg);

static void
unwatch_socket(struct rm_zk *zk)
{
	if (zk->io != NULL)
		event_free(zk->io);
	zk->io = NULL;
}

/* Asks the handle what it waits for. The event is made anew each time: the
 * handle may have closed its socket and opened another of the same number. */
static void
watch_socket(struct rm_zk *zk)
{
	int fd = -1, interest = 0;
	struct timeval after = { 0, 0 };
	int rc = zookeeper_interest(zk->handle, &fd, &interest, &after);
	unwatch_socket(zk);
	if (rc != ZOK) {
		/* Lost just now: the next turn connects. No address: later. */
		rm_timer_set(
		    &zk->timer, rc == ZSYSTEMERROR ? RETRY_AFTER : 0.01);
		return;
	}
	rm_timer_set(&zk->timer,
	    (double)after.tv_sec + (double)after.tv_usec / 1e6 + 0.001);
	if (fd < 0)
		return;
	if (zk->broken)
		shutdown(fd, SHUT_RDWR);
	zk->broken = false;
	short events = (short)((interest & ZOOKEEPER_READ ? EV_READ : 0) |
			       (interest & ZOOKEEPER_WRITE ? EV_WRITE : 0));
	zk->io = event_new(zk->loop, fd, events, turn, zk);
	event_add(zk->io, NULL);
}

static bool
readable(int fd)
{
	struct pollfd in = { .fd = fd, .events = POLLIN };
	return poll(&in, 1, 0) == 1 && (in.revents & POLLIN);
}

/* One packet is taken at a time; take what is there. */
static void
process(struct rm_zk *zk, int fd, short what)
{
	int events = (what & EV_READ ? ZOOKEEPER_READ : 0) |
		     (what & EV_WRITE ? ZOOKEEPER_WRITE : 0);
	for (int i = 0; i < ANSWERS_AT_ONCE && !zk->closing; i++) {
		if (zookeeper_process(zk->handle, events) != ZOK ||
		    zoo_state(zk->handle) != ZOO_CONNECTED_STATE ||
		    !readable(fd))
			return;
		events = ZOOKEEPER_READ;
	}
}

/*
 * A server that has lost its data, or got older ones back, hangs up on who has
 * seen newer ones (ZooKeeperServer.processConnectRequest), for ever: it never
 * says that the session is over. Three times its timeout without a connection,
 * while somebody is there to take one, and it is over in any case.
 */
static bool
is_stale(struct rm_zk *zk)
{
	double away = zk->lost_at > 0 ? rm_now() - zk->lost_at : 0;
	double timeout = zk->timeout / 1000.0;
	if (away > timeout && zoo_state(zk->handle) == ZOO_ASSOCIATING_STATE)
		zk->refused = true;
	return zk->refused && away > 3 * timeout;
}

static void destroy(struct rm_zk *zk);

static void
pump(struct rm_zk *zk, int fd, short what)
{
	zk->depth++;
	zk_ops_fail(zk);
	if (zk->handle != NULL && fd >= 0)
		process(zk, fd, what);
	/* When a send fails the library closes the socket, tells nobody, and
	 * would go on in the middle of a packet on the next connection. It
	 * drops what is queued, as it should, when that one fails too. */
	if (zk->told_connected && !rm_zk_connected(zk)) {
		zk->broken = true;
		tell_session(zk, RM_ZK_SUSPENDED);
	}
	if (!zk->closing) {
		if (zk->handle == NULL || is_unrecoverable(zk->handle) ||
		    is_stale(zk))
			renew(zk);
		if (zk->handle != NULL) {
			watch_socket(zk);
		} else {
			unwatch_socket(zk);
			rm_timer_set(&zk->timer, RETRY_AFTER);
		}
	}
	zk->depth--;
	if (zk->closing && zk->depth == 0)
		destroy(zk);
}

static void
turn(evutil_socket_t fd, short what, void *arg)
{
	pump(arg, fd, what);
}

static void
deadline(void *arg)
{
	pump(arg, -1, 0);
}

/* Whether what was given, if anything, can be had. */
static int
read_auth(struct rm_zk *zk, const struct rm_zk_options *options,
    struct rm_error *err)
{
	if (options->auth_file != NULL)
		zk->auth = rm_zk_auth_read(options->auth_file, err);
	else if (options->auth != NULL)
		zk->auth = rm_strdup(options->auth);
	return options->auth_file != NULL && zk->auth == NULL ? -1 : 0;
}

/* host:port; the library takes the last colon for the port's. */
static bool
is_host(const char *text, size_t len)
{
	const char *colon = memrchr(text, ':', len);
	if (colon == NULL || colon == text)
		return false;
	long port = 0;
	const char *end = text + len, *p = colon + 1;
	for (; p < end && *p >= '0' && *p <= '9' && port <= 65535; p++)
		port = 10 * port + (*p - '0');
	return p == end && port >= 1 && port <= 65535;
}

/* A path, or nothing. */
static bool
is_chroot(const char *path)
{
	size_t len = strlen(path);
	return len < 2 || (path[len - 1] != '/' && strstr(path, "//") == NULL);
}

/* Looked at here: the library says EINVAL for a bad word and for a name
 * server that does not answer alike. */
static bool
are_hosts(const char *text)
{
	const char *end = text + strcspn(text, "/");
	for (;;) {
		size_t len = strcspn(text, ",/");
		if (!is_host(text, len))
			return false;
		if (text + len == end)
			return is_chroot(end);
		text += len + 1;
	}
}

static void
release(struct rm_zk *zk)
{
	unwatch_socket(zk);
	rm_timer_free(&zk->timer);
	if (zk->kick != NULL)
		event_free(zk->kick);
	rm_zk_auth_wipe(zk->auth);
	free(zk->hosts);
	free(zk);
}

struct rm_zk *
rm_zk_open(struct event_base *loop, const struct rm_zk_options *options,
    struct rm_error *err)
{
	struct rm_zk *zk = rm_alloc(sizeof(*zk));
	zk->loop = loop;
	zk->hosts = rm_strdup(options->hosts);
	zk->timeout = (int)(1000 * (options->timeout > 0 ? options->timeout
							 : SESSION_TIMEOUT));
	zk->on_session = options->on_session;
	zk->arg = options->arg;
	LIST_INIT(&zk->ops);
	LIST_INIT(&zk->watches);
	STAILQ_INIT(&zk->failed);
	if (read_auth(zk, options, err) != 0) {
		release(zk);
		return NULL;
	}
	if (!are_hosts(zk->hosts)) {
		rm_error_set(err, RM_EXIT_USAGE,
		    "ZooKeeper %s: not host:port[,host:port…][/path]",
		    zk->hosts);
		release(zk);
		return NULL;
	}
	if (open_handle(zk) != 0 && !options->patient) {
		rm_error_set(err, RM_EXIT_OUTSIDE,
		    "ZooKeeper %s: no address for it", zk->hosts);
		release(zk);
		return NULL;
	}
	rm_timer_init(&zk->timer, loop, deadline, zk);
	zk->kick = event_new(loop, -1, 0, turn, zk);
	event_active(zk->kick, EV_TIMEOUT, 0);
	return zk;
}

static void
destroy(struct rm_zk *zk)
{
	zhandle_t *old = zk->handle;
	zk->handle = NULL;
	if (old != NULL)
		zookeeper_close(old);
	zk_ops_fail(zk);
	zk_watches_free(zk);
	release(zk);
}

void
rm_zk_close(struct rm_zk *zk)
{
	if (zk == NULL)
		return;
	zk->closing = true;
	if (zk->depth == 0)
		destroy(zk);
}

bool
rm_zk_connected(const struct rm_zk *zk)
{
	return zk->handle != NULL &&
	       zoo_state(zk->handle) == ZOO_CONNECTED_STATE;
}

struct event_base *
rm_zk_loop(const struct rm_zk *zk)
{
	return zk->loop;
}

long long
rm_zk_session_id(const struct rm_zk *zk)
{
	return zk->handle != NULL ? zoo_client_id(zk->handle)->client_id : 0;
}

bool
rm_zk_is_ours(const struct rm_zk *zk, long long session_id)
{
	for (size_t i = 0; i < ZK_EARLIER; i++)
		if (session_id != 0 && zk->earlier[i] == session_id)
			return true;
	return session_id == rm_zk_session_id(zk);
}
