/*
 * What zk.c (the session) and zk_op.c (the operations in it) share; nobody
 * else includes this.
 *
 * libzookeeper calls back from inside of its own functions, in which a handle
 * must not be closed: zk.c enters it only through pump(), which counts its
 * depth, and puts off what would pull the ground from under it.
 */
#ifndef RM_IO_ZK_HANDLE_H
#define RM_IO_ZK_HANDLE_H

#include <sys/queue.h>
#include <zookeeper/zookeeper.h>

#include "io/loop.h"
#include "io/zk.h"

struct zk_op;
struct zk_watch;
STAILQ_HEAD(zk_ops, zk_op);

/* None of them lives on at the servers for so many others. */
#define ZK_EARLIER 8

struct rm_zk {
	struct event_base *loop;
	zhandle_t *handle; /* NULL between sessions */
	char *hosts;
	char *auth; /* user:password, or NULL */
	int timeout; /* ms */
	void (*on_session)(void *arg, enum rm_zk_session state);
	void *arg;

	struct event *io; /* the handle's socket, as it is now */
	struct rm_timer timer; /* the handle's next deadline */
	struct event *kick; /* pump soon */

	LIST_HEAD(, zk_op) ops; /* all under way */
	LIST_HEAD(, zk_watch) watches;
	struct zk_ops failed; /* before they were sent; pump() tells */

	int depth;
	bool told_connected; /* what on_session said last */
	bool broken; /* a send failed: what is queued must not go out */
	bool renewing; /* the next connection is another session's */
	bool closing;

	long long earlier[ZK_EARLIER]; /* sessions; the oldest are written over */
	unsigned renewals;

	double lost_at; /* when the connection was; 0: there is one */
	bool refused; /* long after that a server took one, in vain */
};

/* The access that a znode is created with, whoever creates it. */
const struct ACL_vector *zk_acl(const struct rm_zk *zk, const char *path);

enum rm_zk_result zk_result(int rc);

/* Calls back for the operations that failed before they were sent. */
void zk_ops_fail(struct rm_zk *zk);
/* The session is gone, and its watches with it. */
void zk_watches_free(struct rm_zk *zk);

#endif
