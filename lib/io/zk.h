/*
 * ZooKeeper: the single-threaded C client on the loop. One handle is one
 * session; an expired one is replaced by a new session by itself, and
 * on_session says so. Paths are whole ("/riak/frameworks/riak/settings").
 *
 * Every znode is created through rm_zk_create() or the create of a multi-op,
 * which take the handle's ACL: the one place where access is decided.
 */
#ifndef RM_IO_ZK_H
#define RM_IO_ZK_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct rm_zk;

enum rm_zk_session {
	RM_ZK_CONNECTED, /* same session as before, or the first */
	RM_ZK_SUSPENDED, /* no server reachable; the session may live on */
	RM_ZK_RENEWED, /* the old session expired; ephemerals and watches of
			  it are gone; connected in a new one */
};

enum rm_zk_result {
	RM_ZK_OK = 0,
	RM_ZK_NO_NODE,
	RM_ZK_NODE_EXISTS,
	RM_ZK_NOT_EMPTY,
	RM_ZK_BAD_VERSION,
	RM_ZK_NO_AUTH,
	RM_ZK_LOST, /* connection or session lost: may or may not have
		       happened */
	RM_ZK_TOO_LARGE, /* more than RM_ZK_VALUE_MAX */
	RM_ZK_FAILED, /* anything else */
};

/* What a value, or all values of a multi-op, may have: a server cuts the
 * connection of who sends more than jute.maxbuffer (1 MB) in one packet. */
#define RM_ZK_VALUE_MAX ((size_t)1000 << 10)

const char *rm_zk_words(enum rm_zk_result result);

struct rm_zk_options {
	const char *hosts; /* "host:port,host:port"; a chroot may follow */
	double timeout; /* of the session, seconds; 0: 10 */
	/* File with "user:password" for digest authentication, or the same
	 * itself, or NULL. With it, what is created belongs to its user alone.
	 * Others may list /riak and /riak/frameworks and add to them, and of a
	 * framework read what clients of Riak need to find its nodes:
	 * coordinator/ and members/, and the names in clusters/. */
	const char *auth_file, *auth;
	/* Hosts whose names have no address at the start are waited for, as
	 * those are that do not answer; else they are an error. */
	bool patient;
	void (*on_session)(void *arg, enum rm_zk_session state);
	void *arg;
};

/* Does not wait for a connection. Fails on unreadable hosts or auth file. */
struct rm_zk *rm_zk_open(struct event_base *loop,
    const struct rm_zk_options *options, struct rm_error *err);
/* Closes the session, so that its ephemerals go at once. No callback runs
 * after or inside of it. */
void rm_zk_close(struct rm_zk *zk);
/* No callback, nor a watch, with this arg is called any more: for what is
 * freed before the session is closed. */
void rm_zk_forget(struct rm_zk *zk, const void *arg);
struct event_base *rm_zk_loop(const struct rm_zk *zk);
bool rm_zk_connected(const struct rm_zk *zk);
/* 0 before the first connection. */
long long rm_zk_session_id(const struct rm_zk *zk);
/* Whether that is this handle's session, or one that it had before: a session
 * that was given up may live on at the servers, and its ephemerals with it. */
bool rm_zk_is_ours(const struct rm_zk *zk, long long session_id);

struct rm_zk_stat {
	int version;
	long long czxid, mzxid;
	long long owner; /* session of an ephemeral, or 0 */
	int children;
};

/* value is NUL-terminated behind its length; NULL unless result is OK. Each
 * callback is called exactly once, from the loop, never from inside the call.
 * While suspended, operations wait in the client and end as LOST when the
 * connection is lost. */
typedef void rm_zk_on_get(void *arg, enum rm_zk_result result,
    const char *value, size_t len, const struct rm_zk_stat *stat);
typedef void rm_zk_on_list(void *arg, enum rm_zk_result result,
    const char *const *names, size_t count);
typedef void rm_zk_on_done(
    void *arg, enum rm_zk_result result, const char *path);

/*
 * Watches are ZooKeeper's: one shot, in the same session. fired is called at
 * most once, after which (or at RENEWED) it must be set again. NULL: none.
 * A watch on get fires for a change or deletion of the value; where the node
 * is absent (NO_NODE) rm_zk_exists() sets one that fires at its creation.
 */
typedef void rm_zk_on_change(void *arg, const char *path);

void rm_zk_get(struct rm_zk *zk, const char *path, rm_zk_on_change *fired,
    rm_zk_on_get *done, void *arg);
void rm_zk_exists(struct rm_zk *zk, const char *path, rm_zk_on_change *fired,
    rm_zk_on_get *done, void *arg); /* value is always NULL */
/* Names are sorted. */
void rm_zk_list(struct rm_zk *zk, const char *path, rm_zk_on_change *fired,
    rm_zk_on_list *done, void *arg);
/* The same; changes counts every child that ever came or went. */
typedef void rm_zk_on_counted(void *arg, enum rm_zk_result result,
    const char *const *names, size_t count, int changes);
void rm_zk_list_counted(struct rm_zk *zk, const char *path,
    rm_zk_on_change *fired, rm_zk_on_counted *done, void *arg);

enum rm_zk_create_flags {
	RM_ZK_EPHEMERAL = 1,
	RM_ZK_SEQUENCE = 2, /* done gets the real path */
	RM_ZK_PARENTS = 4, /* makes missing parents, empty and lasting */
};
void rm_zk_create(struct rm_zk *zk, const char *path, const char *value,
    size_t len, int flags, rm_zk_on_done *done, void *arg);
/* version -1: any. done may be NULL. */
void rm_zk_set(struct rm_zk *zk, const char *path, const char *value,
    size_t len, int version, rm_zk_on_done *done, void *arg);
void rm_zk_delete(struct rm_zk *zk, const char *path, int version,
    rm_zk_on_done *done, void *arg);

/* Gives a znode the access that it would be created with. */
void rm_zk_protect(
    struct rm_zk *zk, const char *path, rm_zk_on_done *done, void *arg);

/* Several changes, all or none. Copied. */
enum rm_zk_op_kind {
	RM_ZK_OP_CREATE,
	RM_ZK_OP_SET,
	RM_ZK_OP_DELETE,
	RM_ZK_OP_CHECK
};
struct rm_zk_op {
	enum rm_zk_op_kind kind;
	const char *path;
	const char *value;
	size_t len;
	int version; /* SET, DELETE, CHECK; -1: any (CHECK: exists) */
	int flags; /* CREATE: RM_ZK_EPHEMERAL */
};
/* failed is the index of the op that failed, or -1. */
typedef void rm_zk_on_multi(void *arg, enum rm_zk_result result, int failed);
void rm_zk_multi(struct rm_zk *zk, const struct rm_zk_op *ops, size_t count,
    rm_zk_on_multi *done, void *arg);

#endif
