/*
 * rm-local's world: one master and its agents in one process, a stand-in for
 * Apache Mesos 1.12. This is all its state; time and I/O come from outside:
 * whoever calls in sets the time (rm_local_now), what goes out goes through
 * sinks and hooks, and is not seen by anyone before the state is stored.
 *
 * Pointers within the world are borrowed; each list says what it owns.
 */
#ifndef RM_LOCAL_LOCAL_H
#define RM_LOCAL_LOCAL_H

#include <jv.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#include "base/error.h"
#include "base/hash.h"
#include "local/uuid.h"

struct rm_local;
struct rm_local_agent;
struct rm_local_executor;
struct rm_local_framework;
struct rm_local_offer;
struct rm_local_task;

/* Where events for a subscriber go; send consumes. No send: nobody is there. */
struct rm_local_sink {
	void (*send)(void *arg, jv event);
	void (*end)(void *arg); /* a proper end of the stream */
	void (*cut)(void *arg); /* the connection breaks */
	void *arg;
};

/* What the world asks of the machine it runs on. Each may be NULL. */
struct rm_local_hooks {
	/* Begin to run it, in its sandbox; -1: it can't be. */
	int (*launch)(struct rm_local_executor *executor, struct rm_error *err);
	/* Kill all of it; its end is told by rm_local_executor_ended(). */
	void (*destroy)(struct rm_local_executor *executor);
	/* It is about to be freed; what it is on the machine is left alone. */
	void (*release)(struct rm_local_executor *executor);
	/* It may have a pid by now. */
	void (*find_pid)(struct rm_local_executor *executor);
	int (*create_volume)(struct rm_local_agent *agent, jv resource,
	    struct rm_error *err); /* borrows resource */
	void (*destroy_volume)(struct rm_local_agent *agent, jv resource);
	/* The agent's own address begins or ceases to answer. */
	void (*agent_up)(struct rm_local_agent *agent);
	void (*agent_down)(struct rm_local_agent *agent);
	/* The master has another id now, or leads again. */
	void (*failed_over)(struct rm_local *local);
};

struct rm_local_settings {
	double heartbeat, update_retry; /* seconds, all of them */
	double agent_timeout, registration_timeout, reregister_timeout;
	double election;
	jv domain; /* of the master, or invalid */
	bool keep_executors; /* over SIGTERM */
	bool authenticate_executors; /* with a token each */
};

TAILQ_HEAD(rm_local_offers, rm_local_offer);
TAILQ_HEAD(rm_local_frameworks, rm_local_framework);

struct rm_local {
	struct rm_local_settings settings;
	struct rm_local_hooks hooks;
	void *user; /* for hooks */
	double now, wall; /* monotonic; of the wall clock */

	char master_id[RM_UUID_SIZE];
	char address[64];
	int port;
	double started, elected; /* wall */
	long frameworks_made, agents_made, offers_made;
	double electing_until; /* no leader before this; 0: there is one */
	double unavailable_until; /* answers 503 */
	char *leader; /* host:port of another master that leads; NULL: us */
	bool mute; /* no heartbeats */

	struct rm_local_agent **agents; /* owned; by number, from 1 */
	size_t agent_count;
	struct rm_local_frameworks frameworks; /* owned, in order */
	struct rm_hash frameworks_by_id;
	struct rm_hash agents_by_id;
	struct rm_hash offers_by_id; /* inverse ones too */
	/* Agent ids that another has replaced: that were marked gone (an
	 * object), and that were unreachable (since when, wall). */
	jv gone, unreachable;
	bool dirty; /* has to be stored */
};

void rm_local_init(
    struct rm_local *local, const struct rm_local_settings *settings);
void rm_local_free(struct rm_local *local);

/* A new master id, as a master that has just been elected. */
void rm_local_elect(struct rm_local *local);

/* Another master leads (host:port), or NULL: this one does again. */
void rm_local_follow(struct rm_local *local, const char *leader);
/* The master dies and another takes over: connections break, offers are gone;
 * no leader for election seconds; agents come back so many seconds after. */
void rm_local_fail_over(struct rm_local *local, double election, double agents);

/* Time has come to this: whatever was due happens. */
void rm_local_now(struct rm_local *local, double now, double wall);

/* MasterInfo, as SUBSCRIBED and the znode have it. */
jv rm_local_master_info(const struct rm_local *local);

/* Small things that many share: {"value": id}; the wall clock in
 * microseconds, as a JSON number; an event {"type":type,key:body}. */
jv rm_local_id(const char *id);
jv rm_local_timestamp(const struct rm_local *local);
jv rm_local_event(const char *type, const char *key, jv body);

#endif
