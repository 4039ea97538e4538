/*
 * The clusters' secrets, read from ZooKeeper (secrets/<cluster>) when a call
 * first needs them, and kept until they change there. They are never logged.
 */
#ifndef RM_MESOS_SECRETS_H
#define RM_MESOS_SECRETS_H

#include <event2/event.h>
#include <jv.h>

#include "base/error.h"

/* Of every cluster: user:password for ZooKeeper, from our own file. */
#define RM_SECRETS_ZK_AUTH "zookeeper_auth"

struct rm_secrets;

struct rm_secrets_options {
	const char *zk; /* hosts, or NULL: there are no secrets */
	const char *zk_auth; /* file, or NULL */
	const char *framework; /* its name */
};

/* Does not wait for a connection. */
struct rm_secrets *rm_secrets_new(struct event_base *loop,
    const struct rm_secrets_options *options, struct rm_error *err);
void rm_secrets_free(struct rm_secrets *secrets);

/*
 * Gets what is not known of these clusters (an array of texts, consumed), for
 * at most `seconds`; then, from the loop, done. What could not be read is
 * logged. One at a time.
 */
void rm_secrets_fetch(struct rm_secrets *secrets, jv clusters, double seconds,
    void (*done)(void *arg), void *arg);
/* done will not be called. */
void rm_secrets_cancel(struct rm_secrets *secrets);

/* An rm_call_secret: secrets is arg. */
jv rm_secrets_get(void *secrets, const char *cluster, const char *field);

#endif
